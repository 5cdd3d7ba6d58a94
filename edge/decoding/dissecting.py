"""A decoded record and its declaration -> a tree that knows the octets of every field.

A record's declaration says in which order its fields stand; a field's length is what it takes
to write it back. So the decoders stay as they are, and the ranges are right for whatever they
read.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import datetime
from decimal import Decimal
from enum import Enum

import construct as cs

from edge.decoding.node import Node, Scalar
from protocols.errors import DecodeError, EncodeError
from protocols.gatt.fields import DateTime
from protocols.ieee20601.attribute_table import (
    ATTRIBUTES,
    ENUM_OBS_VAL_BASIC_BIT_STR,
    ENUM_OBS_VAL_SIMP_BIT_STR,
    name_of,
)
from protocols.ieee20601.attribute_values import ProductSpecification, SystemModel
from protocols.ieee20601.attributes import AttributeValue
from protocols.mder.records import Codec, RecordConstruct, Wire
from protocols.mder.sequences import SequenceOf, text_of
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import PARTITION_DIMENSIONS, MdcCode, SystemId, UnitCode
from protocols.nomenclature.lookup import find, find_unit

_COUNT_AND_LENGTH = 4
# What is text is known, not guessed: octets that happen to be printable stay octets.
_TEXTS = {
    (SystemModel, "manufacturer"),
    (SystemModel, "model"),
    (ProductSpecification, "octets"),
}
_TEXT_ATTRIBUTES = {
    kind.attribute_id for kind in ATTRIBUTES.values() if kind.ref_id.endswith(("_STRING", "_STR"))
} - {ENUM_OBS_VAL_SIMP_BIT_STR.attribute_id, ENUM_OBS_VAL_BASIC_BIT_STR.attribute_id}
_LENGTH = 2


def dissect(value: object, shape: Wire, start: int, warnings: list[str]) -> Node:
    """The tree of `value`, which `shape` read from octet `start` on."""
    end = start + _size(value, shape)
    if isinstance(value, AttributeValue):
        return Node({name_of(value.attribute_id): _attribute(value, start, warnings)}, start, end)
    if isinstance(shape, RecordConstruct):
        fields, at = {}, start
        for name, part in shape.parts:
            member = getattr(value, name)
            child = dissect(member, part, at, warnings)
            if isinstance(member, bytes) and (shape.record, name) in _TEXTS:
                child = dataclasses.replace(child, content=text_of(member))
            fields[name] = child
            at += _size(member, part)
        return Node(fields, start, end)
    if isinstance(shape, SequenceOf) and isinstance(value, tuple):
        return _sequence(value, shape.member, start, end, warnings)
    if isinstance(value, bytes) and isinstance(shape, cs.Prefixed):
        return Node(value.hex(), start + _LENGTH, end)
    return replace_range(plain(value), start, end)


def dissect_attribute(value: AttributeValue, start: int, warnings: list[str]) -> Node:
    """What an attribute says whose octets stand at `start`; they alone where nobody can read it."""
    end = start + len(value.octets)
    kind = ATTRIBUTES.get(value.attribute_id)
    if kind is None:
        return Node(value.octets.hex(), start, end)
    try:
        content = kind.decode(value.octets)
    except DecodeError as exc:
        warnings.append(str(exc))
        return Node(value.octets.hex(), start, end)
    if isinstance(content, bytes):  # an OCTET STRING: its own length stands before it
        shown = text_of(content) if value.attribute_id in _TEXT_ATTRIBUTES else content.hex()
        return Node(shown, end - len(content), end)
    return dissect(content, kind.codec.wire, start, warnings)


def plain(value: object) -> Node:
    """A value without octets of its own: records by their fields, tuples as lists."""
    if isinstance(value, tuple | list | frozenset):
        return Node([plain(item) for item in value])
    if dataclasses.is_dataclass(value) and not isinstance(value, SCALARS):
        return Node({f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)})
    return Node(scalar(value))


SCALARS = (MdcCode, UnitCode, SystemId, AbsoluteTime, DateTime)


def scalar(value: object) -> Scalar:
    """One value as text or whole number; measured numbers as exact decimal text."""
    match value:
        case bool() | None:
            return value
        case Enum():
            return value.value if isinstance(value.value, str) else value.name
        case int() | str():
            return value
        case Decimal():
            return f"{value:f}"
        case MdcCode():
            return named(value)
        case UnitCode():
            unit = find_unit(value)
            return f"{value.term} ({unit.ucum})" if unit else str(value.term)
        case AbsoluteTime():
            return "unknown" if value.at is None else scalar(value.at)
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case bytes():
            return value.hex()
    return str(value)


def named(code: MdcCode) -> str:
    """A code with its name, where it has one."""
    if code.partition == PARTITION_DIMENSIONS:
        unit = find_unit(UnitCode(code.term))
        return f"{code} ({unit.ucum})" if unit else str(code)
    term = find(code)
    return f"{code} ({term.reference_id or term.display})" if term else str(code)


def replace_range(node: Node, start: int, end: int) -> Node:
    """The same tree as the octets from `start` up to `end`."""
    return dataclasses.replace(node, start=start, end=end)


def _attribute(value: AttributeValue, start: int, warnings: list[str]) -> Node:
    return dissect_attribute(value, start + _COUNT_AND_LENGTH, warnings)  # behind id and length


def _sequence(
    members: tuple[object, ...], shape: Wire, start: int, end: int, warnings: list[str]
) -> Node:
    items, at = [], start + _COUNT_AND_LENGTH
    for member in members:
        items.append(dissect(member, shape, at, warnings))
        at += _size(member, shape)
    if members and all(isinstance(member, AttributeValue) for member in members):
        return Node(merged(items), start, end)
    return Node(list(items), start, end)


def merged(items: list[Node]) -> dict[str, Node]:
    """Attributes of a list under their names; one that comes again says which time it is."""
    fields: dict[str, Node] = {}
    seen: Counter[str] = Counter()
    for item in items:
        for name, child in item.children():
            seen[name] += 1
            again = "" if seen[name] == 1 else f" ({seen[name]})"
            fields[f"{name}{again}"] = child
    return fields


def _size(value: object, shape: Wire) -> int:
    try:
        return len(Codec[object](shape, clause="").encode(value))
    except EncodeError:
        return 0  # read under a tolerance, and so not to be written: its range stays empty
