"""A record as a JSON document and back, to the digit: how the versions of an encounter are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from cloud.core.encounters.record import (
    Act,
    Allergy,
    Coded,
    EncounterRecord,
    Field,
    History,
    Impression,
    Medication,
    Note,
    NotValue,
    PertinentNegative,
    Photograph,
    Procedure,
    Vital,
)

KIND: Final = "$"
"""The member that says what an object stands for; no name of a record's value begins so."""
_RECORDS: Final = {
    one.__name__: one
    for one in (
        Act,
        Allergy,
        Coded,
        EncounterRecord,
        Field,
        History,
        Impression,
        Medication,
        Note,
        Photograph,
        Procedure,
        Vital,
    )
}
_WORDS: Final[dict[str, Any]] = {
    "decimal": Decimal,
    "time": datetime.fromisoformat,
    "uuid": UUID,
    "not_value": NotValue,
    "pertinent_negative": PertinentNegative,
}


def record_document(record: EncounterRecord) -> dict[str, Any]:
    """The document of a record."""
    return cast("dict[str, Any]", _written(record))


def record_in(document: Mapping[str, Any]) -> EncounterRecord:
    """The record of such a document."""
    return cast("EncounterRecord", _read(document))


def _written(value: Any) -> Any:  # noqa: ANN401 - a record's values have many shapes
    if is_dataclass(value) and not isinstance(value, type):
        said = {one.name: _written(getattr(value, one.name)) for one in fields(value)}
        return {KIND: type(value).__name__, **said}
    match value:
        case NotValue():
            return {KIND: "not_value", "is": value.value}
        case PertinentNegative():
            return {KIND: "pertinent_negative", "is": value.value}
        case Decimal() | UUID():
            return {KIND: type(value).__name__.lower(), "is": str(value)}
        case datetime():
            return {KIND: "time", "is": value.isoformat()}
        case Mapping():
            return {str(name): _written(one) for name, one in value.items()}
        case tuple() | list():
            return [_written(one) for one in value]
        case frozenset() | set():
            return sorted(_written(one) for one in value)
    return value


def _read(value: Any) -> Any:  # noqa: ANN401 - a record's values have many shapes
    if isinstance(value, list):
        return tuple(_read(one) for one in value)
    if not isinstance(value, Mapping):
        return value
    kind = value.get(KIND)
    if kind in _WORDS:
        return _WORDS[kind](value["is"])
    said = {name: _read(one) for name, one in value.items() if name != KIND}
    return _RECORDS[kind](**said) if kind in _RECORDS else said
