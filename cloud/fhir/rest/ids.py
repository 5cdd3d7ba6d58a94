"""Logical ids of resources, and the way back from each to its rows.

A row that has a UUID lends it: `Encounter/<uuid>` is `enc_<uuid>`. What is known by words of the
service (a vehicle, a crew member) is called by those words, spelled in the 64 characters an id may
have (FHIR R4, 2.24.0.1 id: `[A-Za-z0-9\\-\\.]{1,64}`). What has no row of its own names the row it
begins with. So no id has to be looked for.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final
from uuid import UUID

LONGEST: Final = 64
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_OCTETS: Final = 46
_STRIP: Final = "s-"
_CLOCK: Final = "c-"
_FACT: Final = "f-"
_FACT_PARTS: Final = re.compile(r"f-([0-9a-f]{32})\.([a-z-]{1,20}\.[a-z-]{1,24})")
_METRIC: Final = "m-"
_METRIC_PARTS: Final = re.compile(r"m-([0-9a-f]{32})\.([1-9][0-9]{0,9})", re.ASCII)
_STRIP_PARTS: Final = Struct(">16sq")
_CLOCK_PARTS: Final = Struct(">16s16sq")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 1 << 53
_MICROSECOND: Final = timedelta(microseconds=1)


def is_id(text: str) -> bool:
    """Whether a text may be a logical id at all."""
    return _ID.fullmatch(text) is not None


def as_uuid(text: str) -> UUID | None:
    """The UUID an id is, None for any other id."""
    return UUID(text) if _UUID.fullmatch(text) else None


def public(prefix: str, text: str) -> str | None:
    """The public id (`enc_...`) of a row by a resource's id, None where it is no UUID."""
    found = as_uuid(text)
    return None if found is None else f"{prefix}_{found.hex}"


def words_id(sign: str, words: str) -> str:
    """The id of what is known by words; those too long for one are told by their digest.

    `sign` is a small letter for what it is: `v` a vehicle, `h` a hospital, `p` one of a crew.
    """
    octets = words.encode()
    if len(octets) <= _MOST_OCTETS:
        return f"{sign}-{_spelled(octets)}"
    return f"{sign.upper()}-{_spelled(hashlib.sha256(octets).digest())}"


def words_of(sign: str, text: str) -> str | None:
    """The words of such an id, None for any other and for a digest."""
    octets = _octets(text, f"{sign}-")
    try:
        return None if octets is None else octets.decode()
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True, slots=True)
class StripId:
    """A strip of waveform: the chunk it begins with, and the time of its first sample."""

    first: UUID
    start: datetime

    def __str__(self) -> str:
        return _STRIP + _spelled(
            _STRIP_PARTS.pack(self.first.bytes, (self.start - _EPOCH) // _MICROSECOND)
        )

    @classmethod
    def parse(cls, text: str) -> StripId | None:
        """None for any other id."""
        octets = _octets(text, _STRIP)
        if octets is None or len(octets) != _STRIP_PARTS.size:
            return None
        first, start = _STRIP_PARTS.unpack(octets)
        if not 0 <= start < _LATEST:
            return None
        return cls(UUID(bytes=first), _EPOCH + start * _MICROSECOND)


@dataclass(frozen=True, slots=True)
class ClockId:
    """Both clocks of a device in an encounter, `microseconds` apart."""

    encounter: UUID
    device: UUID
    microseconds: int

    def __str__(self) -> str:
        parts = (self.encounter.bytes, self.device.bytes, self.microseconds)
        return _CLOCK + _spelled(_CLOCK_PARTS.pack(*parts))

    @classmethod
    def parse(cls, text: str) -> ClockId | None:
        """None for any other id."""
        octets = _octets(text, _CLOCK)
        if octets is None or len(octets) != _CLOCK_PARTS.size:
            return None
        encounter, device, microseconds = _CLOCK_PARTS.unpack(octets)
        return cls(UUID(bytes=encounter), UUID(bytes=device), microseconds)


@dataclass(frozen=True, slots=True)
class FactId:
    """A fact of an encounter's record, by its path."""

    encounter: UUID
    path: str

    def __str__(self) -> str:
        return f"{_FACT}{self.encounter.hex}.{self.path.replace('_', '-')}"

    @classmethod
    def parse(cls, text: str) -> FactId | None:
        """None for any other id."""
        found = _FACT_PARTS.fullmatch(text)
        return None if found is None else cls(UUID(found[1]), found[2].replace("-", "_"))


@dataclass(frozen=True, slots=True)
class MetricId:
    """A device's metric, by the device and the type it measures."""

    device_id: str
    type_cf: int

    def __str__(self) -> str:
        return f"{_METRIC}{self.device_id.partition('_')[2]}.{self.type_cf}"

    @classmethod
    def of(cls, device_id: str, type_cf: int) -> MetricId:
        """That of a device by its public id."""
        return cls(device_id, type_cf)

    @classmethod
    def parse(cls, text: str) -> MetricId | None:
        """None for any other id."""
        found = _METRIC_PARTS.fullmatch(text)
        return None if found is None else cls(f"dev_{found[1]}", int(found[2]))


def _spelled(octets: bytes) -> str:
    return base64.b64encode(octets, altchars=b"-.").decode().rstrip("=")


def _octets(text: str, sign: str) -> bytes | None:
    """What was spelled behind a sign; None unless it is spelled in the one way it can be."""
    if not text.startswith(sign) or not is_id(text):
        return None
    bare = text.removeprefix(sign)
    try:
        octets = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-.", validate=True)
    except ValueError:
        return None
    return octets if _spelled(octets) == bare else None
