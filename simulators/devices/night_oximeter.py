"""A pulse oximeter (IEEE 11073-10404) that was worn overnight and kept it in its PM-store.

Live it is the oximeter; its store holds the night before, one segment an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.metric_objects import persistent_store
from protocols.ieee20601.segment_building import build_entry, segment_map
from protocols.ieee20601.segment_selection import StoreCapability
from protocols.ieee20601.stored_segment import StoredSegment
from protocols.model.codes import SystemId
from protocols.specializations import pulse_oximeter as specialization
from simulators.devices import pulse_oximeter
from simulators.devices.base import DeviceClock, DeviceIdentity, Report
from simulators.devices.misbehaving_store import MisbehavingStore
from simulators.patient.vital_signs import Patient

STORE_HANDLE: Final = 0x0100
HOURS: Final = 8
ENTRY_SECONDS: Final = 20
ENTRIES_AN_HOUR: Final = 3600 // ENTRY_SECONDS
PAGE_ENTRIES: Final = 10
_CONFIG_ID: Final = 0x4190
_CAPABILITY: Final = (
    StoreCapability.VARIABLE_SEGMENTS
    | StoreCapability.PERIODIC_ENTRIES
    | StoreCapability.SELECT_BY_TIME
    | StoreCapability.CLEAR_BY_LIST
)
_OBJECTS: Final = (
    *specialization.SPECIALIZATION.configuration.report.objects,
    persistent_store(
        STORE_HANDLE,
        label="night",
        capacity=HOURS * ENTRIES_AN_HOUR,
        segments=HOURS,
        capabilities=_CAPABILITY,
    ),
)
CONFIGURATION: Final = build_configuration(_CONFIG_ID, _OBJECTS)
ENTRY_MAP: Final = segment_map(
    CONFIGURATION, (specialization.SPO2_HANDLE, specialization.PULSE_RATE_HANDLE)
)
IDENTITY: Final = DeviceIdentity(
    name="night-oximeter",
    device_class="oximeter",
    info=replace(
        pulse_oximeter.IDENTITY.info,
        system_id=SystemId.parse("0A4D5600000000A5"),
        model="Wrist Oximeter 1",
        serial_number="OX-0005",
    ),
    clock=DeviceClock(timedelta(hours=1, seconds=-12)),
)


class NightOximeter(pulse_oximeter.PulseOximeter):
    """The oximeter's live stream, and a store with the night that ended when it was put on."""

    def __init__(self, identity: DeviceIdentity, patient: Patient) -> None:
        super().__init__(identity, patient)
        self.configuration = CONFIGURATION
        self.store = MisbehavingStore(
            STORE_HANDLE, capability=_CAPABILITY, page_entries=PAGE_ENTRIES
        )
        self.stores = (self.store,)

    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """The live stream; the night is in the store from now on."""
        self.store.segments = {
            hour: self._hour(hour, start_at - timedelta(hours=HOURS + 1 - hour))
            for hour in range(1, HOURS + 1)
        }
        return super().streams(start_at)

    def _hour(self, hour: int, begin: datetime) -> StoredSegment:
        segment = StoredSegment(instance=hour, entry_map=ENTRY_MAP, label=f"hour {hour}")
        for number in range(ENTRIES_AN_HOUR):
            at = begin + timedelta(seconds=number * ENTRY_SECONDS)
            spo2, pulse = _asleep((hour - 1) * ENTRIES_AN_HOUR + number)
            values = {specialization.SPO2_HANDLE: spo2, specialization.PULSE_RATE_HANDLE: pulse}
            local = self.identity.clock.local(at)
            segment.add(build_entry(CONFIGURATION, ENTRY_MAP, values, local=local))
        return segment


def _asleep(number: int) -> tuple[Decimal, Decimal]:
    """A quiet night with a breathing pause now and then: percent, beats per minute."""
    pause = number % 90
    dip = 8 - abs(pause - 8) if pause <= 16 else 0
    return Decimal(97 - dip), Decimal(56 + number // 30 % 5 + dip)
