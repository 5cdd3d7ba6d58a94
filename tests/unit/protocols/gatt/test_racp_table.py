"""The record access table is whole: every pair has one answer, and it is a sane one."""

from __future__ import annotations

from itertools import product

from protocols.gatt.racp_table import ROWS, TABLE, RacpAction, RacpState, RacpTrigger

RUNNING = {RacpState.COUNTING, RacpState.REPORTING, RacpState.DELETING, RacpState.ABORTING}


def test_every_pair_has_exactly_one_answer() -> None:
    assert set(TABLE) == set(product(RacpState, RacpTrigger))
    assert sum(len(row.triggers) for row in ROWS) == len(TABLE)


def test_every_action_is_used_and_every_row_has_its_own_number() -> None:
    assert {row.action for row in ROWS} == set(RacpAction)
    assert len({row.ref for row in ROWS}) == len(ROWS)


def test_what_is_refused_or_ignored_changes_no_state() -> None:
    for (state, _), row in TABLE.items():
        if row.action in (RacpAction.REFUSE, RacpAction.IGNORE, RacpAction.NOTHING):
            assert row.next_state is state


def test_a_closed_transport_always_leads_to_disconnected() -> None:
    for state in RacpState:
        assert TABLE[state, RacpTrigger.CLOSED].next_state is RacpState.DISCONNECTED


def test_every_running_procedure_ends_by_its_timeout() -> None:
    for state in RUNNING:
        row = TABLE[state, RacpTrigger.TIMEOUT]
        assert (row.action, row.next_state) == (RacpAction.FAIL_TIMEOUT, RacpState.IDLE)


def test_only_one_request_of_ours_runs_at_a_time() -> None:
    for state in set(RacpState) - {RacpState.IDLE}:
        for trigger in (RacpTrigger.REQ_RETRIEVE, RacpTrigger.REQ_DELETE):
            assert TABLE[state, trigger].action is RacpAction.REFUSE


def test_a_forbidden_deletion_is_refused_everywhere() -> None:
    for state in RacpState:
        assert TABLE[state, RacpTrigger.REQ_DELETE_FORBIDDEN].action is RacpAction.REFUSE
