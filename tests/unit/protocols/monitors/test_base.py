"""What every monitor offers."""

from __future__ import annotations

from protocols.monitors.base import (
    LineDiscarded,
    MonitorDescribed,
    MonitorSession,
    MonitorWarning,
    ObservationsMade,
    SessionEnded,
    SessionOptions,
)
from protocols.monitors.registry import MONITORS


def test_a_session_is_asked_for_numerics_every_second_and_for_waves() -> None:
    options = SessionOptions()
    assert (options.poll_seconds, options.waves) == (1.0, True)


def test_an_end_is_not_in_good_order_unless_said() -> None:
    assert not SessionEnded("the line is gone").released
    assert len({MonitorDescribed, ObservationsMade, MonitorWarning, LineDiscarded}) == 4


def test_every_monitor_opens_sessions() -> None:
    for monitor in MONITORS:
        session: MonitorSession = monitor.open_session(SessionOptions())
        assert session.next_deadline() is None
        assert session.next_event() is None
        assert session.data_to_send() == []
        session.handle_deadline(now=1.0)
        session.transport_closed(now=2.0)
        assert session.next_event() is None
