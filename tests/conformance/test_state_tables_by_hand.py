"""Both state tables once more, written down by hand: a stimulus a line, a state a column.

The state numbers are those of IEEE 11073-20601 (1 Disconnected, 2 Unassociated, 3 Associating,
4 Config Sending, 5 Waiting Approval, 6 Waiting for Config, 7 Checking Config, 8 Operating,
9 Disassociating). A cell is the answer and, after `>`, the state it leads to; without it the
state stays. The cells follow the standard's rows where it speaks, with both fixes of the model
checker; where it is silent, nothing but a refusal of our own request, a warning, RORJ 2, RORJ 103
or ABRT 1 is possible. The tables group by rows and share tuples of triggers: a slip there turns
a cell here red.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import pytest

from protocols.ieee20601 import agent_table, manager_table
from protocols.ieee20601.agent_table import AgentAction
from protocols.ieee20601.manager_table import ManagerAction
from protocols.ieee20601.states import Row, State, Trigger

NUMBERS: Mapping[str, State] = {
    "1": State.DISCONNECTED,
    "2": State.UNASSOCIATED,
    "3": State.ASSOCIATING,
    "4": State.CONFIG_SENDING,
    "5": State.WAITING_APPROVAL,
    "6": State.WAITING_FOR_CONFIG,
    "7": State.CHECKING_CONFIG,
    "8": State.OPERATING,
    "9": State.DISASSOCIATING,
}

# In capitals what is sent, with its code; `abrt` where there was no association, `rlre` where it
# goes on; `!` refuses a request of our own side; `.` is nothing.
M = ManagerAction
MANAGER_ANSWERS: Mapping[str, ManagerAction] = {
    ".": M.NOTHING, "!": M.REFUSE, "open": M.OPEN, "close": M.CLOSE, "warn": M.IGNORE,
    "AARE0": M.ACCEPT, "AARE3": M.ACCEPT_UNKNOWN, "AARE?": M.REJECT,
    "check": M.CHECK_CONFIG, "config0": M.ACCEPT_CONFIG, "config1": M.REFUSE_CONFIG,
    "config2": M.REFUSE_STANDARD_CONFIG, "config-": M.REJECT_CONFIG,
    "take": M.TAKE_REPORT, "known": M.TAKE_KNOWN, "live": M.TAKE_UNCONFIRMED,
    "missed": M.COUNT_MISSED, "confirm": M.CONFIRM, "again": M.CONFIRM_AGAIN,
    "ROER1": M.ERROR_NO_OBJECT, "ROER9": M.ERROR_NO_ACTION, "RORJ2": M.REJECT_STRUCTURE,
    "RORJ101": M.REJECT_OPERATION, "RORJ103": M.REJECT_RESOURCES,
    "invoke": M.INVOKE, "silent": M.TELL_SILENT, "done": M.COMPLETE, "failed": M.FAIL_REQUEST,
    "give-up": M.STOP_TRANSFER, "fetch": M.FETCH_STORED, "end": M.STOP_FETCH,
    "stopped": M.ANSWER_STOPPED, "forget": M.FORGET_CONFIG,
    "abrt0": M.ANSWER_ABORT, "abrt1": M.ANSWER_OVERFLOW, "ABRT0": M.ABORT,
    "ABRT1": M.ABORT_OVERFLOW, "ABRT2": M.ABORT_RESPONSE, "ABRT3": M.ABORT_CONFIG,
    "ABRT?": M.ABORT_REQUESTED, "RLRQ": M.RELEASE, "RLRE": M.ANSWER_RELEASE,
    "rlre": M.ANSWER_RELEASE_STAY, "released": M.END_RELEASED, "aborted": M.END_ABORTED,
}  # fmt: skip

MANAGER = """
                                1       2        6          7          8          9
TRANSPORT_CONNECTED             open>2  !        !          !          !          !
TRANSPORT_CLOSED                .       close>1  close>1    close>1    close>1    close>1
REQ_CONFIRM                     .       .        .          .          confirm    .
REQ_INVOKE                      !       !        !          !          invoke     !
REQ_FETCH_STORED                !       !        !          !          fetch      !
REQ_STOP_STORED                 !       !        !          !          end        !
REQ_RELEASE                     !       .        RLRQ>9     RLRQ>9     RLRQ>9     .
REQ_ABORT                       !       abrt0    ABRT?>2    ABRT?>2    ABRT?>2    ABRT?>2
CONFIG_SUPPORTED                .       .        .          config0>8  .          .
CONFIG_UNSUPPORTED              .       .        .          config1>6  .          .
CONFIG_STANDARD_UNKNOWN         .       .        .          config2>6  .          .
CONFIG_BAD                      .       .        .          config->6  .          .
TIMEOUT_CONFIG                  .       .        ABRT3>2    ABRT3>2    .          .
TIMEOUT_RESPONSE                .       .        .          .          ABRT2>2    .
TIMEOUT_TRANSFER                .       .        .          .          give-up    .
TIMEOUT_RELEASE                 .       .        .          .          .          ABRT2>2
TIMEOUT_SILENCE                 .       .        .          .          silent     .
OUTPUT_UNREAD                   .       abrt1    ABRT1>2    ABRT1>2    ABRT1>2    ABRT1>2
RX_AARQ_KNOWN_CONFIG            !       AARE0>8  ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_AARQ_UNKNOWN_CONFIG          !       AARE3>6  ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_AARQ_UNACCEPTABLE            !       AARE?    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_AARE                         !       abrt0    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_RLRQ                         !       abrt0    RLRE>2     RLRE>2     RLRE>2     rlre
RX_RLRE                         !       .        ABRT0>2    ABRT0>2    ABRT0>2    released>2
RX_ABRT                         !       .        aborted>2  aborted>2  aborted>2  aborted>2
RX_STALE                        !       .        .          .          .          .
RX_UNDECODABLE                  !       warn     ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_OVERSIZE_UNREADABLE          !       warn     ABRT1>2    ABRT1>2    ABRT1>2    ABRT1>2
RX_CONFIG_REPORT                !       abrt0    check>7    ABRT0>2    ABRT0>2    ABRT0>2
RX_REPORT_CONFIRMED             !       abrt0    ROER1      ROER1      take       .
RX_REPORT_REPEATED              !       abrt0    ROER1      ROER1      again      .
RX_REPORT_REPEATED_WAITING      !       abrt0    ROER1      ROER1      .          .
RX_REPORT_UNKNOWN_EVENT         !       abrt0    ROER1      ROER1      ROER9      .
RX_REPORT_UNKNOWN_HANDLE        !       abrt0    ROER1      ROER1      known      .
RX_REPORT_UNWANTED              !       abrt0    ROER1      ROER1      RORJ103    .
RX_REPORT_AGAINST_MEMORY        !       abrt0    ROER1      ROER1      forget>2   .
RX_SEGMENT_STOPPED              !       abrt0    ROER1      ROER1      stopped    .
RX_REPORT_UNCONFIRMED           !       abrt0    warn       warn       live       .
RX_REPORT_UNCONFIRMED_UNWANTED  !       abrt0    warn       warn       missed     .
RX_UNCONFIRMED_UNUSABLE         !       abrt0    warn       warn       warn       .
RX_REPORT_UNDECODABLE           !       abrt0    RORJ2      RORJ2      RORJ2      .
RX_BADLY_STRUCTURED             !       abrt0    RORJ2      RORJ2      RORJ2      .
RX_OVERSIZE                     !       abrt0    RORJ103    RORJ103    RORJ103    .
RX_REQUEST                      !       abrt0    ROER1      ROER9      RORJ101    .
RX_RESPONSE                     !       abrt0    ABRT0>2    done       done       .
RX_ERROR                        !       abrt0    ABRT0>2    failed     failed     ABRT0>2
RX_RESPONSE_UNKNOWN             !       abrt0    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_ERROR_UNKNOWN                !       abrt0    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
"""

A = AgentAction
AGENT_ANSWERS: Mapping[str, AgentAction] = {
    ".": A.NOTHING, "!": A.REFUSE, "open": A.OPEN, "close": A.CLOSE, "warn": A.IGNORE,
    "AARQ": A.ASSOCIATE, "AARQ+": A.ASSOCIATE_AGAIN, "AARE1": A.ANSWER_AARQ,
    "operate": A.OPERATE, "offer": A.OFFER_CONFIG, "refused": A.REJECTED,
    "report": A.SEND_CONFIG, "config0": A.CONFIG_ACCEPTED, "next": A.OFFER_NEXT,
    "RORS": A.ANSWER_REQUEST, "do": A.PERFORM_REQUEST, "store": A.ANSWER_STORE,
    "page": A.SEND_PAGE_AGAIN, "ROER1": A.ERROR_NO_OBJECT, "RORJ2": A.REJECT_STRUCTURE,
    "RORJ103": A.REJECT_RESOURCES, "CER": A.SEND_CONFIRMED, "ER": A.SEND_UNCONFIRMED,
    "done": A.REPORT_CONFIRMED, "failed": A.REPORT_REFUSED,
    "abrt0": A.ANSWER_ABORT, "ABRT0": A.ABORT, "ABRT1": A.ABORT_OVERFLOW,
    "ABRT2": A.ABORT_RESPONSE, "ABRT3": A.ABORT_CONFIG, "ABRT?": A.ABORT_REQUESTED,
    "RLRQ": A.RELEASE, "RLRE": A.ANSWER_RELEASE, "rlre": A.ANSWER_RELEASE_STAY,
    "released": A.END_RELEASED, "aborted": A.END_ABORTED,
}  # fmt: skip

AGENT = """
                           1       2        3          4          5          8          9
TRANSPORT_CONNECTED        open>2  !        !          !          !          !          !
TRANSPORT_CLOSED           .       close>1  close>1    close>1    close>1    close>1    close>1
REQ_ASSOCIATE              !       AARQ>3   !          !          !          !          !
REQ_SEND_CONFIG            !       !        !          report>5   !          !          !
REQ_SEND_CONFIRMED         !       !        !          !          !          CER        !
REQ_SEND_UNCONFIRMED       !       !        !          !          !          ER         !
REQ_RELEASE                !       .        ABRT?>2    RLRQ>9     RLRQ>9     RLRQ>9     .
REQ_ABORT                  !       abrt0    ABRT?>2    ABRT?>2    ABRT?>2    ABRT?>2    ABRT?>2
TIMEOUT_ASSOCIATE_AGAIN    .       .        AARQ+      .          .          .          .
TIMEOUT_ASSOCIATE          .       .        ABRT2>2    .          .          .          .
TIMEOUT_CONFIG             .       .        .          .          ABRT3>2    .          .
TIMEOUT_PAGE_AGAIN         .       .        .          .          .          page       .
TIMEOUT_RESPONSE           .       .        .          .          .          ABRT2>2    .
TIMEOUT_RELEASE            .       .        .          .          .          .          ABRT2>2
RX_AARQ                    !       AARE1    AARE1      ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_AARE_ACCEPTED           !       abrt0    operate>8  ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_AARE_UNKNOWN_CONFIG     !       abrt0    offer>4    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_AARE_REJECTED           !       abrt0    refused>2  ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_RLRQ                    !       abrt0    ABRT0>2    RLRE>2     RLRE>2     RLRE>2     rlre
RX_RLRE                    !       .        ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2    released>2
RX_ABRT                    !       .        aborted>2  aborted>2  aborted>2  aborted>2  aborted>2
RX_STALE                   !       .        .          .          .          .          .
RX_UNDECODABLE             !       warn     ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_OVERSIZE_UNREADABLE     !       warn     ABRT1>2    ABRT1>2    ABRT1>2    ABRT1>2    ABRT1>2
RX_GET_MDS                 !       abrt0    ABRT0>2    RORS       RORS       RORS       .
RX_REQUEST                 !       abrt0    ABRT0>2    ROER1      ROER1      RORS       .
RX_REQUEST_UNKNOWN_OBJECT  !       abrt0    ABRT0>2    ROER1      ROER1      ROER1      .
RX_STORE_REQUEST           !       abrt0    ABRT0>2    ROER1      ROER1      store      .
RX_REQUEST_UNCONFIRMED     !       abrt0    ABRT0>2    warn       warn       do         .
RX_UNCONFIRMED_UNUSABLE    !       abrt0    ABRT0>2    warn       warn       warn       .
RX_BADLY_STRUCTURED        !       abrt0    ABRT0>2    RORJ2      RORJ2      RORJ2      .
RX_OVERSIZE                !       abrt0    ABRT0>2    RORJ103    RORJ103    RORJ103    .
RX_CONFIG_ACCEPTED         !       abrt0    ABRT0>2    ABRT0>2    config0>8  ABRT0>2    ABRT0>2
RX_CONFIG_REFUSED          !       abrt0    ABRT0>2    ABRT0>2    next>4     ABRT0>2    ABRT0>2
RX_RESPONSE                !       abrt0    ABRT0>2    ABRT0>2    ABRT0>2    done       .
RX_ERROR                   !       abrt0    ABRT0>2    ABRT0>2    ABRT0>2    failed     ABRT0>2
RX_RESPONSE_UNKNOWN        !       abrt0    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
RX_ERROR_UNKNOWN           !       abrt0    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2    ABRT0>2
"""

Answers = dict[tuple[State, Trigger], tuple[Enum, State]]


def read(matrix: str, answers: Mapping[str, Enum]) -> Answers:
    """What the matrix says: answer and next state by (state, trigger)."""
    heading, *lines = matrix.strip().splitlines()
    states = [NUMBERS[number] for number in heading.split()]
    found: Answers = {}
    for line in lines:
        trigger, *cells = line.split()
        for state, cell in zip(states, cells, strict=True):
            answer, _, leads_to = cell.partition(">")
            next_state = NUMBERS[leads_to] if leads_to else state
            found[state, Trigger[trigger]] = (answers[answer], next_state)
    return found


def told(rows: Iterable[Row[Any]]) -> Answers:
    return {(row.state, t): (row.action, row.next_state) for row in rows for t in row.triggers}


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        pytest.param(read(MANAGER, MANAGER_ANSWERS), manager_table.ROWS, id="manager"),
        pytest.param(read(AGENT, AGENT_ANSWERS), agent_table.ROWS, id="agent"),
    ],
)
def test_every_cell_of_a_state_table_is_the_one_written_by_hand(
    written: Answers, rows: tuple[Row[Any], ...]
) -> None:
    assert told(rows) == written
