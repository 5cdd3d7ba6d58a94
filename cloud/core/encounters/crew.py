"""What a crew did: recorded once each, bound to its encounter, read back as the shared model."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.encounters.acts import record_act
from cloud.core.encounters.binding import claim_crew_events, encounter_at
from cloud.core.encounters.claiming import claim_readings
from cloud.core.encounters.crew_tables import (
    BY_LENGTH,
    KIND_LENGTH,
    AttachmentPartRow,
    CrewEventRow,
)
from cloud.core.encounters.lifecycle import Status
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.releasing import OWN_INCIDENT, follow_release, settle_release
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel import outbox
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import UnstorableError, check_time
from cloud.db.base import ID_LENGTH
from protocols.model.crew import AttachmentPart, CrewEvent, CrewEventKind
from protocols.uplink.messages import UplinkBatch, UplinkRow

MOST_TEXT: Final = 4000
MOST_DETAILS: Final = 64
MOST_PARTS: Final = 4096
EVENT_RECORDED: Final = "epcr.encounter.crew_event_recorded"
_AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CrewRecorded:
    """What became of a batch's rows: how many were new, and why some never will be stored."""

    stored: int
    rejected: Mapping[int, str]


def record_crew(
    work: UnitOfWork, gateway: Principal, batch: UplinkBatch, rows: Sequence[UplinkRow]
) -> CrewRecorded:
    """Store what is new of `rows`; `rejected` is by sequence. A repeat changes nothing."""
    stored, rejected = 0, {}
    for row in rows:
        try:
            if isinstance(row.content, CrewEvent):
                stored += _record_event(work, gateway, batch.vehicle_id, row, row.content)
            elif isinstance(row.content, AttachmentPart):
                stored += _record_part(work, gateway, row, row.content)
        except UnstorableError as exc:
            rejected[row.sequence] = exc.reason
    return CrewRecorded(stored, rejected)


def crew_events(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, after: int = 0, limit: int = 500
) -> list[CrewEventRow]:
    """An encounter's crew events with a row number above `after`, the newest `limit` of them."""
    statement = (
        scoped(principal, CrewEventRow)
        .where(CrewEventRow.encounter_id == encounter_id, CrewEventRow.row_id > after)
        .order_by(CrewEventRow.row_id.desc())
        .limit(limit)
    )
    return list(work.session.scalars(statement))[::-1]


def to_event(row: CrewEventRow) -> CrewEvent:
    """The event a row holds."""
    return CrewEvent(
        event_id=row.event_id,
        kind=row.kind,
        at=row.happened_at,
        by=row.reported_by,
        vehicle_id=row.vehicle_id,
        text=row.text,
        details=tuple((name, value) for name, value in row.details),
        undoes=row.undoes,
        encounter=row.encounter_ref,
    )


def attachment(work: UnitOfWork, principal: Principal, attachment_id: UUID) -> bytes | None:
    """The whole of an attached file, None while pieces of it are missing."""
    statement = (
        scoped(principal, AttachmentPartRow)
        .where(AttachmentPartRow.attachment_id == attachment_id)
        .order_by(AttachmentPartRow.part)
    )
    rows = list(work.session.scalars(statement))
    if not rows or len(rows) != rows[0].parts:
        return None
    return b"".join(row.octets for row in rows)


def _record_event(
    work: UnitOfWork, gateway: Principal, vehicle_id: str, row: UplinkRow, event: CrewEvent
) -> int:
    _check(event)
    check_time(row.captured_at)
    encounter_id = _encounter_of(work, gateway, vehicle_id, event)
    new = _insert(
        work,
        CrewEventRow,
        ["tenant_id", "event_id"],
        {
            "tenant_id": gateway.tenant_id,
            "event_id": event.event_id,
            "kind": str(event.kind),
            "happened_at": event.at,
            "reported_by": event.by,
            "vehicle_id": vehicle_id,
            "text": event.text,
            "details": [list(pair) for pair in event.details],
            "undoes": event.undoes,
            "encounter_ref": event.encounter,
            "encounter_id": encounter_id,
            "gateway_id": gateway.gateway_id,
            "captured_at": row.captured_at,
            "received_at": work.now,
        },
    )
    if new and encounter_id is not None:
        outbox.publish(
            work,
            tenant_id=gateway.tenant_id,
            event_type=EVENT_RECORDED,
            resource_type="encounter",
            resource_id=encounter_id,
            data={"vehicle_id": vehicle_id, "kind": str(event.kind)},
        )
    if new:
        follow_release(work, gateway, event, encounter_id)
    return new


def _record_part(work: UnitOfWork, gateway: Principal, row: UplinkRow, part: AttachmentPart) -> int:
    if part.parts > MOST_PARTS:
        raise UnstorableError("out_of_range")
    return _insert(
        work,
        AttachmentPartRow,
        ["tenant_id", "attachment_id", "part"],
        {
            "tenant_id": gateway.tenant_id,
            "attachment_id": part.attachment_id,
            "part": part.part,
            "parts": part.parts,
            "octets": part.octets,
            "gateway_id": gateway.gateway_id,
            "sequence": row.sequence,
            "received_at": work.now,
        },
    )


def _insert(
    work: UnitOfWork,
    table: type[CrewEventRow | AttachmentPartRow],
    unique: list[str],
    values: dict[str, Any],
) -> int:
    insert: Any = postgresql_insert if work.is_postgresql else sqlite_insert
    statement = insert(table).values(**values).on_conflict_do_nothing(index_elements=unique)
    return int(work.session.execute(statement.returning(table.row_id)).first() is not None)


def _check(event: CrewEvent) -> None:
    check_time(event.at)
    words = [event.kind, event.by, event.text, event.encounter]
    words += [word for pair in event.details for word in pair]
    if any("\x00" in word for word in words):
        raise UnstorableError("unstorable_text")
    too_long = (
        len(event.kind) > KIND_LENGTH
        or len(event.by) > BY_LENGTH
        or len(event.encounter) > ID_LENGTH
        or len(event.details) > MOST_DETAILS
        or any(len(word) > MOST_TEXT for word in words)
    )
    if too_long:
        raise UnstorableError("out_of_range")


def _encounter_of(
    work: UnitOfWork, gateway: Principal, vehicle_id: str, event: CrewEvent
) -> str | None:
    """The encounter the crew named, one it began by itself, else the vehicle's at that time."""
    if event.encounter:
        named = _named(work, gateway, vehicle_id, event.encounter)
        if named is not None:
            return named
        if event.kind == CrewEventKind.ENCOUNTER_BEGUN:
            return _begin(work, gateway, vehicle_id, event)
    return encounter_at(work, gateway, vehicle_id, event.at)


def _named(work: UnitOfWork, gateway: Principal, vehicle_id: str, reference: str) -> str | None:
    """A reference is the cloud's own id, or the one the vehicle made while it was alone."""
    return work.session.scalars(
        select(EncounterRow.encounter_id).where(
            EncounterRow.tenant_id == gateway.tenant_id,
            EncounterRow.vehicle_id == vehicle_id,
            (EncounterRow.encounter_id == reference)
            | (EncounterRow.cad_incident_id == f"{OWN_INCIDENT}{reference}"),
        )
    ).one_or_none()


def _begin(work: UnitOfWork, gateway: Principal, vehicle_id: str, event: CrewEvent) -> str | None:
    """An encounter that dispatch does not know: begun on the vehicle, its patient unnamed."""
    if event.at > work.now + _AHEAD:
        raise UnstorableError("out_of_range")
    if len(event.encounter) > ID_LENGTH - len(OWN_INCIDENT):
        raise UnstorableError("out_of_range")
    row = EncounterRow(
        encounter_id=new_id("enc"),
        tenant_id=gateway.tenant_id,
        status=Status.IN_PROGRESS.value,
        care_model="prehospital_emergency",
        vehicle_id=vehicle_id,
        cad_incident_id=f"{OWN_INCIDENT}{event.encounter}",
        crew_ids=[value for name, value in event.details if name.startswith("crew_")],
        # Nobody knows yet who it is: a pseudonym of its own, which no other encounter shares.
        patient_pseudonym=secrets.token_hex(32),
        started_at=event.at,
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    claim_readings(work, gateway, row)
    claim_crew_events(work, gateway, row)
    _take_named(work, gateway, row, event.encounter)
    settle_release(work, gateway, row)
    record_act(
        work,
        gateway,
        row,
        ActKind.CREATED,
        {"cad_incident_id": row.cad_incident_id},
        at=event.at,
        is_change=False,
    )
    return row.encounter_id


def _take_named(
    work: UnitOfWork, gateway: Principal, encounter: EncounterRow, reference: str
) -> None:
    """What names the encounter and came before its beginning was known is its own after all."""
    statement = (
        update(CrewEventRow)
        .where(
            CrewEventRow.tenant_id == gateway.tenant_id,
            CrewEventRow.vehicle_id == encounter.vehicle_id,
            CrewEventRow.encounter_ref == reference,
        )
        .values(encounter_id=encounter.encounter_id)
        .execution_options(synchronize_session=False)
    )
    work.session.execute(statement)
