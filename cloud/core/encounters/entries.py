"""Entries of the record, made of the operations they were told by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from cloud.core.encounters.catalogue import (
    ALLERGIES,
    FIELDS,
    HISTORY,
    IMPRESSIONS,
    MEDICATIONS,
    NOTES,
    PHOTOGRAPHS,
    PROCEDURES,
    VITAL_RULES,
    VITALS,
    Kind,
)
from cloud.core.encounters.checking import NOT_VALUE, is_not_value
from cloud.core.encounters.operations import Operation
from cloud.core.encounters.record import (
    VITAL_TYPES,
    Allergy,
    Coded,
    Field,
    History,
    Impression,
    Item,
    Medication,
    Note,
    NotValue,
    PertinentNegative,
    Photograph,
    Procedure,
    Vital,
)

_Kept = Mapping[str, Any]


def field_of(operation: Operation, flags: tuple[str, ...]) -> Field:
    """The field an operation sets."""
    kept = operation.value
    is_absent = is_not_value(kept)
    return Field(
        path=operation.path,
        value=None if is_absent else _value(operation.path, kept),
        at=operation.at,
        by=operation.by,
        op_id=operation.op_id,
        not_value=NotValue(kept[NOT_VALUE]) if is_absent else None,
        flags=flags,
    )


def entry_of_list(name: str, item_id: UUID, operation: Operation, flags: tuple[str, ...]) -> Item:
    """The entry of the list `name` that an operation tells."""
    kept: _Kept = operation.value
    common = {
        "item_id": item_id,
        "at": datetime.fromisoformat(kept["at"]) if "at" in kept else operation.at,
        "by": kept.get("by", ""),
        "before_arrival": kept.get("before_arrival", False),
        "not_done": PertinentNegative(kept["not_done"]) if "not_done" in kept else None,
        "not_value": NotValue(kept[NOT_VALUE]) if NOT_VALUE in kept else None,
        "note": kept.get("note", ""),
        "flags": flags,
    }
    return _MAKERS[name](kept, common)


def coded_of(kept: _Kept) -> Coded:
    """A coded thing as it is kept."""
    return Coded(kept["display"], kept.get("code", ""), kept.get("system", ""))


def _value(path: str, kept: Any) -> Any:  # noqa: ANN401 - JSON, and by path what the catalogue says
    kind = FIELDS[path].kind
    if kind is Kind.CODED:
        return coded_of(kept)
    if kind is Kind.TIME:
        return datetime.fromisoformat(kept)
    return tuple(kept) if kind in (Kind.WORDS, Kind.IDENTIFIERS) else kept


def _vital(kept: _Kept, common: dict[str, Any]) -> Item:
    values: _Kept = kept.get("values", {})
    parts = VITAL_RULES[kept["type"]].parts
    return Vital(
        type=kept["type"],
        # The record's order, whatever the caller's.
        values=tuple(
            (name, _part(parts[name].words, values[name]))
            for name in VITAL_TYPES[kept["type"]]
            if name in values
        ),
        unit=kept.get("unit", ""),
        **common,
    )


def _part(words: tuple[str, ...], kept: str | int) -> Decimal | str:
    return str(kept) if kept in words else Decimal(kept)


def _medication(kept: _Kept, common: dict[str, Any]) -> Item:
    return Medication(
        code=coded_of(kept["code"]),
        dose=Decimal(kept["dose"]) if "dose" in kept else None,
        unit=kept.get("unit", ""),
        route=coded_of(kept["route"]) if "route" in kept else None,
        **common,
    )


def _procedure(kept: _Kept, common: dict[str, Any]) -> Item:
    return Procedure(
        code=coded_of(kept["code"]),
        success=kept.get("success"),
        attempts=kept.get("attempts", 1),
        complication=kept.get("complication", ""),
        body_site=kept.get("body_site", ""),
        **common,
    )


def _impression(kept: _Kept, common: dict[str, Any]) -> Item:
    return Impression(
        code=coded_of(kept["code"]), is_primary=kept.get("is_primary", False), **common
    )


def _allergy(kept: _Kept, common: dict[str, Any]) -> Item:
    return Allergy(
        status=kept["status"],
        code=coded_of(kept["code"]) if "code" in kept else None,
        reaction=kept.get("reaction", ""),
        **common,
    )


def _history(kept: _Kept, common: dict[str, Any]) -> Item:
    return History(kind=kept["kind"], code=coded_of(kept["code"]), **common)


def _photograph(kept: _Kept, common: dict[str, Any]) -> Item:
    return Photograph(
        attachment_id=UUID(kept["attachment_id"]),
        media_type=kept["media_type"],
        octets=kept["octets"],
        sha256=kept["sha256"],
        **common,
    )


def _note(kept: _Kept, common: dict[str, Any]) -> Item:
    return Note(text=kept["text"], **common)


_MAKERS: Final[Mapping[str, Callable[[_Kept, dict[str, Any]], Item]]] = {
    VITALS: _vital,
    MEDICATIONS: _medication,
    PROCEDURES: _procedure,
    IMPRESSIONS: _impression,
    ALLERGIES: _allergy,
    HISTORY: _history,
    PHOTOGRAPHS: _photograph,
    NOTES: _note,
}
"""By list: what its entries are."""
