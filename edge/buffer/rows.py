"""One row of the store: its lane, its key, its octets and the check over them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

from protocols.errors import DecodeError
from protocols.model.codes import SystemId
from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.device import DeviceInfo
from protocols.model.observation import (
    CompoundNumericObservation,
    NumericObservation,
    Observation,
    SampleArrayObservation,
)
from protocols.uplink.codec import decode_row, open_row
from protocols.uplink.messages import Content, UplinkRow, identity_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stream(IntEnum):
    """The lanes, most urgent first.

    EVENTS holds what happened: alarms, findings, what crew and gateway have to say. The numbers
    are those of the file, where the first two lanes had theirs before there was a third.
    """

    EVENTS = 2
    NUMERICS = 0
    WAVEFORMS = 1

    @property
    def label(self) -> str:
        """The lane's name in the uplink contract."""
        return self.name.lower()


LANES: Final = {stream: stream.value for stream in Stream}
"""The lanes' numbers as plain integers: an enumeration's member is slow to write."""


def stream_of(content: Content) -> Stream:
    """The lane a captured thing travels in; numbers are the lane of what nothing is known of."""
    match content:
        case SampleArrayObservation() | AttachmentPart():
            return Stream.WAVEFORMS
        case NumericObservation() | CompoundNumericObservation() | DeviceInfo():
            return Stream.NUMERICS
        case _:
            return Stream.EVENTS


def streams_of(contents: Sequence[Content]) -> list[Stream]:
    """The lane of each; a device's description goes with the first observation of that device."""
    lanes = [stream_of(content) for content in contents]
    if not any(isinstance(content, DeviceInfo) for content in contents):
        return lanes
    first: dict[SystemId, Stream] = {}
    for index in range(len(contents) - 1, -1, -1):
        content = contents[index]
        if isinstance(content, DeviceInfo):
            lanes[index] = first.get(content.system_id, Stream.NUMERICS)
        elif not isinstance(content, CrewEvent | AttachmentPart):
            first[content.device] = lanes[index]
    return lanes


def to_microseconds(at: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    """The aware UTC time of `to_microseconds`."""
    return _EPOCH + timedelta(microseconds=value)


def measured_of(content: Content) -> int:
    """The time in the content's identity as a number: forms 1 and 2 of the file are ordered by it.

    The device's own time where it has one (microseconds or ticks), else the observed time; 0 for
    what has no time of its own.
    """
    match content:
        case DeviceInfo() | AttachmentPart():
            return 0
        case CrewEvent():
            return to_microseconds(content.at)
        case _:
            return _measured(content)


def _measured(observation: Observation) -> int:
    stamp = observation.observed_at.device_time
    if stamp is None:
        return to_microseconds(observation.observed_at.at)
    local = stamp.local
    return int(stamp.value) if local is None else to_microseconds(local.replace(tzinfo=UTC))


def check_of(
    stream: int,
    boot_epoch: int,
    sequence: int,
    observation_id: bytes | None,
    body: bytes,
    octets: str | None = None,
) -> int:
    """CRC-32 over everything that makes the row what it is, where it is a record of its own."""
    head = b"%d/%d/%d/%b" % (stream, boot_epoch, sequence, observation_id or b"")
    check = zlib.crc32(body, zlib.crc32(head))
    return check if octets is None else zlib.crc32(octets.encode(), check)


def unpack_row(sequence: int, body: bytes, octets: str | None = None) -> UplinkRow:
    """The row as it travels, unopened; DecodeError when the octets are not what was stored."""
    return open_row(body, sequence=sequence, place=octets or "")


def identity_in(body: bytes) -> bytes | None:
    """The identity of a row as it is kept; None for one that has none or cannot be read."""
    try:
        identity = identity_of(decode_row(body).content)
    except DecodeError:
        return None
    return None if identity is None else identity.bytes


def measured_in(body: bytes) -> int:
    """`measured_of` a row as it is kept; 0 for one that cannot be read."""
    try:
        return measured_of(decode_row(body).content)
    except DecodeError:
        return 0


def is_repeat(first: Content, second: Content) -> bool:
    """Whether two of one identity say the same; our own stamps on them may differ."""
    by_hand = DeviceInfo | CrewEvent | AttachmentPart
    if isinstance(first, by_hand) or isinstance(second, by_hand):
        return first == second
    return replace(first, observed_at=second.observed_at) == second


def says_the_same(held: bytes, repeat: bytes) -> bool:
    """Whether two rows' octets carry the same reading; what cannot be read is left to the claim."""
    if held == repeat:
        return True
    try:
        return is_repeat(decode_row(held).content, decode_row(repeat).content)
    except DecodeError:
        return True
