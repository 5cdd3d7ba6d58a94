"""What happened to an encounter, one thing after the other, whoever told it.

Acts, changes of the record, deeds of the crew, and of each device the first and the last reading of
each type: every reading would hide the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from cloud.core.encounters.acts import to_act
from cloud.core.encounters.crew import to_event
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.deeds import plain_deed
from cloud.core.encounters.finding import find
from cloud.core.encounters.projections import plain_act, sees
from cloud.core.encounters.record_tables import EncounterActRow, EncounterOpRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel import audit
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import TenantOwned, scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.tables import ObservationRow, WaveformRow

T = TypeVar("T", bound=TenantOwned)
ACT: Final = "act"
CHANGE: Final = "change"
CREW: Final = "crew"
READING: Final = "reading"
Place = tuple[datetime, str]
"""Time and id of an entry: its place in the timeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `what` is the act's kind, the path told, the crew's deed, or the
    32-bit code of what a device measured.
    """

    entry_id: str
    at: datetime
    source: str
    what: str
    by: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.at, self.entry_id


def timeline(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str,
    *,
    after: Place | None,
    limit: int,
) -> list[Entry]:
    """The entries behind `after`, at most `limit`; what people wrote is in the identified
    projection only. The read is audited. NotFoundError, ForbiddenError as `project`.
    """
    row = find(work, principal, encounter_id)
    is_identified = sees(work, principal, row)
    action = "read-timeline-identified" if is_identified else "read-timeline"
    audit.record(work, principal, action, "encounter", encounter_id)
    told = [
        *_acts(work, principal, row, after, limit, is_identified=is_identified),
        *_changes(work, principal, row, after, limit, is_identified=is_identified),
        *_deeds(work, principal, row, after, limit, is_identified=is_identified),
        *_readings(work, row),
    ]
    later = (one for one in told if after is None or one.place > after)
    return sorted(later, key=lambda one: one.place)[:limit]


def _acts(
    work: UnitOfWork,
    principal: Principal,
    row: EncounterRow,
    after: Place | None,
    limit: int,
    *,
    is_identified: bool,
) -> Iterator[Entry]:
    statement = scoped(principal, EncounterActRow).where(
        EncounterActRow.encounter_id == row.encounter_id
    )
    ordered = _behind(statement, EncounterActRow.at, EncounterActRow.act_id, ACT, after)
    for kept in work.session.scalars(ordered.limit(limit)):
        act = to_act(kept) if is_identified else plain_act(to_act(kept))
        yield Entry(
            entry_id=f"{ACT}_{act.act_id.hex}",
            at=act.at,
            source=ACT,
            what=act.kind,
            by=act.by,
            data=act.data,
        )


def _changes(
    work: UnitOfWork,
    principal: Principal,
    row: EncounterRow,
    after: Place | None,
    limit: int,
    *,
    is_identified: bool,
) -> Iterator[Entry]:
    statement = scoped(principal, EncounterOpRow).where(
        EncounterOpRow.encounter_id == row.encounter_id
    )
    ordered = _behind(statement, EncounterOpRow.at, EncounterOpRow.op_id, CHANGE, after)
    for op in work.session.scalars(ordered.limit(limit)):
        said = {"value": op.value} if is_identified else {}
        yield Entry(
            entry_id=f"{CHANGE}_{op.op_id.hex}",
            at=op.at,
            source=CHANGE,
            what=op.path,
            by=op.device_id,
            data={"outcome": op.outcome, **said},
        )


def _deeds(
    work: UnitOfWork,
    principal: Principal,
    row: EncounterRow,
    after: Place | None,
    limit: int,
    *,
    is_identified: bool,
) -> Iterator[Entry]:
    statement = scoped(principal, CrewEventRow).where(CrewEventRow.encounter_id == row.encounter_id)
    ordered = _behind(statement, CrewEventRow.happened_at, CrewEventRow.event_id, CREW, after)
    for kept in work.session.scalars(ordered.limit(limit)):
        event = to_event(kept) if is_identified else plain_deed(to_event(kept), row.crew_ids)
        data: dict[str, Any] = dict(event.details)
        if event.text:
            data["text"] = event.text
        if event.undoes is not None:
            data["undoes"] = f"{CREW}_{event.undoes.hex}"
        yield Entry(
            entry_id=f"{CREW}_{event.event_id.hex}",
            at=event.at,
            source=CREW,
            what=event.kind,
            by=event.by,
            data=data,
        )


def _readings(work: UnitOfWork, row: EncounterRow) -> Iterator[Entry]:
    for table in (ObservationRow, WaveformRow):
        ends = (func.min(table.observed_at), func.max(table.observed_at), func.count())
        statement = (
            select(table.device_id, table.type_cf, *ends)
            .where(table.tenant_id == row.tenant_id, table.encounter_id == row.encounter_id)
            .group_by(table.device_id, table.type_cf)
        )
        for device_id, type_cf, first, last, count in work.session.execute(statement):
            for which, at in (("first", first), ("last", last)):
                if which == "last" and count == 1:
                    continue
                yield Entry(
                    entry_id=f"{READING}_{which}_{device_id}_{type_cf}",
                    at=at,
                    source=READING,
                    what=str(type_cf),
                    by=device_id,
                    data={"which": which, "count": count},
                )


def _behind(
    statement: Select[T],
    at: InstrumentedAttribute[datetime],
    identity: InstrumentedAttribute[UUID],
    source: str,
    after: Place | None,
) -> Select[T]:
    """What of one source stands behind a place, in order."""
    if after is not None:
        then, entry_id = after
        of, _, digits = entry_id.partition("_")
        if of == source:
            statement = statement.where(tuple_(at, identity) > tuple_(then, UUID(hex=digits)))
        else:
            statement = statement.where(at >= then if source > of else at > then)
    return statement.order_by(at, identity)
