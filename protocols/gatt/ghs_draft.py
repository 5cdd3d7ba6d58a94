"""Observations as drafts before GHSS 1.0 sent them: attributes of 20601 one behind the other.

Early sensors and tools used this layout: a 32-bit attribute id, a 16-bit length, the value, all
in network order; the segments around it are those of today. It is a form of its own and never
guessed: a caller who knows that a device speaks it names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from protocols.errors import DecodeError
from protocols.mder.numbers import Number, decode_float
from protocols.model.codes import MdcCode

_CLAUSE: Final = "GHSS draft, TLV observation"
_HEAD_OCTETS: Final = 6
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

TYPE: Final = MdcCode(1, 0x092F)
HANDLE: Final = MdcCode(1, 0x0921)
VALUE: Final = MdcCode(1, 0x0A56)
UNIT: Final = MdcCode(1, 0x0996)
TIME: Final = MdcCode(1, 0x0990)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftObservation:
    """One observation. None for what was not sent; `others` are attributes nobody named.

    `time` is aware UTC, sent in milliseconds since 1970.
    """

    type: MdcCode | None = None
    handle: int | None = None
    value: Number | None = None
    unit: MdcCode | None = None
    time: datetime | None = None
    others: tuple[tuple[MdcCode, bytes], ...] = ()


def decode_draft_observation(octets: bytes) -> DraftObservation:
    """The observation of all octets, segment headers taken off; DecodeError for broken ones."""
    found = dict(_attributes(octets))
    kind, unit = found.pop(TYPE, None), found.pop(UNIT, None)
    handle, value = found.pop(HANDLE, None), found.pop(VALUE, None)
    time = found.pop(TIME, None)
    return DraftObservation(
        type=None if kind is None else _code(kind),
        handle=None if handle is None else int.from_bytes(handle, "big"),
        value=None if value is None else decode_float(value),
        unit=None if unit is None else _code(unit),
        time=None if time is None else _time(time),
        others=tuple(found.items()),
    )


def _attributes(octets: bytes) -> list[tuple[MdcCode, bytes]]:
    attributes = []
    at = 0
    while at < len(octets):
        head = octets[at : at + _HEAD_OCTETS]
        length = int.from_bytes(head[4:], "big")
        value = octets[at + _HEAD_OCTETS : at + _HEAD_OCTETS + length]
        if len(head) < _HEAD_OCTETS or len(value) < length:
            raise DecodeError("an attribute is cut short", clause=_CLAUSE, offset=at)
        attributes.append((_code(head[:4]), value))
        at += _HEAD_OCTETS + length
    return attributes


def _code(octets: bytes) -> MdcCode:
    return MdcCode.from_cf_code(int.from_bytes(octets, "big"))


def _time(octets: bytes) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=int.from_bytes(octets, "big"))
    except OverflowError as exc:
        raise DecodeError("a time beyond the calendar", clause=_CLAUSE) from exc
