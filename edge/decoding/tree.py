"""A decoded record as plain names and values, nothing left out."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from protocols.errors import DecodeError
from protocols.ieee20601.attribute_table import ATTRIBUTES, name_of
from protocols.ieee20601.attributes import AttributeValue
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.nomenclature.lookup import find, find_unit

Tree = Any


def plain(value: object, warnings: list[str]) -> Tree:
    """`value` as dictionaries, lists and texts; what cannot be read stays octets and warns."""
    match value:
        case AttributeValue():
            return attribute(value, warnings)
        case MdcCode():
            return named(value)
        case UnitCode():
            unit = find_unit(value)
            return f"{value.term} ({unit.ucum})" if unit else str(value.term)
        case SystemId():
            return str(value)
        case AbsoluteTime():
            return "unknown" if value.at is None else _time(value.at)
        case bytes():
            return octets(value)
        case Enum():
            return value.value if isinstance(value.value, str) else f"{value.name} ({value.value})"
        case Decimal():
            return str(value)
        case datetime():
            return _time(value)
        case bool() | int() | str() | None:
            return value
        case tuple() | list():
            return _many(value, warnings)
    if dataclasses.is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name), warnings)
            for field in dataclasses.fields(value)
        }
    return str(value)


def attribute(value: AttributeValue, warnings: list[str]) -> Tree:
    """One attribute under its reference id."""
    return {name_of(value.attribute_id): attribute_content(value, warnings)}


def attribute_content(value: AttributeValue, warnings: list[str]) -> Tree:
    """What an attribute says; its octets when we do not know the attribute or cannot read it."""
    kind = ATTRIBUTES.get(value.attribute_id)
    if kind is None:
        return octets(value.octets)
    try:
        return plain(kind.decode(value.octets), warnings)
    except DecodeError as exc:
        warnings.append(str(exc))
        return octets(value.octets)


def named(code: MdcCode) -> str:
    """A code with its name, where it has one."""
    term = find(code)
    return f"{code} ({term.reference_id or term.display})" if term else str(code)


def octets(value: bytes) -> str:
    """Octets as text where they are text, else as hexadecimal digits."""
    stripped = value.rstrip(b"\0")
    if len(stripped) > 2 and all(0x20 <= octet < 0x7F for octet in stripped):
        return stripped.decode("ascii")
    return value.hex()


def _many(values: tuple[object, ...] | list[object], warnings: list[str]) -> Tree:
    if values and all(isinstance(item, AttributeValue) for item in values):
        merged: dict[str, Tree] = {}
        for item in values:
            for name, content in plain(item, warnings).items():
                merged[name if name not in merged else f"{name} again"] = content
        return merged
    return [plain(item, warnings) for item in values]


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
