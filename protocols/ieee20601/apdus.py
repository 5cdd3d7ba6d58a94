"""APDUs: association, release, abort and data (20601 7.1, Annex A).

    apdu = decode_apdu(octets)        one whole APDU; DecodeError for anything else
    match apdu:
        case Aarq(): ...              association.Aarq, .Aare
        case Prst(data=DataApdu(invoke_id=i, message=RoivConfirmedEventReport() as report)):
            info = decode_event_info(report.event_type, report.event_info)
    octets = encode_apdu(Prst(DataApdu(i, confirm_report(report))))

When `decode_apdu` fails, `readable_invoke_id(octets)` gives the invoke id of a request that
deserves a RORJ, else None: then the answer is an abort.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import construct as cs

from protocols.errors import DecodeError, EncodeError
from protocols.ieee20601.association import (
    DATA_PROTOCOL_20601,
    INFORMATION,
    Aare,
    Aarq,
    DataProtocol,
    NoSystemIdError,
)
from protocols.ieee20601.remote_operations import (
    CHOICE_OF,
    MESSAGES,
    Message,
    read_event_report,
    write_event_answer,
)
from protocols.mder.records import STRICT, SURPLUS_ID, Codec, Leniency, tolerated, wire
from protocols.mder.sequences import ANY, SequenceOf

__all__ = [
    "Aare",
    "Aarq",
    "Abrt",
    "Apdu",
    "ApduChoice",
    "DataApdu",
    "Prst",
    "Rlre",
    "Rlrq",
    "decode_apdu",
    "encode_apdu",
    "readable_invoke_id",
]

HEADER_OCTETS: Final = 4
_DATA_HEADER_OCTETS: Final = 6
_HEADER: Final = struct.Struct(">HH")
"""Choice, and how many octets follow."""
_DATA_HEADER: Final = struct.Struct(">HHHH")
"""Octets of the OCTET STRING; in it invoke id, message choice, octets of the message."""
_CLAUSE: Final = "20601 Annex A, ApduType"


class ApduChoice(IntEnum):
    """The first two octets of an APDU."""

    AARQ = 0xE200
    AARE = 0xE300
    RLRQ = 0xE400
    RLRE = 0xE500
    ABRT = 0xE600
    PRST = 0xE700


@dataclass(frozen=True, slots=True)
class Rlrq:
    """Release request: `reason` see `association.ReleaseReason`."""

    reason: int = wire(cs.Int16ub)


@dataclass(frozen=True, slots=True)
class Rlre:
    """Release response: reason 0, normal."""

    reason: int = wire(cs.Int16ub)


@dataclass(frozen=True, slots=True)
class Abrt:
    """Abort: `reason` see `association.AbortReason`."""

    reason: int = wire(cs.Int16ub)


@dataclass(frozen=True, slots=True)
class DataApdu:
    """One remote operation and its invoke id (0..65535)."""

    invoke_id: int
    message: Message


@dataclass(frozen=True, slots=True)
class Prst:
    """Presentation APDU: the only one while associated."""

    data: DataApdu


Apdu = Aarq | Aare | Rlrq | Rlre | Abrt | Prst


@dataclass(frozen=True, slots=True)
class _RawProtocol:
    protocol_id: int = wire(cs.Int16ub)
    info: bytes = wire(ANY)


@dataclass(frozen=True, slots=True)
class _RawAarq:
    assoc_version: int = wire(cs.Int32ub)
    protocols: tuple[_RawProtocol, ...] = wire(SequenceOf(_RawProtocol))


@dataclass(frozen=True, slots=True)
class _RawAare:
    result: int = wire(cs.Int16ub)
    protocol_id: int = wire(cs.Int16ub)
    info: bytes = wire(ANY)


_SYSTEM_ID_LENGTH: Final = slice(18, 20)
"""Where PhdAssociationInformation says how long the System-Id is."""
_AARQ: Final = Codec(_RawAarq, clause="20601 Annex A, AARQ-apdu")
_AARE: Final = Codec(_RawAare, clause="20601 Annex A, AARE-apdu")
_RLRQ: Final = Codec(Rlrq, clause="20601 Annex A, RLRQ-apdu")
_RLRE: Final = Codec(Rlre, clause="20601 Annex A, RLRE-apdu")
_ABRT: Final = Codec(Abrt, clause="20601 Annex A, ABRT-apdu")


def decode_apdu(
    octets: bytes, *, leniency: Leniency = STRICT, notes: list[str] | None = None
) -> Apdu:
    """One whole APDU.

    Raises DecodeError (NoSystemIdError is one), and nothing else, when choice, lengths or
    contents break the encoding; surplus octets behind the APDU are refused unless
    `leniency.surplus`.
    """
    if len(octets) < HEADER_OCTETS:
        raise DecodeError(f"an APDU has a header of 4 octets, not {len(octets)}", clause=_CLAUSE)
    choice, length = _HEADER.unpack_from(octets)
    body = octets[HEADER_OCTETS : HEADER_OCTETS + length]
    surplus = len(octets) - HEADER_OCTETS - length
    if surplus < 0 or (surplus and not leniency.surplus):
        raise DecodeError(
            f"{length} octets announced, {length + surplus} present", clause=_CLAUSE, offset=2
        )
    if surplus and notes is not None:
        notes.append(tolerated(SURPLUS_ID, f"{surplus} octets behind an APDU dropped"))
    match choice:
        case ApduChoice.AARQ:
            return _decode_aarq(body, leniency, notes)
        case ApduChoice.AARE:
            raw = _AARE.decode(body, leniency=leniency, notes=notes)
            return Aare(raw.result, _typed(raw.protocol_id, raw.info, leniency, notes))
        case ApduChoice.RLRQ:
            return _RLRQ.decode(body, leniency=leniency, notes=notes)
        case ApduChoice.RLRE:
            return _RLRE.decode(body, leniency=leniency, notes=notes)
        case ApduChoice.ABRT:
            return _ABRT.decode(body, leniency=leniency, notes=notes)
        case ApduChoice.PRST:
            return _decode_prst(body, leniency, notes)
        case _:
            raise DecodeError(f"no APDU begins with 0x{choice:04X}", clause=_CLAUSE, offset=0)


def encode_apdu(apdu: Apdu) -> bytes:
    """The octets of an APDU; EncodeError when a part has no wire form or it exceeds 65,539."""
    match apdu:
        case Aarq():
            protocols = tuple(
                _RawProtocol(protocol.protocol_id, _untyped(protocol))
                for protocol in apdu.protocols
            )
            choice, body = ApduChoice.AARQ, _AARQ.encode(_RawAarq(apdu.assoc_version, protocols))
        case Aare():
            selected = apdu.selected
            raw = _RawAare(int(apdu.result), selected.protocol_id, _untyped(selected))
            choice, body = ApduChoice.AARE, _AARE.encode(raw)
        case Rlrq():
            choice, body = ApduChoice.RLRQ, _RLRQ.encode(apdu)
        case Rlre():
            choice, body = ApduChoice.RLRE, _RLRE.encode(apdu)
        case Abrt():
            choice, body = ApduChoice.ABRT, _ABRT.encode(apdu)
        case _:
            choice, body = ApduChoice.PRST, _encode_data(apdu.data)
    return _u16(choice) + _u16(len(body)) + body


def readable_invoke_id(octets: bytes) -> int | None:
    """The invoke id of a broken PRST that looks like a request or confirmed report, else None.

    Unconfirmed reports, answers and octets too few to hold the message choice give None: they
    deserve no RORJ.
    """
    if len(octets) < HEADER_OCTETS + _DATA_HEADER_OCTETS:
        return None
    if int.from_bytes(octets[:2], "big") != ApduChoice.PRST:
        return None
    message = int.from_bytes(octets[8:10], "big")
    expects_answer = message in (0x0101, 0x0103, 0x0105, 0x0107)
    return int.from_bytes(octets[6:8], "big") if expects_answer else None


def _decode_aarq(body: bytes, leniency: Leniency, notes: list[str] | None) -> Aarq:
    raw = _AARQ.decode(body, leniency=leniency, notes=notes)
    for offer in raw.protocols:
        if offer.protocol_id == DATA_PROTOCOL_20601 and offer.info[_SYSTEM_ID_LENGTH] == bytes(2):
            # With an id of one octet the rest must be well built: else a line's noise emptied it.
            filled = offer.info[: _SYSTEM_ID_LENGTH.start] + b"\0\1\0"
            INFORMATION.decode(filled + offer.info[_SYSTEM_ID_LENGTH.stop :], leniency=leniency)
            raise NoSystemIdError("a System-Id of 0 octets", clause="20601 System-Id")
    return Aarq(
        raw.assoc_version,
        tuple(_typed(offer.protocol_id, offer.info, leniency, notes) for offer in raw.protocols),
    )


def _typed(
    protocol_id: int, info: bytes, leniency: Leniency, notes: list[str] | None
) -> DataProtocol:
    if protocol_id != DATA_PROTOCOL_20601 or not info:
        return DataProtocol(protocol_id, info)
    return DataProtocol(protocol_id, INFORMATION.decode(info, leniency=leniency, notes=notes))


def _untyped(protocol: DataProtocol) -> bytes:
    info = protocol.info
    return info if isinstance(info, bytes) else INFORMATION.encode(info)


def _decode_prst(body: bytes, leniency: Leniency, notes: list[str] | None) -> Prst:
    """OCTET STRING around a DATA APDU: length, invoke id, choice, length, message."""
    clause = "20601 Annex A, DATA-apdu"
    if len(body) < 2 + _DATA_HEADER_OCTETS:
        raise DecodeError(f"a PRST of {len(body)} octets holds no message", clause=clause)
    octet_string, invoke_id, choice, length = _DATA_HEADER.unpack_from(body)
    if octet_string != len(body) - 2:
        raise DecodeError(
            f"the PRST announces {octet_string} octets and holds {len(body) - 2}",
            clause=clause,
            offset=HEADER_OCTETS,
        )
    content = body[2 + _DATA_HEADER_OCTETS :]
    if length != len(content):
        raise DecodeError(
            f"the message announces {length} octets and has {len(content)}",
            clause=clause,
            offset=10,
        )
    report = read_event_report(choice, content)
    if report is not None:
        return Prst(DataApdu(invoke_id, report))
    codec = MESSAGES.get(choice)
    if codec is None:
        raise DecodeError(f"no message has the choice 0x{choice:04X}", clause=clause, offset=8)
    return Prst(DataApdu(invoke_id, codec.decode(content, leniency=leniency, notes=notes)))


def _encode_data(data: DataApdu) -> bytes:
    choice = CHOICE_OF[type(data.message)]
    content = write_event_answer(data.message)
    if content is None:
        content = MESSAGES[choice].encode(data.message)
    inner = _u16(data.invoke_id) + _u16(choice) + _u16(len(content)) + content
    return _u16(len(inner)) + inner


def _u16(number: int) -> bytes:
    if not 0 <= number <= 0xFFFF:
        raise EncodeError(f"{number} does not fit 16 bits")
    return int(number).to_bytes(2, "big")
