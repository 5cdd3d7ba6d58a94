"""Clocks of every kind: Date Time, Current Time, Elapsed Time in ticks, UTC and local time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.drivers.gatt_clock import ClockKeeper, ClockPolicy
from edge.drivers.gatt_conversation import Conversation
from edge.errors import AttributeRefusedError
from edge.transports.ble.quirks import PLAIN
from protocols.gatt import current_time, date_time, elapsed_time, thermometer
from protocols.gatt.base import AnyCharacteristic
from protocols.gatt.elapsed_time import CurrentElapsedTime, ElapsedTime
from protocols.gatt.fields import DateTime
from protocols.gatt.transcriber import Transcriber
from protocols.gatt.uuids import assigned_uuid
from protocols.model.clock_mapping import Timeline
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from tests.fixtures.gatt_peer import CTS, PeerLink, peer
from tests.unit.edge.drivers.gatt_bench import Bench

HTS = assigned_uuid(0x1809)
ETS = assigned_uuid(0x183F)
ZONE = timezone(timedelta(hours=2))
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Clocks:
    """One link with a clock, and whoever keeps it right."""

    def __init__(self, folder: Path, service: UUID, clock: AnyCharacteristic, shown: bytes) -> None:
        self.link: PeerLink = peer((service, clock), (HTS, thermometer.MEASUREMENT))
        self.link.readings[clock.uuid] = shown
        self.link.on_write = lambda item, octets: self.link.readings.update({item.uuid: octets})
        self.reception = Bench(folder).reception
        transcriber = Transcriber(DeviceInfo(system_id=SystemId(b"12345678")), zone=ZONE)
        self.transcriber = transcriber
        self.knows_time = True
        self.keeper = ClockKeeper(
            self.link,
            Conversation(self.link.attributes, PLAIN, transcriber),
            self.reception,
            clock=SYSTEM_CLOCK,
            policy=ClockPolicy(set_clocks=True, zone=ZONE),
            knows_time=lambda: self.knows_time,
        )


def elapsed(timeline: Timeline, at: datetime, *, has_offset: bool = False) -> bytes:
    """An Elapsed Time that shows `at`."""
    return elapsed_time.CURRENT_ELAPSED_TIME.encode(
        CurrentElapsedTime(
            time=ElapsedTime(
                value=int((at - EPOCH).total_seconds()), timeline=timeline, has_offset=has_offset
            )
        )
    )


def now() -> datetime:
    return SYSTEM_CLOCK.utc()


async def test_a_date_time_is_set_to_local_time(tmp_path: Path) -> None:
    old = date_time.DATE_TIME.encode(DateTime.of(datetime(2020, 1, 1)))  # noqa: DTZ001 - a device's own
    one = Clocks(tmp_path, HTS, date_time.DATE_TIME, old)
    await one.keeper.look()
    assert "slow" in one.reception.health.clock_fault
    assert one.keeper.is_due
    await one.keeper.set()
    await one.keeper.set()
    assert one.reception.health.clock_fault == ""
    assert one.reception.health.counts.clock_sets == 1
    assert one.transcriber.clock_was_set


@pytest.mark.parametrize("has_offset", [True, False])
@pytest.mark.parametrize("timeline", [Timeline.UTC, Timeline.LOCAL])
async def test_an_elapsed_time_is_set_in_its_own_form(
    tmp_path: Path, timeline: Timeline, *, has_offset: bool
) -> None:
    shown = elapsed(timeline, now() - timedelta(days=2), has_offset=has_offset)
    one = Clocks(tmp_path, ETS, elapsed_time.CURRENT_ELAPSED_TIME, shown)
    await one.keeper.look()
    await one.keeper.set()
    written = one.link.readings[elapsed_time.CURRENT_ELAPSED_TIME.uuid]
    assert isinstance(written, bytes)
    time = elapsed_time.CURRENT_ELAPSED_TIME.decode(written).time
    assert time.timeline is timeline
    assert time.has_offset is has_offset
    assert time.offset == (timedelta(hours=2) if has_offset else None)
    assert one.reception.health.clock_fault == ""


async def test_a_counter_of_ticks_is_never_wrong_and_never_set(tmp_path: Path) -> None:
    shown = elapsed(Timeline.TICK, EPOCH + timedelta(seconds=7))
    one = Clocks(tmp_path, ETS, elapsed_time.CURRENT_ELAPSED_TIME, shown)
    await one.keeper.look(always_set=True)
    await one.keeper.set()
    assert one.reception.health.clock_fault == ""
    assert one.reception.health.counts.clock_sets == 0


async def test_a_clock_without_a_date_is_wrong(tmp_path: Path) -> None:
    shown = current_time.CURRENT_TIME.encode(
        current_time.CurrentTime(time=DateTime(0, 0, 0, 1, 2, 3))
    )
    one = Clocks(tmp_path, CTS, current_time.CURRENT_TIME, shown)
    await one.keeper.look()
    assert one.reception.health.clock_fault == "the device's clock has no date"
    await one.keeper.set()
    assert one.reception.health.clock_fault == ""


async def test_a_clock_that_cannot_be_read_or_written_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = Clocks(tmp_path, CTS, current_time.CURRENT_TIME, b"\1")
    await one.keeper.look()
    assert "a clock that cannot be read" in caplog.text
    one.link.readings[current_time.CURRENT_TIME.uuid] = AttributeRefusedError("no", att_error=2)
    await one.keeper.look()
    assert not one.keeper.is_due
    old = now() - timedelta(days=1)
    one.link.readings[current_time.CURRENT_TIME.uuid] = current_time.CURRENT_TIME.encode(
        current_time.CurrentTime.of(old.replace(tzinfo=None))
    )
    await one.keeper.look()

    def refuse(_item: object, _octets: bytes) -> None:
        raise AttributeRefusedError("the device refuses (ATT error 0x80)", att_error=0x80)

    one.link.on_write = refuse
    await one.keeper.set()
    assert "cannot be set" in caplog.text
    await asyncio.wait_for(one.link.close(), 1)


def showing(at: datetime) -> bytes:
    return current_time.CURRENT_TIME.encode(
        current_time.CurrentTime.of(at.astimezone(ZONE).replace(tzinfo=None))
    )


@pytest.mark.parametrize("always_set", [True, False])
async def test_no_clock_is_set_before_our_own_is_known_to_be_right(
    tmp_path: Path, *, always_set: bool
) -> None:
    one = Clocks(tmp_path, CTS, current_time.CURRENT_TIME, showing(now() - timedelta(days=1)))
    one.knows_time = False
    await one.keeper.look(always_set=always_set)
    assert not one.keeper.is_due
    await one.keeper.set()
    assert one.reception.health.counts.clock_sets == 0
    assert "write 2A2B" not in one.link.calls
    one.knows_time = True
    assert one.keeper.is_due, "now it can be judged"
    await one.keeper.set()
    assert one.reception.health.counts.clock_sets == 1
    assert one.reception.health.clock_fault == ""
    assert not one.keeper.is_due


async def test_a_device_that_was_right_all_along_is_left_alone(tmp_path: Path) -> None:
    """Ours was a day behind when both were compared first."""
    one = Clocks(tmp_path, CTS, current_time.CURRENT_TIME, showing(now() + timedelta(days=1)))
    one.knows_time = False
    await one.keeper.look()
    assert "fast" in one.reception.health.clock_fault
    one.link.readings[current_time.CURRENT_TIME.uuid] = showing(now())
    one.knows_time = True
    await one.keeper.set()
    assert one.reception.health.counts.clock_sets == 0
    assert one.reception.health.clock_fault == ""
