"""The record of one encounter, put together of what dispatch, the vehicle and every device told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import uuid5

from cloud.core.encounters.acts import acts_of
from cloud.core.encounters.checking_entries import TAKEN_BACK
from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.crew_told import crew_operations
from cloud.core.encounters.entries import entry_of_list, field_of
from cloud.core.encounters.merging import Merged, flags_of, merge
from cloud.core.encounters.operations import Operation, operation_of
from cloud.core.encounters.record import TIMES, Act, EncounterRecord, Field, Item
from cloud.core.encounters.record_tables import EncounterOpRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

DISPATCH: Final = "dispatch"
"""The device of what the encounter was opened with: whoever told anything later knew of it."""


def record_of(work: UnitOfWork, principal: Principal, row: EncounterRow) -> EncounterRecord:
    """Everything people told about an encounter of the caller's tenant; the read is not audited."""
    kept = scoped(principal, EncounterOpRow).where(
        EncounterOpRow.encounter_id == row.encounter_id, EncounterOpRow.outcome != CONFLICT
    )
    operations = [operation_of(one) for one in work.session.scalars(kept)]
    _, merged = told_of(work, principal, row, operations)
    return assembled(merged, acts=acts_of(work, principal, row.encounter_id))


def told_of(
    work: UnitOfWork, principal: Principal, row: EncounterRow, operations: Sequence[Operation]
) -> tuple[list[Operation], Merged]:
    """All that was told about an encounter, devices' `operations` among it, and what counts."""
    events = scoped(principal, CrewEventRow).where(CrewEventRow.encounter_id == row.encounter_id)
    told = [*_opened_with(row), *crew_operations(work.session.scalars(events)), *operations]
    return told, merge(told)


CONFLICT: Final = "conflict"
"""The outcome of an operation whose id another one had: it is kept, and counts nowhere."""


def assembled(merged: Merged, *, acts: tuple[Act, ...] = ()) -> EncounterRecord:
    """The record of what counts; entries in the order of their times, acts as they are given."""
    lists: dict[str, list[Item]] = defaultdict(list)
    for (name, item_id), operation in merged.entries.items():
        if TAKEN_BACK not in operation.value:
            flags = flags_of(operation, merged)
            lists[name].append(entry_of_list(name, item_id, operation, flags))
    ordered: dict[str, Any] = {
        name: tuple(sorted(items, key=lambda item: (item.at, item.item_id)))
        for name, items in lists.items()
    }
    fields = {
        path: field_of(operation, flags_of(operation, merged))
        for path, operation in sorted(merged.fields.items())
    }
    for path in _out_of_order(fields):
        flagged = (*fields[path].flags, OUT_OF_ORDER)
        fields[path] = replace(fields[path], flags=flagged)
    return EncounterRecord(fields=fields, acts=acts, **ordered)


OUT_OF_ORDER: Final = "out_of_order"
"""The flag of a time of the mission that is before one which it cannot be before."""


def _out_of_order(fields: Mapping[str, Field]) -> list[str]:
    """The times that are before an earlier step of the mission; who is right, nobody can say."""
    found, latest = [], None
    for path in (f"times.{name}" for name in TIMES):
        at = fields[path].value if path in fields else None
        if at is None:
            continue
        if latest is not None and at < latest:
            found.append(path)
        latest = at if latest is None else max(at, latest)
    return found


def _opened_with(row: EncounterRow) -> Iterator[Operation]:
    known: dict[str, Any] = {
        "chief_complaint": row.chief_complaint,
        "triage": row.triage,
        "crew_ids": row.crew_ids or None,
        "patient.sex": row.sex,
        "times.handover": None if row.handover_at is None else row.handover_at.isoformat(),
    }
    encounter = uuid_of(row.encounter_id)
    for path, value in known.items():
        if value is not None:
            yield Operation(
                op_id=uuid5(encounter, path),
                device_id=DISPATCH,
                path=path,
                value=value,
                at=row.created_at,
                by=DISPATCH,
            )
