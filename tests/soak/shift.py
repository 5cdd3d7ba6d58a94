"""One shift played with everything that goes wrong, up to its ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from simulators.patient.scenario_fields import time_words
from simulators.patient.scenario_files import find_scenario
from tests.soak.census import Census
from tests.soak.crew import Release
from tests.soak.growth import JUDGED, findings
from tests.soak.ledger import SoakLedger, draw_up
from tests.soak.plan import Happening, Trouble, around, shift_file, troubles
from tests.soak.stays import Encounter
from tests.soak.world import VEHICLE, World
from tests.waiting import wait_until

_TICK: Final = 0.05
_LOOK_EVERY: Final = 1.0
_PATIENCE: Final = 300.0
_LOOKS: Final = 3
_LONG: Final = 3600.0
"""Seconds of a shift with enough patients for one release that nothing gets in the way of."""
_PRESS_AGAIN: Final = 10.0
_RELEASED_AT: Final = 0.5
"""The crew presses *Release* so far into a stay; the devices go on measuring."""
_COMES_BACK: Final = 8.0
"""True seconds after a trouble until everybody talks again, a gateway's start among them."""
_LATENCY: Final = 0.25
"""True seconds between a device's look at its clock and the gateway's, on a busy machine."""


@dataclass(slots=True)
class Shift:
    """Plays it and remembers what happened."""

    world: World
    say: Callable[[str], None]
    seed: int
    encounters: list[Encounter] = field(default_factory=list)
    censuses: dict[str, Census] = field(default_factory=dict)
    counts: dict[Trouble, int] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    _next_look: float = 0.0
    _around: float = 0.0
    _patients: int = 0
    _tolerance: float = 0.0
    _troubled: list[tuple[float, float]] = field(default_factory=list)
    _wrong_clock: list[tuple[float, float]] = field(default_factory=list)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def play(self) -> None:
        """Everything; AssertionError when it does not come to its end."""
        self._lay_out()
        left = self.world.seconds / self.world.speed + _PATIENCE
        what = "the devices to have everything confirmed"
        wait_until(self._turn, timeout=left, what=what, every=_TICK)
        for _, _, act in self._due:
            act()
        self._drain()

    def draw_up(self) -> SoakLedger:
        """The ledger, once every program has ended."""
        spans = {one.encounter_id: one.span for one in self.releases if one.span is not None}
        return draw_up(
            self.world.folder / "journals",
            self.world.database,
            [replace(one, released=spans.get(one.encounter_id)) for one in self.encounters],
            start_at=self.world.start_at,
            tolerance=self._tolerance,
            excused=self._wrong_clock,
            troubled=self._troubled,
            kept=self.world.kept.ids,
            gave_way=self.world.kept.gave_way,
        )

    def complaints(self, ledger: SoakLedger) -> list[str]:
        """What was not flat, and what did not happen that had to."""
        found = findings([self.censuses.get(name, Census(name)) for name in JUDGED])
        if not any(one.is_known for one in self.releases):
            found.append("no patient was released by the crew")
        elif not ledger.after_release and self.world.seconds >= _LONG:
            found.append("nothing was measured after a release, so nothing was proved of it")
        return found

    def _turn(self) -> bool:
        """Do what is due and look at the programs; whether the devices have finished."""
        now = self.world.patient_time
        while self._due and self._due[0][0] <= now:
            self._due.pop(0)[2]()
        self.world.processes.check()
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_EVERY
            self._look()
        if self.world.vehicle.running:
            return False
        assert len(self.encounters) == self._patients, "the vehicle ended before its last patient"
        return True

    def _lay_out(self) -> None:
        self._around = around(self.world.seconds)
        self._tolerance = 1.0 + _LATENCY * self.world.speed
        calls = find_scenario(self.world.scenario).calls
        self._patients = len(calls)
        for number, call in enumerate(calls):
            # Every third patient leaves by the hospital's word alone.
            opener = self._opener(call.begin, call.end, is_released=number % 3 != 2)
            self._at(call.begin - self._around, opener)
        for one in troubles(self.world.seconds, self.seed):
            self._at(one.at, partial(self._begin, one))
            if one.lasts:
                self._at(one.at + one.lasts, partial(self._end, one))
        self._due.sort(key=lambda due: due[:2])

    def _at(self, t: float, act: Callable[[], None]) -> None:
        self._due.append((t, len(self._due), act))

    def _opener(self, begin: float, end: float, *, is_released: bool) -> Callable[[], None]:
        def open_it() -> None:
            started_at = self.world.start_at + timedelta(seconds=begin - self._around)
            body: dict[str, object] = {
                "started_at": started_at.isoformat(),
                "care_model": "prehospital_emergency",
                "vehicle_id": VEHICLE,
                "crew_ids": ["crew-201"],
                "cad_incident_id": f"soak-{begin:.0f}",
            }
            encounter_id = str(self.world.client.post("/api/v1/epcr/encounters", body)["id"])
            self.encounters.append(
                Encounter(encounter_id, begin - self._around, end + self._around)
            )
            if is_released:
                release = Release(encounter_id)
                self.releases.append(release)
                pressed_at = begin + _RELEASED_AT * (end - begin)
                self._at(pressed_at, lambda: self._release(release, end + self._around))
            self._at(end + self._around, lambda: self._close(encounter_id))
            self._due.sort(key=lambda due: due[:2])
            self._tell(f"a patient comes on board, encounter {encounter_id}")

        return open_it

    def _release(self, release: Release, until: float) -> None:
        """Press, and again a little later until it is taken or the hospital has the patient."""
        if release.attempt(self.world.screen.release, lambda: self.world.patient_time):
            self._tell("the crew releases the patient")
        elif (again := self.world.patient_time + _PRESS_AGAIN) < until:
            self._at(again, lambda: self._release(release, until))
            self._due.sort(key=lambda due: due[:2])

    def _close(self, encounter_id: str) -> None:
        self.world.client.post(
            f"/api/v1/epcr/encounters/{encounter_id}/handover",
            {"facility_id": "emergency-department-1", "received_by": "triage-nurse-7"},
        )
        self._tell("the patient is handed over")

    def _begin(self, one: Happening) -> None:
        self.counts[one.kind] = self.counts.get(one.kind, 0) + 1
        self._tell(one.words)
        world = self.world
        if one.kind not in (Trouble.OUTAGE, Trouble.CLOCK):
            begin, end = one.at - 1.0, max(one.at, world.patient_time) + one.lasts
            self._troubled.append((begin, end + _COMES_BACK * world.speed))
        match one.kind:
            case Trouble.KILL:
                world.kill_edge()
            case Trouble.AWAY:
                world.order("away", one.what, f"{one.lasts:.1f}")
            case Trouble.UNPLUG:
                world.order("unplug", one.what)
            case Trouble.OUTAGE:
                world.shut_doors(shut=True)
            case Trouble.DISK_FULL:
                world.fill_disk(full=True)
            case Trouble.CLOCK:
                world.set_clock_wrong(float(one.what))
                margin = abs(float(one.what)) + 2 * self._tolerance
                self._wrong_clock.append((one.at - margin, one.at + one.lasts + margin))

    def _end(self, one: Happening) -> None:
        world = self.world
        match one.kind:
            case Trouble.UNPLUG:
                world.order("plug", one.what)
            case Trouble.OUTAGE:
                world.shut_doors(shut=False)
            case Trouble.DISK_FULL:
                world.fill_disk(full=False)
            case Trouble.CLOCK:
                world.set_clock_wrong(0.0)

    def _look(self) -> None:
        for name in (*JUDGED, "vehicle"):
            child = getattr(self.world, name)
            self.censuses.setdefault(name, Census(name)).look(child.pid, self.world.patient_time)

    def _drain(self) -> None:
        """Until the gateway has nothing left and has said so a few times."""
        calm: list[int] = []

        def is_calm() -> bool:
            calm.append(self.world.waiting())
            self._look()
            return calm[-_LOOKS:] == [0] * _LOOKS

        wait_until(is_calm, timeout=_PATIENCE, what="all rows to leave the gateway", every=0.5)

    def _tell(self, words: str) -> None:
        self.say(f"{time_words(max(0.0, self.world.patient_time)):>9}  {words}")


def play(
    folder: Path, *, seconds: float, speed: float, seed: int, say: Callable[[str], None]
) -> tuple[SoakLedger, Shift]:
    """One shift in a folder of its own; also of one that is given up there is a ledger."""
    folder.mkdir(parents=True, exist_ok=True)
    scenario = shift_file(folder / "shift.toml", seconds)
    world = World(folder=folder, scenario=scenario, seconds=seconds, speed=speed, seed=seed)
    given_up = ""
    with world:
        shift = Shift(world, say, seed)
        try:
            shift.play()
        except AssertionError as exc:
            given_up = str(exc)
            say(given_up)
    for line in world.kept.lines():
        say(line)
    for census in shift.censuses.values():
        census.write(folder / f"census-{census.name}.csv")
    ledger = shift.draw_up()
    ledger.given_up = given_up
    return ledger, shift
