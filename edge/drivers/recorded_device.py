"""A recorded radio device, driven as on the air: the same driver, in that order, at those times."""

from __future__ import annotations

from dataclasses import replace

from edge.clock import Clock
from edge.drivers.gatt import GattDriver
from edge.drivers.gatt_clock import ClockPolicy
from edge.drivers.gatt_memory import GattMemory, GattPolicy
from edge.drivers.gatt_reception import GattReception
from edge.drivers.policy import DriverPolicy
from edge.drivers.record_marks import RecordMarks
from edge.drivers.recorded_link import facts_of
from edge.drivers.wishes import Wishes
from edge.errors import TransportClosedError
from edge.recorder.recorder import FlightRecorder
from edge.recorder.recording import Recording
from edge.transports.ble.quirks import find_quirk
from edge.transports.ble.replayed import RecordedDevice, ReplayedLink
from protocols.model.device import DeviceInfo


async def drive_recorded(
    device: RecordedDevice,
    reception: GattReception,
    *,
    recorder: FlightRecorder | None,
    policy: DriverPolicy,
    clock: Clock,
    wishes: Wishes,
) -> None:
    """Play it to its end. Nothing is set on it, and no mark of its store is kept.

    `reception`'s recording is opened here: what is played is recorded as any link is.
    """
    link = ReplayedLink(device, clock)
    memory = GattMemory(DeviceInfo(system_id=device.known_as), RecordMarks(None))
    quirk = find_quirk(model=device.quirk, name="")
    health = reception.health
    recording = Recording()
    if recorder is not None:
        facts = facts_of(link, quirk=quirk, known_as=memory.info)
        recording = recorder.open_recording(health.name, health.address, facts)
    driver = GattDriver(
        link,
        memory,
        replace(reception, recording=recording),
        quirk=quirk,
        policy=GattPolicy(clock=ClockPolicy(zone=policy.zone)),
        clock=replace(clock, utc=link.utc),
        wishes=wishes,
    )
    try:
        await driver.run()
    except TransportClosedError:
        if not link.is_over:
            raise
    finally:
        recording.close()
