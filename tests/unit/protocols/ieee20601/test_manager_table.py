"""The manager's table: the rules that hold over all its rows."""

from __future__ import annotations

import pytest

from protocols.ieee20601.manager_table import (
    INVOKED,
    RECEIVED,
    ROWS,
    STATES,
    TABLE,
    TIMEOUTS,
    TRIGGERS,
    ManagerAction,
)
from protocols.ieee20601.states import State, Trigger

ASSOCIATED = (State.WAITING_FOR_CONFIG, State.CHECKING_CONFIG, State.OPERATING)


def test_every_pair_has_one_row() -> None:
    assert set(TABLE) == {(state, trigger) for state in STATES for trigger in TRIGGERS}
    assert len({row.ref for row in ROWS}) > 60


@pytest.mark.parametrize("state", [state for state in STATES if state is not State.OPERATING])
@pytest.mark.parametrize("trigger", INVOKED)
def test_nothing_is_asked_of_an_agent_that_does_not_operate(state: State, trigger: Trigger) -> None:
    assert TABLE[state, trigger].action is ManagerAction.REFUSE
    assert TABLE[state, trigger].next_state is state


@pytest.mark.parametrize("trigger", RECEIVED)
def test_octets_without_a_transport_are_a_mistake_of_ours(trigger: Trigger) -> None:
    assert TABLE[State.DISCONNECTED, trigger].action is ManagerAction.REFUSE


@pytest.mark.parametrize("state", ASSOCIATED)
def test_a_late_configuration_report_leaves_no_two_configurations_in_force(state: State) -> None:
    row = TABLE[state, Trigger.RX_CONFIG_REPORT]
    is_first = state is State.WAITING_FOR_CONFIG
    assert (row.action is ManagerAction.ABORT) is not is_first


@pytest.mark.parametrize("trigger", TIMEOUTS)
def test_a_timer_that_belongs_to_another_state_does_nothing(trigger: Trigger) -> None:
    assert TABLE[State.UNASSOCIATED, trigger].action is ManagerAction.NOTHING


def test_silence_ends_no_association() -> None:
    rows = [TABLE[state, Trigger.TIMEOUT_SILENCE] for state in STATES]
    assert all(row.next_state is row.state for row in rows)
    assert TABLE[State.OPERATING, Trigger.TIMEOUT_SILENCE].action is ManagerAction.TELL_SILENT
