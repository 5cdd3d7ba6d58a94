"""USB Personal Healthcare Device Class (PHDC 1.0): descriptors, and the transfers of its pipes.

An interface of class 0x0F says by descriptors which messages it carries and which quality of
service each of its pipes gives. A 20601 APDU is one bulk transfer. Where the host has set the
feature, a preamble goes before a group of transfers: a signature, how many transfers follow, their
quality of service and opaque octets. `TransferReader` takes the preambles away.

Descriptors are little-endian, as all of USB. Nothing here opens a device.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from protocols.errors import DecodeError, EncodeError

INTERFACE_CLASS: Final = 0x0F
FEATURE_METADATA: Final = 0x01
"""The interface feature a host sets to get preambles (5.3.1)."""
SIGNATURE: Final = b"PhdcQoSSignature"
QOS_VERSION: Final = 0x01
MAX_TRANSFER_OCTETS: Final = 4 + 0xFFFF
_CLAUSE: Final = "PHDC 1.0"
_PREAMBLE_OCTETS: Final = len(SIGNATURE) + 4
_DESCRIPTOR_HEAD: Final = 2
_MAX_OCTET: Final = 0xFF


class DescriptorType(IntEnum):
    """The class-specific descriptors (5.2)."""

    FUNCTION = 0x20
    QOS = 0x21
    METADATA = 0x22
    PHD_11073 = 0x30


class MessageFormat(IntEnum):
    """What messages an interface carries (5.2.2); other numbers survive as numbers."""

    VENDOR = 0x01
    IEEE_11073_20601 = 0x02


class QualityOfService(IntFlag):
    """Latency and reliability of a pipe or of the transfers that follow (4.1, table 2)."""

    LOW_GOOD = 0x01
    MEDIUM_GOOD = 0x02
    MEDIUM_BETTER = 0x04
    MEDIUM_BEST = 0x08
    HIGH_BEST = 0x10
    VERY_HIGH_BEST = 0x20


@dataclass(frozen=True, slots=True)
class FunctionDescriptor:
    """What an interface carries, and whether it can send preambles (5.2.2)."""

    message_format: int
    has_preambles: bool


@dataclass(frozen=True, slots=True)
class QosDescriptor:
    """Which quality of service an endpoint gives (5.2.3); `version` other than 1 is not known."""

    version: int
    bins: QualityOfService


@dataclass(frozen=True, slots=True)
class MetadataDescriptor:
    """Opaque octets of an endpoint (5.2.4)."""

    opaque: bytes


@dataclass(frozen=True, slots=True)
class PhdDescriptor:
    """The 11073 specializations an interface carries, terms of partition 8 (5.2.5)."""

    specializations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OtherDescriptor:
    """A descriptor of another kind: its type and its octets behind the type."""

    kind: int
    octets: bytes


Descriptor = (
    FunctionDescriptor | QosDescriptor | MetadataDescriptor | PhdDescriptor | OtherDescriptor
)


def decode_descriptors(octets: bytes) -> tuple[Descriptor, ...]:
    """The descriptors in a row; DecodeError where a length does not fit."""
    return tuple(_descriptors(octets))


def _descriptors(octets: bytes) -> Iterator[Descriptor]:
    at = 0
    while at < len(octets):
        length = octets[at]
        if length < _DESCRIPTOR_HEAD or at + length > len(octets):
            raise DecodeError("a descriptor's length does not fit", clause=_CLAUSE, offset=at)
        yield _decode_one(octets[at + 1], octets[at + _DESCRIPTOR_HEAD : at + length], at)
        at += length


def _decode_one(kind: int, body: bytes, at: int) -> Descriptor:
    if kind == DescriptorType.METADATA:
        return MetadataDescriptor(body)
    if kind not in (DescriptorType.FUNCTION, DescriptorType.QOS, DescriptorType.PHD_11073):
        return OtherDescriptor(kind, body)
    if len(body) < 2:
        raise DecodeError("a descriptor is too short for its kind", clause=_CLAUSE, offset=at)
    first, second = body[0], body[1]
    if kind == DescriptorType.FUNCTION:
        return FunctionDescriptor(first, bool(second & 1))
    if kind == DescriptorType.QOS:
        return QosDescriptor(first, QualityOfService(second))
    codes = body[2:]
    if len(codes) != 2 * second:
        raise DecodeError("the specializations do not fit", clause="PHDC 1.0 5.2.5", offset=at)
    return PhdDescriptor(
        tuple(int.from_bytes(codes[n : n + 2], "little") for n in range(0, len(codes), 2))
    )


def encode_descriptor(descriptor: Descriptor) -> bytes:
    """One descriptor, length and type before it; EncodeError where it is too long."""
    match descriptor:
        case FunctionDescriptor(message_format, has_preambles):
            return _with_head(DescriptorType.FUNCTION, bytes([message_format, has_preambles]))
        case QosDescriptor(version, bins):
            return _with_head(DescriptorType.QOS, bytes([version, bins]))
        case MetadataDescriptor(opaque):
            return _with_head(DescriptorType.METADATA, opaque)
        case PhdDescriptor(specializations):
            codes = b"".join(code.to_bytes(2, "little") for code in specializations)
            return _with_head(DescriptorType.PHD_11073, bytes([0, len(specializations)]) + codes)
    return _with_head(descriptor.kind, descriptor.octets)


def _with_head(kind: int, body: bytes) -> bytes:
    if len(body) + _DESCRIPTOR_HEAD > _MAX_OCTET:
        raise EncodeError(f"{len(body)} octets do not fit a descriptor")
    return bytes([len(body) + _DESCRIPTOR_HEAD, kind]) + body


@dataclass(frozen=True, slots=True)
class Preamble:
    """What goes before a group of transfers (4.2): how many, and what they are worth."""

    transfers: int
    bins: QualityOfService
    opaque: bytes = b""
    version: int = QOS_VERSION

    def encode(self) -> bytes:
        """The octets of its own transfer; EncodeError for more than an octet can count."""
        if self.transfers > _MAX_OCTET or len(self.opaque) > _MAX_OCTET:
            raise EncodeError("more than a preamble can count")
        head = bytes([self.transfers, self.version, self.bins, len(self.opaque)])
        return SIGNATURE + head + self.opaque


def decode_preamble(octets: bytes) -> Preamble:
    """A preamble; DecodeError for another signature or lengths that do not fit."""
    if not octets.startswith(SIGNATURE) or len(octets) < _PREAMBLE_OCTETS:
        raise DecodeError("not a preamble", clause="PHDC 1.0 4.2", offset=0)
    transfers, version, bins, size = octets[len(SIGNATURE) : _PREAMBLE_OCTETS]
    opaque = octets[_PREAMBLE_OCTETS:]
    if len(opaque) != size:
        raise DecodeError(
            "the opaque octets do not fit", clause="PHDC 1.0 4.2", offset=_PREAMBLE_OCTETS
        )
    return Preamble(transfers, QualityOfService(bins), opaque, version)


class TransferReader:
    """Packets of one bulk pipe in, messages out; keeps at most one unfinished transfer.

    A transfer ends with a packet shorter than `packet_octets`, an empty one included. With
    preambles set, one is wanted before every group of transfers; a transfer that comes without
    one, a group that another preamble cuts short, and a transfer that is too long are dropped
    and counted.
    """

    def __init__(
        self,
        packet_octets: int,
        *,
        has_preambles: bool = False,
        max_octets: int = MAX_TRANSFER_OCTETS,
    ) -> None:
        self._packet_octets = packet_octets
        self._has_preambles = has_preambles
        self._max_octets = max_octets
        self._kept = bytearray()
        self._total = 0
        self._left = 0
        self._dropped = 0

    @property
    def awaited(self) -> int:
        """How many transfers the last preamble still promises."""
        return self._left

    def receive(self, packet: bytes) -> Preamble | bytes | None:
        """Take one packet; the message or preamble whose transfer it ends, else None."""
        self._total += len(packet)
        if self._total <= self._max_octets:
            self._kept += packet
        if len(packet) >= self._packet_octets:
            return None
        octets, total = bytes(self._kept), self._total
        self._kept.clear()
        self._total = 0
        if total > self._max_octets:
            self._dropped += 1
            return None
        return self._take(octets) if octets else None

    def take_dropped(self) -> int:
        """How many transfers were dropped since the last call."""
        count, self._dropped = self._dropped, 0
        return count

    def clear(self) -> None:
        """The device was reset or unplugged: nothing unfinished survives."""
        self._kept.clear()
        self._total = self._left = 0

    def _take(self, octets: bytes) -> Preamble | bytes | None:
        if not self._has_preambles:
            return octets
        if octets.startswith(SIGNATURE):
            return self._begin_group(octets)
        if not self._left:
            self._dropped += 1
            return None
        self._left -= 1
        return octets

    def _begin_group(self, octets: bytes) -> Preamble | None:
        self._dropped += self._left
        self._left = 0
        try:
            preamble = decode_preamble(octets)
        except DecodeError:
            self._dropped += 1
            return None
        self._left = preamble.transfers
        return preamble
