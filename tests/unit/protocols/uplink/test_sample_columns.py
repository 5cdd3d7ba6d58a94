"""Samples as differences: lossless, and limb leads for nothing where they are derived."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.uplink.columns import SampleColumn
from protocols.uplink.sample_columns import (
    DERIVED,
    LEAD_I,
    LEAD_II,
    LIFTED,
    LIKE_BEFORE,
    MOST_SAMPLES,
    Samples,
    read_columns,
    write_columns,
)

LEAD_III, LEAD_AVR, LEAD_AVL, LEAD_AVF = range(131_389, 131_393)
ANY = 131_331


def array(*values: int) -> Samples:
    return np.array(values, np.int64)


def read(*columns: SampleColumn, most: int = MOST_SAMPLES) -> dict[int, Samples]:
    return read_columns(columns, most=most)


def limbs(one: Samples, two: Samples) -> dict[int, Samples]:
    """Leads by code, derived as a monitor with whole numbers does."""
    return {
        LEAD_I: one,
        LEAD_II: two,
        LEAD_III: two - one,
        LEAD_AVR: -((one + two) >> 1),
        LEAD_AVL: one - (two >> 1),
        LEAD_AVF: two - (one >> 1),
    }


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40))
@settings(max_examples=60)
def test_samples_come_back_as_they_were(values: list[int]) -> None:
    columns = write_columns({3: array(*values)}, {3: ANY}, {3: 0})
    assert read(*columns)[3].tolist() == values


def test_the_octets_are_those_of_the_differences() -> None:
    # Differences 5, 1, -1, 300: zigzag 10, 2, 1, 600 = 0x0258.
    (column,) = write_columns({0: array(5, 6, 5, 305)}, {0: ANY}, {0: 0})
    assert column == SampleColumn(0, 4, LIKE_BEFORE, 0, 0, (b"\x0a\x02\x01\x58", b"\0\0\0\2"))


def test_derived_leads_need_no_octets() -> None:
    leads = limbs(array(10, -7, 400), array(3, 8, -90))
    codes = dict(enumerate(leads))
    samples = dict(enumerate(leads.values()))
    columns = write_columns(samples, codes, dict.fromkeys(samples, 0))
    assert [column.planes for column in columns if column.rule in DERIVED] == [()] * 4
    found = read(*columns)
    assert all((found[number] == samples[number]).all() for number in samples)


def test_what_a_device_rounds_otherwise_is_kept() -> None:
    one, two = array(10, -7, 401), array(3, 8, -90)
    augmented = limbs(one, two)[LEAD_AVR] + array(0, 1, -1)
    samples = {0: augmented, 1: one, 2: two}
    columns = write_columns(
        samples, {0: LEAD_AVR, 1: LEAD_I, 2: LEAD_II}, dict.fromkeys(samples, 0)
    )
    assert [column.series for column in columns] == [1, 2, 0], "what it is derived from comes first"
    assert read(*columns)[0].tolist() == augmented.tolist()


@pytest.mark.parametrize("place", ["another device", "another length", "no lead II"])
def test_a_lead_is_derived_only_from_its_own_devices_leads(place: str) -> None:
    one, two = array(10, -7), array(3, 8)
    samples = {0: one, 1: two, 2: two - one}
    codes, devices = {0: LEAD_I, 1: LEAD_II, 2: LEAD_III}, dict.fromkeys(samples, 0)
    if place == "another device":
        devices[2] = 1
    elif place == "another length":
        samples[2] = samples[2][:1]
    else:
        codes[1] = ANY
    columns = write_columns(samples, codes, devices)
    assert {column.rule for column in columns} <= {LIKE_BEFORE, LIFTED}


def test_a_lead_that_is_not_derived_at_all_is_like_any_other() -> None:
    one, two = array(900, -900, 900), array(0, 0, 0)
    samples = {0: one, 1: two, 2: array(1, 1, 1)}
    columns = write_columns(
        samples, {0: LEAD_I, 1: LEAD_II, 2: LEAD_III}, dict.fromkeys(samples, 0)
    )
    assert {column.rule for column in columns} <= {LIKE_BEFORE, LIFTED}


def test_noise_on_a_smooth_curve_is_lifted() -> None:
    noise = np.random.default_rng(5).normal(0, 4, 500)
    strip = np.round(300 * np.sin(np.arange(500) / 40) + noise).astype(np.int64)
    (column,) = write_columns({0: strip}, {0: ANY}, {0: 0})
    assert column.rule == LIFTED
    assert read(column)[0].tolist() == strip.tolist()


TWO = SampleColumn(0, 2, LIKE_BEFORE, 0, 0, (b"\2\2",))
OTHER = SampleColumn(1, 2, LIKE_BEFORE, 0, 0, (b"\2\2",))


@pytest.mark.parametrize(
    "columns",
    [
        (SampleColumn(0, -1, LIKE_BEFORE, 0, 0, ()),),
        (SampleColumn(0, 2, LIKE_BEFORE, 0, 0, (b"\0",)),),
        (SampleColumn(0, 1, LIKE_BEFORE, 0, 0, (b"\0",) * 6),),
        (SampleColumn(0, 1, LIKE_BEFORE, 0, 0, (b"\0", b"\0", b"\0", b"\0", b"\2")),),
        (SampleColumn(0, 1, LIKE_BEFORE, 0, 0, (b"\xff", b"\xff", b"\xff", b"\xff", b"\1")),),
        (TWO, OTHER, SampleColumn(2, 2, 9, 0, 1, ())),
        (TWO, SampleColumn(2, 2, 1, 0, 1, ())),
        (TWO, OTHER, SampleColumn(2, 1, 1, 0, 1, ())),
        (TWO, OTHER, SampleColumn(2, 2, 1, 3, 1, ())),
    ],
    ids=[
        "negative",
        "half",
        "too wide",
        "above 32 bits",
        "below 32 bits",
        "no such rule",
        "no such base",
        "other length",
        "no first base",
    ],
)
def test_columns_that_cannot_be_are_refused(columns: tuple[SampleColumn, ...]) -> None:
    with pytest.raises(DecodeError):
        read(*columns)


def test_samples_beyond_the_limit_are_refused_before_they_are_made() -> None:
    flat = SampleColumn(0, 600_000, LIKE_BEFORE, 0, 0, ())
    with pytest.raises(DecodeError, match="too many"):
        read(flat, SampleColumn(1, 600_000, LIKE_BEFORE, 0, 0, ()))
