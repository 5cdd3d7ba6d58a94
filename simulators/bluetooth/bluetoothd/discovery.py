"""Adapter1: discovery sessions of clients, and what the adapter hears."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import Enum
from typing import Final, cast

from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement
from dbus_fast import Variant

from simulators.bluetooth.bluetoothd.adapter import Adapter
from simulators.bluetooth.bluetoothd.calls import NOTHING, Call, Handler, Reply
from simulators.bluetooth.bluetoothd.errors import failed, in_progress, not_ready
from simulators.bluetooth.bluetoothd.tree import ADAPTER, DEVICE, Properties

_NAMES: Final = (AdvertisingData.COMPLETE_LOCAL_NAME, AdvertisingData.SHORTENED_LOCAL_NAME)
_SERVICES: Final = {
    AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
}
_TRANSIENT: Final = ("RSSI", "TxPower")

Filter = Mapping[str, Variant]


class Deafness(Enum):
    """How long an adapter that says Discovering hears nothing."""

    NONE = "none"
    UNTIL_RESTARTED = "until discovery is started anew"
    UNTIL_POWERED = "until the adapter was switched off"
    FOR_EVER = "for ever"


class Discovery:
    """Who is looking, and for what. `deaf` is an adapter that hears nothing any more."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._filters: dict[str, Filter] = {}
        self._sessions: dict[str, Filter] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._scanning = False
        self.deaf = Deafness.NONE
        self.handlers: dict[str, Handler] = {
            "Adapter1.SetDiscoveryFilter": self._set_filter,
            "Adapter1.StartDiscovery": self._start,
            "Adapter1.StopDiscovery": self._stop,
            "Adapter1.GetDiscoveryFilters": self._list_filters,
        }
        adapter.radio.device.on("advertisement", self._heard)

    async def _set_filter(self, call: Call) -> Reply:
        self._filters[call.sender] = cast("Filter", call.body[0])
        return NOTHING

    async def _list_filters(self, _call: Call) -> Reply:
        names = ["UUIDs", "RSSI", "Pathloss", "Transport", "DuplicateData", "Discoverable"]
        return Reply("as", (names,))

    async def _start(self, call: Call) -> Reply:
        if not self._adapter.powered:
            raise not_ready()
        if call.sender in self._sessions:
            raise in_progress()
        if not self._sessions and self.deaf is Deafness.UNTIL_RESTARTED:
            self.deaf = Deafness.NONE
        self._sessions[call.sender] = self._filters.get(call.sender, {})
        await self._tune()
        self._show(Discovering=True)
        return NOTHING

    async def _stop(self, call: Call) -> Reply:
        if self._sessions.pop(call.sender, None) is None:
            raise failed("No discovery started")
        await self._ended()
        return NOTHING

    async def client_left(self, sender: str) -> None:
        """A client is gone from the bus; its session ends."""
        self._filters.pop(sender, None)
        if self._sessions.pop(sender, None) is not None:
            await self._ended()

    def drop(self, sender: str) -> None:
        """Forget a session without telling the controller, as some kernels do."""
        self._sessions.pop(sender, None)

    async def power_off(self) -> None:
        """All sessions end with the power, and most deafness."""
        if self.deaf is not Deafness.FOR_EVER:
            self.deaf = Deafness.NONE
        self._sessions.clear()
        await self._ended()

    async def _ended(self) -> None:
        await self._tune()
        if self._sessions:
            return
        self._show(Discovering=False)
        for path in self._adapter.tree.having(DEVICE):
            self._adapter.tree.change(path, DEVICE, {}, gone=_TRANSIENT)
            self.expire_later(path)

    def _show(self, **values: bool) -> None:
        changed = {name: Variant("b", value) for name, value in values.items()}
        self._adapter.tree.change(self._adapter.path, ADAPTER, changed)

    def expire_later(self, path: str) -> None:
        """Forget a device that nobody bonded or connected, once nobody looks."""
        self._adapter.later(self._adapter.timings.temporary, lambda: self.expire(path))

    def expire(self, path: str) -> None:
        """Forget a device now, unless somebody looks or it is bonded or connected."""
        tree = self._adapter.tree
        if not (
            self._sessions
            or path in self._waiting
            or tree.truth(path, DEVICE, "Connected")
            or tree.truth(path, DEVICE, "Bonded")
        ):
            tree.remove_all(path)

    async def heard(self, path: str) -> None:
        """Wait for the next advertisement of a device."""
        event = asyncio.Event()
        self._waiting.setdefault(path, set()).add(event)
        try:
            await self._tune()
            await event.wait()
        finally:
            waiting = self._waiting[path]
            waiting.discard(event)
            if not waiting:
                del self._waiting[path]
            self._adapter.spawn(self._tune())

    async def _tune(self) -> None:
        """Listen while somebody looks or a connection waits for its device."""
        wanted = bool(self._sessions or self._waiting)
        device = self._adapter.radio.device
        if wanted and not self._scanning:
            self._scanning = True
            await device.start_scanning(active=True)
        elif self._scanning and not wanted:
            self._scanning = False
            await device.stop_scanning()

    def _heard(self, advertisement: Advertisement) -> None:
        adapter = self._adapter
        path = adapter.path_of(advertisement.address)
        if self.deaf is not Deafness.NONE:
            return
        for event in self._waiting.get(path, ()):
            event.set()
        if not self._sessions or not adapter.powered:
            return
        found = properties_of(advertisement)
        if path in adapter.tree.objects:
            adapter.tree.change(path, DEVICE, found)
        elif self._is_wanted(found):
            adapter.addresses[path] = advertisement.address
            adapter.tree.add(path, {DEVICE: self._new_device(advertisement, found)})

    def _is_wanted(self, found: Properties) -> bool:
        wanted = [filters.get("UUIDs") for filters in self._sessions.values()]
        services = set(found["UUIDs"].value)
        return any(one is None or not one.value or services & set(one.value) for one in wanted)

    def _new_device(self, advertisement: Advertisement, found: Properties) -> Properties:
        address = advertisement.address.to_string(False)
        flags = ("Paired", "Bonded", "Trusted", "Blocked", "LegacyPairing", "Connected")
        return {
            "Address": Variant("s", address),
            "AddressType": Variant("s", "random"),
            "Alias": Variant("s", address.replace(":", "-")),
            "Adapter": Variant("o", self._adapter.path),
            "ServicesResolved": Variant("b", False),
            **{flag: Variant("b", False) for flag in flags},
            **found,
        }


def properties_of(advertisement: Advertisement) -> Properties:
    """What an advertisement says, as properties of Device1."""
    found: Properties = {"RSSI": Variant("n", advertisement.rssi)}
    services: list[str] = []
    for kind, octets in advertisement.data.ad_structures:
        if kind in _NAMES:
            found["Name"] = found["Alias"] = Variant("s", octets.decode("utf-8", "replace"))
        elif kind in _SERVICES:
            size = _SERVICES[kind]
            for start in range(0, len(octets) - size + 1, size):
                services.append(uuid_text(UUID.from_bytes(octets[start : start + size])))
        elif kind == AdvertisingData.MANUFACTURER_SPECIFIC_DATA:
            company = int.from_bytes(octets[:2], "little")
            found["ManufacturerData"] = Variant("a{qv}", {company: Variant("ay", octets[2:])})
        elif kind == AdvertisingData.SERVICE_DATA_16_BIT_UUID:
            service = uuid_text(UUID.from_bytes(octets[:2]))
            found["ServiceData"] = Variant("a{sv}", {service: Variant("ay", octets[2:])})
        elif kind == AdvertisingData.TX_POWER_LEVEL:
            found["TxPower"] = Variant("n", int.from_bytes(octets, "little", signed=True))
    found["UUIDs"] = Variant("as", list(dict.fromkeys(services)))
    return found


def uuid_text(uuid: UUID) -> str:
    """All digits with hyphens, as bluetoothd writes a UUID."""
    text = uuid.to_hex_str("-").lower()
    return text if len(text) == 36 else f"{int(text, 16):08x}-0000-1000-8000-00805f9b34fb"
