"""One encounter as the board holds it in memory: newest numbers, events, seconds of ECG."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cloud.api.console import early_warning
from cloud.api.console.happenings import Happening, banner, crew_happening, happening_of
from cloud.api.console.records import patient_words, record_payload
from cloud.api.console.tiles import TILES, Payload, Readings
from cloud.api.console.urgency import acuity_word, alert_words, urgency_of
from cloud.api.console.waves import is_lead_ii, lane_of, wave_payload
from cloud.core.encounters.projections import pseudonymised
from cloud.core.encounters.record import EncounterRecord
from cloud.core.encounters.tables import EncounterRow
from cloud.core.observations.queries import Tail
from cloud.core.observations.stored import StoredObservation
from protocols.model.crew import CrewEvent

WAVE_SECONDS: Final = 20
"""A snapshot brings this much ECG: about what a wide strip shows at 25 mm/s."""
MOST_HAPPENINGS: Final = 200
_REMEMBERED: Final = 20_000
_CARD_NUMBERS: Final = ("hr", "spo2", "nibp", "rr")

_STATUS_WORDS: Final = {
    "in_progress": "with the crew",
    "ready_for_handover": "ready for handover",
    "handed_over": "handed over",
    "completed": "completed",
    "cancelled": "cancelled",
    "duplicate": "duplicate",
}


@dataclass(slots=True)
class Watched:
    """The state of one encounter; only the feed's own thread touches it."""

    row: EncounterRow
    tail: Tail
    overlap_seconds: float = 0
    crew_row: int = 0
    record: EncounterRecord = field(default_factory=EncounterRecord)
    received_at: datetime | None = None
    record_read_at: float = float("-inf")
    told_news: dict[str, object] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)
    happenings: list[Happening] = field(default_factory=list)
    waves: list[StoredObservation] = field(default_factory=list)
    _tails: deque[tuple[float, Tail]] = field(default_factory=deque)
    _seen: set[UUID] = field(default_factory=set)
    _undone: set[str] = field(default_factory=set)
    _order: deque[UUID] = field(default_factory=deque)
    _has_lead_ii: bool = False

    def take(
        self, found: Iterable[StoredObservation], devices: Mapping[str, str]
    ) -> dict[str, object]:
        """Add what was received; the change for those who watch, empty when nothing is new."""
        tiles: set[str] = set()
        events: list[dict[str, object]] = []
        waves: list[dict[str, object]] = []
        for stored in found:
            if not self._is_new(stored.observation.observation_id):
                continue
            self._note_time(stored)
            happening = happening_of(stored)
            if lane_of(stored):
                if self._is_shown(stored) and (wave := wave_payload(stored, devices)):
                    self.waves.append(stored)
                    waves.append(wave)
            elif happening is not None:
                self.happenings.append(happening)
                events.append(happening.payload())
            elif tile := self.readings.take(stored):
                tiles.add(tile)
        self._forget()
        return self._change(tiles, events, waves, devices)

    def take_crew(self, events: Iterable[CrewEvent]) -> dict[str, object]:
        """Add what the crew did; the change, empty when nothing is new."""
        found = [event for event in events if self._is_new(event.event_id)]
        undone = {str(event.undoes) for event in found if event.undoes is not None}
        self._undone |= undone
        told = [crew_happening(event) for event in found if event.undoes is None]
        self.happenings += told
        # An undo may arrive ahead of what it takes back; nothing vanishes, it is struck through.
        self.happenings = [
            replace(one, is_undone=True) if one.id in self._undone else one
            for one in self.happenings
        ]
        ids = {one.id for one in told} | undone
        changed = [one.payload() for one in self.happenings if one.id in ids]
        self._forget()
        return self._change(set(), changed, [], {})

    def take_record(self, record: EncounterRecord) -> dict[str, object]:
        """What people told by now; the change, empty when nothing is new."""
        if record == self.record:
            return {}
        self.record = record
        return {"record": self._record_payload(), "encounter": self.head()}

    def take_news(self, now: datetime) -> dict[str, object]:
        """The early warning score where it is another one than was told last; it ages by itself."""
        news = self.warning(now)
        if news == self.told_news:
            return {}
        self.told_news = news
        return {"news2": news}

    def snapshot(self, now: datetime, devices: Mapping[str, str]) -> dict[str, object]:
        """All of it, for someone who has just come."""
        newest = max((one.observation.observed_at.at for one in self.waves), default=None)
        recent = [
            one
            for one in self.waves
            if newest and one.observation.observed_at.at > newest - timedelta(seconds=WAVE_SECONDS)
        ]
        return {
            "encounter": self.head(),
            "tiles": self._tiles({tile.id for tile in TILES}, devices),
            "events": [one.payload() for one in self.happenings],
            "waves": [wave for one in recent if (wave := wave_payload(one, devices))],
            "acuity": banner(self.happenings),
            "record": self._record_payload(),
            "news2": self.warning(now),
        }

    def replay(
        self, found: Iterable[StoredObservation], devices: Mapping[str, str]
    ) -> dict[str, object]:
        """What a returning viewer missed of readings that are known here already."""
        waves = [wave for one in found if (wave := wave_payload(one, devices))]
        change = self._change({tile.id for tile in TILES}, [], waves, devices)
        change["encounter"] = self.head()
        change["events"] = [one.payload() for one in self.happenings]
        change["acuity"] = banner(self.happenings)
        return change

    @property
    def is_open(self) -> bool:
        """Whether the patient is still with the crew."""
        return self.row.closed_at is None

    @property
    def cursor(self) -> str:
        """How far this state has surely read, as the id of an event."""
        safe = self.start
        return f"{safe.observation}-{safe.waveform}"

    @property
    def start(self) -> Tail:
        """Where to read on from: some seconds back where rows may commit out of order.

        PostgreSQL numbers a row when it is inserted, not when it is committed; SQLite has one
        writer at a time and needs no overlap. What is read twice is known by its id.
        """
        return self._tails[0][1] if self._tails else self.tail

    def is_behind(self, tail: Tail) -> bool:
        """Whether a place lies ahead of everything read: an id of another store or made up."""
        return tail.observation > self.tail.observation or tail.waveform > self.tail.waveform

    def reach(self, tail: Tail, at: float) -> None:
        """Note that the state has read up to `tail` at a monotonic time."""
        self.tail = tail
        if self.overlap_seconds <= 0:
            return
        self._tails.append((at, tail))
        while len(self._tails) > 1 and self._tails[1][0] <= at - self.overlap_seconds:
            self._tails.popleft()

    def head(self) -> dict[str, object]:
        """The encounter's own facts."""
        row = self.row
        return {
            "id": row.encounter_id,
            "vehicle": row.vehicle_id,
            "incident": row.cad_incident_id,
            "complaint": (row.chief_complaint or {}).get("display") or "",
            "sex": row.sex or "",
            "crew": list(row.crew_ids),
            "care_model": row.care_model.replace("_", " "),
            "version": row.version,
            "status": _STATUS_WORDS.get(row.status, row.status),
            "started_at": row.started_at.isoformat(),
            "handover_at": row.handover_at.isoformat() if row.handover_at else None,
            "destination": row.destination or "",
            "eta_at": row.eta_at.isoformat() if row.eta_at else None,
            "patient": patient_words(row, self.record),
        }

    def warning(self, now: datetime) -> dict[str, object]:
        """The early warning score as it is now, or was at the end."""
        at = min(now, self.row.ended_at or now)
        return early_warning.payload(early_warning.warning_of(self.readings, self.record, at))

    def summary(self, now: datetime, devices: Mapping[str, str]) -> dict[str, object]:
        """One card of the list."""
        shown, record = banner(self.happenings), self.record
        news2 = self.warning(now)
        urgency, reason = urgency_of(record, shown, news2)
        alert = record.newest("pre_alert")
        return {
            **self.head(),
            "urgency": urgency.value,
            "reason": reason,
            "severity": shown["severity"],
            "banner": shown["title"],
            "acuity": acuity_word(record),
            "alerts": alert_words(record),
            "news2": {name: news2[name] for name in ("total", "least", "risk", "missing")},
            "pre_alert_at": None if alert is None else alert.at.isoformat(),
            "newest_at": self.received_at.isoformat() if self.received_at else None,
            "numbers": [
                {"tile": one, **payload}
                for one in _CARD_NUMBERS
                if (payload := self.readings.payload(one, devices)) is not None
            ],
        }

    def _record_payload(self) -> dict[str, object]:
        return record_payload(pseudonymised(self.record, self.row.crew_ids))

    def _note_time(self, stored: StoredObservation) -> None:
        at = stored.observation.observed_at.at
        if self.received_at is None or at > self.received_at:
            self.received_at = at

    def _is_shown(self, stored: StoredObservation) -> bool:
        """Of a 12-lead ECG the board draws lead II, of a device without it what there is."""
        self._has_lead_ii |= is_lead_ii(stored)
        return lane_of(stored) != "ecg" or is_lead_ii(stored) or not self._has_lead_ii

    def _change(
        self,
        tiles: set[str],
        events: list[dict[str, object]],
        waves: list[dict[str, object]],
        devices: Mapping[str, str],
    ) -> dict[str, object]:
        change: dict[str, object] = {}
        if tiles:
            change["tiles"] = self._tiles(tiles, devices)
        if events:
            change["events"] = events
            change["acuity"] = banner(self.happenings)
        if waves:
            change["waves"] = waves
        return change

    def _tiles(self, ids: set[str], devices: Mapping[str, str]) -> dict[str, Payload]:
        payloads = {one: self.readings.payload(one, devices) for one in sorted(ids)}
        return {one: payload for one, payload in payloads.items() if payload is not None}

    def _is_new(self, observation_id: UUID) -> bool:
        if observation_id in self._seen:
            return False
        self._seen.add(observation_id)
        self._order.append(observation_id)
        while len(self._order) > _REMEMBERED:
            self._seen.discard(self._order.popleft())
        return True

    def _forget(self) -> None:
        if len(self.happenings) > MOST_HAPPENINGS:
            self.happenings = sorted(self.happenings, key=lambda one: one.at)[-MOST_HAPPENINGS:]
        if self.waves:
            newest = max(one.observation.observed_at.at for one in self.waves)
            oldest = newest - timedelta(seconds=2 * WAVE_SECONDS)
            self.waves = [one for one in self.waves if one.observation.observed_at.at >= oldest]
