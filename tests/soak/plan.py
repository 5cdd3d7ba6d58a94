"""What goes wrong in a shift, and when: drawn from a seed, so that a bad run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from simulators.ambulance.vehicle import SERIAL_DEVICES, USUAL_DEVICES
from simulators.patient.scenario_fields import time_words
from simulators.patient.scenario_files import find_scenario

DIALLING: Final = tuple(name for name in USUAL_DEVICES if name not in SERIAL_DEVICES)
SHIFT: Final = "twelve-hour-shift"
SHIFT_SECONDS: Final = 43_200.0
_STORIES: Final = ("inferior-stemi", "cardiac-arrest-rosc", "asthma-desaturation", "haemorrhage")


class Trouble(Enum):
    """A kind of trouble."""

    KILL = "the gateway is killed"
    AWAY = "a device is out of reach"
    UNPLUG = "a serial device is unplugged"
    OUTAGE = "no uplink"
    DISK_FULL = "the disk is full"
    CLOCK = "the gateway's clock is wrong"


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """`kind` from `at` for `lasts` seconds of the patient; `what` is the device or the amount."""

    at: float
    kind: Trouble = field(compare=False)
    lasts: float = field(compare=False, default=0.0)
    what: str = field(compare=False, default="")

    @property
    def words(self) -> str:
        """For whoever watches."""
        what = f" ({self.what})" if self.what else ""
        return f"{self.kind.value}{what} for {self.lasts:.0f} s" if self.lasts else self.kind.value


# Kind -> seconds between two of them on average, and how long each lasts at least and at most.
_HOW_OFTEN: Final = {
    Trouble.KILL: (480.0, 0.0, 0.0),
    Trouble.AWAY: (150.0, 5.0, 60.0),
    Trouble.UNPLUG: (420.0, 10.0, 60.0),
    Trouble.OUTAGE: (1500.0, 8.0, 5400.0),
    Trouble.DISK_FULL: (3600.0, 60.0, 300.0),
    Trouble.CLOCK: (3600.0, 60.0, 300.0),
}
_LONGEST_PART: Final = 0.3
"""No trouble takes more of a run than this."""
_JUMPS: Final = (-0.35, -0.06, 0.2, 0.75)
"""How far the gateway's clock is wrong, as a part of the time around a patient."""
_MOST_AROUND: Final = 120.0
_CALL_EVERY: Final = 900.0
_ON_BOARD: Final = 0.7


def around(seconds: float) -> float:
    """Dispatch opens an encounter so long before its patient, and closes it so long after.

    A clock that is wrong by less brings no reading to another patient.
    """
    gap = (1 - _ON_BOARD) * seconds / calls_in(seconds)
    return min(_MOST_AROUND, 0.4 * gap)


def calls_in(seconds: float) -> int:
    """How many patients a shift of this length has, where it is no shift of twelve hours."""
    return max(2, round(seconds / _CALL_EVERY))


def troubles(seconds: float, seed: int) -> tuple[Happening, ...]:
    """Everything that goes wrong, in its order; each kind at least once."""
    chance = random.Random(seed)  # noqa: S311 - a plan of troubles, guards nothing
    found = []
    for kind, (every, least, most) in _HOW_OFTEN.items():
        for _ in range(max(1, round(seconds / every))):
            lasts = least * (most / least) ** chance.random() if least else 0.0
            lasts = min(lasts, _LONGEST_PART * seconds)
            at = chance.uniform(0.06, 0.94 - lasts / seconds) * seconds
            found.append(Happening(at, kind, lasts, _subject(kind, chance, around(seconds))))
    return tuple(_one_at_a_time(sorted(found)))


def _subject(kind: Trouble, chance: random.Random, margin: float) -> str:
    if kind is Trouble.AWAY:
        return chance.choice(DIALLING)
    if kind is Trouble.UNPLUG:
        return chance.choice(SERIAL_DEVICES)
    return f"{chance.choice(_JUMPS) * margin:.1f}" if kind is Trouble.CLOCK else ""


def _one_at_a_time(found: list[Happening]) -> Iterator[Happening]:
    """Two of the same kind and subject do not overlap; of different kinds they do."""
    ends: dict[tuple[Trouble, str], float] = {}
    for one in found:
        key = (one.kind, one.what if one.kind in (Trouble.AWAY, Trouble.UNPLUG) else "")
        if one.at >= ends.get(key, 0.0):
            ends[key] = one.at + one.lasts + 1.0
            yield one


def shift_file(path: Path, seconds: float) -> str:
    """The scenario to play: the shift of twelve hours, or a shorter one written to `path`."""
    if seconds >= SHIFT_SECONDS:
        return SHIFT
    count = calls_in(seconds)
    part = seconds / count
    lines = ['title = "A short shift"', 'about = "Calls one after the other."']
    lines.append(f'lasts = "{time_words(seconds)}"')
    for number in range(count):
        story = find_scenario(_STORIES[number % len(_STORIES)])
        lasts = min(story.seconds, _ON_BOARD * part)
        lines += ["", "[[call]]", f'at = "{time_words(part * (number + (1 - _ON_BOARD) / 2))}"']
        lines += [f'scenario = "{story.name}"', f'lasts = "{time_words(lasts)}"']
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)
