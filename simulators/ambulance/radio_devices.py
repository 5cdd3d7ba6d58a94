"""The vehicle's Bluetooth devices: a bus, its bluetoothd, and devices at the same patient.

Loaded by name: whoever plays a vehicle without a radio needs none of its libraries.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.personalities.registry import BY_NAME
from simulators.bluetooth.place import BluetoothPlace
from simulators.errors import DeviceSettingsError
from simulators.journal import Journal
from simulators.patient.virtual_clock import VirtualClock
from simulators.patient.vital_signs import Patient
from simulators.sensors.worn import WornSensors

USUAL_RADIO_DEVICES: Final = ("oximeter", "blood-pressure", "thermometer", "glucose-meter")


class RadioDevices:
    """They are on the air within the `async with` block; `folder` holds the bus and journals."""

    def __init__(
        self,
        patient: Patient,
        clock: VirtualClock,
        folder: Path,
        names: Sequence[str] = USUAL_RADIO_DEVICES,
    ) -> None:
        unknown = [name for name in names if name not in BY_NAME]
        if unknown:
            raise DeviceSettingsError(
                f"there is no Bluetooth device {unknown[0]!r}. Choose from {', '.join(BY_NAME)}."
            )
        ahead = (clock.begins_at - datetime.now(UTC)).total_seconds()
        self._bedside = Bedside(
            WornSensors(patient),
            clock.start_at,
            time.monotonic() + ahead,
            time.monotonic,
            clock.speed,
        )
        self._folder = folder
        self._names = names
        self._stack = AsyncExitStack()
        self.bus_address = ""
        self.addresses: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._folder.mkdir(parents=True, exist_ok=True)
            bus = stack.enter_context(PrivateBus(self._folder))
            self.bus_address = bus.address
            place = BluetoothPlace(bus.address, self._bedside, bus=bus)
            await stack.enter_async_context(place)
            for name in self._names:
                journal = Journal.open(self._folder / "journals" / f"{name}.jsonl")
                stack.callback(journal.close)
                device = await place.switch_on(BY_NAME[name], journal)
                self.addresses[name] = device.radio.address
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def settings_lines(self) -> list[str]:
        """What the gateway's settings need, as TOML."""
        lines = ["", "[bluetooth]", "enabled = true"]
        for name, address in self.addresses.items():
            lines += ["", "[[bluetooth.devices]]", f'name = "{name} (radio)"']
            lines += [f'address = "{address}"']
        return lines
