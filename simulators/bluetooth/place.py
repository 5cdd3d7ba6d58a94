"""One place with everything in it: the air, bluetoothd on a bus, the devices at a patient.

async with BluetoothPlace(bus.address, bedside) as place:
    oximeter = await place.switch_on(BY_NAME["oximeter"])
    place.air.vanish(oximeter.radio.controller)
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from types import TracebackType
from typing import Final

from protocols.gatt.battery import LEVEL
from simulators.bluetooth.air import Air
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.bluetoothd.adapter import QUICK, Timings
from simulators.bluetooth.bluetoothd.daemon import Bluetoothd
from simulators.bluetooth.chores import Chores
from simulators.bluetooth.kernel_adapter import KernelAdapter
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.peripheral import Peripheral
from simulators.bluetooth.personalities.base import BluetoothIdentity, Personality
from simulators.bluetooth.personalities.everywhere import (
    Battery,
    battery_service,
    device_information_service,
)
from simulators.bluetooth.personalities.registry import BluetoothKind
from simulators.bluetooth.radio import Radio
from simulators.bluetooth.truth import Truth
from simulators.journal import Journal

ADVERTISING_SECONDS: Final = 0.1
BATTERY_SECONDS: Final = 1.0
"""How often a device looks at its battery."""


class BluetoothDevice:
    """One device that is switched on; its task ends with the place."""

    def __init__(self, personality: Personality, peripheral: Peripheral, battery: Battery) -> None:
        self.personality = personality
        self.peripheral = peripheral
        self.battery = battery
        self._chores = Chores(personality.identity.name)
        self._task: asyncio.Task[None] | None = None

    @property
    def radio(self) -> Radio:
        """Its radio; another one after it was switched off."""
        return self.peripheral.radio

    @property
    def name(self) -> str:
        """The word for it."""
        return self.personality.identity.name

    async def switch_on(self, advertising_seconds: float) -> None:
        """Advertise and measure."""
        await self.peripheral.start(advertising_seconds)
        self._task = self._chores.start(self.personality.run())
        self._chores.start(self._watch_battery())

    async def _watch_battery(self) -> None:
        """Notify the battery's level whenever it is another one."""
        told = self.battery.level
        bedside = self.personality.bedside
        while True:
            await bedside.until(bedside.now + BATTERY_SECONDS)
            if self.battery.level != told:
                told = self.battery.level
                await self.peripheral.notify(LEVEL.uuid, LEVEL.encode(told))

    async def switch_off(self) -> None:
        """Leave the air; what went wrong while it ran is raised."""
        task, self._task = self._task, None
        await self.peripheral.stop()
        await self._chores.close()
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


class BluetoothPlace:
    """The air of one vehicle, its gateway's bluetoothd and its devices.

    `bus` is the bus itself where it belongs to this place, so that it can be lost. With
    `kernel` the air is the machine's own: its kernel gets an adapter, its bluetoothd the host.
    """

    def __init__(
        self,
        bus_address: str,
        bedside: Bedside,
        *,
        bus: PrivateBus | None = None,
        kernel: bool = False,
        adapters: dict[str, str] | None = None,
        timings: Timings = QUICK,
        supervision_seconds: float = 0.5,
        advertising_seconds: float = ADVERTISING_SECONDS,
    ) -> None:
        self.bedside = bedside
        self.air = Air(supervision_seconds=supervision_seconds)
        self.bluetoothd = Bluetoothd(self.air, bus_address, adapters=adapters, timings=timings)
        self.kernel = KernelAdapter(self.air) if kernel else None
        self.bus = bus
        self.devices: dict[str, BluetoothDevice] = {}
        self._switched_off: dict[str, BluetoothDevice] = {}
        self._advertising_seconds = advertising_seconds

    async def __aenter__(self) -> BluetoothPlace:
        await (self.bluetoothd if self.kernel is None else self.kernel).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            for device in list(self.devices.values()):
                await device.switch_off()
        finally:
            await (self.bluetoothd if self.kernel is None else self.kernel).stop()

    async def switch_on(
        self,
        kind: BluetoothKind,
        journal: Journal,
        *,
        identity: BluetoothIdentity | None = None,
    ) -> BluetoothDevice:
        """One more device; `identity` for a second one of a kind."""
        who = kind.identity if identity is None else identity
        truth = Truth(journal, who.info)
        personality = kind.make(who, self.bedside, truth)
        battery = Battery(self.bedside)
        radio = Radio(self.air, who.name, who.address)
        peripheral = Peripheral(
            radio,
            name=who.shown_name,
            services=(
                *personality.services(),
                device_information_service(who.info),
                battery_service(battery),
            ),
            advertised=who.advertised,
            security=who.security,
        )
        personality.attach(peripheral)
        device = BluetoothDevice(personality, peripheral, battery)
        self.devices[who.name] = device
        await device.switch_on(self._advertising_seconds)
        return device

    async def switch_off(self, name: str) -> None:
        """A device leaves the air; it keeps its bonds and its memory."""
        device = self.devices.pop(name)
        await device.switch_off()
        self._switched_off[name] = device

    async def switch_on_again(self, name: str) -> None:
        """A device that was switched off is there again; nothing happens for any other."""
        device = self._switched_off.pop(name, None)
        if device is not None:
            device.peripheral.renew(Radio(self.air, name, device.radio.address, device.radio.bonds))
            self.devices[name] = device
            await device.switch_on(self._advertising_seconds)


def another(identity: BluetoothIdentity, number: int) -> BluetoothIdentity:
    """The `number`-th device of a kind (from 2): its own address, name and System-Id."""
    info = replace(
        identity.info,
        system_id=type(identity.info.system_id).parse(
            f"{int(identity.info.system_id.hex, 16) + (number << 8):016X}"
        ),
        serial_number=f"{identity.info.serial_number}-{number}",
    )
    head, last = identity.address.rsplit(":", 2)[0], identity.address[-2:]
    return replace(
        identity,
        name=f"{identity.name}-{number}",
        shown_name=f"{identity.shown_name} {number}",
        address=f"{head}:{number:02X}:{last}",
        info=info,
    )
