"""`vitalwire-sim scenarios`: what there is to play, explained; or one story with its times."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from typing import Final

from simulators.patient.happenings import EventKind
from simulators.patient.scenario import Scenario
from simulators.patient.scenario_fields import time_words
from simulators.patient.scenario_files import find_scenario, scenario_names
from simulators.patient.scenario_values import KEYS

_WIDTH: Final = 96
_INDENT: Final = "    "


def overview() -> Iterator[str]:
    """Every scenario that comes with the simulators, in words."""
    for name in scenario_names():
        scenario = find_scenario(name)
        lasts = time_words(scenario.seconds).removeprefix("+")
        yield f"{name}  ({lasts})  {scenario.title}"
        yield from textwrap.wrap(
            scenario.about, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT
        )
        yield ""


def story(scenario: Scenario) -> Iterator[str]:
    """One scenario, event by event."""
    yield scenario.title
    yield from textwrap.wrap(scenario.about, _WIDTH)
    yield ""
    for event in scenario.events:
        said = "" if event.words == event.kind.value else f": {event.words}"
        yield f"{time_words(event.at):>9}  {event.kind.value}{said}"
    yield f"{time_words(scenario.seconds):>9}  end"


def words() -> Iterator[str]:
    """The words of a scenario file."""
    yield "what = one of:"
    yield from (f"{_INDENT}{kind.value}" for kind in EventKind)
    yield "values:"
    yield from (f"{_INDENT}{key}" for key in KEYS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "scenario", nargs="?", metavar="NAME|FILE", help="tell this one; a file is checked, too"
    )
    parser.add_argument("--words", action="store_true", help="the words a file may use")


def run(arguments: argparse.Namespace) -> int:
    """Say it; 0. A file that cannot be played is refused with its line and the mend."""
    if arguments.words:
        lines = words()
    elif arguments.scenario:
        lines = story(find_scenario(arguments.scenario))
    else:
        lines = overview()
    for line in lines:
        sys.stdout.write(line + "\n")
    return 0
