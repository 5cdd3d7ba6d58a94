"""One virtual radio with a host on it: Bumble's controller and device, made fit for a room.

What the stock ones lack: signal strength, adverts no longer than a radio can send, bonds that
outlive a restart, and an end without noise.
"""

from __future__ import annotations

import contextlib
from typing import Final

from bumble import hci, ll
from bumble.controller import Controller
from bumble.core import AdvertisingData
from bumble.device import Connection, Device
from bumble.host import Host
from bumble.keys import KeyStore, PairingKeys
from bumble.pairing import PairingDelegate
from bumble.transport.common import AsyncPipeSink, Transport

from simulators.bluetooth.air import Air
from simulators.errors import DeviceSettingsError

ADVERT_OCTETS: Final = 31
"""Legacy advertising (Core Specification, Vol 6 Part B 2.3.1); kernels drop longer ones."""

_STEP_MILLISECONDS: Final = 0.625
"""Bumble's controller takes the steps of the legacy advertising interval for milliseconds."""
_NOT_OFFERED: Final = (
    hci.LeFeatureMask.LL_PRIVACY
    | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
    | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
)
"""A Linux kernel that is offered these asks for commands the virtual controller does not have."""

KEYS: Final = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
"""What a bond exchanges. Addresses here are static; a host that knows an identity key would look
for a private address first and not find it."""

_REPORTS: Final = (
    hci.HCI_LE_Advertising_Report_Event,
    hci.HCI_LE_Extended_Advertising_Report_Event,
)


class RadioController(Controller):
    """A controller that reports how strong it heard whom; `kernel` is a host outside of here."""

    def __init__(self, name: str, air: Air, kernel: Transport | None = None) -> None:
        super().__init__(
            name,
            host_source=None if kernel is None else kernel.source,
            host_sink=None if kernel is None else kernel.sink,
            link=air,
        )
        self.air = air
        self.le_features &= ~_NOT_OFFERED

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """To the host; reports of advertisements get the sender's strength."""
        if isinstance(packet, _REPORTS):
            for report in packet.reports:
                report.rssi = self.air.rssi_of(report.address)
        super().send_hci_packet(packet)

    def on_ll_advertising_pdu(self, packet: ll.AdvertisingPdu) -> None:
        """A radio that was taken away meanwhile hears nothing."""
        if self.host is not None:
            super().on_ll_advertising_pdu(packet)


class BondStore(KeyStore):
    """Keys of bonded peers by address; it lives as long as the device's flash, not its host."""

    def __init__(self) -> None:
        self.bonds: dict[str, PairingKeys] = {}

    async def get(self, _name: str) -> PairingKeys | None:
        """The keys of a peer."""
        return self.bonds.get(_name)

    async def get_all(self) -> list[tuple[str, PairingKeys]]:
        """Every bond."""
        return list(self.bonds.items())

    async def update(self, name: str, keys: PairingKeys) -> None:
        """Keep a bond."""
        self.bonds[name] = keys

    async def delete(self, name: str) -> None:
        """Forget a bond; nothing when there is none."""
        self.bonds.pop(name, None)


class Radio:
    """One radio on the air: `device` is Bumble's host, `controller` what sends and hears."""

    def __init__(self, air: Air, name: str, address: str, bonds: BondStore | None = None) -> None:
        self.air = air
        self.address = address
        self.bonds = BondStore() if bonds is None else bonds
        self.controller = RadioController(name, air)
        host = Host(self.controller, AsyncPipeSink(self.controller))
        self.device = Device(name=name, address=hci.Address(address), host=host)
        self.device.keystore = self.bonds
        self.device.on("connection", self._watch)

    def _watch(self, connection: Connection) -> None:
        """Bumble keeps a failed pairing until the link ends, and refuses the next try with it."""
        sessions = self.device.smp_manager.sessions
        connection.on("pairing_failure", lambda _reason: sessions.pop(connection.handle, None))

    async def advertise(self, interval_seconds: float) -> None:
        """Send advertisements until connected, and again after every link."""
        octets = bytes(self.device.advertising_data)
        if len(octets) > ADVERT_OCTETS:
            raise DeviceSettingsError(
                f"{len(octets)} octets of advertising where {ADVERT_OCTETS} fit. Shorten the name."
            )
        milliseconds = interval_seconds * 1000 * _STEP_MILLISECONDS
        await self.device.start_advertising(
            auto_restart=True,
            advertising_interval_min=milliseconds,
            advertising_interval_max=milliseconds,
        )

    async def close(self) -> None:
        """Leave the air. Nothing is raised and nothing runs on."""
        device = self.device
        for advertiser in (device.legacy_advertiser, device.legacy_advertising_set):
            if advertiser is not None:
                advertiser.auto_restart = False
        self.air.cut(self.controller)
        with contextlib.suppress(Exception):
            await device.stop_advertising()
        with contextlib.suppress(Exception):
            await device.power_off()
        self.controller.le_legacy_advertiser.stop()
        for advertising_set in self.controller.advertising_sets.values():
            advertising_set.stop()
        self.controller.host = None
        if self.controller in self.air.controllers:
            self.air.remove_controller(self.controller)


def advertisement(name: str, services: tuple[int, ...]) -> bytes:
    """Flags, 16-bit services and the name; no scan response, virtual radios send none."""
    structures = [(int(AdvertisingData.FLAGS), b"\x06")]
    if services:
        octets = b"".join(number.to_bytes(2, "little") for number in services)
        kind = AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS
        structures.append((int(kind), octets))
    structures.append((int(AdvertisingData.COMPLETE_LOCAL_NAME), name.encode()))
    return bytes(AdvertisingData(structures))
