"""Everything the page shows, in memory: fed by what was stored, told to every screen at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, timedelta, tzinfo
from typing import Any, Final

import msgspec

from edge.clock import Clock
from edge.commands.encounter import Binding, EncounterOnBoard
from edge.crew import early_warning
from edge.crew.desk import CrewDesk
from edge.crew.enrolling import DeviceEnroller
from edge.crew.happenings import DeviceTales, by_time, crew_payload, is_listed
from edge.crew.local_time import LocalTime
from edge.crew.policy import CrewPolicy
from edge.crew.readings import TILES, Payload, Readings
from edge.crew.told import Told
from edge.crew.trends import Trends
from edge.crew.viewers import Viewers
from edge.crew.waves import Waves
from edge.crew.words import devices_in_words, uplink_in_words
from edge.pipeline.live import LiveFeed
from edge.transports.ble.pairing import PairingDesk, PairingKind
from protocols.model.codes import SystemId
from protocols.model.crew import CrewEvent, CrewEventKind
from protocols.model.device import DeviceInfo
from protocols.model.early_warning import Fitness, Parameters
from protocols.model.observation import (
    CodedObservation,
    CompoundNumericObservation,
    NumericObservation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.uplink.messages import Content

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.08
"""A dozen frames a second are enough for an eye, and each costs its way through the server."""
_OLD: Final = timedelta(minutes=5)
_MOST_NAMES: Final = 256
_KINDS: Final = {
    PairingKind.ASK_PASSKEY: "ask",
    PairingKind.SHOW_PASSKEY: "show",
    PairingKind.COMPARE_NUMBER: "compare",
    PairingKind.CONFIRM: "confirm",
}
"""A word for the page each."""


@dataclass(slots=True, kw_only=True)
class CrewBoard:
    """The state behind all screens; of one event loop. `status` is the gateway's last look.

    `zone`: the vehicle's, of every time that is shown.
    """

    policy: CrewPolicy
    desk: CrewDesk
    told: Told
    encounters: EncounterOnBoard
    feed: LiveFeed
    status: Callable[[], dict[str, Any]]
    clock: Clock
    pairing: PairingDesk | None = None
    enrolled: DeviceEnroller | None = None
    zone: tzinfo = UTC
    viewers: Viewers = field(init=False)
    _readings: Readings = field(default_factory=Readings)
    _waves: Waves = field(default_factory=Waves)
    _trends: Trends = field(default_factory=Trends)
    _tales: DeviceTales = field(default_factory=DeviceTales)
    _names: dict[SystemId, str] = field(default_factory=dict)
    _shown: Payload = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.viewers = Viewers(self.policy.most_viewers)
        self.desk.on_event = self._tell_event
        self.told.open(self.encounters.current)
        self.encounters.observers.append(lambda _before, _now: self.encounter_changed())

    async def follow(self) -> None:
        """Take what is stored, and show it; for ever. What comes soon after goes together."""
        with self.feed.subscribe() as stored:
            while True:
                change = self.take(await stored.take())
                if change:
                    self.viewers.tell("change", change)
                await self.clock.sleep(GATHER_SECONDS)

    async def look(self) -> None:
        """Show how devices, link, pairing and score stand, as it changes; for ever."""
        while True:
            self.show_state()
            await self.clock.sleep(LOOK_SECONDS)

    def show_state(self) -> None:
        """Tell the screens what changed of the slow things."""
        state = self.state()
        changed = {name: value for name, value in state.items() if self._shown.get(name) != value}
        self._shown = state
        if changed:
            self.viewers.tell("state", {"now": self._now, **changed})

    def take(self, contents: Iterable[Content]) -> Payload:
        """Add what was stored; the change, empty when no screen shows any of it."""
        tiles: set[str] = set()
        waves: list[Payload] = []
        lines: list[Payload] = []
        pressures = False
        oldest = self.clock.utc() - _OLD
        for content in contents:
            match content:
                case SampleArrayObservation():
                    is_live = content.observed_at.at >= oldest
                    wave = self._waves.take(content, self._names) if is_live else None
                    waves += [wave] if wave is not None else []
                case NumericObservation() | CompoundNumericObservation():
                    tile = self._readings.take(content)
                    tiles |= {tile} if tile is not None else set()
                    pressures |= self._trends.take(content, self._names)
                case CodedObservation() | TextObservation():
                    line = self._tales.take(content, self._names)
                    lines += [line] if line is not None else []
                case DeviceInfo():
                    self._name(content)
                case _:
                    pass
        change: Payload = {}
        if tiles:
            change["tiles"] = self._tiles(tiles)
        if waves:
            change["waves"] = waves
        if lines:
            change["events"] = lines
        if pressures:
            change["pressures"] = self._trends.pressures
        return change and {"now": self._now, **change}

    def snapshot(self) -> Payload:
        """All of it, for a screen that has just come."""
        return {
            "now": self._now,
            "tiles": self._tiles({tile.id for tile in TILES}),
            "waves": self._waves.recent(),
            "events": self._lines(),
            "pressures": self._trends.pressures,
            **self.state(),
        }

    def state(self) -> Payload:
        """What changes slowly."""
        status, now = self.status(), self.clock.utc()
        return {
            "zone": asdict(self.local_time),
            "devices": devices_in_words(status) if status else [],
            "foreign": self._foreign(status),
            "scanned": self.enrolled.scanned() if self.enrolled is not None else [],
            "uplink": uplink_in_words(status, now) if status else None,
            "encounter": self._encounter(),
            "shift": self.shift,
            "patient": msgspec.to_builtins(self.told.patient),
            "age": self.told.patient.age(now.date()),
            "assessment": msgspec.to_builtins(self.told.assessment),
            "aside": self._aside(),
            "news2": self.news2(),
            "trends": self._trends.payload(),
            "pairing": self._pairing(),
        }

    @property
    def local_time(self) -> LocalTime:
        """What times are shown in now."""
        return LocalTime.of(self.zone, self.clock.utc())

    @property
    def shift(self) -> list[str]:
        """Who is on board, by the last event that said so."""
        for event in reversed(self.desk.journal.events):
            if self.desk.is_undone(event.event_id):
                continue
            if event.kind == CrewEventKind.SHIFT_BEGUN:
                return [value for name, value in event.details if name.startswith("crew_")]
            if event.kind == CrewEventKind.SHIFT_ENDED:
                return []
        return []

    def news2(self) -> Payload:
        """The early warning score of now, with its parts."""
        return early_warning.payload(self._known(), self.fitness)

    def score_details(self) -> tuple[tuple[str, str], ...]:
        """The early warning score of now, as an event keeps it."""
        return early_warning.details(self._known(), self.fitness)

    @property
    def fitness(self) -> Fitness:
        """Whether the early warning score is made for this patient."""
        age = self.told.patient.age(self.clock.utc().date())
        return Fitness(age, self.told.assessment.is_pregnant)

    def encounter_changed(self) -> None:
        """Another encounter, whoever bound it: nothing of the last patient stays on a screen."""
        if self._reference == self.told.encounter_id:
            return
        if self.told.encounter_id:
            for kept in (self._readings, self._waves, self._trends, self._tales):
                kept.clear()
        self.told.open(self.encounters.current)
        self.show_anew()

    def show_anew(self) -> None:
        """Less is to be seen than before: every screen begins again."""
        for line in ("clear", "state"):
            self.viewers.tell(line, self.snapshot())

    def events_of_patient(self) -> list[CrewEvent]:
        """The crew's events of the current encounter that count, oldest first."""
        events = self.desk.journal.events
        undone = {event.undoes for event in events}
        return [
            event
            for event in events
            if self._is_of_patient(event) and event.event_id not in undone and is_listed(event)
        ]

    def numbers(self) -> dict[str, Payload]:
        """What the tiles show now."""
        return self._tiles({tile.id for tile in TILES})

    def _known(self) -> Parameters:
        return early_warning.parameters(self._readings, self.told.assessment, self.clock.utc())

    @property
    def _reference(self) -> str:
        current = self.encounters.current
        return "" if current is None else current.encounter_id

    @property
    def _now(self) -> float:
        return self.clock.utc().timestamp()

    def _name(self, info: DeviceInfo) -> None:
        if len(self._names) < _MOST_NAMES or info.system_id in self._names:
            name = " ".join(filter(None, (info.manufacturer, info.model)))
            self._names[info.system_id] = name or self._names.get(info.system_id, "")

    def _tiles(self, ids: set[str]) -> dict[str, Payload]:
        payloads = {one: self._readings.payload(one, self._names) for one in sorted(ids)}
        return {one: payload for one, payload in payloads.items() if payload is not None}

    def _lines(self) -> list[Payload]:
        journal = self.desk.journal
        undone = {event.undoes for event in journal.events}
        waiting = {event.event_id for event in journal.unkept}
        mine = [
            crew_payload(
                event,
                is_undone=event.event_id in undone,
                is_saved=event.event_id not in waiting,
            )
            for event in journal.events
            if self._is_of_patient(event) and is_listed(event)
        ]
        return by_time([*mine, *self._tales.lines()])

    def _is_of_patient(self, event: CrewEvent) -> bool:
        """Of the encounter on board; what was done before it was bound belongs to it by its time.

        The cloud binds by the same rule. Between two encounters, what came after the last one.
        """
        current = self.encounters.current
        if event.encounter or current is not None:
            is_named = event.encounter == self._reference
            is_early = current is not None and event.at >= current.started_at
            return is_named or (not event.encounter and is_early)
        released = [
            one.at
            for one in self.desk.journal.events
            if one.kind == CrewEventKind.ENCOUNTER_RELEASED
        ]
        return not released or event.at > max(released)

    def _tell_event(self, event: CrewEvent) -> None:
        told = event if event.undoes is None else self.desk.journal.find(event.undoes)
        if told is not None and is_listed(told):
            waiting = {one.event_id for one in self.desk.journal.unkept}
            line = crew_payload(
                told,
                is_undone=event.undoes is not None,
                is_saved=event.event_id not in waiting,
            )
            self.viewers.tell("change", {"now": self._now, "events": [line]})
        self.show_state()

    def _encounter(self) -> Payload | None:
        current: Binding | None = self.encounters.current
        if current is None:
            return None
        confirmed = any(
            event.kind in (CrewEventKind.ENCOUNTER_CONFIRMED, CrewEventKind.ENCOUNTER_BEGUN)
            for event in self.events_of_patient()
        )
        return {
            "id": current.encounter_id,
            "number": current.number,
            "complaint": current.complaint,
            "sex": current.sex,
            "started_at": current.started_at.isoformat(),
            "from_dispatch": current.is_from_dispatch,
            "confirmed": confirmed,
        }

    def _aside(self) -> Payload | None:
        """What a person has to say whose it is."""
        aside = self.told.aside
        if aside is None:
            return None
        patient = aside.patient
        name = " ".join(filter(None, (patient.given_name, patient.family_name)))
        age = patient.age(self.clock.utc().date())
        facts = (name, patient.nhs_number, "" if age is None else f"{age} years", patient.sex)
        return {"who": ", ".join(filter(None, (*facts, patient.complaint)))}

    def _foreign(self, status: dict[str, Any]) -> list[Payload]:
        """Devices that send here and belong to another vehicle: is this our patient at all?"""
        if self.enrolled is None or not status:
            return []
        found = []
        for device in status.get("devices", ()):
            vehicle = self.enrolled.foreign_vehicle(device.get("system_id", ""))
            if vehicle is not None and device["state"] not in ("ended", "waiting"):
                found.append({"name": device["model"] or device["name"], "vehicle": vehicle})
        return found

    def _pairing(self) -> Payload | None:
        if self.pairing is None:
            return None
        return {
            "requests": [
                {
                    "id": one.request_id,
                    "name": one.name,
                    "address": one.address,
                    "kind": _KINDS[one.kind],
                    "number": one.number,
                    "expires_at": one.expires_at.isoformat(),
                }
                for one in self.pairing.open_requests()
            ],
            "nearby": [
                {"address": one.address, "name": one.name}
                for one in self.pairing.nearby()
                if not one.enrolled
            ],
        }
