"""Ids by rule: which need no octets, which a counter alone, and what needs no search."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity, reading_id
from protocols.model.timestamps import DeviceTime
from protocols.uplink import records as rec
from protocols.uplink.derived_ids import ARRIVED, EXPLICIT, RECEIVED, STAMPED, CounterSearch
from protocols.uplink.id_writer import How, IdWriter

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DEVICE = SystemId(b"\x11\x22\x33\x44\x55\x66\x77\x88")
SPO2 = MdcCode(2, 19384)
IDENTITY = Identity.of(DEVICE, SPO2)
MILLISECOND = timedelta(milliseconds=1)
BARE = rec.TimeRecord(NOON, "received")
TICKS = rec.TimeRecord(NOON, "device", "relative", "70")
CALENDAR = rec.TimeRecord(NOON, "device", "absolute", "2026-11-26T12:00:00.00")


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


def common(observation_id: UUID, time: rec.TimeRecord) -> rec.CommonRecord:
    return rec.CommonRecord(observation_id, SPO2.cf_code, time, DEVICE.octets)


def added(
    writer: IdWriter, observation_id: UUID, time: rec.TimeRecord, *, begins: bool, lasts: int = 0
) -> How:
    one = common(observation_id, time)
    if begins:
        writer.begin(NOON, time)
    how = writer.rule_of(one, IDENTITY, lasts, begins=begins)
    writer.add(one, 0, how, begins=begins)
    return how


def test_a_devices_own_time_makes_the_id_and_nothing_travels() -> None:
    writer = IdWriter(CounterSearch())
    for time in (CALENDAR, TICKS):
        stamp = DeviceTime(time.device_kind, time.device_value)
        made = identity(0, stamp=stamp, duration_us=8000)
        assert added(writer, made, time, begins=True, lasts=8000) == (STAMPED, 0, 0)
    assert (writer.ids, writer.counters) == ([], [])


def test_what_nobody_can_work_out_travels() -> None:
    writer = IdWriter(CounterSearch())
    for time in (CALENDAR, TICKS, BARE):
        assert added(writer, UUID(int=7), time, begins=True) == (EXPLICIT, 0, 0)
    assert writer.ids == [UUID(int=7).bytes] * 3


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
