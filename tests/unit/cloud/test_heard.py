"""How often it is written down that something was heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cloud.core.devices.gateways import is_news

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_being_heard_is_written_down_once_a_second_and_when_the_clock_went_back() -> None:
    assert is_news(None, NOON)
    assert not is_news(NOON, NOON)
    assert not is_news(NOON, NOON + timedelta(seconds=0.9))
    assert is_news(NOON, NOON + timedelta(seconds=1))
    assert is_news(NOON, NOON - timedelta(seconds=0.1))
