"""The services every device has besides its own: who made it, and how full its battery is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from protocols.gatt import battery, device_information
from protocols.gatt.battery import BatteryLevel
from protocols.gatt.device_information import DeviceText, Eui64
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import ServiceOffer
from simulators.bluetooth.personalities.base import readable, service_of
from simulators.sensors import battery as battery_sensor

_MANUFACTURER_OCTETS: Final = 5
FULL: Final = 100


def device_information_service(info: DeviceInfo) -> ServiceOffer:
    """DIS with the System-Id and the texts; readable by anybody."""
    texts = (
        (device_information.MANUFACTURER, info.manufacturer),
        (device_information.MODEL, info.model),
        (device_information.SERIAL_NUMBER, info.serial_number),
        (device_information.FIRMWARE, info.firmware),
    )
    identity = readable(device_information.SYSTEM_ID, lambda: eui64(info.system_id), is_open=True)
    offers = [
        readable(characteristic, partial(DeviceText, text), is_open=True)
        for characteristic, text in texts
    ]
    return service_of(device_information.PROFILE, identity, *offers)


def eui64(system_id: SystemId) -> Eui64:
    """The System-Id as DIS writes it: the maker's number and the OUI apart."""
    octets = bytes.fromhex(system_id.hex)
    split = len(octets) - _MANUFACTURER_OCTETS
    return Eui64(
        manufacturer=int.from_bytes(octets[split:], "big"),
        organization=int.from_bytes(octets[:split], "big"),
    )


class Battery:
    """A battery that was at `percent` when the patient's time began and lasts so many hours."""

    def __init__(self, bedside: Bedside, *, percent: int = FULL, hours: float = 48.0) -> None:
        self._bedside = bedside
        self._cell = battery_sensor.Battery(hours=hours, full=percent)

    @property
    def level(self) -> BatteryLevel:
        """How full it is now; it never says 0 while the device still answers."""
        return BatteryLevel(max(1, self._cell.percent(self._bedside.now)))

    def set_percent(self, percent: int) -> None:
        """Another battery, or an emptier one."""
        used = self._bedside.now / 3600 / self._cell.hours * FULL
        self._cell = replace(self._cell, full=percent + used)


def battery_service(one: Battery) -> ServiceOffer:
    """BAS with its level; readable by anybody."""
    return service_of(battery.PROFILE, readable(battery.LEVEL, lambda: one.level, is_open=True))
