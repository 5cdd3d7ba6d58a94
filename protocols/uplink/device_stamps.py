"""A device's own time as one integer, and back to the very text it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from protocols.errors import DecodeError, EncodeError
from protocols.model.timestamps import DeviceTime

NONE: Final = ""
ABSOLUTE: Final = "absolute"
BASE_OFFSET: Final = "base-offset"
RELATIVE: Final = "relative"
CALENDARS: Final = frozenset({ABSOLUTE, BASE_OFFSET})
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a device's local time has no zone
_MICROSECOND: Final = timedelta(microseconds=1)
_ABSOLUTE_LENGTH: Final = len("2026-11-26T08:00:00.00")
_FINER: Final = "0000"
"""The digits behind the hundredths."""
_DAY_SECONDS: Final = 86_400


def to_microseconds(at: datetime) -> int:
    """Microseconds from 1970 to an aware time, exact."""
    return (at - EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The aware UTC time of `to_microseconds`; DecodeError outside the calendar."""
    try:
        return EPOCH + timedelta(microseconds=value)
    except OverflowError as exc:
        raise DecodeError("uplink columns: no such time") from exc


def to_stamp(kind: str, value: str) -> tuple[int, int] | None:
    """(microseconds of local time or ticks, seconds ahead of UTC) of the two texts.

    None when the integers would not give back the same text: other digits, another kind.
    """
    try:
        if kind == ABSOLUTE and len(value) == _ABSOLUTE_LENGTH:
            local = datetime.fromisoformat(value)
            # What fromisoformat reads otherwise is told by what it is written as.
            is_same = local.isoformat(timespec="microseconds") == value + _FINER
            return ((local - _NAIVE_EPOCH) // _MICROSECOND, 0) if is_same else None
        stamp = _numbers(kind, value)
        is_same = from_stamp(kind, *stamp) == value
    except (ValueError, DecodeError):
        return None
    return stamp if is_same else None


def _numbers(kind: str, value: str) -> tuple[int, int]:
    if kind == NONE:
        return 0, 0
    if kind == RELATIVE:
        return int(value), 0
    local = datetime.fromisoformat(value)
    zone = local.utcoffset() or timedelta()
    micros = (local.replace(tzinfo=None) - _NAIVE_EPOCH) // _MICROSECOND
    return micros, zone // timedelta(seconds=1)


def from_stamp(kind: str, number: int, zone_seconds: int) -> str:
    """The text of a stamp; DecodeError for one that cannot be."""
    if kind == NONE:
        return ""
    if kind == RELATIVE:
        if number < 0:
            raise DecodeError("uplink columns: ticks are not negative")
        return str(number)
    if kind not in (ABSOLUTE, BASE_OFFSET) or abs(zone_seconds) >= _DAY_SECONDS:
        raise DecodeError("uplink columns: no such device time")
    try:
        local = _NAIVE_EPOCH + timedelta(microseconds=number)
        if kind == ABSOLUTE:
            return DeviceTime.absolute(local).value
        zone = timezone(timedelta(seconds=zone_seconds))
        return local.replace(tzinfo=zone).isoformat(timespec="microseconds")
    except (OverflowError, EncodeError) as exc:
        raise DecodeError("uplink columns: no such device time") from exc
