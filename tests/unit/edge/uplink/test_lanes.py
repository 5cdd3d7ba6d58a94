"""When the lanes' batches leave, and how much is in them."""

from __future__ import annotations

import pytest

from edge.uplink.lanes import most_waveforms, next_beat
from edge.uplink.policy import SenderPolicy


@pytest.mark.parametrize("seconds", [0.05, 1.0, 2.0, 10.0])
@pytest.mark.parametrize("now", [0.0, 3.0, 1234.567, 86_400.999])
def test_rows_wait_no_longer_than_they_may(now: float, seconds: float) -> None:
    assert now < next_beat(now, seconds) <= now + seconds * 1.0001


def test_lanes_that_wait_a_multiple_of_each_other_leave_together() -> None:
    waveforms = next_beat(101.3, 2.0)
    assert waveforms == next_beat(next_beat(100.7, 1.0), 1.0) == 102.0


def test_a_lane_that_waits_for_no_company_rests_not() -> None:
    assert next_beat(1234.5, 0.0) == 1234.5


def test_two_seconds_of_twelve_leads_and_two_curves_fit_one_batch() -> None:
    assert most_waveforms(SenderPolicy()) >= 2 * (12 * 10 + 5 + 2)


def test_few_rows_are_few_waveforms_too() -> None:
    assert most_waveforms(SenderPolicy(batch_rows=4, drain_rows=4)) == 4
