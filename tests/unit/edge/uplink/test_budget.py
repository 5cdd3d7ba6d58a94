"""What a link may cost: profiles, a cap an hour, waveforms on demand."""

from __future__ import annotations

import pytest

from edge.buffer.rows import Stream
from edge.uplink.budget import OVERHEAD_OCTETS, Budget, BudgetPolicy, Profile
from tests.unit.edge.uplink.test_sender import ToldLink

LANES = (Stream.EVENTS, Stream.NUMERICS, Stream.WAVEFORMS)


def allowed(budget: Budget, now: float = 0.0) -> list[str]:
    return [stream.label for stream in LANES if budget.allows(stream, now=now)]


def test_without_a_cap_everything_goes_and_is_counted_all_the_same() -> None:
    link = ToldLink()
    budget = Budget(BudgetPolicy(), (link,))
    link.health.octets, link.health.sent = 5_000, 10
    assert allowed(budget) == ["events", "numerics", "waveforms"]
    assert budget.total == 5_000 + 10 * OVERHEAD_OCTETS
    assert budget.spent == budget.total
    assert budget.linger_seconds == 0.0
    budget.look(now=3600.0)
    assert budget.spent == 0


def test_thin_sends_no_waveforms_unasked() -> None:
    budget = Budget(BudgetPolicy(profile=Profile.THIN, thin_linger_seconds=7.0), ())
    assert allowed(budget) == ["events", "numerics"]
    assert budget.linger_seconds == 7.0
    budget.is_at_station = lambda: True
    assert allowed(budget) == ["events", "numerics", "waveforms"]
    assert budget.linger_seconds == 0.0


def test_near_the_cap_waveforms_wait_at_it_numbers_do_and_events_never() -> None:
    link = ToldLink()
    budget = Budget(BudgetPolicy(octets_per_hour=10_000), (link,))
    link.health.octets = 6_999
    assert allowed(budget) == ["events", "numerics", "waveforms"]
    link.health.octets = 7_000
    assert allowed(budget) == ["events", "numerics"]
    link.health.octets = 10_000
    assert allowed(budget) == ["events"]
    assert allowed(budget, now=360.0) == ["events", "numerics"], "a tenth of it is forgiven"
    assert allowed(budget, now=1200.0) == ["events", "numerics", "waveforms"]


def test_a_budget_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="octets_per_hour"):
        BudgetPolicy(octets_per_hour=-1)
