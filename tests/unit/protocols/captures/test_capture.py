"""A capture's messages by direction."""

from __future__ import annotations

from protocols.captures.capture import (
    AGENT_TO_MANAGER,
    MANAGER_TO_AGENT,
    Capture,
    CapturedMessage,
)


def test_the_messages_of_one_direction_keep_their_order() -> None:
    first = CapturedMessage(AGENT_TO_MANAGER, 0.0, b"a")
    answer = CapturedMessage(MANAGER_TO_AGENT, 0.1, b"b")
    second = CapturedMessage(AGENT_TO_MANAGER, None, b"c")
    capture = Capture("c", (first, answer, second))
    assert capture.sent_by(AGENT_TO_MANAGER) == (first, second)
    assert capture.sent_by(MANAGER_TO_AGENT) == (answer,)
