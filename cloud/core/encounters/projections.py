"""Who sees what of an encounter: a pseudonym for partners, the person for the destination.

The identified projection is for callers with `argus:epcr:handover` whose application belongs to the
facility the patient is brought to, and for nobody else. What is left out of the pseudonymised one
is left out by name of what may stay: a field somebody adds later is not shown by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from cloud.core.authorization.facilities import facility_of
from cloud.core.encounters.identities import UNKNOWN, identity_of
from cloud.core.encounters.outlines import outline_of
from cloud.core.encounters.patients import patient_of
from cloud.core.encounters.record import (
    Act,
    ActKind,
    EncounterRecord,
    Field,
    Item,
    PatientIdentity,
    PatientOutline,
)
from cloud.core.encounters.recorded import record_of
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ForbiddenError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

I = TypeVar("I", bound=Item)  # noqa: E741 - one letter, as everywhere
_FIELDS: Final = frozenset(
    {"chief_complaint", "acuity", "triage", "disposition", "crew_ids", "alerts", "patient.sex"}
)
_GROUPS: Final = ("times.", "arrest.")
_OF_ACTS: Final[Mapping[str, frozenset[str]]] = {
    ActKind.PRE_ALERT: frozenset({"facility_id", "eta", "resources"}),
    ActKind.DESTINATION_CHANGED: frozenset({"facility_id", "previous_facility_id"}),
    ActKind.VEHICLE_CHANGED: frozenset({"vehicle_id", "previous_vehicle_id"}),
    ActKind.READINGS_MOVED: frozenset(
        {
            *("move_id", "from_encounter_id", "to_encounter_id", "since", "until"),
            *("observations", "waveforms"),
        }
    ),
    ActKind.HANDED_OVER: frozenset({"facility_id"}),
    ActKind.ACKNOWLEDGED: frozenset({"facility_id", "of"}),
    ActKind.REFUSED: frozenset({"refused"}),
    ActKind.OUTCOME: frozenset({"disposition", "status_30_days"}),
    ActKind.COMPLETED: frozenset({"not_conveyed"}),
    ActKind.DUPLICATE: frozenset({"duplicate_of"}),
    ActKind.EXPORTED: frozenset({"facility_id", "detail"}),
}
"""What the acts of each kind tell anybody: codes and ids, no words of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What one caller sees of one encounter; `identity` is None in the pseudonymised one."""

    record: EncounterRecord
    patient: PatientOutline
    identity: PatientIdentity | None = None
    is_identified: bool = False
    has_narrative: bool = False


def is_at_destination(work: UnitOfWork, principal: Principal, row: EncounterRow) -> bool:
    """Whether the caller's application belongs to the facility the patient is brought to."""
    return row.destination is not None and facility_of(work, principal) == row.destination


def sees_identity(work: UnitOfWork, principal: Principal, row: EncounterRow) -> bool:
    """Whether the caller sees who the patient is."""
    return principal.may(EPCR_HANDOVER) and is_at_destination(work, principal, row)


def check_facility(work: UnitOfWork, principal: Principal) -> str:
    """The facility the caller's application belongs to; ForbiddenError `not_the_destination` for
    one that belongs to none.
    """
    facility_id = facility_of(work, principal)
    if facility_id is None:
        raise _not_the_destination()
    return facility_id


def check_destination(work: UnitOfWork, principal: Principal, row: EncounterRow) -> None:
    """ForbiddenError `not_the_destination` for a caller who does not speak for the facility."""
    if not is_at_destination(work, principal, row):
        raise _not_the_destination()


def sees(work: UnitOfWork, principal: Principal, row: EncounterRow) -> bool:
    """Whether a reader sees the identified projection, and not the other one.

    ForbiddenError `not_the_destination` for one who may see nothing but what comes to them.
    """
    is_identified = sees_identity(work, principal, row)
    if not is_identified and not principal.may(EPCR_READ):
        check_destination(work, principal, row)
    return is_identified


def project(work: UnitOfWork, vault: Vault, principal: Principal, row: EncounterRow) -> Projection:
    """The encounter as the caller may see it; ForbiddenError as `sees`."""
    return projected(work, vault, principal, row, is_identified=sees(work, principal, row))


def projected(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    row: EncounterRow,
    *,
    is_identified: bool,
) -> Projection:
    """The encounter in one of its projections, for a caller whose right to it was asked before."""
    record = record_of(work, principal, row)
    patient = patient_of(work, principal, row)
    identity = identity_of(work, vault, principal, row.patient_id)
    years = record.value("patient.age_years")
    outline = outline_of(
        status=UNKNOWN if patient is None else patient.status,
        pseudonym=row.patient_pseudonym,
        identity=identity,
        sex=record.value("patient.sex") or row.sex,
        age_years=None if years is None else int(years),
        at=row.started_at,
    )
    return Projection(
        record=record if is_identified else pseudonymised(record, row.crew_ids),
        patient=outline,
        identity=identity if is_identified else None,
        is_identified=is_identified,
        has_narrative=bool(record.value("narrative")),
    )


def note_read(
    work: UnitOfWork, principal: Principal, row: EncounterRow, *, is_identified: bool
) -> None:
    """Audit a read, an identified one under its own name."""
    action = "read-identified" if is_identified else "read"
    audit.record(work, principal, action, "encounter", row.encounter_id)


def pseudonymised(record: EncounterRecord, crew_ids: list[str]) -> EncounterRecord:
    """The record without free text, pictures and names.

    Who did something stays where it is an id of the crew; a name that was typed in does not.
    """

    def plain(items: tuple[I, ...], **blank: Any) -> tuple[I, ...]:  # noqa: ANN401 - fields of any type
        return tuple(
            replace(one, note="", by=one.by if one.by in crew_ids else "", **blank) for one in items
        )

    return EncounterRecord(
        fields={
            path: _plain_field(one, crew_ids)
            for path, one in record.fields.items()
            if path in _FIELDS or path.startswith(_GROUPS)
        },
        vitals=plain(record.vitals),
        medications=plain(record.medications),
        procedures=plain(record.procedures, complication=""),
        impressions=plain(record.impressions),
        allergies=plain(record.allergies, reaction=""),
        history=plain(record.history),
        acts=tuple(plain_act(one) for one in record.acts),
    )


def plain_act(act: Act) -> Act:
    """An act without what people wrote."""
    kept = _OF_ACTS.get(act.kind, frozenset())
    return replace(act, data={name: one for name, one in act.data.items() if name in kept})


def _not_the_destination() -> ForbiddenError:
    return ForbiddenError(
        "not_the_destination", "Call as an application of the facility it is brought to."
    )


def _plain_field(field: Field, crew_ids: list[str]) -> Field:
    return replace(field, by=field.by if field.by in crew_ids else "")
