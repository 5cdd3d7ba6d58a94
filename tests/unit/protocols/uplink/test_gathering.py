"""From rows to columns, whether they are kept or made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.uplink import records as rec
from protocols.uplink.gathered import PLAIN, Gathered
from protocols.uplink.gathering import Gatherer, gather
from protocols.uplink.kept_rows import KeptRow, named_by_of
from protocols.uplink.messages import UplinkRow
from protocols.uplink.row_codec import encode_row
from tests.fixtures import strategies
from tests.fixtures.vehicle_rows import Vehicle

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DEVICE = b"\x11\x22\x33\x44\x55\x66\x77\x88"


def row(number: int, stamp: str = "7", place: str = "") -> UplinkRow:
    time = rec.TimeRecord(NOON, "device", "relative", stamp)
    common = rec.CommonRecord(UUID(int=number), 150456, time, DEVICE)
    content = rec.NumericRecord(common, rec.QuantityRecord("97", 544))
    return KeptRow(sequence=number, captured_at=NOON, record=content, octets=place)


def are_alike(one: Gathered, other: Gathered) -> bool:
    arrays = ("sequences", "forms", "moments", "widths", "own")
    times = ("captured", "observed", "stamps")
    known = ("ids", "is_stamped", "counters", "receptions")
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in (*arrays, *times))
        and all(
            np.array_equal(getattr(one.known_ids, name), getattr(other.known_ids, name))
            for name in known
        )
        and list(one.known_forms) == list(other.known_forms)
        and list(one.places) == list(other.places)
    )


@given(st.lists(strategies.rows, max_size=8))
@settings(max_examples=40)
def test_kept_rows_have_the_columns_of_made_ones(rows: list[UplinkRow]) -> None:
    gatherer = Gatherer()
    for one in rows:
        gatherer.keep([encode_row(one)], [one.sequence], [one.octets])
    assert are_alike(gatherer.rows().columns, gather(rows).columns)


def test_rows_are_kept_together_and_what_is_none_is_named() -> None:
    rows = Vehicle(5).numerics(2)
    made = [replace(one, octets="r@0+99") for second in rows for one in second]
    bodies = [encode_row(one) for one in made]
    gatherer = Gatherer()
    spoilt = [bodies[0], b"noise", *bodies[1:], b""]
    sequences = [1, 900, *range(2, len(made) + 1), 901]
    assert gatherer.keep(spoilt, sequences, ["r@0+99"] * len(spoilt)) == [1, len(spoilt) - 1]
    gathered = gatherer.rows()
    assert gathered == made
    assert are_alike(gathered.columns, gather(made).columns)


def test_how_ids_come_about_is_known() -> None:
    [first, *_] = Vehicle(5).numerics(1)
    columns = gather(first).columns
    calendars = [form.device_kind == "absolute" for form in columns.known_forms]
    are_stamped = [calendars[form] for form in columns.forms.tolist()]
    assert columns.known_ids.is_stamped.tolist() == are_stamped
    assert (columns.known_ids.counters < 0).tolist() == are_stamped
    assert len(set(are_stamped)) == 2


def test_what_fits_no_column_is_not_known() -> None:
    [named, *_] = (row for row in next(Vehicle(5).numerics(1)) if named_by_of(row))
    columns = gather([replace(named, octets="nowhere"), named]).columns
    assert columns.forms.tolist() == [PLAIN, 0]
    assert (columns.known_ids.counters < 0).tolist() == [True, False]


def test_waveforms_bring_their_samples() -> None:
    rows = Vehicle(5).twelve_leads(1)
    columns = gather(rows).columns
    assert sorted(columns.waves) == list(range(len(rows)))
    assert all(own.duration_us == 1_000_000 for own in columns.waves.values())


def test_what_fits_no_column_has_none_and_does_not_part_its_neighbours() -> None:
    info = UplinkRow(sequence=9, captured_at=NOON, content=DeviceInfo(system_id=SystemId(DEVICE)))
    columns = gather([row(1), info, row(2, "007"), row(3, place="nowhere"), row(4)]).columns
    assert columns.forms.tolist() == [0, PLAIN, PLAIN, PLAIN, 0]
    assert columns.moments.tolist() == [0, PLAIN, PLAIN, PLAIN, 0]
    assert columns.widths.tolist() == [1, 0, 0, 0, 1]
    assert columns.own.tolist() == [97, 97]
    assert not columns.spoilt


def test_a_row_of_impossible_codes_is_told() -> None:
    time = rec.TimeRecord(NOON, "received")
    content = rec.CodedRecord(rec.CommonRecord(UUID(int=1), 1 << 40, time, DEVICE), 7)
    assert gather([row(1), KeptRow(sequence=2, captured_at=NOON, record=content)]).columns.spoilt
