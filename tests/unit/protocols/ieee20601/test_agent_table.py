"""The agent's table answers what the standard's rows say, cell by cell."""

from __future__ import annotations

import pytest

from protocols.ieee20601.agent_table import (
    AARE,
    CONFIG_RESULT,
    PRST,
    ROIV,
    ROWS,
    STATES,
    STRAY,
    TABLE,
    TRIGGERS,
    AgentAction,
)
from protocols.ieee20601.states import State, Trigger

A, S, T = AgentAction, State, Trigger
ASSOCIATED = (S.CONFIG_SENDING, S.WAITING_APPROVAL, S.OPERATING)


def answers(
    states: tuple[State, ...], triggers: tuple[Trigger, ...]
) -> set[tuple[AgentAction, State]]:
    """Every answer that occurs for these states and triggers, with the state it leads to."""
    rows = (TABLE[state, trigger] for state in states for trigger in triggers)
    return {(row.action, row.next_state) for row in rows}


def test_every_state_answers_every_trigger() -> None:
    assert set(TABLE) == {(state, trigger) for state in STATES for trigger in TRIGGERS}
    assert {row.action for row in ROWS} == set(A)


@pytest.mark.parametrize(
    ("states", "triggers", "action", "next_state"),
    [
        ((S.UNASSOCIATED,), (T.RX_AARQ,), A.ANSWER_AARQ, S.UNASSOCIATED),
        ((S.UNASSOCIATED,), (*AARE, T.RX_RLRQ, *PRST), A.ANSWER_ABORT, S.UNASSOCIATED),
        ((S.UNASSOCIATED,), (T.RX_RLRE, T.RX_ABRT), A.NOTHING, S.UNASSOCIATED),
        ((S.ASSOCIATING,), (T.RX_AARE_ACCEPTED,), A.OPERATE, S.OPERATING),
        ((S.ASSOCIATING,), (T.RX_AARE_UNKNOWN_CONFIG,), A.OFFER_CONFIG, S.CONFIG_SENDING),
        ((S.ASSOCIATING,), (T.RX_AARE_REJECTED,), A.REJECTED, S.UNASSOCIATED),
        ((S.ASSOCIATING,), (T.TIMEOUT_ASSOCIATE_AGAIN,), A.ASSOCIATE_AGAIN, S.ASSOCIATING),
        ((S.ASSOCIATING,), (T.TIMEOUT_ASSOCIATE,), A.ABORT_RESPONSE, S.UNASSOCIATED),
        ((S.ASSOCIATING,), (T.RX_AARQ,), A.ANSWER_AARQ, S.ASSOCIATING),
        ((S.ASSOCIATING,), (T.RX_RLRQ, T.RX_RLRE, *PRST), A.ABORT, S.UNASSOCIATED),
        ((S.ASSOCIATING,), (T.REQ_RELEASE, T.REQ_ABORT), A.ABORT_REQUESTED, S.UNASSOCIATED),
        ((S.CONFIG_SENDING,), (T.REQ_SEND_CONFIG,), A.SEND_CONFIG, S.WAITING_APPROVAL),
        ((S.WAITING_APPROVAL,), (T.RX_GET_MDS,), A.ANSWER_REQUEST, S.WAITING_APPROVAL),
        (
            (S.WAITING_APPROVAL,),
            (T.RX_REQUEST, T.RX_REQUEST_UNKNOWN_OBJECT),
            A.ERROR_NO_OBJECT,
            S.WAITING_APPROVAL,
        ),
        ((S.WAITING_APPROVAL,), (T.RX_CONFIG_ACCEPTED,), A.CONFIG_ACCEPTED, S.OPERATING),
        ((S.WAITING_APPROVAL,), (T.RX_CONFIG_REFUSED,), A.OFFER_NEXT, S.CONFIG_SENDING),
        (
            (S.WAITING_APPROVAL,),
            (T.RX_RESPONSE, T.RX_ERROR, *STRAY),
            A.ABORT,
            S.UNASSOCIATED,
        ),
        ((S.WAITING_APPROVAL,), (T.TIMEOUT_CONFIG,), A.ABORT_CONFIG, S.UNASSOCIATED),
        (ASSOCIATED, (T.RX_AARQ, *AARE, T.RX_RLRE), A.ABORT, S.UNASSOCIATED),
        (ASSOCIATED, (T.RX_RLRQ,), A.ANSWER_RELEASE, S.UNASSOCIATED),
        (ASSOCIATED, (T.RX_ABRT,), A.END_ABORTED, S.UNASSOCIATED),
        (ASSOCIATED, (T.REQ_RELEASE,), A.RELEASE, S.DISASSOCIATING),
        ((S.OPERATING,), (T.RX_GET_MDS, T.RX_REQUEST), A.ANSWER_REQUEST, S.OPERATING),
        ((S.OPERATING,), (T.RX_REQUEST_UNCONFIRMED,), A.PERFORM_REQUEST, S.OPERATING),
        ((S.OPERATING,), (T.RX_REQUEST_UNKNOWN_OBJECT,), A.ERROR_NO_OBJECT, S.OPERATING),
        ((S.OPERATING, S.DISASSOCIATING), CONFIG_RESULT, A.ABORT, S.UNASSOCIATED),
        ((S.OPERATING,), (T.TIMEOUT_RESPONSE,), A.ABORT_RESPONSE, S.UNASSOCIATED),
        ((S.DISASSOCIATING,), (T.RX_RLRE,), A.END_RELEASED, S.UNASSOCIATED),
        ((S.DISASSOCIATING,), (T.RX_RLRQ,), A.ANSWER_RELEASE_STAY, S.DISASSOCIATING),
        ((S.DISASSOCIATING,), ROIV, A.NOTHING, S.DISASSOCIATING),
        ((S.DISASSOCIATING,), (T.RX_AARQ, *AARE, *STRAY), A.ABORT, S.UNASSOCIATED),
        ((S.DISASSOCIATING,), (T.TIMEOUT_RELEASE,), A.ABORT_RESPONSE, S.UNASSOCIATED),
    ],
)
def test_a_cell_says_what_the_standard_says(
    states: tuple[State, ...], triggers: tuple[Trigger, ...], action: AgentAction, next_state: State
) -> None:
    assert answers(states, triggers) == {(action, next_state)}


def test_a_transport_that_closes_ends_everything() -> None:
    connected = tuple(state for state in STATES if state is not S.DISCONNECTED)
    assert answers(connected, (T.TRANSPORT_CLOSED,)) == {(A.CLOSE, S.DISCONNECTED)}


def test_reports_are_sent_while_operating_only() -> None:
    sends = (T.REQ_SEND_CONFIRMED, T.REQ_SEND_UNCONFIRMED)
    others = tuple(state for state in STATES if state is not S.OPERATING)
    assert {action for action, _ in answers(others, sends)} == {A.REFUSE}
    assert {action for action, _ in answers((S.OPERATING,), sends)} == {
        A.SEND_CONFIRMED,
        A.SEND_UNCONFIRMED,
    }
