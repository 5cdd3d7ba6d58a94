"""What happens to a patient, or to the patients of a shift: a story as data.

`scenario_files` reads it; `Patient` lives through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.patient.happenings import EventKind
from simulators.patient.physiology import HEALTHY, Physiology


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientEvent:
    """Something happens `at` seconds.

    `words` for people; `goes_to`: where quantities go, over what the kind says; `over`: seconds in
    which they get there, None for the body's own pace. `starts_as` is the new person of ON_BOARD.
    """

    at: float
    kind: EventKind
    words: str
    goes_to: Mapping[str, float] = field(default_factory=dict)
    over: float | None = None
    starts_as: Physiology | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One patient of a shift: on board from `begin` to `end` seconds, and what it is about."""

    begin: float
    end: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named story of `seconds`. `joules` is the energy of every shock in it.

    `calls` are the patients of a shift; empty where one patient is on board all the time.
    """

    name: str
    title: str = ""
    about: str = ""
    seconds: float
    starts_as: Physiology = HEALTHY
    events: tuple[PatientEvent, ...] = ()
    calls: tuple[Call, ...] = ()
    joules: int = 200

    def timeline(self, seconds: float) -> tuple[PatientEvent, ...]:
        """The story told in `seconds`; times are cut to hundredths, as device clocks show them."""
        pace = seconds / self.seconds
        return tuple(
            PatientEvent(
                at=round(event.at * pace, 2),
                kind=event.kind,
                words=event.words,
                goes_to=event.goes_to,
                over=None if event.over is None else event.over * pace,
                starts_as=event.starts_as,
            )
            for event in self.events
        )

    def patients(self, seconds: float) -> tuple[Call, ...]:
        """Who is on board when, in the story told in `seconds`; at least one."""
        pace = seconds / self.seconds
        calls = self.calls or (Call(0.0, self.seconds, self.title or self.name),)
        return tuple(
            Call(round(call.begin * pace, 2), round(call.end * pace, 2), call.title)
            for call in calls
        )
