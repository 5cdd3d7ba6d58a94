"""Which encounter a vehicle was in at any time, and where nobody can say: both with the reason.

It was in the one with the latest start that had not ended, if no earlier one was open beside it.
Where two were open the crew's word decides, and where there is none the readings wait.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.lifecycle import CLOSED, Status
from cloud.core.encounters.placement_tables import EncounterVehicleRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.waiting import Waits
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from protocols.model.crew import CrewEventKind

NEWEST: Final = 10
LONGEST: Final = timedelta(hours=12)
"""An encounter that was never ended stands in no other's way after this long."""
_ABOUT: Final = timedelta(hours=1)
_NEVER_WERE: Final = frozenset({Status.CANCELLED, Status.DUPLICATE})
_WORDS: Final = (CrewEventKind.ENCOUNTER_BEGUN.value, CrewEventKind.ENCOUNTER_CONFIRMED.value)


class Stay(NamedTuple):
    """That a vehicle was in an encounter since a time; `left_at` when it went on in another."""

    encounter_id: str
    since: datetime
    closed_at: datetime | None
    released_at: datetime | None
    status: str
    left_at: datetime | None = None

    @property
    def ends(self) -> Iterator[datetime]:
        """What ended it: the hospital's word, the crew's, another vehicle."""
        ends = (self.closed_at, self.released_at, self.left_at)
        return (one for one in ends if one is not None)

    def is_over(self, at: datetime) -> bool:
        """Whether it had ended by then."""
        return any(end <= at for end in self.ends)


class Where(NamedTuple):
    """The encounter a vehicle was in, or None and why nobody can say; `is_late` for a closed one.

    `newest` is the one that began last, whether or not it counts.
    """

    encounter_id: str | None
    waits: Waits | None = None
    is_late: bool = False
    newest: str | None = None


class VehicleTime:
    """One vehicle's encounters as they stand in this unit."""

    def __init__(self, work: UnitOfWork, principal: Principal, vehicle_id: str) -> None:
        self._work = work
        self._principal = principal
        self._vehicle_id = vehicle_id
        self._newest, self._is_all = self._stays(None)
        self._older: list[Stay] = []
        self._older_until: datetime | None = None
        self._edges = sorted(
            edge for stay in self._newest for edge in (stay.since, stay.since + LONGEST, *stay.ends)
        )
        self._plain: dict[int, Where] = {}
        self._words: dict[frozenset[str], list[tuple[datetime, str]]] = {}

    def at(self, at: datetime) -> Where:
        """Where the vehicle was at a time. Live readings meet one of the newest encounters."""
        stays = self._of(at)
        if stays is not self._newest:
            return self._judge(stays, at)
        # Between two edges the answer is the same, as long as nobody's word decides.
        place = bisect_right(self._edges, at)
        known = self._plain.get(place)
        if known is None:
            known = self._judge(stays, at)
            if not self._rivals(stays, at):
                self._plain[place] = known
        return known

    def around(self, since: datetime, until: datetime) -> list[str]:
        """The encounters the vehicle was in then, or within an hour before or after."""
        found = [
            stay.encounter_id
            for stay in self._of(until + _ABOUT)
            if stay.since < until + _ABOUT and not stay.is_over(since - _ABOUT)
        ]
        return list(dict.fromkeys(found))

    def cuts(self, since: datetime) -> list[datetime]:
        """The times from `since` on at which the answer may change."""
        stays = [*self._of(since), *self._stays(None, since)[0]]
        cuts = {since}
        for stay in stays:
            cuts.update((stay.since, stay.since + LONGEST, *stay.ends))
        cuts.update(at for at, _ in self._words_of(frozenset(one.encounter_id for one in stays)))
        return sorted(cut for cut in cuts if cut >= since)

    def _judge(self, stays: Sequence[Stay], at: datetime) -> Where:
        begun = [
            stay
            for stay in stays
            if stay.since <= at and not (stay.status in _NEVER_WERE and stay.is_over(at))
        ]
        if not begun:
            is_over = any(stay.since <= at for stay in stays)
            return Where(None, Waits.RELEASED if is_over else Waits.NO_ENCOUNTER)
        newest = begun[0]
        if newest.is_over(at):
            has_left = newest.left_at is not None and newest.left_at <= at
            why = Waits.ENCOUNTER_MOVED if has_left else Waits.RELEASED
            return Where(None, why, newest=newest.encounter_id)
        rivals = self._rivals(begun, at)
        chosen: Stay | None = newest
        if rivals:
            chosen = self._chosen([newest, *rivals], at)
        if chosen is None:
            return Where(None, Waits.SEVERAL_ENCOUNTERS, newest=newest.encounter_id)
        return Where(
            chosen.encounter_id, is_late=chosen.status in CLOSED, newest=newest.encounter_id
        )

    def _rivals(self, stays: Sequence[Stay], at: datetime) -> list[Stay]:
        """What was open then beside the one that began last."""
        begun = [one for one in stays if one.since <= at]
        return [one for one in begun[1:] if not one.is_over(at) and at - one.since < LONGEST]

    def _chosen(self, open_: Sequence[Stay], at: datetime) -> Stay | None:
        """The one the crew named last since all of them were open, None when it named none."""
        named = self._words_of(frozenset(one.encounter_id for one in open_))
        words = [one for said, one in named if open_[0].since <= said <= at]
        known = {one.encounter_id: one for one in open_}
        return known[words[-1]] if words else None

    def _words_of(self, encounters: frozenset[str]) -> list[tuple[datetime, str]]:
        if encounters not in self._words:
            undo = aliased(CrewEventRow)
            is_undone = exists().where(
                undo.tenant_id == CrewEventRow.tenant_id, undo.undoes == CrewEventRow.event_id
            )
            statement = (
                select(CrewEventRow.happened_at, CrewEventRow.encounter_id)
                .where(
                    CrewEventRow.tenant_id == self._principal.tenant_id,
                    CrewEventRow.encounter_id.in_(encounters),
                    CrewEventRow.kind.in_(_WORDS),
                    ~is_undone,
                )
                .order_by(CrewEventRow.happened_at, CrewEventRow.row_id)
            )
            found = self._work.session.execute(statement)
            self._words[encounters] = [(at, str(one)) for at, one in found]
        return self._words[encounters]

    def _of(self, at: datetime) -> list[Stay]:
        """The stays that say where the vehicle was then, the latest start first."""
        if self._is_all or at >= self._newest[-1].since:
            return self._newest
        until, oldest = self._older_until, self._older[-1].since if self._older else at
        if until is None or not oldest <= at <= until:
            self._older, _ = self._stays(at)
            self._older_until = at
        return self._older

    def _stays(
        self, until: datetime | None, since: datetime | None = None
    ) -> tuple[list[Stay], bool]:
        """The newest stays that began by `until`, and whether there are no others.

        With `since` all that began later than that.

        Rows are never read whole here: whoever was on board is no affair of every batch.
        """
        current = (
            select(
                EncounterRow.encounter_id,
                func.coalesce(EncounterRow.vehicle_since, EncounterRow.started_at),
                EncounterRow.closed_at,
                EncounterRow.released_at,
                EncounterRow.status,
            )
            .where(
                EncounterRow.tenant_id == self._principal.tenant_id,
                EncounterRow.vehicle_id == self._vehicle_id,
            )
            .order_by(EncounterRow.started_at.desc(), EncounterRow.created_at.desc())
        )
        left = (
            select(
                EncounterVehicleRow.encounter_id,
                EncounterVehicleRow.since,
                EncounterRow.closed_at,
                EncounterRow.released_at,
                EncounterRow.status,
                EncounterVehicleRow.until,
            )
            .join(EncounterRow, EncounterRow.encounter_id == EncounterVehicleRow.encounter_id)
            .where(
                EncounterVehicleRow.tenant_id == self._principal.tenant_id,
                EncounterVehicleRow.vehicle_id == self._vehicle_id,
            )
            .order_by(EncounterVehicleRow.since.desc())
        )
        if until is not None:
            current = current.where(EncounterRow.started_at <= until)
            left = left.where(EncounterVehicleRow.since <= until)
        if since is None:
            current, left = current.limit(NEWEST), left.limit(NEWEST)
        else:
            begun = func.coalesce(EncounterRow.vehicle_since, EncounterRow.started_at)
            current = current.where(begun > since)
            left = left.where(EncounterVehicleRow.since > since)
        session = self._work.session
        mine = [Stay(*row) for row in session.execute(current)]
        gone = [Stay(*row) for row in session.execute(left)]
        # Of two that began together the one made later comes first, as it was read.
        stays = sorted([*mine, *gone], key=lambda stay: stay.since, reverse=True)
        return stays, len(mine) < NEWEST and len(gone) < NEWEST
