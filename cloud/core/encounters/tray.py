"""The tray: readings of the tenant that belong to no encounter, by stretches, and why they wait.

A stretch is what one device measured in one vehicle without a pause, as long as the reason is the
same. Its bounds are what a move takes to link it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, literal

from cloud.core.encounters.placements import Placements
from cloud.core.encounters.reading_times import (
    TABLES,
    Table,
    is_clock_wrong,
    taken_at,
    taken_within,
)
from cloud.core.encounters.standing import Standing
from cloud.core.encounters.vehicle_time import VehicleTime
from cloud.core.encounters.waiting import Waits
from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import UNCHARTED_STATUS
from cloud.core.observations.tables import ObservationRow, WaveformRow

PAUSE: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=31)
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayFilter:
    """Which part of the tray: readings taken since a time and before another; None means any."""

    since: datetime
    until: datetime
    vehicle_id: str | None = None
    device_id: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class Kind:
    """The readings of one code in a stretch, with the first and the last of them."""

    type_cf: int
    first_at: datetime
    last_at: datetime
    count: int = 0
    samples: int = 0
    first: ObservationRow | None = None
    last: ObservationRow | None = None


@dataclass(slots=True, kw_only=True)
class Stretch:
    """What waits together: `since` is the first reading's time, `until` just after the last's.

    `candidates` are the encounters the vehicle was in about then.
    """

    vehicle_id: str | None
    device_id: str
    reason: Waits
    since: datetime
    until: datetime
    candidates: Sequence[str] = ()
    kinds: dict[int, Kind] = field(default_factory=dict)

    def take(self, bucket: _Bucket) -> None:
        """Add what belongs to it."""
        self.until = max(self.until, bucket.last_at + _TICK)
        kind = self.kinds.setdefault(
            bucket.type_cf, Kind(bucket.type_cf, bucket.first_observed, bucket.last_observed)
        )
        kind.first_at = min(kind.first_at, bucket.first_observed)
        kind.last_at = max(kind.last_at, bucket.last_observed)
        kind.count += bucket.rows
        kind.samples += bucket.samples


class _Bucket(NamedTuple):
    """What a device gave of one code within a minute."""

    vehicle_id: str | None
    device_id: str
    type_cf: int
    is_test: bool
    is_wrong: bool
    first_at: datetime
    last_at: datetime
    first_observed: datetime
    last_observed: datetime
    rows: int
    samples: int


class Tray:
    """The tray of one tenant as it stands in this unit."""

    def __init__(self, work: UnitOfWork, principal: Principal) -> None:
        self._work = work
        self._principal = principal
        self._vehicles: dict[str, VehicleTime] = {}
        self._standings: dict[str, Standing] = {}
        self._placements: dict[str | None, Placements] = {}
        self._cuts: dict[tuple[str | None, str], tuple[datetime, ...]] = {}

    def stretches(self, wanted: TrayFilter, *, after: int, limit: int) -> list[Stretch]:
        """Stretches by vehicle, device and time, beyond the first `after`; the read is audited.

        InvalidError `invalid_period` for a time longer than 31 days, or none.
        """
        if not timedelta() < wanted.until - wanted.since <= LONGEST:
            raise InvalidError(
                "invalid_period", "Send `until` after `since`, at most 31 days later."
            )
        buckets = [
            part
            for table in TABLES
            for bucket in self._buckets(table, wanted)
            for part in self._parts(table, bucket, wanted.since)
        ]
        buckets.sort(key=lambda one: (one.vehicle_id or "", one.device_id, one.first_at))
        found = self._joined(buckets)
        if wanted.reason is not None:
            found = [one for one in found if one.reason == wanted.reason]
        page = found[after : after + limit]
        for one in page:
            self._add_values(one)
            if one.vehicle_id is not None:
                times = self._time_of(one.vehicle_id)
                one.candidates = times.around(one.since, one.until)
        audit.record(self._work, self._principal, "list", "unlinked-readings", "*")
        return page

    def _buckets(self, table: Table, wanted: TrayFilter) -> Iterator[_Bucket]:
        at = taken_at(table)
        # One way to count, whatever the minute of the other clock: readings lie close together.
        minute = (
            func.date_trunc("minute", at)
            if self._work.is_postgresql
            else func.strftime("%Y-%m-%d %H:%M", at)
        )
        is_test = table.status.bitwise_and(UNCHARTED_STATUS) != 0
        places = (table.vehicle_id, table.device_id, table.type_cf, is_test, is_clock_wrong(table))
        statement = (
            scoped(self._principal, table)
            .where(table.encounter_id.is_(None), taken_within(table, wanted.since, wanted.until))
            .with_only_columns(
                *places,
                func.min(at),
                func.max(at),
                func.min(table.observed_at),
                func.max(table.observed_at),
                func.count(),
                func.sum(table.sample_count) if table is WaveformRow else func.count() * 0,
            )
            .group_by(*places, minute)
        )
        if wanted.vehicle_id is not None:
            statement = statement.where(table.vehicle_id == wanted.vehicle_id)
        if wanted.device_id is not None:
            statement = statement.where(table.device_id == wanted.device_id)
        return (_Bucket(*row) for row in self._work.session.execute(statement))

    def _parts(self, table: Table, bucket: _Bucket, since: datetime) -> Iterable[_Bucket]:
        """A minute as a whole, or its readings one by one where the reason may change in it."""
        changes = self._changes(bucket.vehicle_id, bucket.device_id, since)
        if not any(bucket.first_at < change <= bucket.last_at for change in changes):
            return (bucket,)
        at = taken_at(table)
        statement = (
            scoped(self._principal, table)
            .where(
                table.encounter_id.is_(None),
                taken_within(table, bucket.first_at, bucket.last_at + _TICK),
                table.vehicle_id == bucket.vehicle_id,
                table.device_id == bucket.device_id,
                table.type_cf == bucket.type_cf,
            )
            .with_only_columns(
                table.status.bitwise_and(UNCHARTED_STATUS) != 0,
                is_clock_wrong(table),
                at,
                table.observed_at,
                table.sample_count if table is WaveformRow else literal(0),
            )
        )
        rows = self._work.session.execute(statement)
        return [
            bucket._replace(
                first_at=taken,
                last_at=taken,
                first_observed=observed,
                last_observed=observed,
                rows=1,
                samples=samples,
            )
            for is_test, is_wrong, taken, observed, samples in rows
            if (is_test, is_wrong) == (bucket.is_test, bucket.is_wrong)
        ]

    def _changes(
        self, vehicle_id: str | None, device_id: str, since: datetime
    ) -> tuple[datetime, ...]:
        """The times at which the reason of a device's readings may change."""
        found = self._cuts.get((vehicle_id, device_id))
        if found is None:
            times = {one.since for one in self._placed(vehicle_id).of(device_id)}
            times.update(one.until for one in self._placed(vehicle_id).of(device_id))
            if vehicle_id is not None:
                times.update(self._time_of(vehicle_id).cuts(since))
                for out in self._standing_of(vehicle_id).outs(device_id):
                    times.update((out.since, out.until))
            found = self._cuts[vehicle_id, device_id] = tuple(sorted(times))
        return found

    def _joined(self, buckets: Sequence[_Bucket]) -> list[Stretch]:
        """Joined as long as no pause lies between them and the reason cannot have changed."""
        found: list[Stretch] = []
        open_: dict[Waits, Stretch] = {}
        place: tuple[str | None, str] | None = None
        for bucket in buckets:
            if place != (place := (bucket.vehicle_id, bucket.device_id)):
                open_ = {}
            reason = self._reason(bucket)
            stretch = open_.get(reason)
            if stretch is None or self._is_apart(stretch, bucket):
                stretch = open_[reason] = Stretch(
                    vehicle_id=bucket.vehicle_id,
                    device_id=bucket.device_id,
                    reason=reason,
                    since=bucket.first_at,
                    until=bucket.first_at,
                )
                found.append(stretch)
            stretch.take(bucket)
        return found

    def _is_apart(self, stretch: Stretch, bucket: _Bucket) -> bool:
        changes = self._cuts.get((bucket.vehicle_id, bucket.device_id), ())
        return bucket.first_at - stretch.until > PAUSE or any(
            stretch.until <= change <= bucket.first_at for change in changes
        )

    def _reason(self, bucket: _Bucket) -> Waits:
        at, vehicle_id, device_id = bucket.first_at, bucket.vehicle_id, bucket.device_id
        if bucket.is_test:
            return Waits.TEST_DATA
        if self._placed(vehicle_id).is_put_back(device_id, at):
            return Waits.PUT_BACK
        if vehicle_id is None:
            return Waits.NO_VEHICLE
        if bucket.is_wrong:
            return Waits.CLOCK_WRONG
        why = self._standing_of(vehicle_id).why(device_id, at)
        return why or self._time_of(vehicle_id).at(at).waits or Waits.NO_ENCOUNTER

    def _time_of(self, vehicle_id: str) -> VehicleTime:
        if vehicle_id not in self._vehicles:
            self._vehicles[vehicle_id] = VehicleTime(self._work, self._principal, vehicle_id)
        return self._vehicles[vehicle_id]

    def _standing_of(self, vehicle_id: str) -> Standing:
        if vehicle_id not in self._standings:
            self._standings[vehicle_id] = Standing(self._work, self._principal, vehicle_id)
        return self._standings[vehicle_id]

    def _placed(self, vehicle_id: str | None) -> Placements:
        if vehicle_id not in self._placements:
            self._placements[vehicle_id] = Placements(self._work, self._principal, vehicle_id)
        return self._placements[vehicle_id]

    def _add_values(self, stretch: Stretch) -> None:
        """The first and the last reading of each kind."""
        kinds = [one for one in stretch.kinds.values() if not one.samples]
        times = {at for one in kinds for at in (one.first_at, one.last_at)}
        statement = (
            scoped(self._principal, ObservationRow)
            .where(
                ObservationRow.device_id == stretch.device_id,
                ObservationRow.observed_at.in_(times),
                ObservationRow.encounter_id.is_(None),
            )
            .order_by(ObservationRow.observed_at, ObservationRow.row_id)
        )
        for row in self._work.session.scalars(statement):
            kind = stretch.kinds.get(row.type_cf)
            if kind is None or row.vehicle_id != stretch.vehicle_id:
                continue
            if row.observed_at == kind.first_at and kind.first is None:
                kind.first = row
            if row.observed_at == kind.last_at:
                kind.last = row
