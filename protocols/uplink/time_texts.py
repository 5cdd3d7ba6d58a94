"""Many times as texts at once: digits are put in place by columns."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols.errors import DecodeError
from protocols.uplink.device_stamps import (
    ABSOLUTE,
    BASE_OFFSET,
    EPOCH,
    NONE,
    RELATIVE,
    from_microseconds,
)
from protocols.uplink.whole_numbers import Numbers

HUNDREDTHS: Final = 2
MICROSECONDS: Final = 6
"""Digits of a second's fraction."""
_DAY_SECONDS: Final = 86_400
_DAY: Final = _DAY_SECONDS * 1_000_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_FEW: Final = 32
"""So many times are written sooner one by one."""
_PAIRS: Final = np.frombuffer(b"".join(b"%02d" % one for one in range(100)), np.uint8).reshape(
    100, 2
)
_UP_TO_FRACTION: Final = len("2026-11-26T12:00:00.")
_WHOLE: Final = _UP_TO_FRACTION - 1
"""What an ISO 8601 text keeps when its second has no fraction."""

T = TypeVar("T", str, bytes)


def in_calendar(microseconds: Numbers) -> Numbers:
    """The same in 64 bits; DecodeError for one that is no time since 1970 the calendar has."""
    if microseconds.size and not (microseconds.min() >= _FIRST and microseconds.max() <= _LAST):
        raise DecodeError("uplink columns: no such time")
    return microseconds.astype(np.int64)


def are_in_calendar(microseconds: Numbers) -> NDArray[np.bool_]:
    """Which of these are times since 1970 that the calendar has."""
    return (microseconds >= _FIRST) & (microseconds <= _LAST)


def length_of(fraction: int) -> int:
    """How long each text of `calendar_texts` is."""
    return _UP_TO_FRACTION + fraction


def calendar_texts(microseconds: Numbers, fraction: int, between: str = "T") -> bytes:
    """Times since 1970 in ISO 8601 without a zone, one behind the other, all equally long.

    `fraction` is `HUNDREDTHS` (finer digits cut) or `MICROSECONDS`, `between` stands between date
    and time.
    """
    days = microseconds // _DAY
    seconds, micros = np.divmod(microseconds - days * _DAY, 1_000_000)
    octets = np.empty((len(microseconds), length_of(fraction)), np.uint8)
    distinct, which = np.unique(days, return_inverse=True)
    dates = [date.fromordinal(_EPOCH_DAY + day).isoformat() for day in distinct.tolist()]
    octets[:, :10] = np.frombuffer("".join(dates).encode(), np.uint8).reshape(-1, 10)[which]
    octets[:, 10] = ord(between)
    octets[:, 11:13] = _PAIRS[seconds // 3600]
    octets[:, 14:16] = _PAIRS[seconds // 60 % 60]
    octets[:, 17:19] = _PAIRS[seconds % 60]
    octets[:, [13, 16]] = ord(":")
    octets[:, 19] = ord(".")
    for place in range(0, fraction, 2):
        octets[:, 20 + place : 22 + place] = _PAIRS[micros // 10 ** (4 - place) % 100]
    return octets.tobytes()


def iso_texts(microseconds: Numbers) -> list[bytes]:
    """Times since 1970 as `datetime.isoformat` writes them, without the zone."""
    if len(microseconds) < _FEW:
        each = map(from_microseconds, microseconds.tolist())
        return [one.replace(tzinfo=None).isoformat().encode() for one in each]
    texts = cut(calendar_texts(microseconds, MICROSECONDS), MICROSECONDS)
    for row in np.flatnonzero(microseconds % 1_000_000 == 0).tolist():
        texts[row] = texts[row][:_WHOLE]
    return texts


def stamp_texts(kind: str, stamps: Numbers, zone_seconds: int) -> list[str]:
    """As `device_stamps.from_stamp`, for many of one kind; DecodeError when one cannot be."""
    if kind == NONE:
        return [""] * len(stamps)
    if kind == RELATIVE:
        if stamps.size and stamps.min() < 0:
            raise DecodeError("uplink columns: ticks are not negative")
        return list(map(str, stamps.tolist()))
    if kind not in (ABSOLUTE, BASE_OFFSET) or abs(zone_seconds) >= _DAY_SECONDS:
        raise DecodeError("uplink columns: no such device time")
    if kind == ABSOLUTE:
        return cut(calendar_texts(in_calendar(stamps), HUNDREDTHS).decode(), HUNDREDTHS)
    zone = timezone(timedelta(seconds=zone_seconds))
    written = EPOCH.replace(tzinfo=zone).isoformat(timespec="microseconds")
    behind = written[length_of(MICROSECONDS) :]
    texts = calendar_texts(in_calendar(stamps), MICROSECONDS).decode()
    return [text + behind for text in cut(texts, MICROSECONDS)]


def cut(texts: T, fraction: int) -> list[T]:
    """The texts of `calendar_texts` by themselves."""
    each = length_of(fraction)
    return [texts[begin : begin + each] for begin in range(0, len(texts), each)]
