"""From columns to rows: everything that cannot be is refused, with DecodeError and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from protocols.errors import DecodeError
from protocols.model.observation import SampleArrayObservation
from protocols.uplink import columns as col
from protocols.uplink.column_reader import MOST_ROWS, read_readings
from protocols.uplink.column_writer import write_batch
from protocols.uplink.derived_ids import ARRIVED, EXPLICIT, RECEIVED, STAMPED
from protocols.uplink.messages import UplinkBatch, UplinkRow, rows_of
from tests.fixtures import strategies
from tests.fixtures.vehicle_rows import Vehicle, batch_of

ROWS = [row for second in Vehicle(5).numerics(4) for row in second]
NUMERICS = write_batch(batch_of(ROWS))
LEADS = write_batch(batch_of(Vehicle(5).twelve_leads(1)[:3], "waveforms"))
ONE = write_batch(batch_of([ROWS[0]]))
STRIP = write_batch(batch_of(Vehicle(5).twelve_leads(1)[:1], "waveforms"))
Change = Callable[[col.ColumnsRecord], dict[str, Any]]


def read_rows(record: col.ColumnsRecord) -> list[UplinkRow]:
    return rows_of(read_readings(record))


def changed(record: col.ColumnsRecord, **more: object) -> col.ColumnsRecord:
    return msgspec.structs.replace(record, **more)


def series(record: col.ColumnsRecord, **more: object) -> tuple[col.SeriesRecord, ...]:
    """The series of a record, the first one changed."""
    return (msgspec.structs.replace(record.series[0], **more), *record.series[1:])


@given(strategies.batches)
@settings(max_examples=60)
def test_rows_come_back_as_they_were(batch: UplinkBatch) -> None:
    record = write_batch(batch)
    kept = read_rows(record)
    assert len(kept) + len(record.plain) == len(batch.rows)
    assert all(row in batch.rows for row in kept)


def test_every_way_an_id_comes_about_is_read_back() -> None:
    assert {one.identity for one in NUMERICS.series} >= {STAMPED, RECEIVED, ARRIVED}
    assert read_rows(NUMERICS) == ROWS


def test_waveforms_are_cut_where_they_were() -> None:
    assert read_rows(LEADS) == Vehicle(5).twelve_leads(1)[:3]


def test_numbers_among_waveforms_have_no_samples() -> None:
    mixed = [
        replace(row, sequence=sequence)
        for sequence, row in enumerate([ROWS[0], *Vehicle(5).twelve_leads(1)[:2], ROWS[1]], 1)
    ]
    record = write_batch(batch_of(mixed))
    assert not record.plain
    assert read_rows(record) == mixed


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {"series_of": (2,)},
        lambda _: {"series_of": (-1,)},
        lambda _: {"series_of": (1, 1)},
        lambda _: {"series_of": (0,)},
        lambda _: {"runs": (1,)},
        lambda _: {"runs": (0, -1, 0, 2)},
        lambda _: {"runs": (0, 2)},
        lambda _: {"values": ()},
        lambda _: {"ids": b"\0" * 16},
        lambda _: {"counters": (1,)},
        lambda _: {"places": col.PlaceColumns(("r",), (2, 1, 0, 0))},
        lambda one: {"moments": msgspec.structs.replace(one.moments, rows=(0,))},
        lambda one: {"moments": msgspec.structs.replace(one.moments, rows=(2,))},
        lambda one: {"moments": msgspec.structs.replace(one.moments, at=(0, 0))},
        lambda one: {"moments": msgspec.structs.replace(one.moments, at=(10**17,))},
        lambda one: {"moments": msgspec.structs.replace(one.moments, lag=(10**17,))},
        lambda one: {"moments": msgspec.structs.replace(one.moments, stamp=(10**17,))},
        lambda one: {"series": series(one, kind="z")},
        lambda one: {"series": series(one, identity=9)},
        lambda one: {"series": series(one, device=1)},
        lambda one: {"series": series(one, device=-1)},
        lambda one: {"series": series(one, parts=())},
        lambda one: {"series": series(one, parts=((0, 544, 999, ""),))},
        lambda one: {"series": series(one, parts=((0, 544, 0, "what"),))},
        lambda one: {"series": series(one, parts=((0, 70_000, 0, ""),))},
        lambda one: {"series": series(one, samples=("1", "0", 1))},
        lambda one: {"series": series(one, kind="w")},
        lambda one: {"series": series(one, kind="e", parts=()), "values": (-1,)},
        lambda one: {"series": series(one, status=1)},
        lambda one: {"series": series(one, quality="guessed")},
        lambda one: {"series": series(one, type_cf=-1)},
        lambda one: {"series": series(one, supplements=(1 << 40,))},
        lambda one: {"series": series(one, device_kind="sundial")},
        lambda one: {"series": series(one, device_kind="")},
        lambda one: {"devices": (msgspec.structs.replace(one.devices[0], system_id=b""),)},
        lambda _: {"samples": (col.SampleColumn(5, 0, 0, 0, 0, ()),)},
    ],
)
def test_columns_that_do_not_fit_together_are_refused(change: Change) -> None:
    with pytest.raises(DecodeError):
        read_rows(changed(ONE, **change(ONE)))


def test_a_waveform_of_no_samples_is_a_row_of_its_own() -> None:
    (row,) = read_rows(changed(STRIP, values=(0, *STRIP.values[1:])))
    assert isinstance(row.content, SampleArrayObservation)
    assert row.content.samples == b""
    assert row.content.observation_id != Vehicle(5).twelve_leads(1)[0].content.observation_id  # type: ignore[union-attr]  # a waveform


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {"samples": ()},
        lambda one: {"values": (501, *one.values[1:])},
        lambda one: {"values": (-1, *one.values[1:])},
        lambda one: {"series": series(one, samples=("one", "0", 2000))},
        lambda one: {"series": series(one, samples=("1", "Infinity", 2000))},
    ],
)
def test_waveforms_that_are_not_whole_are_refused(change: Change) -> None:
    with pytest.raises(DecodeError):
        read_rows(changed(STRIP, **change(STRIP)))


def test_more_rows_than_anybody_sends_are_refused() -> None:
    with pytest.raises(DecodeError, match="too many rows"):
        read_rows(changed(ONE, series_of=(0,) * (MOST_ROWS + 1)))


def test_a_lag_outside_the_calendar_is_refused() -> None:
    row = replace(ROWS[5], captured_at=ROWS[5].captured_at + timedelta(milliseconds=1))
    record = write_batch(batch_of([row]))
    assert record.series[0].identity in (ARRIVED, EXPLICIT)
    far = changed(record, series=series(record, identity=ARRIVED), ids=b"", counters=(10**15, 0))
    with pytest.raises(DecodeError):
        read_rows(far)


def test_any_number_anywhere_gives_rows_or_a_decode_error() -> None:
    """Integers of every column changed at random; what cannot be is refused, and nothing else."""
    random = Random(2)  # noqa: S311 - repeatable, no secret
    for _ in range(400):
        record = random.choice((NUMERICS, LEADS))
        document = msgspec.msgpack.decode(msgspec.msgpack.encode(record))
        column: Any = document
        while isinstance(column, list) and column:
            place = random.randrange(len(column))
            if not isinstance(column[place], list) or not column[place]:
                column[place] = random.choice((-1, 0, 1, 7, 255, 10**9, -(10**9), 2**63 - 1))
                break
            column = column[place]
        try:
            wild = msgspec.msgpack.decode(msgspec.msgpack.encode(document), type=col.ColumnsRecord)
        except msgspec.ValidationError:
            continue
        try:
            read_rows(wild)
        except DecodeError:
            continue
