"""Waits between attempts: they grow, chance shortens them, they are bounded."""

from __future__ import annotations

import pytest

from edge.supervision.backoff import Backoff, BackoffPolicy
from edge.supervision.policy import SupervisionPolicy

STEADY = BackoffPolicy(first=1.0, most=8.0, jitter=0.0, forgiven_after=20.0)


def test_waits_double_up_to_the_most() -> None:
    backoff = Backoff(STEADY)
    assert [backoff.next_wait() for _ in range(6)] == [1, 2, 4, 8, 8, 8]
    backoff.reset()
    assert backoff.next_wait() == 1


def test_chance_only_shortens_a_wait() -> None:
    policy = BackoffPolicy(first=10.0, most=10.0, jitter=0.3)
    assert Backoff(policy, chance=lambda: 1.0).next_wait() == pytest.approx(7.0)
    assert Backoff(policy, chance=lambda: 0.0).next_wait() == pytest.approx(10.0)


def test_many_failures_do_not_overflow() -> None:
    backoff = Backoff(STEADY)
    assert {backoff.next_wait() for _ in range(2000)} == {1, 2, 4, 8}


@pytest.mark.parametrize(
    "wrong", [{"first": 0}, {"first": 2, "most": 1}, {"jitter": 1.5}, {"jitter": -0.1}]
)
def test_a_policy_without_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"first|jitter"):
        BackoffPolicy(**wrong)


@pytest.mark.parametrize(("most", "seconds"), [(0, 1.0), (1, 0.0)])
def test_a_limit_without_sense_is_refused(most: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        SupervisionPolicy(most_restarts=most, within_seconds=seconds)
