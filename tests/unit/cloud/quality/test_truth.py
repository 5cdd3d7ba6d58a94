"""Four answers: what is missing or unknown decides nothing that a plain answer decides."""

from __future__ import annotations

import pytest

from cloud.core.quality.truth import Truth, all_of, any_of, opposite

YES, NO, UNKNOWN, MISSING = Truth.YES, Truth.NO, Truth.UNKNOWN, Truth.MISSING


@pytest.mark.parametrize(
    ("truths", "together", "one"),
    [
        ((), YES, NO),
        ((YES, YES), YES, YES),
        ((YES, NO), NO, YES),
        ((YES, UNKNOWN), UNKNOWN, YES),
        ((NO, UNKNOWN), NO, UNKNOWN),
        ((MISSING, UNKNOWN), MISSING, MISSING),
        ((NO, MISSING), NO, MISSING),
        ((YES, MISSING), MISSING, YES),
    ],
)
def test_a_plain_answer_decides_and_an_open_one_stays_open(
    truths: tuple[Truth, ...], together: Truth, one: Truth
) -> None:
    assert all_of(truths) is together
    assert any_of(truths) is one


def test_the_opposite_of_what_nobody_knows_is_not_known_either() -> None:
    assert [opposite(truth) for truth in (YES, NO, UNKNOWN, MISSING)] == [NO, YES, UNKNOWN, MISSING]
