"""A shift in a fraction of its time, with all that goes wrong: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.plan import SHIFT_SECONDS
from tests.soak.shift import play

SPEED = 10.0


def assert_nothing_is_lost(folder: Path, *, seconds: float, speed: float) -> None:
    said: list[str] = []
    ledger, shift = play(folder, seconds=seconds, speed=speed, seed=3, say=said.append)
    for census in shift.censuses.values():
        said.extend(census.lines())
    complaints = shift.complaints(ledger)
    words = "\n".join([*said, *ledger.lines(), *complaints])
    assert ledger.reconciles, words
    assert not complaints, words
    assert len(shift.counts) == 6, words


@pytest.mark.soak
@pytest.mark.timeout(240)
def test_some_minutes_of_a_bad_shift_lose_nothing(tmp_path: Path) -> None:
    assert_nothing_is_lost(tmp_path / "soak", seconds=300.0, speed=SPEED)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_twelve_hours_of_a_bad_shift_lose_nothing_and_grow_nothing(tmp_path: Path) -> None:
    assert_nothing_is_lost(tmp_path / "soak", seconds=SHIFT_SECONDS, speed=SPEED)
