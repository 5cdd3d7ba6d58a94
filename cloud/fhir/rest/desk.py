"""What the answer to one caller is made of: the unit of work, who asks, what was looked up.

A desk serves one request.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.projections import Projection
from cloud.core.encounters.tables import EncounterRow
from cloud.core.identity.service import tenant
from cloud.core.identity.tables import TenantRow
from cloud.core.kernel.errors import TooCostlyError
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.searching import charting, encounters, equipment
from cloud.core.searching.clauses import Clause
from cloud.fhir.metric import MONITOR_CLASS
from cloud.fhir.rest.names import RestNames

MOST_ENCOUNTERS: Final = 1000


def may(principal: Principal, kind: str, interaction: str) -> bool:
    """Whether the scopes let a caller read (`r`) or search (`s`) a type."""
    wanted = (f"system/{kind}.{interaction}", EPCR_READ, EPCR_HANDOVER)
    return any(principal.may(scope) for scope in wanted)


def sees_all(principal: Principal) -> bool:
    """Whether a caller reads of every encounter, not only of those brought to it."""
    smart = any(scope.startswith("system/") for scope in principal.scopes)
    return smart or principal.may(EPCR_READ)


@dataclass(slots=True)
class Chart:
    """An encounter as it is served: its row, its resources' names, and what may be shown of it."""

    desk: Desk
    row: EncounterRow
    names: RestNames
    _projection: Projection | None = None

    @property
    def projection(self) -> Projection:
        """What the caller sees of it; that somebody is seen who can be named is noted."""
        if self._projection is None:
            desk = self.desk
            self._projection = charting.projection_of(
                desk.work, desk.vault, desk.principal, self.row
            )
            if self._projection.is_identified:
                desk.identified[self.row.encounter_id] = None
        return self._projection

    @property
    def handover(self) -> Handover:
        """The encounter with what people told, without readings and devices."""
        return charting.handover_of(self.desk.owner, self.row, self.projection)

    def former(self) -> Iterator[tuple[RestNames, int, datetime, Handover]]:
        """The same as it stood earlier, newest first: names, version, time, what may be shown."""
        desk = self.desk
        records = charting.former_records(
            desk.work,
            desk.principal,
            self.row,
            is_identified=self.projection.is_identified,
        )
        for version, at, record in records:
            handover = replace(self.handover, record=record, version=version, updated_at=at)
            yield self.names, version, at, handover


@dataclass(slots=True, kw_only=True)
class Desk:
    """`base` is our own address without a slash at its end. `may_read` says whether the caller may
    see a type of resources at all, `within` which encounters; `identified` are those whose patient
    the answer names. A search looks into `most_encounters` at most.
    """

    work: UnitOfWork
    vault: Vault
    principal: Principal
    base: str
    may_read: Callable[[str], bool]
    within: tuple[Clause, ...] = ()
    most_encounters: int = MOST_ENCOUNTERS
    warnings: list[str] = field(default_factory=list)
    identified: dict[str, None] = field(default_factory=dict)
    _charts: dict[str, Chart] = field(default_factory=dict)
    _owner: TenantRow | None = None
    _monitors: frozenset[str] | None = None

    @property
    def owner(self) -> TenantRow:
        """The caller's tenant."""
        if self._owner is None:
            self._owner = tenant(self.work, self.principal.tenant_id)
        return self._owner

    @property
    def monitors(self) -> frozenset[str]:
        """The devices whose readings refer to a metric of theirs."""
        if self._monitors is None:
            self._monitors = equipment.of_class(self.work, self.principal, MONITOR_CLASS)
        return self._monitors

    def charts(self, encounter_ids: Collection[str]) -> dict[str, Chart]:
        """Encounters the caller may see, by their ids."""
        unknown = set(encounter_ids) - self._charts.keys()
        if unknown:
            self.charted(encounters.rows_of(self.work, self.principal, unknown, self.within))
        return self._charts

    def chart(self, encounter_id: str) -> Chart | None:
        """One encounter the caller may see."""
        return self.charts([encounter_id]).get(encounter_id)

    def charted(self, rows: Sequence[EncounterRow]) -> list[Chart]:
        """Encounters whose rows are at hand."""
        for row in rows:
            if row.encounter_id not in self._charts:
                self._charts[row.encounter_id] = Chart(self, row, RestNames.serving(row))
        return [self._charts[row.encounter_id] for row in rows]

    def encounter_ids(self, clauses: Sequence[Clause]) -> list[str]:
        """The encounters that fit; TooCostlyError when they are too many to look into."""
        found = encounters.ids_of(
            self.work, self.principal, [*self.within, *clauses], limit=self.most_encounters + 1
        )
        if len(found) > self.most_encounters:
            raise TooCostlyError(
                "too_costly", "Name a patient, an encounter, a device or a shorter time."
            )
        return found

    def nowhere(self, **changes: str) -> Handover:
        """The tenant without an encounter, for what outlives all of them."""
        epoch = self.owner.created_at
        plain = Handover(
            tenant_id=self.owner.tenant_id,
            tenant_name=self.owner.name,
            encounter_id=self.owner.tenant_id,
            encounter_uuid=uuid_of(self.owner.tenant_id),
            status="",
            care_model="",
            vehicle_id="",
            crew_ids=(),
            cad_incident_id="",
            patient_pseudonym="",
            sex=None,
            chief_complaint=None,
            started_at=epoch,
            handover_at=None,
            destination=None,
            version=1,
            updated_at=epoch,
            gateway_ids=(),
            devices=(),
            observations=(),
        )
        return replace(plain, **changes)  # type: ignore[arg-type]  # names of its texts

    def names(self, *, vehicle_id: str = "", patient_id: str = "") -> RestNames:
        """The names of what outlives an encounter."""
        owner = self.owner.tenant_id
        patient = str(uuid_of(patient_id)) if patient_id else ""
        return RestNames(owner, owner, vehicle_id=vehicle_id, patient=patient)
