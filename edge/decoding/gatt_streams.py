"""GATT values that are pieces of something longer: segments of observations, octets of a stream.

One reader follows one exchange, value after value, by the rules of the profile's own session.
What is missing, or belongs to nothing, is a warning; a value in which nothing can be found is
bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from uuid import UUID

from edge.decoding.characteristics import read_characteristic, record_node, with_bits
from edge.decoding.dissecting import replace_range
from edge.decoding.node import Node
from protocols.errors import DecodeError
from protocols.gatt import berrymed, ghs, viatom
from protocols.gatt.base import AnyCharacteristic, Characteristic
from protocols.gatt.berrymed import BerryPacket, BerryStream
from protocols.gatt.ghs_reading import decode_observation, decode_stored
from protocols.gatt.ghs_records import GhsBundle, GhsMessage, ObservationClass
from protocols.gatt.ghs_segments import Segment, SegmentAssembly
from protocols.gatt.viatom import ViatomFrame, ViatomStream, decode_reading

T = TypeVar("T")
PieceReader = Callable[[bytes], tuple[Node, tuple[str, ...]]]
"""Reads one value after the other of one exchange; DecodeError when the octets are none."""

_HEADER: Final = 1
_NUMBER: Final = 4
_CLASSES: Final = {int(item): item.name.lower().replace("_", " ") for item in ObservationClass}


def _segments(characteristic: Characteristic[Segment]) -> PieceReader:
    """Segments, and with the last one of an unbroken row the observation they make."""
    assembly = SegmentAssembly()

    def read(octets: bytes) -> tuple[Node, tuple[str, ...]]:
        warnings: list[str] = []
        segment = characteristic.decode(octets)
        node, _ = read_characteristic(characteristic, octets)
        whole = assembly.add(segment, warnings)
        if whole is None:
            return _with(node, {"collected": Node(assembly.held)}), tuple(warnings)
        fields = _observation(whole, characteristic)
        if segment.is_first:  # the whole observation stands in this value
            start = _HEADER
            if "record_number" in fields:
                start += _NUMBER
                fields["record_number"] = replace_range(fields["record_number"], _HEADER, start)
            fields["observation"] = replace_range(fields["observation"], start, len(octets))
        return _with(node, fields), tuple(warnings)

    return read


def _observation(octets: bytes, characteristic: Characteristic[Segment]) -> dict[str, Node]:
    fields: dict[str, Node] = {}
    if characteristic is ghs.STORED:
        number, message = decode_stored(octets)
        fields["record_number"] = Node(number)
    else:
        message = decode_observation(octets)
    fields["observation"] = with_bits(_message(message), characteristic.bits)
    return fields


def _message(message: GhsMessage) -> Node:
    """The tree of an observation, or of a bundle of them, with classes in words."""
    node = record_node(message)
    if isinstance(message, GhsBundle):
        return _with(node, {"members": Node([_message(member) for member in message.members])})
    number = message.observation_class
    name = _CLASSES.get(number, "reserved")
    return _with(node, {"observation_class": Node(number, note=name)})


@dataclass(frozen=True, slots=True)
class _Finds(Generic[T]):
    """What a stream found in one value, each with the octet behind it, and what it did not."""

    items: list[tuple[T, int]]
    skipped: int
    held: int
    misfits: int = 0

    def warnings(self, what: str, clause: str) -> tuple[str, ...]:
        """What is odd; DecodeError when the value holds nothing, not even a beginning."""
        found = []
        if self.misfits:
            found.append(f"the CRC of a {what} does not fit")
        if not self.items and (self.skipped or not self.held):
            found.append(f"no {what} was found")
            raise DecodeError(", ".join(found), clause=clause)
        if self.skipped:
            found.append(f"{self.skipped} octets belong to no {what}")
        if self.held:
            found.append(f"{self.held} octets wait for the rest of their {what}")
        return tuple(f"{sentence} ({clause})" for sentence in found)


def _packets(characteristic: AnyCharacteristic) -> PieceReader:
    """Packets of a stream that is cut anywhere."""
    stream = BerryStream()

    def read(octets: bytes) -> tuple[Node, tuple[str, ...]]:
        node, _ = read_characteristic(characteristic, octets)
        items, skipped = _find(stream.receive_data, octets)
        finds = _Finds(items, skipped, stream.held)
        warnings = finds.warnings("packet", characteristic.clause)
        return _with(node, {"packets": Node([_packet(*item) for item in items])}), warnings

    return read


def _packet(packet: BerryPacket, end: int) -> Node:
    return replace_range(record_node(packet), max(0, end - berrymed.PACKET_OCTETS), end)


def _frames(characteristic: AnyCharacteristic) -> PieceReader:
    """Answers of an oximeter, or commands to it, whose checksums fit."""
    is_answer = characteristic is viatom.ANSWER
    stream = ViatomStream(is_answer=is_answer)

    def read(octets: bytes) -> tuple[Node, tuple[str, ...]]:
        node, _ = read_characteristic(characteristic, octets)
        before = stream.misfits
        items, skipped = _find(stream.receive_frames, octets)
        finds = _Finds(items, skipped, stream.held, stream.misfits - before)
        warnings = finds.warnings("frame", characteristic.clause)
        frames = [_frame(frame, is_answer=is_answer) for frame, _ in items]
        return _with(node, {"frames": Node(frames)}), warnings

    return read


def _frame(frame: ViatomFrame, *, is_answer: bool) -> Node:
    node = record_node(frame)
    reading = decode_reading(frame.payload) if is_answer else None
    return node if reading is None else _with(node, {"reading": record_node(reading)})


def _find(
    receive: Callable[[bytes], tuple[list[T], int]], octets: bytes
) -> tuple[list[tuple[T, int]], int]:
    """Octet by octet, for a stream does not say where in a value it found something."""
    found: list[tuple[T, int]] = []
    skipped = 0
    for end, octet in enumerate(octets, start=1):
        items, lost = receive(bytes((octet,)))
        skipped += lost
        found += [(item, end) for item in items]
    return found, skipped


def _with(node: Node, fields: dict[str, Node]) -> Node:
    content = node.content if isinstance(node.content, dict) else {}
    return Node(content | fields, node.start, node.end)


OPENERS: Final[dict[UUID, Callable[[], PieceReader]]] = {
    ghs.LIVE.uuid: lambda: _segments(ghs.LIVE),
    ghs.STORED.uuid: lambda: _segments(ghs.STORED),
    berrymed.STREAM.uuid: lambda: _packets(berrymed.STREAM),
    viatom.ANSWER.uuid: lambda: _frames(viatom.ANSWER),
    viatom.COMMAND.uuid: lambda: _frames(viatom.COMMAND),
}
"""Characteristics whose values are pieces -> opener of a reader for one exchange."""
