"""Whether an entry of a list may be told: findings, medicines, procedures and the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from cloud.core.encounters.catalogue import (
    ALLERGIES,
    ALLERGY_STATUSES,
    DOSE_UNITS,
    HISTORY,
    HISTORY_KINDS,
    IMPRESSIONS,
    MEDICATIONS,
    MOST_TEXT,
    NOTES,
    PHOTOGRAPHS,
    PROCEDURES,
    ROUTES,
    SNOMED,
    VITALS,
)
from cloud.core.encounters.checking import (
    IMPLAUSIBLE,
    NOT_VALUE,
    Faults,
    Members,
    check_unit,
    coded,
    is_absent,
    number,
    only,
    text,
    time,
    whole,
    word,
    yes_no,
)
from cloud.core.encounters.checking_vitals import check_vital
from cloud.core.encounters.record import NotValue, PertinentNegative

TAKEN_BACK: Final = "taken_back"
_COMMON: Final = ("at", "by", "before_arrival", "not_done", NOT_VALUE, "note")
_MOST_ATTEMPTS: Final = 20
_HIGHEST_DOSE: Final = Decimal(100_000)
_Entry = dict[str, Any]


def check_entry(name: str, value: Any, place: str, faults: Faults, *, again: bool) -> _Entry:  # noqa: ANN401 - JSON
    """What is kept of an entry of the list `name`; `again`: it is told anew, or taken back."""
    if not isinstance(value, dict):
        faults.add(place, "object_needed")
        return {}
    if again and TAKEN_BACK in value:
        return _taken_back(value, place, faults)
    if name == PHOTOGRAPHS:
        faults.add(place, "a photograph can only be taken back")
        return {}
    known, check = _LISTS[name]
    only(value, (*_COMMON, *known), place, faults)
    entry = _common(value, place, faults)
    entry.update(check(value, place, faults))
    if "not_done" in entry and NOT_VALUE in entry:
        faults.add(f"{place}.{NOT_VALUE}", "not beside not_done")
    return entry


def _taken_back(value: Members, place: str, faults: Faults) -> _Entry:
    only(value, (TAKEN_BACK, "note", "by"), place, faults)
    if value[TAKEN_BACK] is not True:
        faults.add(f"{place}.{TAKEN_BACK}", "true")
    return {TAKEN_BACK: True, **_words_of(value, place, faults)}


def _words_of(value: Members, place: str, faults: Faults) -> _Entry:
    entry: _Entry = {}
    if "by" in value:
        entry["by"] = text(value["by"], f"{place}.by", faults, most=80)
    if "note" in value:
        entry["note"] = text(value["note"], f"{place}.note", faults, most=MOST_TEXT)
    return entry


def _common(value: Members, place: str, faults: Faults) -> _Entry:
    entry = _words_of(value, place, faults)
    if "at" in value:
        entry["at"] = time(value["at"], f"{place}.at", faults)
    if "before_arrival" in value:
        entry["before_arrival"] = yes_no(value["before_arrival"], f"{place}.before_arrival", faults)
    if "not_done" in value:
        entry["not_done"] = word(
            value["not_done"], tuple(PertinentNegative), f"{place}.not_done", faults
        )
    if NOT_VALUE in value:
        entry[NOT_VALUE] = word(value[NOT_VALUE], tuple(NotValue), f"{place}.{NOT_VALUE}", faults)
    return entry


def _medication(value: Members, place: str, faults: Faults) -> _Entry:
    entry: _Entry = {"code": coded(value.get("code"), f"{place}.code", faults)}
    if "dose" in value:
        if is_absent(value):
            faults.add(f"{place}.dose", "not beside not_done")
        digits = number(value["dose"], f"{place}.dose", faults)
        entry["dose"] = digits
        if digits is not None and not 0 < Decimal(digits) <= _HIGHEST_DOSE:
            faults.flag(IMPLAUSIBLE)
        entry["unit"] = check_unit(value.get("unit"), DOSE_UNITS, f"{place}.unit", faults)
    elif "unit" in value:
        faults.add(f"{place}.unit", "not without a dose")
    if "route" in value:
        entry["route"] = _route(value["route"], f"{place}.route", faults)
    return entry


def _route(value: Any, place: str, faults: Faults) -> _Entry:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        name, code = ROUTES.get(word(value, tuple(ROUTES), place, faults), ("", ""))
        return {"display": name, "code": code, "system": SNOMED}
    return dict(coded(value, place, faults))


def _procedure(value: Members, place: str, faults: Faults) -> _Entry:
    entry: _Entry = {"code": coded(value.get("code"), f"{place}.code", faults)}
    if "success" in value:
        entry["success"] = yes_no(value["success"], f"{place}.success", faults)
    if "attempts" in value:
        entry["attempts"] = whole(value["attempts"], 1, _MOST_ATTEMPTS, f"{place}.attempts", faults)
    for name in ("complication", "body_site"):
        if name in value:
            entry[name] = text(value[name], f"{place}.{name}", faults)
    if "not_done" in value and entry.keys() & {"success", "attempts", "complication"}:
        faults.add(f"{place}.not_done", "not beside what was done")
    return entry


def _impression(value: Members, place: str, faults: Faults) -> _Entry:
    entry: _Entry = {"code": coded(value.get("code"), f"{place}.code", faults)}
    if "is_primary" in value:
        entry["is_primary"] = yes_no(value["is_primary"], f"{place}.is_primary", faults)
    return entry


def _allergy(value: Members, place: str, faults: Faults) -> _Entry:
    status = word(value.get("status"), ALLERGY_STATUSES, f"{place}.status", faults)
    entry: _Entry = {"status": status}
    if "code" in value:
        entry["code"] = coded(value["code"], f"{place}.code", faults)
    if (status == "allergic") != ("code" in value):
        faults.add(f"{place}.code", "for the status allergic, and for no other")
    if "reaction" in value:
        entry["reaction"] = text(value["reaction"], f"{place}.reaction", faults)
    return entry


def _history(value: Members, place: str, faults: Faults) -> _Entry:
    return {
        "kind": word(value.get("kind"), HISTORY_KINDS, f"{place}.kind", faults),
        "code": coded(value.get("code"), f"{place}.code", faults),
    }


def _note(value: Members, place: str, faults: Faults) -> _Entry:
    return {"text": text(value.get("text"), f"{place}.text", faults, most=MOST_TEXT)}


_Check = Callable[[Members, str, Faults], _Entry]
_LISTS: Final[Mapping[str, tuple[tuple[str, ...], _Check]]] = {
    VITALS: (("type", "values", "unit"), check_vital),
    MEDICATIONS: (("code", "dose", "unit", "route"), _medication),
    PROCEDURES: (("code", "success", "attempts", "complication", "body_site"), _procedure),
    IMPRESSIONS: (("code", "is_primary"), _impression),
    ALLERGIES: (("status", "code", "reaction"), _allergy),
    HISTORY: (("kind", "code"), _history),
    NOTES: (("text",), _note),
}
"""By list: the members an entry has of its own, and what checks them."""
