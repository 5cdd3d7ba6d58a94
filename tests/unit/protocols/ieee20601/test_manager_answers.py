"""What the manager's rows answer: every action has one place where it is carried out."""

from __future__ import annotations

import pytest

from protocols.ieee20601.association import AbortReason
from protocols.ieee20601.manager_answers import (
    ABORTS,
    ANSWERED_ABORTS,
    CONFIGURING,
    ENDING,
    ERRORS,
    TIMEOUTS,
)
from protocols.ieee20601.manager_table import TABLE
from protocols.ieee20601.manager_table import ManagerAction as Action
from protocols.ieee20601.remote_operations import Roer, Rorj
from protocols.ieee20601.states import State


def test_no_action_is_carried_out_in_two_places() -> None:
    places = [*ABORTS, *ERRORS, *ENDING, *CONFIGURING]
    assert len(places) == len(set(places))
    assert set(ANSWERED_ABORTS) <= ENDING


@pytest.mark.parametrize("action", ABORTS)
def test_an_abort_leaves_the_association_behind(action: Action) -> None:
    rows = [row for row in TABLE.values() if row.action is action]
    assert {row.next_state for row in rows} == {State.UNASSOCIATED}


def test_the_reason_of_an_abort_says_what_was_waited_for() -> None:
    assert ABORTS[Action.ABORT_RESPONSE] is AbortReason.RESPONSE_TIMEOUT
    assert ABORTS[Action.ABORT_CONFIG] is AbortReason.CONFIGURATION_TIMEOUT
    assert ABORTS[Action.ABORT_OVERFLOW] is AbortReason.BUFFER_OVERFLOW


def test_a_missing_object_is_an_error_and_a_broken_request_a_reject() -> None:
    assert ERRORS[Action.ERROR_NO_OBJECT] == Roer(1, b"")
    assert ERRORS[Action.REJECT_STRUCTURE] == Rorj(2)
    assert ERRORS[Action.REJECT_RESOURCES] == Rorj(103)


def test_every_timer_with_one_meaning_is_a_trigger_of_the_table() -> None:
    known = {trigger for _state, trigger in TABLE}
    assert set(TIMEOUTS.values()) <= known
