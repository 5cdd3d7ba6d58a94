"""Readings that wait find their encounter once it can be told: after it was opened, moved or ended.

Set by set and never one by one: a claim may be of a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from cloud.core.encounters.placement_tables import EncounterVehicleRow
from cloud.core.encounters.placements import Placements
from cloud.core.encounters.reading_times import CENTURY, TABLES, Table, is_clock_wrong
from cloud.core.encounters.standing import FOR_EVER, Standing
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.vehicle_time import VehicleTime
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import UNCHARTED_STATUS

_Time = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
_Clause = ColumnElement[bool]


class Span(NamedTuple):
    """A stretch of time, its end not part of it."""

    since: datetime
    until: datetime

    def covers(self, at: _Time) -> Iterator[_Clause]:
        """That a time lies in it."""
        yield at >= self.since
        if self.until < FOR_EVER:
            yield at < self.until


def claim_readings(work: UnitOfWork, principal: Principal, encounter: EncounterRow) -> int:
    """Give an encounter its vehicles' readings of its time that belong to none yet."""
    left = select(EncounterVehicleRow.vehicle_id, EncounterVehicleRow.since).where(
        EncounterVehicleRow.tenant_id == principal.tenant_id,
        EncounterVehicleRow.encounter_id == encounter.encounter_id,
    )
    rides = [(str(one), since) for one, since in work.session.execute(left)]
    rides.append((encounter.vehicle_id, encounter.vehicle_since or encounter.started_at))
    claimed = sum(
        _Claim(work, principal, vehicle_id).take(since, only=encounter.encounter_id)
        for vehicle_id, since in rides
    )
    encounter.rebound += claimed > 0
    return claimed


def claim_vehicle(work: UnitOfWork, principal: Principal, vehicle_id: str, since: datetime) -> int:
    """Give every encounter of a vehicle what is its own since then and belongs to none yet.

    For when something ended or was decided: what could not be told apart may be now.
    """
    claim = _Claim(work, principal, vehicle_id)
    claimed = claim.take(since)
    for encounter_id in claim.taken:
        note_rebound(work, encounter_id)
    return claimed


def note_rebound(work: UnitOfWork, encounter_id: str) -> None:
    """Readings that were there already came to an encounter or left it: it says something else."""
    encounter = work.session.get(EncounterRow, encounter_id)
    if encounter is not None:
        encounter.rebound += 1
        encounter.version += 1
        encounter.updated_at = work.now


class _Claim:
    """The waiting readings of one vehicle."""

    def __init__(self, work: UnitOfWork, principal: Principal, vehicle_id: str) -> None:
        self._work = work
        self._principal = principal
        self._vehicle_id = vehicle_id
        self._where = VehicleTime(work, principal, vehicle_id)
        self._standing = Standing(work, principal, vehicle_id)
        self._placements = Placements(work, principal, vehicle_id)
        self.taken: set[str] = set()

    def take(self, since: datetime, *, only: str | None = None) -> int:
        """Give them to their encounters, or to `only` one; how many rows."""
        claimed = 0
        for encounter_id, span in self._spans(since, only):
            count = sum(self._take(table, encounter_id, span) for table in TABLES)
            claimed += count
            if count:
                self.taken.add(encounter_id)
        return claimed

    def _spans(self, since: datetime, only: str | None) -> list[tuple[str, Span]]:
        """When the vehicle was in which encounter."""
        cuts = self._where.cuts(since)
        spans: list[tuple[str, Span]] = []
        for start, end in zip(cuts, [*cuts[1:], FOR_EVER], strict=True):
            found = self._where.at(start).encounter_id
            if found is None or only not in (None, found):
                continue
            if spans and spans[-1][0] == found and spans[-1][1].until == start:
                start = spans.pop()[1].since
            spans.append((found, Span(start, end)))
        return spans

    def _take(self, table: Table, encounter_id: str, span: Span) -> int:
        # A device whose clock cannot be right still measured this patient: when it was heard.
        heard = self._take_by(table, table.captured_at, encounter_id, span)
        return heard + self._take_by(table, table.observed_at, encounter_id, span)

    def _take_by(
        self,
        table: Table,
        at: _Time,
        encounter_id: str,
        span: Span,
    ) -> int:
        waiting = (
            table.vehicle_id == self._vehicle_id,
            table.encounter_id.is_(None),
            table.status.bitwise_and(UNCHARTED_STATUS) == 0,
            _is_told_by(table, at, span),
        )
        mine = scoped(self._principal, table).where(*waiting, *span.covers(at))
        devices = mine.with_only_columns(table.device_id).distinct()
        claimed = 0
        for device_ids, part in self._parts(
            list(self._work.session.scalars(devices)), encounter_id, span
        ):
            statement = (
                update(table)
                .where(table.tenant_id == self._principal.tenant_id, *waiting)
                .where(*part.covers(at), table.device_id.in_(device_ids))
                .values(encounter_id=encounter_id)
                .execution_options(synchronize_session=False)
            )
            claimed += cast("CursorResult[Any]", self._work.session.execute(statement)).rowcount
        return claimed

    def _parts(
        self, devices: Iterable[str], encounter_id: str, span: Span
    ) -> Iterator[tuple[list[str], Span]]:
        """Devices and the times in which theirs go to the encounter by themselves."""
        plain = []
        for device_id in devices:
            barred = self._barred(device_id, encounter_id)
            if not barred:
                plain.append(device_id)
            for part in _without(span, barred) if barred else ():
                yield [device_id], part
        if plain:
            yield plain, span

    def _barred(self, device_id: str, encounter_id: str) -> list[Span]:
        out = [Span(one.since, one.until) for one in self._standing.outs(device_id)]
        decided = [
            Span(one.since, one.until)
            for one in self._placements.of(device_id)
            if one.to_encounter_id is None or one.from_encounter_id == encounter_id
        ]
        return out + decided


def _is_told_by(table: Table, at: _Time, span: Span) -> ColumnElement[bool]:
    """That a reading counts by this time; the rest is for the index of times."""
    is_wrong = is_clock_wrong(table)
    if at is not table.captured_at:
        return ~is_wrong
    return is_wrong & or_(table.observed_at < CENTURY, table.observed_at >= span.since)


def _without(span: Span, barred: Iterable[Span]) -> list[Span]:
    """What is left of a stretch without others."""
    left = [span]
    for one in barred:
        parts = [
            part
            for whole in left
            for part in (
                Span(whole.since, min(whole.until, one.since)),
                Span(max(whole.since, one.until), whole.until),
            )
        ]
        left = [part for part in parts if part.since < part.until]
    return left
