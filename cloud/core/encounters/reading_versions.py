"""The versions of an encounter as somebody may read them."""

from __future__ import annotations

from dataclasses import dataclass

from cloud.core.encounters.finding import find
from cloud.core.encounters.projections import pseudonymised, sees
from cloud.core.encounters.record import EncounterRecord
from cloud.core.encounters.record_codec import record_in
from cloud.core.encounters.record_tables import EncounterVersionRow
from cloud.core.encounters.versions import version_of, versions_of
from cloud.core.kernel import audit
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVersion:
    """A version, and its record as its reader may see it; `reason` is empty where they may not."""

    row: EncounterVersionRow
    reason: str
    record: EncounterRecord
    is_identified: bool
    has_narrative: bool


def read_versions(work: UnitOfWork, principal: Principal, encounter_id: str) -> list[SeenVersion]:
    """The versions kept of an encounter, oldest first; the read is audited.

    NotFoundError, ForbiddenError as `project`.
    """
    row = find(work, principal, encounter_id)
    is_identified = sees(work, principal, row)
    audit.record(work, principal, "list-versions", "encounter", encounter_id)
    return [
        _seen(one, row.crew_ids, is_identified=is_identified)
        for one in versions_of(work, principal, encounter_id)
    ]


def read_version(
    work: UnitOfWork, principal: Principal, encounter_id: str, version: int
) -> SeenVersion:
    """One version with its record; the read is audited, an identified one under its own name.

    NotFoundError `version_not_found`, and as `read_versions`.
    """
    row = find(work, principal, encounter_id)
    is_identified = sees(work, principal, row)
    kept = version_of(work, principal, encounter_id, version)
    action = "read-version-identified" if is_identified else "read-version"
    audit.record(work, principal, action, "encounter", encounter_id)
    return _seen(kept, row.crew_ids, is_identified=is_identified)


def _seen(row: EncounterVersionRow, crew_ids: list[str], *, is_identified: bool) -> SeenVersion:
    record = record_in(row.record)
    return SeenVersion(
        row=row,
        reason=row.reason if is_identified else "",
        record=record if is_identified else pseudonymised(record, crew_ids),
        is_identified=is_identified,
        has_narrative=bool(record.value("narrative")),
    )
