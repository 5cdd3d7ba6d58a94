"""The patient in words, numbers and a little curve: the whole story at once, or as it happens."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from simulators.patient.electrocardiogram import SAMPLE_RATE, Electrocardiogram
from simulators.patient.scenario_fields import time_words
from simulators.patient.virtual_clock import require_speed
from simulators.patient.vital_signs import Numerics, Patient
from simulators.story_options import add_story_arguments, patient_of, seconds

_BARS: Final = "▁▂▃▄▅▆▇█"
_BARS_A_SECOND: Final = 20
_LOWEST_MV: Final = -0.6
_HIGHEST_MV: Final = 1.2


def _shown(value: int | None, width: int = 3) -> str:
    return f"{'--' if value is None else value:>{width}}"


def numerics_line(numerics: Numerics) -> str:
    """The numbers of one moment as a monitor shows them; `--` where there is nothing to measure."""
    pressure = f"{_shown(numerics.systolic)}/{_shown(numerics.diastolic)}"
    return (
        f"HR {_shown(numerics.heart_rate)}   SpO2 {_shown(numerics.spo2)} %   "
        f"NIBP {pressure} ({_shown(numerics.mean)})   CO2 {_shown(numerics.end_tidal)}   "
        f"RR {numerics.respiratory_rate:>2}   {numerics.temperature} C"
    )


def sparkline(strip: Electrocardiogram, second: float) -> str:
    """One second of lead II as a row of bars, each the largest deflection in its part."""
    first = round(second * SAMPLE_RATE)
    parts = strip.millivolts(first, SAMPLE_RATE).reshape(_BARS_A_SECOND, -1)
    peaks = np.take_along_axis(parts, np.abs(parts).argmax(axis=1)[:, None], axis=1)[:, 0]
    steps = (peaks - _LOWEST_MV) / (_HIGHEST_MV - _LOWEST_MV) * (len(_BARS) - 1)
    return "".join(_BARS[int(step)] for step in np.clip(np.rint(steps), 0, len(_BARS) - 1))


def story_lines(patient: Patient, *, every: float = 1.0) -> Iterator[tuple[float, str]]:
    """(moment, line) from 0 to the end; events stand before the line of the moment they fall in."""
    strip = Electrocardiogram(patient)
    for number in range(int(patient.seconds / every) + 1):
        t = number * every
        for event in patient.events_between(t, t + every):
            yield t, f"{time_words(event.at):>9}  ** {event.words}"
        if not patient.is_on_board(t):
            yield t, f"{time_words(t):>9}  {patient.rhythm_words(t)}"
            continue
        hands = ", compressions" if patient.stretch_at(t).compressions else ""
        seen = f"{numerics_line(patient.numerics_at(t))}  {sparkline(strip, t)}"
        yield t, f"{time_words(t):>9}  {seen} {patient.rhythm_words(t)}{hands}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vitalwire-sim patient`."""
    add_story_arguments(parser)
    parser.add_argument(
        "--live", action="store_true", help="tell it as it happens instead of all at once"
    )
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="with --live")
    parser.add_argument(
        "--every", type=seconds, default=1.0, metavar="SECONDS", help="how often the numbers come"
    )


def run(arguments: argparse.Namespace) -> int:
    """Tell the story; 0."""
    require_speed(arguments.speed)
    patient = patient_of(arguments)
    speed = arguments.speed if arguments.live else None
    tell(patient, sys.stdout.write, every=arguments.every, speed=speed)
    return 0


def tell(
    patient: Patient, write: Callable[[str], object], *, every: float, speed: float | None
) -> None:
    """Write the story, at the patient's own pace where a speed is given."""
    began = time.monotonic()
    for t, line in story_lines(patient, every=every):
        if speed is not None:
            time.sleep(max(0.0, began + t / speed - time.monotonic()))
        write(line + "\n")
        sys.stdout.flush()
