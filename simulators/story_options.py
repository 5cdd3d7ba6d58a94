"""The options that say which patient, which story and which clock; one place for all commands."""

from __future__ import annotations

import argparse
import math
from datetime import UTC, datetime
from typing import Final

from simulators.errors import DeviceSettingsError
from simulators.patient.scenario_files import find_scenario
from simulators.patient.virtual_clock import VirtualClock
from simulators.patient.vital_signs import Patient

USUAL_SCENARIO: Final = "arrest"


def add_story_arguments(parser: argparse.ArgumentParser) -> None:
    """Which patient, which story, told how fast."""
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="NUMBER",
        help="another number is another patient (default 1)",
    )
    parser.add_argument(
        "--scenario",
        default=USUAL_SCENARIO,
        metavar="NAME|FILE",
        help=f"a name of `vitalwire-sim scenarios`, or a file (default {USUAL_SCENARIO})",
    )
    parser.add_argument(
        "--story-seconds",
        type=seconds,
        metavar="SECONDS",
        help="how long the whole story takes; default: as long as the scenario lasts",
    )


def add_clock_arguments(parser: argparse.ArgumentParser) -> None:
    """How fast the patient's clock runs."""
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="0.1 to 100 times as fast as life"
    )
    parser.add_argument(
        "--begins-at",
        metavar="TIME",
        help="the true UTC time (ISO 8601) at which the patient's second 0 is now; "
        "default: the start time itself, or now for another speed",
    )


def patient_of(arguments: argparse.Namespace) -> Patient:
    """The patient the options describe; ScenarioError for a story that cannot be played."""
    scenario = find_scenario(arguments.scenario)
    return Patient(seed=arguments.seed, scenario=scenario, seconds=arguments.story_seconds)


def seconds(text: str) -> float:
    """A time that passes, from the command line."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no time that passes; give seconds above 0")
    return value


def clock_of(arguments: argparse.Namespace, start_at: datetime | None) -> VirtualClock | None:
    """The patient's clock the options describe; None for the time of day."""
    if arguments.speed == 1.0 and arguments.begins_at is None:
        return None
    now = datetime.now(UTC)
    begins_at = now if arguments.begins_at is None else utc_time(arguments.begins_at)
    return VirtualClock(start_at or now, begins_at, arguments.speed)


def utc_time(text: str) -> datetime:
    """A time with its zone, in UTC; DeviceSettingsError for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise DeviceSettingsError(
            f"{text!r} is no time. Write it like 2026-03-01T12:00:00.00+00:00."
        ) from exc
    if at.tzinfo is None:
        raise DeviceSettingsError(f"{text!r} names no zone. Add +00:00.")
    return at.astimezone(UTC)
