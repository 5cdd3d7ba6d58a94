"""What the score is worked out of, and whom it is made for."""

from __future__ import annotations

from typing import Any

import pytest

from edge.crew.early_warning import details, payload
from protocols.model.early_warning import Consciousness, Fitness, Parameters

KNOWN = Parameters(consciousness=Consciousness.VOICE, on_oxygen=True)


@pytest.mark.parametrize(
    ("age", "is_pregnant", "unfit"),
    [
        (15, None, "under 16"),
        (0, False, "under 16"),
        (16, None, ""),
        (30, True, "pregnancy"),
        (None, True, "pregnancy"),
        (None, None, ""),
    ],
)
def test_the_chart_is_made_for_sixteen_and_over_and_not_for_pregnancy(
    age: int | None, is_pregnant: bool | None, unfit: str
) -> None:
    fitness = Fitness(age, is_pregnant)
    assert fitness.unfit == unfit
    shown: Any = payload(KNOWN, fitness)
    assert (shown["unfit"], shown["age_told"]) == (unfit, age is not None)
    assert (shown["least"], shown["red"]) == ((0, False) if unfit else (5, True))
    assert [part["value"] for part in shown["parts"]][2] == "oxygen"


def test_an_event_says_that_nobody_told_the_age() -> None:
    assert ("age", "not told") in details(KNOWN, Fitness(None, None))
    assert "age" not in dict(details(KNOWN, Fitness(40, None)))
