"""One look at one tenant: read what is new in the store and tell the viewers."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from cloud.api.console.urgency import RANK
from cloud.api.console.viewers import Viewer, frame
from cloud.api.console.watched import MOST_HAPPENINGS, WAVE_SECONDS, Watched
from cloud.core.encounters import live as live_encounters
from cloud.core.encounters.crew import crew_events, to_event
from cloud.core.encounters.finding import find
from cloud.core.encounters.recorded import record_of
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations import live as live_observations
from cloud.core.observations.queries import Tail, follow, latest

LOG: Final = logging.getLogger("vitalwire.board")

LIST_SECONDS: Final = 1.0
"""So often the list is read; an encounter nobody has open is followed no faster."""
OVERLAP_SECONDS: Final = 3.0
_ROWS: Final = 500
_CREW_OVERLAP: Final = 50
RECORD_SECONDS: Final = 2.0
"""So often what people told is read again, whatever the encounter's version says."""
_LOOK_BACK: Final = 60
"""So many readings of each kind are looked through for the last one that had a value."""
_MOST_MISSED: Final = 2000
_NEVER: Final = "9999"
"""Sorts behind every time as it is written."""


@dataclass(slots=True)
class WatchedTenant:
    """What is watched of one tenant."""

    principal: Principal
    encounters: dict[str, Watched] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    listed: list[dict[str, object]] = field(default_factory=list)
    read_at: float = float("-inf")


class TenantRound:
    """One look at one tenant's new rows."""

    def __init__(
        self, work: UnitOfWork, tenant: WatchedTenant, viewers: list[Viewer], at: float
    ) -> None:
        self._work = work
        self._tenant = tenant
        self._viewers = viewers
        self._at = at
        self._now = work.now.isoformat()

    def run(self) -> None:
        """Read what is new and hand it to the viewers."""
        wanted = {viewer.encounter_id for viewer in self._viewers} - {None}
        is_due = self._at - self._tenant.read_at >= LIST_SECONDS
        unknown = wanted - set(self._tenant.encounters)
        if is_due or unknown or any(viewer.needs_list for viewer in self._viewers):
            self._read_encounters({one for one in wanted if one is not None})
        for encounter_id, watched in self._tenant.encounters.items():
            if is_due or encounter_id in wanted:
                self._follow(encounter_id, watched)
            if is_due and (news := watched.take_news(self._work.now)):
                self._tell(encounter_id, frame("change", self._with_now(**news)))
        for viewer in self._viewers:
            if viewer.encounter_id is not None and viewer.needs_snapshot:
                self._greet(viewer)
        self._tell_list()

    def _read_encounters(self, wanted: set[str]) -> None:
        tenant, work = self._tenant, self._work
        tenant.read_at = self._at
        tenant.devices = live_observations.device_names(work, tenant.principal)
        rows = {
            row.encounter_id: row for row in live_encounters.open_encounters(work, tenant.principal)
        }
        for encounter_id in wanted - set(rows):
            try:
                rows[encounter_id] = find(work, tenant.principal, encounter_id)
            except NotFoundError:
                LOG.warning("event=board_encounter_gone encounter=%s", encounter_id)
        for gone in set(tenant.encounters) - set(rows):
            del tenant.encounters[gone]
        for encounter_id, row in rows.items():
            self._keep(encounter_id, row)

    def _keep(self, encounter_id: str, row: EncounterRow) -> None:
        watched = self._tenant.encounters.get(encounter_id)
        if watched is None:
            self._tenant.encounters[encounter_id] = self._load(row)
        elif watched.row.rebound != row.rebound:
            # Readings that were there already came or went: their row numbers do not tell.
            self._tenant.encounters[encounter_id] = self._load(row)
            for viewer in self._viewers:
                if viewer.encounter_id == encounter_id:
                    viewer.needs_snapshot, viewer.resume = True, None
        elif watched.row.version != row.version:
            watched.row = row
            self._read_record(watched)
            self._tell(encounter_id, frame("encounter", self._with_now(encounter=watched.head())))
        elif self._at - watched.record_read_at >= RECORD_SECONDS:
            self._read_record(watched)

    def _load(self, row: EncounterRow) -> Watched:
        """The state of an encounter from the store; rows since its tail come with the next look."""
        work, principal, encounter_id = self._work, self._tenant.principal, row.encounter_id
        tail, overlap = live_observations.tail(work, principal, encounter_id), 0.0
        if work.is_postgresql:
            # Rows of lower numbers may still be on their way to their commit.
            overlap = OVERLAP_SECONDS
            tail = Tail(max(0, tail.observation - _ROWS), max(0, tail.waveform - _ROWS))
        watched = Watched(row, tail, overlap_seconds=overlap)
        found = live_observations.happenings(work, principal, encounter_id, limit=MOST_HAPPENINGS)
        found += latest(work, principal, encounter_id, each=_LOOK_BACK)
        newest = live_observations.last_waveform_at(work, principal, encounter_id)
        if newest is not None:
            since = newest - timedelta(seconds=WAVE_SECONDS)
            found += live_observations.recent_waveforms(work, principal, encounter_id, since)
        watched.take(found, self._tenant.devices)
        self._read_crew(encounter_id, watched)
        self._read_record(watched)
        return watched

    def _read_record(self, watched: Watched) -> None:
        """What people told by now, the same for everybody who watches: under the pseudonym."""
        watched.record_read_at = self._at
        record = record_of(self._work, self._tenant.principal, watched.row)
        if change := watched.take_record(record):
            self._tell(
                watched.row.encounter_id, frame("change", self._with_now(**change), watched.cursor)
            )

    def _read_crew(self, encounter_id: str, watched: Watched) -> dict[str, object]:
        """What the crew did since the last look; rows may commit out of their numbers' order."""
        rows = crew_events(
            self._work,
            self._tenant.principal,
            encounter_id,
            after=watched.crew_row - (_CREW_OVERLAP if self._work.is_postgresql else 0),
            limit=MOST_HAPPENINGS,
        )
        watched.crew_row = max([watched.crew_row, *(row.row_id for row in rows)])
        return watched.take_crew(to_event(row) for row in rows)

    def _follow(self, encounter_id: str, watched: Watched) -> None:
        if by_hand := self._read_crew(encounter_id, watched):
            self._tell(encounter_id, frame("change", self._with_now(**by_hand), watched.cursor))
        start = watched.start
        while True:
            found, reached = follow(
                self._work, self._tenant.principal, encounter_id, start, limit=_ROWS
            )
            change = watched.take(found, self._tenant.devices)
            watched.reach(reached, self._at)
            if change:
                self._tell(encounter_id, frame("change", self._with_now(**change), watched.cursor))
            if len(found) < _ROWS or reached == start:
                return
            start = reached

    def _greet(self, viewer: Viewer) -> None:
        watched = self._tenant.encounters.get(viewer.encounter_id or "")
        viewer.needs_snapshot = False
        if watched is None:
            viewer.offer(None)
            return
        change = self._missed(viewer, watched)
        if change is None:
            snapshot = watched.snapshot(self._work.now, self._tenant.devices)
            viewer.offer(frame("snapshot", self._with_now(**snapshot), watched.cursor))
        else:
            viewer.offer(frame("change", self._with_now(**change), watched.cursor))

    def _missed(self, viewer: Viewer, watched: Watched) -> dict[str, object] | None:
        """What a returning viewer missed; None when a snapshot is the better answer."""
        resume = viewer.resume
        if resume is None or watched.is_behind(resume):
            return None
        found, _ = follow(
            self._work,
            self._tenant.principal,
            watched.row.encounter_id,
            resume,
            limit=_MOST_MISSED,
        )
        if len(found) >= _MOST_MISSED:
            return None
        return watched.replay(found, self._tenant.devices)

    def _tell(self, encounter_id: str, message: bytes) -> None:
        for viewer in self._viewers:
            if viewer.encounter_id == encounter_id and not viewer.needs_snapshot:
                viewer.offer(message)

    def _tell_list(self) -> None:
        tenant = self._tenant
        listed = [
            watched.summary(self._work.now, tenant.devices)
            for watched in tenant.encounters.values()
            if watched.is_open
        ]
        listed.sort(key=_place)
        changed = listed != tenant.listed
        tenant.listed = listed
        message = frame("encounters", self._with_now(encounters=listed))
        for viewer in self._viewers:
            if changed or viewer.needs_list:
                viewer.needs_list = False
                viewer.offer(message)

    def _with_now(self, **data: object) -> dict[str, object]:
        return {"now": self._now, **data}


def _place(card: dict[str, object]) -> tuple[int, str, str]:
    """The most urgent first, then who comes first."""
    return RANK[str(card["urgency"])], str(card["eta_at"] or _NEVER), str(card["vehicle"])
