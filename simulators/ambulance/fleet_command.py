"""`vitalwire-sim fleet`: many ambulances at once against a cloud of their own."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from simulators.ambulance.fleet import Fleet, FleetPlan, Tally
from simulators.patient.scenario_files import find_scenario
from simulators.story_options import seconds

USUAL_VEHICLES: Final = 3
USUAL_SCENARIO: Final = "inferior-stemi"
USUAL_SECONDS: Final = 60.0
MOST_VEHICLES: Final = 200
_TOLD_EVERY_SECONDS: Final = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--vehicles",
        type=_vehicles,
        default=USUAL_VEHICLES,
        metavar="N",
        help=f"1 to {MOST_VEHICLES} (default {USUAL_VEHICLES}); each is two processes",
    )
    parser.add_argument(
        "--scenario",
        default=USUAL_SCENARIO,
        metavar="NAME|FILE",
        help=f"what every patient goes through (default {USUAL_SCENARIO})",
    )
    parser.add_argument(
        "--duration",
        type=seconds,
        default=USUAL_SECONDS,
        metavar="SECONDS",
        help=f"of patient time (default {USUAL_SECONDS:g})",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="NUMBER", help="other patients")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder for this run's data")


def _vehicles(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MOST_VEHICLES:
        raise argparse.ArgumentTypeError(f"{text} vehicles: give 1 to {MOST_VEHICLES}")
    return count


def run(arguments: argparse.Namespace) -> int:
    """Play it; 0 when every reading of every vehicle is in the cloud, 1 when not."""
    find_scenario(arguments.scenario)  # before anything is started
    folder = arguments.data or Path("demo-data") / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    plan = FleetPlan(
        folder=folder.absolute(),
        vehicles=arguments.vehicles,
        scenario=arguments.scenario,
        seconds=arguments.duration,
        seed=arguments.seed,
    )
    plan.folder.mkdir(parents=True, exist_ok=True)
    _say(f"This run's data: {plan.folder}")
    with Fleet(plan) as fleet:
        fleet.start(_say)
        while left := fleet.on_the_road:
            _say(f"{left} of {plan.vehicles} vehicles are on the road")
            _wait(fleet)
        fleet.settle()
        tallies = [car.tally() for car in fleet.cars]
    for line in table(tallies):
        _say(line)
    return 0 if all(tally.reconciles for tally in tallies) else 1


def _wait(fleet: Fleet) -> None:
    until = time.monotonic() + _TOLD_EVERY_SECONDS
    while time.monotonic() < until and fleet.on_the_road:
        time.sleep(0.2)


def table(tallies: Iterable[Tally]) -> list[str]:
    """What became of every vehicle's readings."""
    lines = [f"{'vehicle':<16}{'made':>10}{'confirmed':>12}{'stored':>10}"]
    for one in tallies:
        verdict = "" if one.reconciles else "   does NOT reconcile"
        lines.append(f"{one.name:<16}{one.made:>10,}{one.confirmed:>12,}{one.stored:>10,}{verdict}")
    return lines


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
