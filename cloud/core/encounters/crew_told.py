"""What the crew recorded on the vehicle, as operations of the record like any other device's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from cloud.core.encounters.catalogue import (
    ALLERGIES,
    DOSE_UNITS,
    MEDICATIONS,
    NOTES,
    OLDEST_YEARS,
    PHOTOGRAPHS,
    PROCEDURES,
    ROUTES,
    SEXES,
    SNOMED,
    VITAL_RULES,
    VITALS,
    meant_unit,
)
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.operations import Operation
from protocols.model.crew import CrewEventKind
from protocols.model.early_warning import PARTS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DOSE: Final = re.compile(r"(\d{1,6}(?:[.,]\d{1,4})?)\s*([^\s\d].*)?")
_SHOCK: Final = ("Defibrillation", "426220008")
_CPR: Final = ("Cardiopulmonary resuscitation", "89666000")
_ECG: Final = ("12-lead ECG", "268400002")
_TOTAL: Final = 20
_TEXT: Final = ""
"""Beside the details by their names: what was written next to the event."""
_Details = Mapping[str, str]
_Entry = dict[str, Any]


def crew_operations(rows: Iterable[CrewEventRow]) -> list[Operation]:
    """The operations of an encounter's crew events; of what was undone there are none."""
    listed = list(rows)
    undone = {row.undoes for row in listed if row.undoes is not None}
    counting = sorted(
        (row for row in listed if row.event_id not in undone),
        key=lambda row: (row.happened_at, row.event_id),
    )
    return [one for row in counting for one in _told(row, counting)]


def _told(row: CrewEventRow, counting: Sequence[CrewEventRow]) -> Iterator[Operation]:
    details: dict[str, str] = dict(row.details)
    found = _ENTRIES.get(row.kind)
    if found is not None:
        path, make = found
        entry = make({**details, _TEXT: row.text})
        if entry:
            yield _operation(row, path, {**entry, "by": row.reported_by}, row.event_id)
    if row.kind == CrewEventKind.CPR_STARTED:
        yield _operation(row, PROCEDURES, _resuscitation(row, counting), row.event_id)
    if row.kind == CrewEventKind.CIRCULATION_RETURNED:
        yield _operation(row, NOTES, {"text": "Return of spontaneous circulation"}, row.event_id)
        first = next(one for one in counting if one.kind == row.kind)
        if first is row:
            yield _field(row, "arrest.rosc_at", row.happened_at.isoformat())
    if row.kind == CrewEventKind.PATIENT_DETAILS:
        yield from _patient(row, details)


def _operation(row: CrewEventRow, path: str, value: Any, op_id: UUID) -> Operation:  # noqa: ANN401 - JSON
    # One gateway's clock never goes back past itself: its own events are in order by their time.
    count = (row.happened_at - _EPOCH) // _MICROSECOND
    return Operation(
        op_id=op_id,
        device_id=row.gateway_id,
        path=path,
        value=value,
        at=row.happened_at,
        vector={row.gateway_id: count},
        by=row.reported_by,
    )


def _field(row: CrewEventRow, path: str, value: Any) -> Operation:  # noqa: ANN401 - JSON
    return _operation(row, path, value, uuid5(row.event_id, path))


def _patient(row: CrewEventRow, details: _Details) -> Iterator[Operation]:
    sex, age = details.get("sex", ""), details.get("age_years", "")
    if sex in SEXES:
        yield _field(row, "patient.sex", sex)
    if age.isascii() and age.isdigit() and len(age) < 4 and int(age) <= OLDEST_YEARS:
        yield _field(row, "patient.age_years", int(age))
    if details.get("allergies"):
        entry = {
            "status": "allergic",
            "code": {"display": details["allergies"]},
            "by": row.reported_by,
        }
        yield _operation(row, ALLERGIES, entry, row.event_id)


def _resuscitation(row: CrewEventRow, counting: Sequence[CrewEventRow]) -> _Entry:
    """From its start to the next stop that the crew told, if they told one."""
    stop = next(
        (
            one
            for one in counting
            if one.kind == CrewEventKind.CPR_STOPPED and one.happened_at >= row.happened_at
        ),
        None,
    )
    entry = _coded(_CPR)
    if stop is not None:
        entry["note"] = f"until {stop.happened_at.isoformat(timespec='seconds')}"
    return {**entry, "by": row.reported_by}


def _coded(concept: tuple[str, str]) -> _Entry:
    display, code = concept
    return {"code": {"display": display, "code": code, "system": SNOMED}}


def _drug(details: _Details) -> _Entry:
    name = details.get("drug") or details[_TEXT]
    if not name:
        return {}
    entry: _Entry = {"code": {"display": name}}
    words = [details.get("dose", ""), details.get("unit", "")]
    dose = _dose(" ".join(filter(None, words)))
    if dose is not None:
        entry["dose"], entry["unit"] = dose
    route = details.get("route", "")
    if route.upper() in ROUTES:
        display, code = ROUTES[route.upper()]
        entry["route"] = {"display": display, "code": code, "system": SNOMED}
    elif route:
        entry["route"] = {"display": route}
    # What could not be read stays as the crew's own words.
    if dose is None and any(words):
        entry["note"] = " ".join(filter(None, words))
    return entry


def _dose(words: str) -> tuple[str, str] | None:
    """The number and its UCUM unit of `300 mcg`; None where a person has to read it."""
    found = _DOSE.fullmatch(words.strip())
    if found is None or not found[2]:
        return None
    spelled = found[2].strip()
    unit = spelled if spelled in DOSE_UNITS else meant_unit(spelled, DOSE_UNITS)
    return None if unit is None else (str(Decimal(found[1].replace(",", "."))), unit)


def _shock(details: _Details) -> _Entry:
    energy = details.get("energy", "")
    return {**_coded(_SHOCK), **({"note": f"{energy} J"} if energy else {})}


def _airway(details: _Details) -> _Entry:
    device = details.get("device") or details[_TEXT]
    return {"code": {"display": f"Airway: {device}" if device else "Airway"}}


def _note(details: _Details) -> _Entry:
    return {"text": details[_TEXT]} if details[_TEXT].strip() else {}


def _early_warning(details: _Details) -> _Entry:
    """The score as the vehicle worked it out; a part that is no number of the chart is left out."""
    values: _Entry = {}
    for name in (*PARTS, "total"):
        told, between = details.get(name, ""), VITAL_RULES["news2"].parts[name].between
        most = _TOTAL if between is None else between[1]
        if told.isascii() and told.isdigit() and len(told) <= 2 and int(told) <= most:
            values[name] = int(told)
    if not values:
        return {}
    entry: _Entry = {"type": "news2", "values": values, "unit": "{score}"}
    if details.get("age"):
        entry["note"] = f"age {details['age']}"
    return entry


def _photograph(details: _Details) -> _Entry:
    names = ("attachment", "media_type", "octets", "sha256")
    if not all(details.get(name) for name in names) or not details["octets"].isdigit():
        return {}
    try:
        attachment = UUID(details["attachment"])
    except ValueError:
        return {}
    return {
        "attachment_id": str(attachment),
        "media_type": details["media_type"],
        "octets": int(details["octets"]),
        "sha256": details["sha256"],
        **({"note": details[_TEXT]} if details[_TEXT] else {}),
    }


_Make = Callable[[_Details], _Entry]
_ENTRIES: Final[Mapping[str, tuple[str, _Make]]] = {
    CrewEventKind.DRUG: (MEDICATIONS, _drug),
    CrewEventKind.SHOCK: (PROCEDURES, _shock),
    CrewEventKind.AIRWAY: (PROCEDURES, _airway),
    CrewEventKind.ECG_TAKEN: (PROCEDURES, lambda _details: _coded(_ECG)),
    CrewEventKind.NOTE: (NOTES, _note),
    CrewEventKind.EARLY_WARNING: (VITALS, _early_warning),
    CrewEventKind.PHOTOGRAPH: (PHOTOGRAPHS, _photograph),
}
"""The kinds that are one entry of one list each."""
