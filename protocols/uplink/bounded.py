"""What commands and answers share: a bound on their octets, a version, times with a zone."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar

import msgspec

from protocols.errors import DecodeError

COMMANDS_VERSION: Final = 1
MOST_OCTETS: Final = 512 << 10
# A text that is not UTF-8 is told by the interpreter's own error.
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
T = TypeVar("T")


def decode_bounded(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T:
    """Decode at most `MOST_OCTETS`; DecodeError for more, and for what is no such message."""
    if len(data) > MOST_OCTETS:
        raise DecodeError("more octets than a command or an answer may have")
    try:
        return decoder.decode(data)
    except UNREADABLE as exc:
        raise DecodeError(f"not a message of the commands contract: {exc}") from exc


def check_version(version: int) -> None:
    """DecodeError that names a version this reader does not know."""
    if version != COMMANDS_VERSION:
        raise DecodeError(f"commands contract version {version} is not known here")


def check_times(*times: datetime) -> None:
    """DecodeError when one of the times has no zone."""
    if any(at.utcoffset() is None for at in times):
        raise DecodeError("commands contract: a time has no zone")
