"""Device1: connect, disconnect, pair, and the ways in which a link does not come about."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from bumble import core
from bumble.device import Connection
from bumble.hci import Address, HCI_Error
from dbus_fast import Variant

from simulators.bluetooth.bluetoothd.adapter import Adapter, LinkLostError, while_linked
from simulators.bluetooth.bluetoothd.calls import NOTHING, Call, Handler, Reply
from simulators.bluetooth.bluetoothd.discovery import Discovery
from simulators.bluetooth.bluetoothd.errors import (
    ABORTED,
    CANCELED,
    TOO_MANY,
    BluezError,
    does_not_exist,
    failed,
    in_progress,
    not_connected,
    not_ready,
)
from simulators.bluetooth.bluetoothd.gatt import GattObjects
from simulators.bluetooth.bluetoothd.pairing import Pairing
from simulators.bluetooth.bluetoothd.tree import DEVICE

_CREATE_SECONDS: Final = 1.0


class Connections:
    """The links of one adapter.

    `slots` is how many its chip can hold, None for any number. `wedged`: devices whose Connect
    says "in progress" until somebody removes them or switches the adapter off. `aborting`: so
    many Connects of a device come about and end at once.
    """

    def __init__(
        self, adapter: Adapter, discovery: Discovery, pairing: Pairing, gatt: GattObjects
    ) -> None:
        self._adapter = adapter
        self._discovery = discovery
        self._pairing = pairing
        self._gatt = gatt
        self._creating = asyncio.Lock()
        self._attempts: dict[str, asyncio.Task[Connection]] = {}
        self._lost_bonds: dict[str, float] = {}
        self.slots: int | None = None
        self.wedged: set[str] = set()
        self.aborting: dict[str, int] = {}
        self.handlers: dict[str, Handler] = {
            "Adapter1.RemoveDevice": self._remove_device,
            "Device1.Connect": self._connect,
            "Device1.Disconnect": self._disconnect,
            "Device1.Pair": self._pair,
            "Device1.CancelPairing": self._cancel_pairing,
        }

    async def _connect(self, call: Call) -> Reply:
        path = call.path
        if path in self._adapter.links:
            return NOTHING
        if path in self._attempts or path in self.wedged:
            raise in_progress()
        if not self._adapter.powered:
            raise not_ready()
        if self.slots is not None and len(self._adapter.links) >= self.slots:
            raise failed(TOO_MANY)
        connection = await self._attempt(path)
        if self.aborting.get(path):
            self.aborting[path] -= 1
            self._hang_up_later(path, connection)
            raise failed(ABORTED)
        await self._secure(path, connection)
        self._adapter.spawn(self._gatt.resolve(path, connection))
        return NOTHING

    async def _attempt(self, path: str) -> Connection:
        attempt = self._adapter.spawn(self._reach(path))
        self._attempts[path] = attempt
        try:
            await asyncio.wait({attempt})
            if attempt.cancelled():
                raise failed(CANCELED)
            connection = attempt.result()
        except (core.BaseBumbleError, HCI_Error) as error:
            raise failed(ABORTED) from error
        finally:
            attempt.cancel()
            del self._attempts[path]
        self._adapter.links[path] = connection
        connection.on("disconnection", lambda _reason: self._lost(path, connection))
        self._adapter.tree.change(path, DEVICE, {"Connected": Variant("b", True)})
        return connection

    async def _reach(self, path: str) -> Connection:
        """Wait for the device to advertise, however long, and take the link at once."""
        address = self._adapter.addresses[path]
        while True:
            await self._discovery.heard(path)
            with contextlib.suppress(core.TimeoutError):
                return await self._create(address)

    async def _create(self, address: Address) -> Connection:
        async with self._creating:
            return await self._adapter.radio.device.connect(address, timeout=_CREATE_SECONDS)

    async def _secure(self, path: str, connection: Connection) -> None:
        """Encrypt a bonded link. A device that lost its bond refuses; bluetoothd then hangs up."""
        if not self._adapter.is_bonded(path):
            return
        try:
            await while_linked(connection, connection.encrypt())
        except (HCI_Error, LinkLostError, core.BaseBumbleError):
            self._hang_up_later(path, connection)
            now = asyncio.get_running_loop().time()
            if now - self._lost_bonds.setdefault(path, now) > self._adapter.timings.lost_bond:
                del self._lost_bonds[path]
                raise failed(CANCELED) from None
            raise failed(ABORTED) from None
        self._lost_bonds.pop(path, None)

    def _hang_up_later(self, path: str, connection: Connection) -> None:
        """bluetoothd says Connected=False a little after it answered with an error."""
        seconds = self._adapter.timings.aborted
        self._adapter.later(seconds, lambda: self._hang_up(path, connection))

    def _hang_up(self, path: str, connection: Connection) -> None:
        if self._adapter.links.get(path) is connection:
            self._adapter.spawn(self._end(path, connection))

    async def _end(self, path: str, connection: Connection) -> None:
        with contextlib.suppress(HCI_Error, core.BaseBumbleError):
            await connection.disconnect()
        self._lost(path, connection)

    def _lost(self, path: str, connection: Connection) -> None:
        if self._adapter.links.get(path) is not connection:
            return
        del self._adapter.links[path]
        self._gatt.clear(path)
        no = Variant("b", False)
        tree = self._adapter.tree
        tree.change(path, DEVICE, {"ServicesResolved": no, "Connected": no})
        self._discovery.expire_later(path)

    async def _disconnect(self, call: Call) -> Reply:
        path = call.path
        attempt = self._attempts.get(path)
        if attempt is not None:
            attempt.cancel()
            return NOTHING
        if path not in self._adapter.links:
            raise not_connected()
        await asyncio.sleep(self._adapter.timings.disconnect)
        connection = self._adapter.links.get(path)
        if connection is not None:
            await self._end(path, connection)
        return NOTHING

    async def _pair(self, call: Call) -> Reply:
        path = call.path
        if self._adapter.tree.truth(path, DEVICE, "Paired"):
            raise BluezError("AlreadyExists", "Already Exists")
        await self._connect(call)
        connection = self._adapter.links.get(path)
        if connection is None:
            raise BluezError("AuthenticationFailed", "Authentication Failed")
        await self._pairing.pair(path, connection, call.sender)
        return NOTHING

    async def _cancel_pairing(self, call: Call) -> Reply:
        self._pairing.cancel(call.path)
        return NOTHING

    async def _remove_device(self, call: Call) -> Reply:
        path = str(call.body[0])
        if path not in self._adapter.tree.objects:
            raise does_not_exist()
        attempt = self._attempts.get(path)
        if attempt is not None:
            attempt.cancel()
        connection = self._adapter.links.get(path)
        if connection is not None:
            await self._end(path, connection)
        await self.forget_bond(path)
        self._gatt.forget(path)
        self.wedged.discard(path)
        self._adapter.tree.remove_all(path)
        return NOTHING

    async def forget_bond(self, path: str) -> None:
        """Drop keys and what is on disk."""
        self._lost_bonds.pop(path, None)
        self._adapter.storage.devices.pop(path, None)
        address = self._adapter.addresses.get(path)
        if address is not None:
            await self._adapter.radio.bonds.delete(str(address))

    async def power_off(self) -> None:
        """Every link ends with the power, and so does what was stuck."""
        self.wedged.clear()
        for attempt in self._attempts.values():
            attempt.cancel()
        for path, connection in list(self._adapter.links.items()):
            await self._end(path, connection)

    def vanish(self, path: str) -> None:
        """Drop the objects of a connected device without a word about its link."""
        self._adapter.links.pop(path, None)
        self._gatt.clear(path)
        self._adapter.tree.remove_all(path)
