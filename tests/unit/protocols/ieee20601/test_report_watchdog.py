"""Only a device with a steady pace can fall silent."""

from __future__ import annotations

import pytest

from protocols.ieee20601.report_watchdog import ReportWatchdog, SilencePolicy


def after(*intervals: float, policy: SilencePolicy | None = None) -> ReportWatchdog:
    watchdog, now = ReportWatchdog(policy or SilencePolicy()), 0.0
    watchdog.heard(now)
    for interval in intervals:
        now += interval
        watchdog.heard(now)
    return watchdog


@pytest.mark.parametrize(
    ("intervals", "allowed"),
    [
        pytest.param([1.0] * 7, None, id="too few to know"),
        pytest.param([1.0] * 8, 5.0, id="every second"),
        pytest.param([0.25] * 20, 5.0, id="never before the least"),
        pytest.param([60.0] * 8, 300.0, id="every minute"),
        pytest.param([2.0, 3.0] * 8, 12.5, id="with some jitter"),
        pytest.param([1.0] * 20 + [9.0], None, id="when something happens"),
        pytest.param([400.0] * 8, None, id="too rare to wait for"),
    ],
)
def test_the_pace_says_how_long_a_device_may_be_silent(
    intervals: list[float], allowed: float | None
) -> None:
    assert after(*intervals).seconds_allowed() == allowed


def test_reports_of_several_objects_at_once_are_one_beat() -> None:
    bursts = [1.0, 0.0, 0.01] * 8
    allowed = after(*bursts).seconds_allowed()
    assert allowed == pytest.approx(5.05)


def test_nobody_is_watched_without_a_factor() -> None:
    assert after(*[1.0] * 20, policy=SilencePolicy(factor=0)).seconds_allowed() is None


def test_a_silence_ends_with_the_next_report_and_is_no_interval() -> None:
    watchdog = after(*[1.0] * 10)
    assert watchdog.fell_silent(15.0) == 5.0
    assert watchdog.silent_since == 10.0
    assert watchdog.heard(100.0) == 90.0
    assert watchdog.silent_since is None
    assert watchdog.seconds_allowed() == 5.0
    assert watchdog.heard(101.0) is None


def test_a_device_that_never_reported_is_silent_from_now() -> None:
    assert ReportWatchdog(SilencePolicy()).fell_silent(3.0) == 0.0
