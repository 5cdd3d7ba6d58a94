"""Which encounter a vehicle was in at any time, and where nobody can say: both with the reason.

It was in the one with the latest start that had not ended, if no earlier one was open beside it.
Where two were open the crew's word decides, and where there is none the readings wait.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Select,
    bindparam,
    cast,
    exists,
    func,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from cloud.core.encounters.crew_tables import CrewEventRow
from cloud.core.encounters.lifecycle import CLOSED, Status
from cloud.core.encounters.placement_tables import EncounterVehicleRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.waiting import Waits
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import UtcDateTime, table_of
from protocols.model.crew import CrewEventKind

NEWEST: Final = 10
LONGEST: Final = timedelta(hours=12)
"""An encounter that was never ended stands in no other's way after this long."""
_ABOUT: Final = timedelta(hours=1)
_NEVER_WERE: Final = frozenset({Status.CANCELLED, Status.DUPLICATE})
_Statement = CompoundSelect[*tuple[Any, ...]]
_ENCOUNTERS: Final = table_of(EncounterRow).c
_VEHICLES: Final = table_of(EncounterVehicleRow).c
_BEGUN: Final = func.coalesce(_ENCOUNTERS.vehicle_since, _ENCOUNTERS.started_at)
# Rows are never read whole here: whoever was on board is no affair of every batch.
_CURRENT: Final[Select[*tuple[Any, ...]]] = (
    select(
        *(_ENCOUNTERS.encounter_id, _BEGUN, _ENCOUNTERS.closed_at, _ENCOUNTERS.released_at),
        *(_ENCOUNTERS.status, cast(null(), UtcDateTime).label("left_at")),
        *(_ENCOUNTERS.started_at, _ENCOUNTERS.created_at),
    )
    .where(
        _ENCOUNTERS.tenant_id == bindparam("tenant_id"),
        _ENCOUNTERS.vehicle_id == bindparam("vehicle_id"),
    )
    .order_by(_ENCOUNTERS.started_at.desc(), _ENCOUNTERS.created_at.desc())
)
_LEFT: Final[Select[*tuple[Any, ...]]] = (
    select(
        *(_VEHICLES.encounter_id, _VEHICLES.since, _ENCOUNTERS.closed_at),
        *(_ENCOUNTERS.released_at, _ENCOUNTERS.status, _VEHICLES.until.label("left_at")),
        *(_VEHICLES.since.label("began"), _VEHICLES.at),
    )
    .join(table_of(EncounterRow), _ENCOUNTERS.encounter_id == _VEHICLES.encounter_id)
    .where(
        _VEHICLES.tenant_id == bindparam("tenant_id"),
        _VEHICLES.vehicle_id == bindparam("vehicle_id"),
    )
    .order_by(_VEHICLES.since.desc())
)


def _both(
    current: Select[*tuple[Any, ...]], left: Select[*tuple[Any, ...]], limit: int | None
) -> _Statement:
    """What either finds, so many of each, in one statement."""
    return union_all(*(one.limit(limit).subquery().select() for one in (current, left)))


_NEWEST: Final = _both(_CURRENT, _LEFT, NEWEST)
"""Made once: every batch asks it."""
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


class _Found(NamedTuple):
    """A stay, when its encounter began, and when its row was made."""

    stay: Stay
    began: datetime
    made: datetime


class Where(NamedTuple):
    """The encounter a vehicle was in, or None and why nobody can say; `is_late` for a closed one.

    `newest` is the one that began last, whether or not it counts.
    """

    encounter_id: str | None
    waits: Waits | None = None
    is_late: bool = False
    newest: str | None = None


class Stays(NamedTuple):
    """What a vehicle's newest encounters were, the latest start first, as far back as was read.

    Those that began at `reaches` or before may be missing, with None none is.
    """

    stays: Sequence[Stay]
    reaches: datetime | None
    until: datetime | None

    def answer(self, at: datetime) -> bool:
        """Whether nothing that was not read could change where the vehicle was then."""
        if self.until is not None and at > self.until:
            return False
        if self.reaches is None:
            return True
        return self.reaches <= at - LONGEST and bool(really_begun(self.stays, at))


def really_begun(stays: Sequence[Stay], at: datetime) -> list[Stay]:
    """Those that had begun by then, without those that were over and never were."""
    return [
        stay
        for stay in stays
        if stay.since <= at and not (stay.status in _NEVER_WERE and stay.is_over(at))
    ]


class VehicleTime:
    """One vehicle's encounters as they stand in this unit."""

    def __init__(self, work: UnitOfWork, principal: Principal, vehicle_id: str) -> None:
        self._work = work
        self._principal = principal
        self._vehicle_id = vehicle_id
        self._newest = self._read(None, NEWEST)
        self._older: Stays | None = None
        self._edges = sorted(
            edge
            for stay in self._newest.stays
            for edge in (stay.since, stay.since + LONGEST, *stay.ends)
        )
        self._plain: dict[int, Where] = {}
        self._words: dict[frozenset[str], list[tuple[datetime, str]]] = {}

    def at(self, at: datetime) -> Where:
        """Where the vehicle was at a time. Live readings meet one of the newest encounters."""
        stays = self._of(at)
        if stays is not self._newest.stays:
            return self._judge(stays, at)
        # Between two edges the answer is the same, as long as nobody's word decides.
        place = bisect_right(self._edges, at)
        known = self._plain.get(place)
        if known is None:
            known = self._judge(stays, at)
            if not self._rivals(stays, at):
                self._plain[place] = known
        return known

    def is_steady(self, since: datetime, until: datetime) -> bool:
        """Whether the vehicle was at one place at all times from the one to the other."""
        newest = self._newest
        if not (newest.answer(since) and newest.answer(until)):
            return False
        is_between = bisect_right(self._edges, since) == bisect_right(self._edges, until)
        return is_between and not self._rivals(newest.stays, since)

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
        stays = [*self._of(since), *self._since(since)]
        cuts = {since}
        for stay in stays:
            cuts.update((stay.since, stay.since + LONGEST, *stay.ends))
        cuts.update(at for at, _ in self._words_of(frozenset(one.encounter_id for one in stays)))
        return sorted(cut for cut in cuts if cut >= since)

    def _judge(self, stays: Sequence[Stay], at: datetime) -> Where:
        begun = really_begun(stays, at)
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

    def _of(self, at: datetime) -> Sequence[Stay]:
        """The stays that say where the vehicle was then, the latest start first."""
        for read in (self._newest, self._older):
            if read is not None and read.answer(at):
                return read.stays
        limit = NEWEST
        read = self._read(at, limit)
        while not read.answer(at):
            limit *= 4
            read = self._read(at, limit)
        self._older = read
        return read.stays

    def _read(self, until: datetime | None, limit: int) -> Stays:
        """The newest that began by `until`: so many it is in, and so many it left."""
        current, left = _CURRENT, _LEFT
        if until is not None:
            current = current.where(_ENCOUNTERS.started_at <= until)
            left = left.where(_VEHICLES.since <= until)
        is_plain = until is None and limit == NEWEST
        mine, gone = self._found(_NEWEST if is_plain else _both(current, left, limit))
        ends = [one.began for one in mine[limit - 1 :] + gone[limit - 1 :]]
        return Stays(_sorted(mine, gone), max(ends, default=None), until)

    def _since(self, since: datetime) -> list[Stay]:
        """All that began later than that."""
        current = _CURRENT.where(since < _BEGUN)
        return _sorted(*self._found(_both(current, _LEFT.where(_VEHICLES.since > since), None)))

    def _found(self, statement: _Statement) -> tuple[list[_Found], list[_Found]]:
        """The encounters it is in and those it left, the latest start of each first."""
        named = {"tenant_id": self._principal.tenant_id, "vehicle_id": self._vehicle_id}
        rows = self._work.rows(statement, named)
        found = [_Found(Stay(*row[:6]), row[6], row[7]) for row in rows]
        mine = [one for one in found if one.stay.left_at is None]
        mine.sort(key=lambda one: (one.began, one.made), reverse=True)
        gone = [one for one in found if one.stay.left_at is not None]
        gone.sort(key=lambda one: one.began, reverse=True)
        return mine, gone


def _sorted(mine: Sequence[_Found], gone: Sequence[_Found]) -> list[Stay]:
    # Of two that began together the one made later comes first, as it was read.
    stays = [one.stay for one in (*mine, *gone)]
    return sorted(stays, key=lambda stay: stay.since, reverse=True)
