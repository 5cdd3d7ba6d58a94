"""The attributes of connected devices: read, written, and asked with the security they want."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, cast

from bumble.att import ATT_Error, ErrorCode
from bumble.core import ProtocolError
from bumble.gatt_client import AttributeProxy
from dbus_fast import Variant

from simulators.bluetooth.bluetoothd.adapter import Adapter, LinkLostError, while_linked
from simulators.bluetooth.bluetoothd.calls import NOTHING, Call, Handler, Reply
from simulators.bluetooth.bluetoothd.errors import (
    att_failed,
    failed,
    not_connected,
    unknown_object,
)
from simulators.bluetooth.bluetoothd.pairing import Pairing

T = TypeVar("T")
Attribute = AttributeProxy[bytes]
_NEEDS_SECURITY: Final = (
    ErrorCode.INSUFFICIENT_AUTHENTICATION,
    ErrorCode.INSUFFICIENT_ENCRYPTION,
)


class RemoteAttributes:
    """Characteristics and descriptors by object path."""

    def __init__(self, adapter: Adapter, pairing: Pairing) -> None:
        self._adapter = adapter
        self._pairing = pairing
        self.by_path: dict[str, Attribute] = {}
        self.handlers: dict[str, Handler] = {
            "GattCharacteristic1.ReadValue": self._read,
            "GattCharacteristic1.WriteValue": self._write,
            "GattDescriptor1.ReadValue": self._read,
            "GattDescriptor1.WriteValue": self._write,
        }

    def of(self, call: Call) -> Attribute:
        """The attribute a call is about; BluezError when the device's database is gone."""
        attribute = self.by_path.get(call.path)
        if attribute is None:
            raise unknown_object(call.path, call.interface, call.member, "")
        return attribute

    async def _read(self, call: Call) -> Reply:
        options = cast("dict[str, Variant]", call.body[0])
        attribute = self.of(call)
        value = await self.over_link(call.path, attribute.read_value)
        start = int(options["offset"].value) if "offset" in options else 0
        return Reply("ay", (bytes(value)[start:],))

    async def _write(self, call: Call) -> Reply:
        octets, options = bytes(cast("bytes", call.body[0])), call.body[1]
        attribute = self.of(call)
        kind = cast("dict[str, Variant]", options).get("type")
        answered = kind is None or kind.value != "command"
        await self.over_link(
            call.path, lambda: attribute.write_value(octets, with_response=answered)
        )
        return NOTHING

    async def over_link(self, path: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the device. Where security is missing bluetoothd pairs by itself and asks again."""
        device = device_of(path)
        connection = self._adapter.links.get(device)
        if connection is None:
            raise not_connected()
        try:
            try:
                return await while_linked(connection, ask())
            except ATT_Error as error:
                if (
                    error.error_code not in _NEEDS_SECURITY
                    or connection.is_encrypted
                    or not self._pairing.can_ask()
                ):
                    raise
            await self._pairing.pair(device, connection, None)
            return await while_linked(connection, ask())
        except ATT_Error as error:
            raise att_failed(error) from error
        except (LinkLostError, ProtocolError):
            raise failed("Not connected") from None


def device_of(path: str) -> str:
    """The device to which a characteristic or descriptor belongs."""
    return path[: path.index("/service")]
