"""Both state tables are whole: every (state, trigger) pair has one answer, and it is a sane one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from itertools import product
from typing import Any

import pytest

from protocols.ieee20601 import agent_table, manager_table
from protocols.ieee20601.agent_table import AgentAction
from protocols.ieee20601.manager_table import ManagerAction
from protocols.ieee20601.states import Row, State, Trigger, index_rows, table_as_markdown

TABLES: Mapping[str, Mapping[tuple[State, Trigger], Row[Any]]] = {
    "manager": manager_table.TABLE,
    "agent": agent_table.TABLE,
}
PAIRS = {
    "manager": set(product(manager_table.STATES, manager_table.TRIGGERS)),
    "agent": set(product(agent_table.STATES, agent_table.TRIGGERS)),
}
BOTH = pytest.mark.parametrize("role", ["manager", "agent"])

ASSOCIATED = {
    State.WAITING_FOR_CONFIG,
    State.CHECKING_CONFIG,
    State.CONFIG_SENDING,
    State.WAITING_APPROVAL,
    State.OPERATING,
    State.DISASSOCIATING,
}


def associated_states(role: str) -> set[State]:
    return ASSOCIATED & {state for state, _ in TABLES[role]}


@BOTH
def test_every_pair_has_exactly_one_answer(role: str) -> None:
    assert set(TABLES[role]) == PAIRS[role]


def test_every_trigger_belongs_to_a_table() -> None:
    assert {*manager_table.TRIGGERS, *agent_table.TRIGGERS} == set(Trigger)


def test_every_action_is_used_by_a_row() -> None:
    assert {row.action for row in manager_table.ROWS} == set(ManagerAction)
    assert {row.action for row in agent_table.ROWS} == set(AgentAction)


@BOTH
def test_a_refused_request_and_doing_nothing_change_no_state(role: str) -> None:
    for (state, _), row in TABLES[role].items():
        if row.action.name in ("REFUSE", "NOTHING", "IGNORE"):
            assert row.next_state is state


@BOTH
def test_a_closed_transport_always_leads_to_disconnected(role: str) -> None:
    for (_, trigger), row in TABLES[role].items():
        if trigger is Trigger.TRANSPORT_CLOSED:
            assert row.next_state is State.DISCONNECTED


@BOTH
def test_every_abort_ends_unassociated(role: str) -> None:
    for row in TABLES[role].values():
        if row.action.name.startswith("ABORT") or row.action.name.startswith("END"):
            assert row.next_state is State.UNASSOCIATED


@BOTH
def test_a_release_request_of_the_peer_is_answered_in_every_associated_state(role: str) -> None:
    for state in associated_states(role):
        row = TABLES[role][state, Trigger.RX_RLRQ]
        assert row.action.name.startswith("ANSWER_RELEASE")


@BOTH
def test_an_abort_of_the_peer_ends_every_associated_state(role: str) -> None:
    for state in associated_states(role):
        row = TABLES[role][state, Trigger.RX_ABRT]
        assert (row.action.name, row.next_state) == ("END_ABORTED", State.UNASSOCIATED)


@pytest.mark.parametrize(
    "state", [State.CHECKING_CONFIG, State.OPERATING, State.DISASSOCIATING], ids=lambda s: s.name
)
def test_a_late_configuration_report_aborts(state: State) -> None:
    assert manager_table.TABLE[state, Trigger.RX_CONFIG_REPORT].action is ManagerAction.ABORT


@pytest.mark.parametrize("trigger", [Trigger.RX_CONFIG_ACCEPTED, Trigger.RX_CONFIG_REFUSED])
@pytest.mark.parametrize("state", [State.OPERATING, State.DISASSOCIATING], ids=lambda s: s.name)
def test_a_late_configuration_response_aborts(state: State, trigger: Trigger) -> None:
    assert agent_table.TABLE[state, trigger].action is AgentAction.ABORT


def test_two_rows_for_one_pair_are_refused() -> None:
    row = manager_table.ROWS[0]
    with pytest.raises(AssertionError, match="two rows"):
        index_rows([row, row])


@pytest.mark.parametrize(
    ("title", "rows"),
    [("Manager", manager_table.ROWS), ("Agent", agent_table.ROWS)],
    ids=["manager", "agent"],
)
def test_a_table_prints_as_a_document(title: str, rows: tuple[Row[Enum], ...]) -> None:
    lines = table_as_markdown(title, rows).splitlines()
    assert lines[0] == f"# {title}"
    assert lines[2] == "| Row | State | Trigger | Next state | Answer |"
    assert len(lines) == 4 + len(rows)
    assert all(line.count("|") == 6 for line in lines[2:])
    assert any(line.startswith("| 8.16 | Operating | RLRQ | Unassociated |") for line in lines)
