"""The devices on the radio, and how the radio is used."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, model_validator

from edge.drivers.gatt_clock import ClockPolicy
from edge.drivers.gatt_memory import GattPolicy
from edge.drivers.gatt_records import FetchPolicy
from edge.drivers.gatt_watch import WatchPolicy
from edge.drivers.policy import DriverPolicy
from edge.drivers.radio_devices import RadioDevice
from edge.settings.fields import Group
from edge.supervision import BackoffPolicy
from edge.transports.ble.pairing import LARGEST_PASSKEY, PairingPolicy
from edge.transports.ble.quirks import QUIRKS, is_known_model
from edge.transports.ble.radio import RadioPolicy
from edge.transports.ble.scanning import ScanPolicy
from edge.transports.ble.usb_reset import UsbReset, UsbResetPolicy
from protocols.errors import DecodeError
from protocols.gatt.registry import PROFILES
from protocols.gatt.uuids import parse_uuid
from protocols.ieee20601.policies import ClockSetting

_ADDRESS: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")
_SERVICES: Final = {item.name: item.service for item in PROFILES if item.service is not None}


def _check_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text.upper()):
        raise ValueError("the form is AA:BB:CC:DD:EE:FF")
    return text.upper()


def _check_model(text: str) -> str:
    if text and not is_known_model(text):
        known = ", ".join(quirk.model for quirk in QUIRKS)
        raise ValueError(f"no such model; known are {known}, or leave it empty")
    return text


def _check_passkey(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text and not (text.isdecimal() and int(text) <= LARGEST_PASSKEY):
        raise ValueError("a passkey has six digits at most")
    return value


def _check_services(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        service_of(name)
    return names


def service_of(name: str) -> UUID:
    """The service of a profile's name, or of a UUID; ValueError for anything else."""
    if name in _SERVICES:
        return _SERVICES[name]
    try:
        return parse_uuid(name)
    except DecodeError as exc:
        known = ", ".join(_SERVICES)
        raise ValueError(f"{name!r} is no UUID and no profile; known are {known}") from exc


class BluetoothDevice(Group):
    """One device on the radio."""

    name: Annotated[str, Field(min_length=1, max_length=64, description="what the crew calls it")]
    address: Annotated[str, AfterValidator(_check_address)] = Field(
        description="its Bluetooth address, as AA:BB:CC:DD:EE:FF"
    )
    model: Annotated[str, AfterValidator(_check_model)] = Field(
        default="", description="row of the table of quirks; empty: by the name it advertises"
    )
    passkey: Annotated[SecretStr, AfterValidator(_check_passkey)] = Field(
        default=SecretStr(""), description="the number printed on it, if it has one of its own"
    )


class BluetoothSettings(Group):
    """Bluetooth LE; off unless `enabled`."""

    enabled: bool = Field(default=False, description="use the radio of this machine")
    adapters: tuple[str, ...] = Field(
        default=(), description="adapters to use, as hci0; empty: all that are there"
    )
    slots: int = Field(
        default=5, ge=1, le=32, description="links an adapter may hold; dongles take five to seven"
    )
    discover: Annotated[tuple[str, ...], AfterValidator(_check_services)] = Field(
        default=(),
        description="serve any device with one of these services (names of profiles, or UUIDs)"
        " unasked; empty: enrolled devices only",
    )
    just_works: bool = Field(
        default=True,
        description="let enrolled devices in where the host asks and there is no number to compare;"
        " else a person is asked",
    )
    has_crew: bool = Field(
        default=True, description="a person can read and type numbers when a device is paired"
    )
    answer_seconds: float = Field(
        default=60.0, gt=0, le=600, description="how long a pairing question waits for a person"
    )
    fresh_seconds: float = Field(
        default=5.0, gt=0, description="a device heard longer ago than this is not called"
    )
    scan_silence_seconds: float = Field(
        default=90.0, gt=0, description="a scanner that heard nobody for so long is begun again"
    )
    indications_by_socket: bool = Field(
        default=True,
        description="take indications of services without a store over a socket of their own, which"
        " outlives the host's Bluetooth service; false where a device's values do not come so",
    )
    usb_reset: UsbReset = Field(
        default=UsbReset.NEVER,
        description="what may be done with an adapter that stays wedged after it was switched off"
        " and on: never; authorized, it is taken from the kernel and given back; port, its port"
        " is reset",
    )
    usb_reset_again_seconds: float = Field(
        default=60.0, gt=0, le=3600, description="between two resets at least; doubled each time"
    )
    usb_sysfs: Path = Field(
        default=Path("/sys"), description="where the kernel shows the USB devices of the adapters"
    )
    silent_after_intervals: float = Field(
        default=5.0, ge=1, description="a link is ended after so many usual intervals of silence"
    )
    silent_after_seconds: float = Field(
        default=5.0, gt=0, le=300, description="... and after so many seconds at least"
    )
    probe_seconds: float = Field(
        default=60.0, gt=0, description="how often a device that is quiet by nature is asked"
    )
    records_again_seconds: float = Field(
        default=60.0, gt=0, description="how often stored records are asked for while connected"
    )
    clock_tolerance_seconds: float = Field(
        default=30.0, gt=0, description="a device's clock further off than this is wrong"
    )
    devices: tuple[BluetoothDevice, ...] = Field(default=(), description="the enrolled devices")

    @model_validator(mode="after")
    def _check_together(self) -> BluetoothSettings:
        addresses = [item.address for item in self.devices]
        if len(set(addresses)) != len(addresses):
            raise ValueError("bluetooth.devices: two have the same address")
        _ = self.radio, self.pairing
        return self

    @property
    def radio(self) -> RadioPolicy:
        """The radio's share."""
        return RadioPolicy(
            adapters=self.adapters,
            slots=self.slots,
            fresh_seconds=self.fresh_seconds,
            scan=ScanPolicy(silence_seconds=self.scan_silence_seconds),
            usb=UsbResetPolicy(
                way=self.usb_reset,
                sysfs=self.usb_sysfs,
                again=BackoffPolicy(
                    first=self.usb_reset_again_seconds, most=3600.0, forgiven_after=21_600.0
                ),
            ),
        )

    @property
    def pairing(self) -> PairingPolicy:
        """The share of the pairing desk."""
        passkeys = {item.address: item.passkey.get_secret_value() for item in self.devices}
        return PairingPolicy(
            just_works=self.just_works,
            passkeys={address: int(text) for address, text in passkeys.items() if text},
            answer_seconds=self.answer_seconds,
        )

    @property
    def services(self) -> frozenset[UUID]:
        """The services to look for."""
        return frozenset(service_of(name) for name in self.discover)

    @property
    def enrolled(self) -> tuple[RadioDevice, ...]:
        """The enrolled devices."""
        return tuple(RadioDevice(item.address, item.name, item.model) for item in self.devices)

    def drivers(self, policy: DriverPolicy) -> GattPolicy:
        """The drivers' share; clocks and zone as for all devices."""
        return GattPolicy(
            clock=ClockPolicy(
                set_clocks=policy.set_clocks is ClockSetting.WHEN_ALLOWED,
                tolerance_seconds=self.clock_tolerance_seconds,
                zone=policy.zone,
            ),
            watch=WatchPolicy(
                factor=self.silent_after_intervals,
                least_seconds=self.silent_after_seconds,
                probe_seconds=self.probe_seconds,
            ),
            fetch=FetchPolicy(again_seconds=self.records_again_seconds),
        )
