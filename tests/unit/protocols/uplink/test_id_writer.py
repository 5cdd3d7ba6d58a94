"""Ids by rule: which need no octets, which a counter alone, and what needs no search."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity, reading_id
from protocols.model.timestamps import DeviceTime
from protocols.uplink import records as rec
from protocols.uplink.derived_ids import ARRIVED, EXPLICIT, RECEIVED, STAMPED, CounterSearch
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.gathering import gather
from protocols.uplink.id_writer import How, IdWriter, Origin, WrittenIds, write_ids
from protocols.uplink.kept_rows import KeptRow
from protocols.uplink.messages import UplinkRow

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DEVICE = SystemId(b"\x11\x22\x33\x44\x55\x66\x77\x88")
SPO2 = MdcCode(2, 19384)
ORIGIN = Origin.of(DEVICE.octets, Identity.of(DEVICE, SPO2))
MILLISECOND = timedelta(milliseconds=1)
BARE, TICKS = "received", "device"


def identity(
    counter: int,
    received_at: datetime = NOON,
    stamp: DeviceTime | None = None,
    duration_us: int = 0,
) -> UUID:
    return reading_id(
        system_id=DEVICE,
        type_code=SPO2,
        device_time=stamp,
        stored=stamp is not None,
        received_at=received_at,
        report_counter=counter >> 16,
        position=counter & 0xFFFF,
        duration_us=duration_us,
    )


def added(writer: IdWriter, observation_id: UUID, quality: str, *, begins: bool) -> How:
    if begins:
        writer.begin(to_microseconds(NOON), is_received=quality == BARE)
    return writer.take(observation_id.bytes, ORIGIN, begins=begins)


def row(number: int, time: rec.TimeRecord, observation_id: UUID) -> UplinkRow:
    common = rec.CommonRecord(observation_id, SPO2.cf_code, time, DEVICE.octets)
    content = rec.NumericRecord(common, rec.QuantityRecord("97", 544))
    return KeptRow(sequence=number, captured_at=NOON, record=content)


def written(*rows: UplinkRow) -> WrittenIds:
    columns = gather(rows).columns
    return write_ids(columns, np.arange(len(rows)), CounterSearch())


CALENDAR_TIME = rec.TimeRecord(NOON, "device", "absolute", "2026-11-26T12:00:00.00")
TICK_TIME = rec.TimeRecord(NOON, "device", "relative", "70")
BARE_TIME = rec.TimeRecord(NOON, "received")


def test_a_devices_own_time_makes_the_id_and_nothing_travels() -> None:
    for time in (CALENDAR_TIME, TICK_TIME):
        made = identity(0, stamp=DeviceTime(time.device_kind, time.device_value))
        found = written(row(1, time, made))
        assert (found.rules.tolist(), found.ids, found.counters) == ([STAMPED], b"", ())


def test_how_long_samples_last_is_part_of_the_id() -> None:
    made = identity(5 << 16, NOON, duration_us=8000)
    common = rec.CommonRecord(made, SPO2.cf_code, BARE_TIME, DEVICE.octets)
    samples = rec.SamplesRecord(common, bytes(4), 2, "1", "0", 4000, 544)
    found = written(KeptRow(sequence=1, captured_at=NOON, record=samples))
    assert (found.rules.tolist(), found.counters) == ([RECEIVED], (5 << 16,))


def test_what_nobody_can_work_out_travels() -> None:
    wanted = UUID(int=7)
    times = (CALENDAR_TIME, TICK_TIME, BARE_TIME)
    found = written(*(row(number, time, wanted) for number, time in enumerate(times)))
    assert (found.rules.tolist(), found.ids) == ([EXPLICIT] * 3, wanted.bytes * 3)


def test_one_moment_is_begun_once_for_rows_with_and_without_a_devices_time() -> None:
    first, second = 8 << 16, (8 << 16) + 1
    rows = [row(number, BARE_TIME, identity(one)) for number, one in enumerate((first, second))]
    found = written(*rows, row(3, CALENDAR_TIME, UUID(int=1)))
    assert (found.rules.tolist(), found.counters) == ([RECEIVED, RECEIVED, EXPLICIT], (first, 0))


def test_the_counter_travels_as_what_it_differs_from_the_expected_one() -> None:
    writer = IdWriter(CounterSearch())
    first, second, third = 8 << 16, (8 << 16) + 1, 9 << 16
    assert added(writer, identity(first), BARE, begins=True) == (RECEIVED, first, 0)
    assert added(writer, identity(second), BARE, begins=False) == (RECEIVED, second, 0)
    assert added(writer, identity(third), BARE, begins=True) == (RECEIVED, third, 0)
    assert writer.counters == [first, 0, 0]


def test_a_report_that_was_skipped_is_searched_for() -> None:
    writer = IdWriter(CounterSearch())
    added(writer, identity(8 << 16), BARE, begins=True)
    assert added(writer, identity(10 << 16), BARE, begins=True) == (RECEIVED, 10 << 16, 0)
    assert writer.counters == [8 << 16, 1 << 16]


def test_the_lag_of_the_reception_travels_when_it_is_another() -> None:
    writer = IdWriter(CounterSearch())
    rows = (
        (2, 8 << 16, True),
        (2, (8 << 16) + 1, False),
        (2, (8 << 16) + 2, False),
        (2, 9 << 16, True),
        (4, 10 << 16, True),
    )
    for lag, counter, begins in rows:
        made = identity(counter, NOON - lag * MILLISECOND)
        assert added(writer, made, TICKS, begins=begins) == (ARRIVED, counter, lag)
    assert writer.counters == [2, 8 << 16, 0, 0, 0, 0, 0, 0, 2, 0]


def test_what_one_batch_learnt_the_next_one_need_not_search_for() -> None:
    search = CounterSearch()
    reports = (100, 300)  # what waited, and what is new
    for report in reports:
        added(IdWriter(search), identity(report << 16, NOON - 3 * MILLISECOND), TICKS, begins=True)
    for report in reports:
        counter = (report + 1) << 16
        made = identity(counter, NOON - 3 * MILLISECOND)
        assert added(IdWriter(search), made, TICKS, begins=True) == (ARRIVED, counter, 3)
    assert search.places_of(DEVICE.octets) == ((301 << 16, 3), (101 << 16, 3))


def test_after_some_rows_in_vain_no_other_lag_is_tried() -> None:
    search = CounterSearch()
    writer = IdWriter(search)
    added(writer, identity(8 << 16, NOON - 2 * MILLISECOND), TICKS, begins=True)
    for _ in range(4):
        assert added(writer, UUID(int=7), TICKS, begins=True) == (EXPLICIT, 0, 0)
    assert not search.seeks(DEVICE.octets)
    late = identity(9 << 16, NOON - 5 * MILLISECOND)
    assert added(writer, late, TICKS, begins=True) == (EXPLICIT, 0, 0)
