"""A fleet: what its command takes, and the table it ends with."""

from __future__ import annotations

import argparse

import pytest

from simulators.ambulance import fleet_command
from simulators.ambulance.fleet import Tally
from simulators.errors import ScenarioError


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    fleet_command.add_arguments(parser)
    return parser.parse_args(words)


def test_a_fleet_is_some_vehicles_for_a_while() -> None:
    assert (parse().vehicles, parse().duration) == (3, 60.0)
    assert parse("--vehicles", "12").vehicles == 12


@pytest.mark.parametrize("count", ["0", "-1", "201", "many"])
def test_too_few_or_too_many_vehicles_are_refused(count: str) -> None:
    with pytest.raises(SystemExit):
        parse("--vehicles", count)


def test_a_scenario_nobody_knows_is_refused_before_anything_starts() -> None:
    with pytest.raises(ScenarioError, match="there is no scenario 'none'"):
        fleet_command.run(parse("--scenario", "none"))


def test_the_table_says_whose_readings_do_not_add_up() -> None:
    lines = fleet_command.table(
        [Tally("ambulance-1", 1200, 1200, 1200), Tally("ambulance-2", 1200, 1200, 1199)]
    )
    assert lines[1].endswith("1,200")
    assert lines[2].endswith("does NOT reconcile")
    assert not Tally("nobody", 0, 0, 0).reconciles
