"""Pairing by the commands of this machine: what lies on the desk, and a person's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.errors import SettingsError
from edge.status.control import Answer, ControlSocket
from edge.transports.ble.pairing import NearbyDevice, PairingDesk, PairingRequest


def register_pairing(control: ControlSocket, desk: PairingDesk) -> None:
    """`pairing` shows; `pairing.begin`, `.answer`, `.refuse` and `.forget` act."""

    async def show(_asked: Mapping[str, Any]) -> Answer:
        return {
            "requests": [_request(item) for item in desk.open_requests()],
            "nearby": [_nearby(item) for item in desk.nearby()],
        }

    async def begin(asked: Mapping[str, Any]) -> Answer:
        desk.begin(_address(asked))
        return {}

    async def forget(asked: Mapping[str, Any]) -> Answer:
        desk.forget(_address(asked))
        return {}

    async def answer(asked: Mapping[str, Any]) -> Answer:
        passkey, accept = asked.get("passkey"), asked.get("accept") is True
        if passkey is not None and not isinstance(passkey, int):
            raise SettingsError("a passkey is a number")
        return {"taken": desk.answer(_id(asked), passkey=passkey, accept=accept)}

    async def refuse(asked: Mapping[str, Any]) -> Answer:
        return {"taken": desk.refuse(_id(asked))}

    control.register("pairing", show)
    control.register("pairing.begin", begin)
    control.register("pairing.answer", answer)
    control.register("pairing.refuse", refuse)
    control.register("pairing.forget", forget)


def _request(item: PairingRequest) -> dict[str, object]:
    return {
        "id": item.request_id,
        "name": item.name,
        "address": item.address,
        "kind": item.kind.name.lower(),
        "number": item.number,
        "expires_at": item.expires_at.isoformat(timespec="seconds"),
    }


def _nearby(item: NearbyDevice) -> dict[str, object]:
    return {
        "address": item.address,
        "name": item.name,
        "services": list(item.services),
        "rssi": item.rssi,
        "enrolled": item.enrolled,
        "state": item.state,
        "reason": item.reason,
    }


def _address(asked: Mapping[str, Any]) -> str:
    address = asked.get("address")
    if not isinstance(address, str) or len(bytes.fromhex(_digits(address))) != 6:
        raise SettingsError("an address is written AA:BB:CC:DD:EE:FF")
    return address.upper()


def _digits(address: str) -> str:
    digits = address.replace(":", "")
    return digits if all(digit in "0123456789abcdefABCDEF" for digit in digits) else ""


def _id(asked: Mapping[str, Any]) -> int:
    number = asked.get("id")
    if not isinstance(number, int):
        raise SettingsError("the question's id is missing")
    return number
