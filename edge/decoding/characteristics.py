"""GATT values as trees: a characteristic's record, with the octets of every field that has any.

A profile reads a value field by field; the reader here notes what every read gave and where,
and gives numbers that are told apart from others of the same worth. A field that holds what a
read gave stands where that read was; a field that was worked out from it has no range.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Flag
from typing import Final

from edge.decoding.dissecting import SCALARS, plain
from edge.decoding.node import Node
from protocols.errors import DecodeError
from protocols.gatt.base import AnyCharacteristic
from protocols.gatt.fields import DateTime, FieldReader
from protocols.mder.records import LENIENT, STRICT, Leniency


@dataclasses.dataclass(frozen=True, slots=True)
class _Read:
    start: int
    end: int
    value: object


class _OwnInt(int):
    """A number of one read."""


class _OwnDecimal(Decimal):
    """A number of one read."""


class TracingReader(FieldReader):
    """A `FieldReader` that remembers what every outermost read gave."""

    def __init__(self, octets: bytes, *, clause: str, leniency: Leniency, notes: list[str]) -> None:
        super().__init__(octets, clause=clause, leniency=leniency, notes=notes)
        self.reads: list[_Read] = []
        self.depth = 0


def _traced(name: str) -> Callable[..., object]:
    plain_read: Callable[..., object] = getattr(FieldReader, name)

    def read(self: TracingReader, *arguments: int) -> object:
        self.depth += 1
        start = self.offset
        value = plain_read(self, *arguments)
        self.depth -= 1
        if not self.depth:
            value = _own(value)
            self.reads.append(_Read(start, self.offset, value))
        return value

    return read


def _own(value: object) -> object:
    if type(value) is int:
        return _OwnInt(value)
    return _OwnDecimal(value) if type(value) is Decimal else value


_READS: Final = tuple(
    name
    for name in vars(FieldReader)
    if not name.startswith("_") and name not in {"remaining", "finish", "note"}
)
for _name in _READS:
    setattr(TracingReader, _name, _traced(_name))


def read_characteristic(
    characteristic: AnyCharacteristic, octets: bytes
) -> tuple[Node, tuple[str, ...]]:
    """Tree and warnings of one value; DecodeError when it is none even by lenient rules."""
    warnings: list[str] = []
    try:
        reader, record = _read(characteristic, octets, STRICT, warnings)
    except DecodeError as exc:
        warnings = [f"refused by strict rules: {exc}"]
        reader, record = _read(characteristic, octets, LENIENT, warnings)
    if characteristic.doubts is not None:
        warnings += characteristic.doubts(record)
    node = with_bits(_placed(record, reader), characteristic.bits)
    fields = node.content if isinstance(node.content, dict) else {"value": node}
    return Node(_with_reading_on_top(fields)), tuple(warnings)


def _with_reading_on_top(fields: dict[str, Node]) -> dict[str, Node]:
    """What was measured stands beside the rest, as the document's own fields do."""
    reading = fields.get("reading")
    if reading is None or not isinstance(reading.content, dict):
        return fields
    return reading.content | {name: node for name, node in fields.items() if name != "reading"}


def with_bits(node: Node, bits: Mapping[str, Mapping[int, str]]) -> Node:
    """The same tree; fields of the names in `bits` say which of their bits are set."""
    if isinstance(node.content, list):
        return dataclasses.replace(node, content=[with_bits(item, bits) for item in node.content])
    if not isinstance(node.content, dict):
        return node
    fields = {name: with_bits(child, bits) for name, child in node.content.items()}
    for name in fields.keys() & bits.keys():
        fields[name] = _with_names(fields[name], bits[name])
    return dataclasses.replace(node, content=fields)


def _with_names(node: Node, names: Mapping[int, str]) -> Node:
    value = node.content
    if not isinstance(value, int):
        return node  # the field was not sent
    found = [names.get(bit, f"bit {bit}") for bit in range(value.bit_length()) if value >> bit & 1]
    return dataclasses.replace(node, note=", ".join(found))


def _read(
    characteristic: AnyCharacteristic, octets: bytes, leniency: Leniency, notes: list[str]
) -> tuple[TracingReader, object]:
    reader = TracingReader(octets, clause=characteristic.clause, leniency=leniency, notes=notes)
    record: object = characteristic.read(reader)
    reader.finish()
    return reader, record


def _placed(record: object, reader: TracingReader) -> Node:
    """The record's tree; every field that one read gave knows that read's octets."""
    left = list(reader.reads)
    if isinstance(record, DateTime):  # a value that is a time and nothing else
        return Node({"time": dataclasses.replace(plain(record), start=0, end=reader.offset)})
    if not dataclasses.is_dataclass(record):
        return _of_one(record, left)
    fields: dict[str, Node] = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        fields[field.name] = _of_one(value, left)
    return Node(fields | _worked_out(record))


_WORKED_OUT: Final = (
    *("op_code", "unit", "length_unit", "system_id"),
    *("at", "user_facing_time", "zone_minutes", "dst_minutes"),
)
"""What records say by properties: it has no octets of its own."""


def _worked_out(record: object) -> dict[str, Node]:
    """The properties of a record that people want to read; its fields come before them."""
    names = [name for name in _WORKED_OUT if isinstance(vars(type(record)).get(name), property)]
    return {name: plain(getattr(record, name)) for name in names}


def record_node(record: object) -> Node:
    """The tree of a record whose octets are not known field by field."""
    return _of_one(record, [])


def _of_one(value: object, left: list[_Read]) -> Node:
    """A value at the read that gave it, which is used up; records and lists part by part."""
    if isinstance(value, tuple):
        return _around([(str(at), _of_one(item, left)) for at, item in enumerate(value)], list)
    if dataclasses.is_dataclass(value) and not isinstance(value, SCALARS):
        names = [field.name for field in dataclasses.fields(value)]
        parts = [(name, _of_one(getattr(value, name), left)) for name in names]
        return _around([*parts, *_worked_out(value).items()], dict)
    node = _plain(value)
    for position, read in enumerate(left):
        if read.value is value or (isinstance(value, Flag) and read.value == value.value):
            del left[position]
            return dataclasses.replace(node, start=read.start, end=read.end)
    return node


def _around(parts: list[tuple[str, Node]], kind: type) -> Node:
    """Parts as one node, from the first octet of theirs to the last."""
    content = dict(parts) if kind is dict else [node for _, node in parts]
    starts = [node.start for _, node in parts if node.start is not None]
    ends = [node.end for _, node in parts if node.end is not None]
    return Node(content, min(starts, default=None), max(ends, default=None))


def _plain(value: object) -> Node:
    if isinstance(value, Flag):
        names = [bit.name or "" for bit in type(value) if bit & value]
        return Node(value.value, note=", ".join(names))
    return plain(value)
