"""The patient's story in words and numbers, one line a second, for whoever wants to read it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from simulators.device_command import STORY_SECONDS, add_story_arguments, seconds
from simulators.scenario import SCENARIOS
from simulators.vital_signs import Numerics, Patient


def _shown(value: int | None, width: int = 3) -> str:
    return f"{'--' if value is None else value:>{width}}"


def numerics_line(numerics: Numerics) -> str:
    """The numbers of one moment as a monitor shows them; `--` where there is nothing to measure."""
    pressure = f"{_shown(numerics.systolic)}/{_shown(numerics.diastolic)}"
    return (
        f"HR {_shown(numerics.heart_rate)}/min   SpO2 {_shown(numerics.spo2)} %   "
        f"pulse {_shown(numerics.pulse_rate)}/min   "
        f"NIBP {pressure} ({_shown(numerics.mean)}) mmHg   pads {numerics.impedance} Ohm"
    )


def story_lines(patient: Patient) -> Iterator[str]:
    """One line for every second from 0 to the end; events stand before the second they fall in."""
    for second in range(int(patient.seconds) + 1):
        for event in patient.events_between(second, second + 1):
            yield f"{event.at:7.2f} s  ** {event.words}"
        stretch = patient.stretch_at(second)
        hands = ", compressions" if stretch.compressions else ""
        numbers = numerics_line(patient.numerics_at(second))
        yield f"{second:7.2f} s  {numbers}   {stretch.rhythm.value}{hands}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vitalwire-sim patient`."""
    add_story_arguments(parser)
    parser.add_argument(
        "--seconds",
        type=seconds,
        default=STORY_SECONDS,
        metavar="SECONDS",
        help=f"how long the whole story takes (default {STORY_SECONDS:g})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the story; 0."""
    patient = Patient(
        seed=arguments.seed, scenario=SCENARIOS[arguments.scenario], seconds=arguments.seconds
    )
    for line in story_lines(patient):
        sys.stdout.write(line + "\n")
    return 0
