"""UUIDs of services and characteristics: the 16-bit form and the 128-bit one.

A 16-bit number of the assigned-numbers list stands for the same number inside the Bluetooth base
UUID (Core Specification, Vol 3 Part B 2.5.1). `uuid.UUID` is the one type here; backends that
speak text are read by `parse_uuid`.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from protocols.errors import DecodeError

_CLAUSE: Final = "Core Specification, Vol 3 Part B 2.5.1"
_BASE: Final = UUID("00000000-0000-1000-8000-00805f9b34fb").int
_SHORT_PLACES: Final = 96
_SHORT_DIGITS: Final = (4, 8)


def assigned_uuid(number: int) -> UUID:
    """The UUID of an assigned number of 16 or 32 bits; DecodeError when it is larger."""
    if not 0 <= number < 1 << 32:
        raise DecodeError("an assigned number has at most 32 bits", clause=_CLAUSE)
    return UUID(int=_BASE | number << _SHORT_PLACES)


def assigned_number(uuid: UUID) -> int | None:
    """The assigned number of a UUID, None for one that is no member of the base range."""
    number = uuid.int >> _SHORT_PLACES
    return number if _BASE | number << _SHORT_PLACES == uuid.int else None


def parse_uuid(text: str) -> UUID:
    """Read `2A5E`, `0x2A5E` or all 32 digits, hyphens or none; DecodeError for anything else."""
    digits = text.strip().lower().removeprefix("0x")
    try:
        if len(digits) in _SHORT_DIGITS:
            return assigned_uuid(int.from_bytes(bytes.fromhex(digits), "big"))
        return UUID(digits)
    except ValueError as exc:
        raise DecodeError("not a UUID", clause=_CLAUSE) from exc


def short_text(uuid: UUID) -> str:
    """How people write it: `2A5E` for an assigned number, else all digits with hyphens."""
    number = assigned_number(uuid)
    return str(uuid) if number is None else f"{number:04X}"
