"""Octets of whole APDUs, written by hand from the encoding rules for tests of the exchange."""

from __future__ import annotations

from typing import Final

AGENT_ID: Final = bytes.fromhex("1133557799BBDDFF")
MANAGER_ID: Final = bytes.fromhex("1122334455667788")

RLRQ: Final = bytes.fromhex("E400 0002 0000")
RLRE: Final = bytes.fromhex("E500 0002 0000")


def abrt(reason: int) -> bytes:
    """An abort with its reason."""
    return bytes.fromhex("E600 0002") + reason.to_bytes(2, "big")


def aarq(
    *,
    config_id: int,
    assoc_version: int = 0x80000000,
    protocol_id: int = 0x5079,
    protocol_version: int = 0x80000000,
    encoding: int = 0x8000,
    nomenclature: int = 0x80000000,
    functional_units: int = 0,
    system_type: int = 0x00800000,
    system_id: bytes = AGENT_ID,
    data_requests: bytes = b"\x00\x01\x01\x00",
) -> bytes:
    """An association request with one data protocol.

    `data_requests`: flags, then how many an agent and a manager may begin.
    """
    info = (
        protocol_version.to_bytes(4, "big")
        + encoding.to_bytes(2, "big")
        + nomenclature.to_bytes(4, "big")
        + functional_units.to_bytes(4, "big")
        + system_type.to_bytes(4, "big")
        + sized(system_id)
        + config_id.to_bytes(2, "big")
        + data_requests
        + bytes(4)
    )
    protocol = protocol_id.to_bytes(2, "big") + sized(info)
    body = assoc_version.to_bytes(4, "big") + bytes.fromhex("0001") + sized(protocol)
    return bytes.fromhex("E200") + sized(body)


def prst(invoke_id: int, choice: int, message: bytes) -> bytes:
    """A data APDU with one remote operation."""
    data = invoke_id.to_bytes(2, "big") + choice.to_bytes(2, "big") + sized(message)
    return bytes.fromhex("E700") + sized(sized(data))


def report(
    invoke_id: int,
    event_type: int,
    info: bytes,
    *,
    confirmed: bool = True,
    handle: int = 0,
    event_time: int = 0xFFFFFFFF,
) -> bytes:
    """An event report."""
    message = (
        handle.to_bytes(2, "big")
        + event_time.to_bytes(4, "big")
        + event_type.to_bytes(2, "big")
        + sized(info)
    )
    return prst(invoke_id, 0x0101 if confirmed else 0x0100, message)


def sized(octets: bytes) -> bytes:
    """Octets behind their 16-bit length."""
    return len(octets).to_bytes(2, "big") + octets
