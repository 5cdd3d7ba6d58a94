"""What happens to the patient: a story as data, stretched to the wanted length."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class EventKind(Enum):
    """Something that happens to the patient or is done to them."""

    ARREST = "arrest"
    CPR_STARTED = "cpr-started"
    CPR_PAUSED = "cpr-paused"
    CHARGED = "charged"
    SHOCK = "shock"
    ROSC = "rosc"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a story: when (as a part 0..1 of the whole), what, and the words for it."""

    part: float
    kind: EventKind
    words: str


@dataclass(frozen=True, slots=True)
class PatientEvent:
    """A line of the story on the patient's own timeline: `at` in seconds from its start."""

    at: float
    kind: EventKind
    words: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named story. `joules` is the energy of every shock in it."""

    name: str
    lines: tuple[Line, ...]
    joules: int = 200

    def timeline(self, seconds: float) -> tuple[PatientEvent, ...]:
        """The story told in `seconds`; times are cut to hundredths, as device clocks show them."""
        return tuple(
            PatientEvent(round(line.part * seconds, 2), line.kind, line.words)
            for line in self.lines
        )


ARREST: Final = Scenario(
    "arrest",
    (
        Line(0.20, EventKind.ARREST, "ventricular fibrillation, no pulse"),
        Line(0.27, EventKind.CPR_STARTED, "chest compressions started"),
        Line(0.42, EventKind.CHARGED, "defibrillator charged to 200 J"),
        Line(0.47, EventKind.CPR_PAUSED, "stand clear"),
        Line(0.50, EventKind.SHOCK, "shock delivered, 200 J"),
        Line(0.55, EventKind.CPR_STARTED, "asystole, chest compressions again"),
        Line(0.68, EventKind.ROSC, "return of spontaneous circulation"),
    ),
)

STABLE: Final = Scenario("stable", ())

SCENARIOS: Final = {scenario.name: scenario for scenario in (ARREST, STABLE)}
