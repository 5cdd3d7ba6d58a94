"""Many texts at once are the texts each time would have by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.uplink.device_stamps import EPOCH, from_stamp, to_microseconds
from protocols.uplink.time_texts import (
    HUNDREDTHS,
    MICROSECONDS,
    are_in_calendar,
    calendar_texts,
    cut,
    in_calendar,
    iso_texts,
    stamp_texts,
)
from protocols.uplink.whole_numbers import is_wide, to_numbers, widened

FIRST = to_microseconds(datetime.min.replace(tzinfo=UTC))
LAST = to_microseconds(datetime.max.replace(tzinfo=UTC))
TIMES = st.lists(st.integers(FIRST, LAST), max_size=8)


@given(TIMES)
@example([FIRST, LAST, -1, 0, 999_999])
@settings(max_examples=80)
def test_times_are_written_as_each_by_itself(times: list[int]) -> None:
    written = cut(calendar_texts(np.array(times, np.int64), MICROSECONDS, " ").decode(), 6)
    each = [EPOCH.replace(tzinfo=None) + timedelta(microseconds=one) for one in times]
    assert written == [one.isoformat(" ", "microseconds") for one in each]


@given(TIMES)
@example([FIRST, LAST, -1, 0, 999_999])
@example([FIRST, LAST, -1, 0, 999_999] * 20)
@settings(max_examples=80)
def test_times_in_iso_8601_have_a_fraction_where_there_is_one(times: list[int]) -> None:
    each = [EPOCH.replace(tzinfo=None) + timedelta(microseconds=one) for one in times]
    assert iso_texts(np.array(times, np.int64)) == [one.isoformat().encode() for one in each]


@given(
    st.sampled_from(("", "relative", "absolute", "base-offset")),
    st.lists(st.integers(0, LAST), max_size=6),
    st.integers(-86_399, 86_399),
)
@settings(max_examples=100)
def test_stamps_are_written_as_each_by_itself(kind: str, stamps: list[int], zone: int) -> None:
    written = stamp_texts(kind, np.array(stamps, np.int64), zone)
    assert written == [from_stamp(kind, one, zone) for one in stamps]


def test_hundredths_are_cut() -> None:
    texts = calendar_texts(np.array([to_microseconds(EPOCH) + 129_999]), HUNDREDTHS).decode()
    assert texts == "1970-01-01T00:00:00.12"


def test_ticks_may_be_of_any_size() -> None:
    assert stamp_texts("relative", to_numbers([2**70]), 0) == [str(2**70)]


@pytest.mark.parametrize(
    ("kind", "stamp", "zone"),
    [
        ("relative", -1, 0),
        ("absolute", 2**70, 0),
        ("base-offset", FIRST - 1, 0),
        ("absolute", 0, 86_400),
        ("sundial", 0, 0),
    ],
)
def test_a_stamp_that_cannot_be_is_refused(kind: str, stamp: int, zone: int) -> None:
    with pytest.raises(DecodeError):
        stamp_texts(kind, to_numbers([1, stamp]), zone)
    with pytest.raises(DecodeError):
        from_stamp(kind, stamp, zone)


def test_a_time_outside_the_calendar_is_refused() -> None:
    assert in_calendar(to_numbers([])).size == 0
    assert not is_wide(in_calendar(widened([FIRST, LAST])))
    for beyond in (FIRST - 1, LAST + 1, 2**70):
        with pytest.raises(DecodeError):
            in_calendar(to_numbers([0, beyond]))
        assert are_in_calendar(to_numbers([FIRST, beyond, LAST])).tolist() == [True, False, True]
