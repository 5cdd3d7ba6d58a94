"""One encounter as the board holds it in memory: newest numbers, events, seconds of ECG."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from cloud.api.console.happenings import Happening, banner, crew_happening, happening_of
from cloud.api.console.tiles import HEART_RATE, SATURATION, TILES, Payload, Readings
from cloud.core.encounters.tables import EncounterRow
from cloud.core.observations.queries import Tail
from cloud.core.observations.stored import StoredObservation
from protocols.model.crew import CrewEvent
from protocols.model.observation import SampleArrayObservation
from protocols.nomenclature.lookup import find, find_unit

WAVE_SECONDS: Final = 20
"""A snapshot brings this much ECG: about what a wide strip shows at 25 mm/s."""
MOST_HAPPENINGS: Final = 200
_REMEMBERED: Final = 20_000
_LEAD_II: Final = 131330
_RECENT: Final = timedelta(seconds=60)

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
    readings: Readings = field(default_factory=Readings)
    happenings: list[Happening] = field(default_factory=list)
    waves: list[StoredObservation] = field(default_factory=list)
    _tails: deque[tuple[float, Tail]] = field(default_factory=deque)
    _seen: set[UUID] = field(default_factory=set)
    _undone: set[str] = field(default_factory=set)
    _order: deque[UUID] = field(default_factory=deque)

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
            wave = wave_payload(stored, devices)
            happening = happening_of(stored)
            if wave is not None:
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

    def snapshot(self, devices: Mapping[str, str]) -> dict[str, object]:
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
            "status": _STATUS_WORDS.get(row.status, row.status),
            "started_at": row.started_at.isoformat(),
            "handover_at": row.handover_at.isoformat() if row.handover_at else None,
        }

    def summary(self, now: datetime, devices: Mapping[str, str]) -> dict[str, object]:
        """One card of the list."""
        shown = banner(self.happenings)
        return {
            "id": self.row.encounter_id,
            "vehicle": self.row.vehicle_id,
            "started_at": self.row.started_at.isoformat(),
            "severity": shown["severity"],
            "acuity": shown["title"] or _STATUS_WORDS.get(self.row.status, ""),
            "numbers": " \u00b7 ".join(self._numbers(now, devices)),
        }

    def _numbers(self, now: datetime, devices: Mapping[str, str]) -> list[str]:
        texts = []
        for tile_id, label in ((HEART_RATE, "HR"), (SATURATION, "SpO\u2082")):
            age = self.readings.age(tile_id, now)
            payload = self.readings.payload(tile_id, devices)
            if age is not None and age < _RECENT and payload and payload["value"] is not None:
                texts.append(f"{label} {payload['value']}")
        return texts

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


def wave_payload(stored: StoredObservation, devices: Mapping[str, str]) -> dict[str, object] | None:
    """A chunk of ECG lead II for the strip, None for anything else."""
    chunk = stored.observation
    if not isinstance(chunk, SampleArrayObservation) or chunk.type.cf_code != _LEAD_II:
        return None
    unit, term = find_unit(chunk.unit), find(chunk.type)
    name = term.display if term is not None else "ECG lead II"
    device = devices.get(stored.device_id, "")
    return {
        "id": str(chunk.observation_id),
        "lane": stored.device_id,
        "label": f"{name} \u00b7 {device}" if device else name,
        "at": chunk.observed_at.at.isoformat(),
        "period_us": chunk.period_us,
        "scale": chunk.scale,
        "offset": chunk.offset,
        "unit": unit.ucum if unit is not None else "",
        "samples": np.frombuffer(chunk.samples, dtype="<i4").tolist(),
    }
