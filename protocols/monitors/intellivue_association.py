"""IntelliVue data export: how a session is asked for, granted, released and aborted.

These messages are OSI session and presentation headers around a short description of both sides
(Data Export Interface Programming Guide, Association Control Protocol). The headers do not vary, so
they are octets here; only the user information inside is read and written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from protocols.errors import DecodeError
from protocols.monitors.octets import OctetReader, put_u16, put_u32

CLAUSE: Final = "IntelliVue Data Export, Association Control"
TICKS_A_SECOND: Final = 8000
"""RelativeTime counts 1/8 milliseconds."""

_SESSION_DATA: Final = bytes.fromhex("0508130100160102800014020002")
_REQUEST_HEADER: Final = bytes.fromhex(
    "3180a0808001010000a280a003000001a480308002010106045201000130800602510100000000308002010206"
    "0c2a8648ce14020100000001013080060c2a8648ce140201000000020100000000000061803080020101a08060"
    "80a180060c2a8648ce14020100000003010000be802880060c2a8648ce140201000000010102010281"
)
_RESPONSE_HEADER: Final = bytes.fromhex(
    "3180a0808001010000a280a003000001a58030808001008102510100003080800100810c2a8648ce1402010000"
    "0002010000000061803080020101a0806180a180060c2a8648ce14020100000003010000a203020100a305a103"
    "020100be80288002010281"
)
_TRAILER: Final = bytes(16)
_USER_DATA: Final = bytes.fromhex("be802880")
_USER_INFORMATION: Final = bytes.fromhex("02010281")
_PRESENTATION: Final = 0xC1
_LONG_ASN_LENGTH: Final = 0x80

RELEASE_REQUEST: Final = bytes.fromhex("0918c11661803080020101a08062808001000000000000000000")
RELEASE_RESPONSE: Final = bytes.fromhex("0a18c11661803080020101a08063808001000000000000000000")
ABORT: Final = bytes.fromhex(
    "192e110103c129a080a08030800201010602510100000000"
    "61803080020101a080648080010100000000000000000000"
)

_PROTOCOL_VERSION: Final = 0x8000_0000
_NOMENCLATURE_VERSION: Final = 0x4000_0000
_POLL_PROFILE: Final = 0x0001
_POLL_PROFILE_EXTENSION: Final = 0xF001
_PROFILE_REVISION: Final = 0x8000_0000
_NO_BANDWIDTH_LIMIT: Final = 0xFFFF_FFFF
_DYNAMIC_OBJECTS: Final = 0x6000_0000  # objects may be created and deleted while we listen
_MTU_OCTETS: Final = 1364


class SessionKind(IntEnum):
    """The first octet of a message: which session PDU it is."""

    FINISH = 0x09
    DISCONNECT = 0x0A
    REFUSE = 0x0C
    CONNECT = 0x0D
    ACCEPT = 0x0E
    ABORT = 0x19
    DATA = 0xE1


class SystemType(IntEnum):
    """Which side speaks."""

    CLIENT = 0x8000_0000
    SERVER = 0x0080_0000


class StartupMode(IntEnum):
    """How the side came up."""

    HOT = 0x8000_0000
    WARM = 0x4000_0000
    COLD = 0x2000_0000


class PollOption(IntFlag):
    """What extended polls may ask for (PollProfileExtOptions)."""

    NUMERICS_EVERY_SECOND = 0x8000_0000
    NUMERICS_EVERY_12_SECONDS = 0x4000_0000
    NUMERICS_EVERY_MINUTE = 0x2000_0000
    NUMERICS_EVERY_5_MINUTES = 0x1000_0000
    WAVES = 0x0800_0000
    ENUMERATIONS = 0x0400_0000


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInformation:
    """What a side says of itself: `min_poll_ticks` in 1/8000 s, `max_octets` of a message."""

    system: int
    options: PollOption
    min_poll_ticks: int = TICKS_A_SECOND
    max_octets: int = _MTU_OCTETS
    startup: int = StartupMode.COLD


def encode_request(information: UserInformation) -> bytes:
    """An association request."""
    return _wrap(SessionKind.CONNECT, _REQUEST_HEADER, information)


def encode_response(information: UserInformation) -> bytes:
    """An association response that accepts; for the monitor's side."""
    return _wrap(SessionKind.ACCEPT, _RESPONSE_HEADER, information)


def decode_information(octets: bytes) -> UserInformation:
    """What the user information of a request or a response says; DecodeError without one."""
    at = octets.find(_USER_DATA)
    begins = octets.find(_USER_INFORMATION, at)
    if at < 0 or begins < 0:
        raise DecodeError("no user information", clause=CLAUSE)
    reader = OctetReader(octets[begins + len(_USER_INFORMATION) :], clause=CLAUSE)
    reader = reader.part(_asn_length(reader))
    reader.take(12)  # versions and functional units: there is one of each
    system, startup = reader.u32(), reader.u32()
    reader.take(2)
    reader.sized()  # no options are defined
    profiles = decode_attributes(reader)
    support = OctetReader(profiles.get(_POLL_PROFILE, b""), clause=CLAUSE)
    support.u32()
    min_poll, max_rx, _, _, _ = (support.u32() for _ in range(5))
    packages = decode_attributes(support)
    extension = OctetReader(packages.get(_POLL_PROFILE_EXTENSION, bytes(4)), clause=CLAUSE)
    return UserInformation(
        system=system,
        options=PollOption(extension.u32()),
        min_poll_ticks=min_poll,
        max_octets=max_rx,
        startup=startup,
    )


def decode_attributes(reader: OctetReader) -> dict[int, bytes]:
    """An attribute list by attribute number; of a repeated one the last counts."""
    count, entries = reader.counted()
    return {entries.u16(): entries.sized().rest() for _ in range(count)}


def _asn_length(reader: OctetReader) -> int:
    first = reader.u8()
    if first < _LONG_ASN_LENGTH:
        return first
    return int.from_bytes(reader.take(first - _LONG_ASN_LENGTH), "big")


def _wrap(kind: SessionKind, header: bytes, information: UserInformation) -> bytes:
    inside = header + _user_information(information) + _TRAILER
    presentation = bytes([_PRESENTATION, len(inside)]) + inside
    body = _SESSION_DATA + presentation
    return bytes([kind, len(body)]) + body


def _user_information(information: UserInformation) -> bytes:
    extension = put_u32(information.options) + _attribute_list()
    support = put_u32(
        _PROFILE_REVISION,
        information.min_poll_ticks,
        information.max_octets,
        information.max_octets,
        _NO_BANDWIDTH_LIMIT,
        _DYNAMIC_OBJECTS,
    ) + _attribute_list((_POLL_PROFILE_EXTENSION, extension))
    body = (
        put_u32(
            _PROTOCOL_VERSION, _NOMENCLATURE_VERSION, 0, information.system, information.startup
        )
        + _attribute_list()
        + _attribute_list((_POLL_PROFILE, support))
    )
    return bytes([len(body)]) + body


def _attribute_list(*attributes: tuple[int, bytes]) -> bytes:
    body = b"".join(put_u16(code, len(value)) + value for code, value in attributes)
    return put_u16(len(attributes), len(body)) + body
