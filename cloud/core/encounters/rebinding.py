"""A person says whose readings are: from the tray to an encounter, from one to another, or back.

Nothing is copied and nothing deleted. What was moved, by whom and why is kept, and it counts for
readings of the same stretch that come later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, func, or_, select, update

from cloud.core.encounters.acts import record_act
from cloud.core.encounters.claiming import note_rebound
from cloud.core.encounters.finding import to_change
from cloud.core.encounters.lifecycle import SIGNED, Status
from cloud.core.encounters.placement_tables import ReadingMoveRow
from cloud.core.encounters.reading_times import TABLES, Table, taken_within
from cloud.core.encounters.record import ActKind
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.versions import keep_version
from cloud.core.kernel import audit
from cloud.core.kernel.errors import BusinessRuleError, ConflictError, InvalidError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import UNCHARTED_STATUS
from cloud.core.observations.tables import ObservationRow, WaveformRow

LONGEST: Final = timedelta(days=7)
_NEVER_WERE: Final = frozenset({Status.CANCELLED, Status.DUPLICATE})
_Whose = tuple[str, str | None]
"""A device, and the vehicle its readings came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What shall be where; None for the tray. Readings of `since` and before `until`.

    `device_ids` and `vehicle_id` narrow it; out of the tray one of the two is needed.
    """

    from_encounter_id: str | None
    to_encounter_id: str | None
    since: datetime
    until: datetime
    reason: str
    device_ids: Sequence[str] = ()
    vehicle_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One move as it was done, with how many readings of each device went."""

    move_id: str
    rows: Sequence[ReadingMoveRow]

    @property
    def observations(self) -> int:
        """How many of them were no waveforms."""
        return sum(row.observations for row in self.rows)

    @property
    def waveforms(self) -> int:
        """How many stretches of samples."""
        return sum(row.waveforms for row in self.rows)


def move_readings(work: UnitOfWork, principal: Principal, wanted: Move) -> Moved:
    """Move readings, and tell whoever has them from before.

    InvalidError `invalid_move` for a move that goes nowhere or has no bounds, NotFoundError for
    encounters that are not the caller's, ConflictError `encounter_never_was` for one that was
    cancelled or a duplicate, BusinessRuleError `nothing_to_move` where no reading is.
    """
    _check(wanted)
    ends = sorted({one for one in (wanted.from_encounter_id, wanted.to_encounter_id) if one})
    # In the order of their ids, so that two moves the other way round wait and do not lock up.
    found = {one: to_change(work, principal, one) for one in ends}
    target = found.get(wanted.to_encounter_id or "")
    if target is not None and target.status in _NEVER_WERE:
        raise ConflictError(
            "encounter_never_was",
            f"The encounter is {target.status}. Move the readings to the one that counts.",
        )
    rows = _take(work, principal, wanted)
    if not rows:
        raise BusinessRuleError(
            "nothing_to_move", "Read the tray or the encounter again: no such reading is there."
        )
    moved = Moved(move_id=rows[0].move_id, rows=rows)
    # Who has them is told before who gets them: nobody finds them in two places.
    for encounter_id in (wanted.from_encounter_id, wanted.to_encounter_id):
        if encounter_id is not None:
            _tell(work, principal, found[encounter_id], wanted, moved)
    if not found:
        audit.record(work, principal, "move-readings", "reading_move", moved.move_id)
    return moved


def move_all(work: UnitOfWork, principal: Principal, encounter_id: str, to: str) -> Moved | None:
    """Give all that a duplicate holds to the encounter that counts; None where it held nothing."""
    duplicate = to_change(work, principal, encounter_id)
    wanted = Move(
        from_encounter_id=encounter_id,
        to_encounter_id=to,
        since=duplicate.started_at - LONGEST,
        until=work.now + LONGEST,
        reason=ActKind.DUPLICATE.value,
    )
    rows = _take(work, principal, wanted)
    if not rows:
        return None
    moved = Moved(move_id=rows[0].move_id, rows=rows)
    for one in (duplicate, to_change(work, principal, to)):
        _tell(work, principal, one, wanted, moved)
    return moved


def settle_move(work: UnitOfWork, principal: Principal, move_id: str) -> int:
    """Move what was on its way into the store while a move was made, and so was not seen by it.

    Nothing where somebody has decided otherwise since.
    """
    late = 0
    rows = scoped(principal, ReadingMoveRow).where(ReadingMoveRow.move_id == move_id)
    for row in list(work.session.scalars(rows)):
        newer = scoped(principal, ReadingMoveRow).where(
            ReadingMoveRow.row_id > row.row_id,
            ReadingMoveRow.move_id != move_id,
            ReadingMoveRow.device_id == row.device_id,
            ReadingMoveRow.since < row.until,
            ReadingMoveRow.until > row.since,
        )
        if work.session.scalars(newer.limit(1)).first() is not None:
            continue
        wanted = Move(
            from_encounter_id=row.from_encounter_id,
            to_encounter_id=row.to_encounter_id,
            since=row.since,
            until=row.until,
            reason=row.reason,
            device_ids=(row.device_id,),
            vehicle_id=row.vehicle_id,
        )
        late += sum(_update(work, principal, table, wanted) for table in TABLES)
        if late:
            for one in filter(None, (row.from_encounter_id, row.to_encounter_id)):
                note_rebound(work, one)
    return late


def moves_of(
    work: UnitOfWork,
    principal: Principal,
    encounter_id: str | None,
    *,
    before: int,
    limit: int,
) -> list[list[ReadingMoveRow]]:
    """Moves of the tenant, or from or to one encounter, newest first, each with all its rows.

    `before` is the least row number of the move before (0: from the newest on).
    """
    last = func.min(ReadingMoveRow.row_id)
    statement = (
        select(ReadingMoveRow.move_id)
        .where(ReadingMoveRow.tenant_id == principal.tenant_id)
        .group_by(ReadingMoveRow.move_id)
        .order_by(last.desc())
    )
    if encounter_id is not None:
        statement = statement.where(
            or_(
                ReadingMoveRow.from_encounter_id == encounter_id,
                ReadingMoveRow.to_encounter_id == encounter_id,
            )
        )
    if before:
        statement = statement.where(ReadingMoveRow.row_id < before)
    ids = list(work.session.scalars(statement.limit(limit)))
    rows = scoped(principal, ReadingMoveRow).where(ReadingMoveRow.move_id.in_(ids))
    moves: dict[str, list[ReadingMoveRow]] = {one: [] for one in ids}
    for row in work.session.scalars(rows.order_by(ReadingMoveRow.row_id)):
        moves[row.move_id].append(row)
    return list(moves.values())


def _check(wanted: Move) -> None:
    if wanted.from_encounter_id == wanted.to_encounter_id:
        raise InvalidError("invalid_move", "Name two places; leave one out for the tray.")
    if not timedelta() < wanted.until - wanted.since <= LONGEST:
        raise InvalidError("invalid_move", "Send `until` after `since`, at most seven days later.")
    if wanted.from_encounter_id is None and not wanted.device_ids and not wanted.vehicle_id:
        raise InvalidError("invalid_move", "Out of the tray, name the vehicle or the devices.")


def _take(work: UnitOfWork, principal: Principal, wanted: Move) -> list[ReadingMoveRow]:
    counts: dict[_Whose, dict[Table, int]] = {}
    for table in TABLES:
        for device_id, vehicle_id, count in _counted(work, principal, table, wanted):
            counts.setdefault((device_id, vehicle_id), {})[table] = count
    if not counts:
        return []
    for table in TABLES:
        if any(table in one for one in counts.values()):
            _update(work, principal, table, wanted)
    move_id = new_id("mov")
    # It counts for what arrives later, and says nothing of what is still to be measured.
    until = max(wanted.since, min(wanted.until, work.now))
    rows = [
        ReadingMoveRow(
            move_id=move_id,
            tenant_id=principal.tenant_id,
            device_id=device_id,
            vehicle_id=vehicle_id,
            since=wanted.since,
            until=until,
            from_encounter_id=wanted.from_encounter_id,
            to_encounter_id=wanted.to_encounter_id,
            observations=count.get(ObservationRow, 0),
            waveforms=count.get(WaveformRow, 0),
            reason=wanted.reason,
            by=principal.user_id or principal.client_id,
            at=work.now,
        )
        for (device_id, vehicle_id), count in sorted(
            counts.items(), key=lambda one: (one[0][0], one[0][1] or "")
        )
    ]
    work.session.add_all(rows)
    work.session.flush()
    return rows


def _which(table: Table, wanted: Move) -> list[ColumnElement[bool]]:
    came = table.encounter_id == wanted.from_encounter_id
    which = [
        came if wanted.from_encounter_id else table.encounter_id.is_(None),
        taken_within(table, wanted.since, wanted.until),
    ]
    if wanted.device_ids:
        which.append(table.device_id.in_(wanted.device_ids))
    if wanted.vehicle_id is not None:
        which.append(table.vehicle_id == wanted.vehicle_id)
    if wanted.to_encounter_id is not None:
        # No person makes a patient of a test.
        which.append(table.status.bitwise_and(UNCHARTED_STATUS) == 0)
    return which


def _counted(
    work: UnitOfWork, principal: Principal, table: Table, wanted: Move
) -> list[tuple[str, str | None, int]]:
    statement = (
        scoped(principal, table)
        .where(*_which(table, wanted))
        .with_only_columns(table.device_id, table.vehicle_id, func.count())
        .group_by(table.device_id, table.vehicle_id)
    )
    return [(one[0], one[1], one[2]) for one in work.session.execute(statement)]


def _update(work: UnitOfWork, principal: Principal, table: Table, wanted: Move) -> int:
    statement = (
        update(table)
        .where(table.tenant_id == principal.tenant_id, *_which(table, wanted))
        .values(encounter_id=wanted.to_encounter_id)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", work.session.execute(statement)).rowcount


def _tell(
    work: UnitOfWork, principal: Principal, encounter: EncounterRow, wanted: Move, moved: Moved
) -> None:
    """The encounter says something else now; who was given it gets an amendment."""
    encounter.rebound += 1
    ids = {
        "move_id": moved.move_id,
        "from_encounter_id": wanted.from_encounter_id,
        "to_encounter_id": wanted.to_encounter_id,
        "since": wanted.since.isoformat(),
        "until": wanted.until.isoformat(),
        "observations": moved.observations,
        "waveforms": moved.waveforms,
    }
    record_act(
        work,
        principal,
        encounter,
        ActKind.READINGS_MOVED,
        {**ids, "reason": wanted.reason},
        told=ids,
    )
    if encounter.status in SIGNED:
        keep_version(work, principal, encounter, ActKind.READINGS_MOVED.value, wanted.reason)
