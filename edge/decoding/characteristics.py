"""GATT values as trees: a characteristic's record, with the octets of every field that has any.

A profile reads a value field by field, in order; the reader here notes what every read gave and
where. A record's field belongs to the next read that gave its value; a field that was worked
out from several reads has no range.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import Enum, Flag
from typing import Any, Final

from edge.decoding.dissecting import plain
from edge.decoding.node import Node
from protocols.errors import DecodeError
from protocols.gatt.base import AnyCharacteristic
from protocols.gatt.fields import DateTime, FieldReader
from protocols.mder.records import LENIENT, STRICT, Leniency
from protocols.model.codes import UnitCode


@dataclasses.dataclass(frozen=True, slots=True)
class _Read:
    start: int
    end: int
    value: object


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
            self.reads.append(_Read(start, self.offset, value))
        return value

    return read


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
    node = _placed(record, reader)
    fields = node.content if isinstance(node.content, dict) else {"value": node}
    return Node(fields), tuple(warnings)


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
    unit = getattr(record, "unit", None)  # some records say theirs by a flag
    if isinstance(unit, UnitCode) and "unit" not in fields:
        fields["unit"] = plain(unit)
    return Node(fields)


def _of_one(value: object, left: list[_Read]) -> Node:
    """A value at the next read that gave it; reads before that one are used up."""
    node = _plain(value)
    if value is None or isinstance(value, bool):
        return node
    for position, read in enumerate(left):
        if _same(value, read.value):
            del left[: position + 1]
            return dataclasses.replace(node, start=read.start, end=read.end)
    return node


def _same(value: object, read: object) -> bool:
    given: Any = value.value if isinstance(value, Enum) else value
    return type(given) is type(read) and given == read


def _plain(value: object) -> Node:
    if isinstance(value, Flag):
        names = [bit.name or "" for bit in type(value) if bit & value]
        return Node(value.value, note=", ".join(names))
    return plain(value)
