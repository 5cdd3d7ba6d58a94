"""Identities follow the measurement, not the way it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid5

from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import (
    NAMESPACE,
    Identity,
    Named,
    Naming,
    clockless_observation_id,
    id_named,
    ids_of,
    marked_id,
    name_of_stamp,
    name_reading,
    observation_id,
)
from protocols.model.timestamps import DeviceTime

OXIMETER = SystemId.parse("11:22:33:44:55:66:77:04")
SPO2 = MdcCode(2, 19384)
STAMP = DeviceTime("absolute", "2026-11-23T10:00:00.00")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def identify(
    stamp: DeviceTime | None,
    *,
    stored: bool = False,
    counter: int = 1,
    at: datetime = NOON,
    position: int = 0,
) -> UUID:
    return name_reading(
        system_id=OXIMETER,
        type_code=SPO2,
        device_time=stamp,
        stored=stored,
        received_at=at,
        report_counter=counter,
        position=position,
    ).observation_id


def test_the_same_measurement_has_the_same_id_and_others_do_not() -> None:
    first = observation_id(system_id=OXIMETER, type_code=SPO2, device_time=STAMP)
    assert first == observation_id(system_id=OXIMETER, type_code=SPO2, device_time=STAMP)
    fast = observation_id(
        system_id=OXIMETER, type_code=SPO2, device_time=STAMP, supplements=[MdcCode(2, 19508)]
    )
    longer = observation_id(system_id=OXIMETER, type_code=SPO2, device_time=STAMP, duration_us=1000)
    counted = {
        clockless_observation_id(
            system_id=OXIMETER, type_code=SPO2, received_at="2026-11-23T10:00:00Z", report_counter=n
        )
        for n in range(3)
    }
    assert len({first, fast, longer} | counted) == 6


def test_an_id_is_the_uuid_of_its_written_name_today_and_in_every_release() -> None:
    namespace = UUID("6f1d0f0c-7a53-5b43-9d0e-5c1f2f6b8a11")
    stamped = observation_id(
        system_id=OXIMETER,
        type_code=SPO2,
        device_time=STAMP,
        duration_us=250,
        supplements=[MdcCode(2, 19508)],
        apart="person=1",
    )
    name = "1122334455667704|2:19384|absolute=2026-11-23T10:00:00.00|250|2:19508|person=1"
    assert stamped == uuid5(namespace, name)
    clockless = clockless_observation_id(
        system_id=OXIMETER,
        type_code=SPO2,
        received_at="2026-11-23T12:00:00+00:00",
        report_counter=7,
        duration_us=250,
    )
    name = "1122334455667704|2:19384|received=2026-11-23T12:00:00+00:00#7|250|"
    assert clockless == uuid5(namespace, name)
    assert str(identify(STAMP)) == "28232700-cf9f-52fe-8081-fc36b38fbf23"


def test_a_report_s_last_place_is_not_the_first_of_the_next() -> None:
    assert identify(None, position=0xFFFF) != identify(None, counter=2)
    ids = {identify(None, counter=n, position=m) for n in (1, 2, 257) for m in (0, 1, 256, 0xFFFF)}
    assert len(ids) == 12


def test_what_else_tells_two_readings_apart_is_in_the_id() -> None:
    def id_of(stamp: DeviceTime | None, apart: str) -> UUID:
        return name_reading(
            system_id=OXIMETER,
            type_code=SPO2,
            device_time=stamp,
            stored=False,
            received_at=NOON,
            report_counter=1,
            apart=apart,
        ).observation_id

    ids = {id_of(stamp, apart) for stamp in (STAMP, None) for apart in ("", "person=1", "person=2")}
    assert len(ids) == 6
    assert id_of(STAMP, "") == identify(STAMP)


def test_the_order_of_supplements_does_not_matter() -> None:
    a, b = MdcCode(2, 1), MdcCode(2, 2)
    ids = {
        observation_id(system_id=OXIMETER, type_code=SPO2, device_time=STAMP, supplements=order)
        for order in ([a, b], [b, a])
    }
    assert len(ids) == 1


def test_a_calendar_stamp_identifies_a_reading_whenever_it_comes() -> None:
    later = identify(STAMP, at=NOON + timedelta(hours=1), counter=9, position=3)
    assert identify(STAMP) == later == identify(STAMP, stored=True)


def test_a_tick_identifies_a_stored_record_only() -> None:
    ticks = DeviceTime.relative(77)
    assert identify(ticks, stored=True) == identify(ticks, stored=True, counter=2)
    assert identify(ticks) != identify(ticks, counter=2)


def test_without_a_stamp_reception_and_place_in_the_report_tell_readings_apart() -> None:
    ids = {
        identify(None),
        identify(None, counter=2),
        identify(None, position=1),
        identify(None, at=NOON + timedelta(seconds=1)),
    }
    assert len(ids) == 4
    assert identify(None, at=NOON.astimezone(timezone(timedelta(hours=2)))) == identify(None)


def test_a_mark_makes_another_id_that_is_always_the_same() -> None:
    first, second = (marked_id(NAMESPACE, mark) for mark in ("occurrence=2", "occurrence=3"))
    assert len({NAMESPACE, first, second}) == 3
    assert first == marked_id(NAMESPACE, "occurrence=2") == uuid5(NAMESPACE, "occurrence=2")


def test_many_ids_are_worked_out_as_each_by_itself() -> None:
    identity = Identity.of(SystemId(b"OX123456"), MdcCode(2, 19384))
    stamps = [f"relative={ticks}".encode() for ticks in range(20)]
    names = [identity.head + one + identity.behind(5) for one in stamps]
    assert ids_of(names) == b"".join(identity.at(one, 5) for one in stamps)
    assert ids_of([]) == b""


def test_a_reading_says_what_its_id_was_named_by_when_no_device_s_time_was() -> None:
    def named(stamp: DeviceTime | None, *, stored: bool = False) -> Named:
        return name_reading(
            system_id=OXIMETER,
            type_code=SPO2,
            device_time=stamp,
            stored=stored,
            received_at=NOON.astimezone(timezone(timedelta(hours=2))),
            report_counter=3,
            position=5,
        )

    ticks = DeviceTime.relative(70)
    assert named(STAMP).named_by is None
    assert named(ticks, stored=True).named_by is None
    for stamp in (None, ticks):
        identity, named_by = named(stamp)
        assert named_by == Naming(NOON, (3 << 16) + 5)
        assert identity == Identity.of(OXIMETER, SPO2).clockless(NOON.isoformat(), named_by.counter)


def test_an_id_is_the_uuid_of_the_name_around_its_stamp() -> None:
    identity = Identity.of(SystemId(bytes(8)), MdcCode(2, 19384), apart="left")
    stamp = name_of_stamp("absolute", "2026-11-26T12:00:00.00")
    assert id_named(identity.head + stamp + identity.behind(4000)) == identity.at(stamp, 4000)
