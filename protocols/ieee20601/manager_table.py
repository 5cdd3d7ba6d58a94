"""The manager's state table, row for row. Rule: no transition lives anywhere else.

Row numbers are those of the connection state tables of 20601 as public implementations quote
them; "(2010)" marks a row of the revised table, "fix 1" the answer to a late configuration
report that a model checker asked for, `V` a row of ours where the standard is silent. Every pair
of a state and a trigger is here; `REFUSE` marks what only a mistake of our own side can ask.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.states import Row, State, Trigger, index_rows
from protocols.model.table_keys import TableKey


class ManagerAction(TableKey):
    """What a row makes the manager do; carried out in one `match` of the manager."""

    NOTHING = "nothing"
    REFUSE = "refuse our own request, change nothing"
    OPEN = "begin afresh"
    CLOSE = "drop all that waits, tell the driver"
    ACCEPT = "AARE accepted, then Get MDS"
    ACCEPT_UNKNOWN = "AARE accepted-unknown-config, start TO_config"
    REJECT = "AARE with the reason"
    CHECK_CONFIG = "decode and judge the configuration"
    ACCEPT_CONFIG = "RORS accepted-config, then Get MDS"
    REFUSE_CONFIG = "RORS unsupported-config, restart TO_config"
    REFUSE_STANDARD_CONFIG = "RORS standard-config-unknown, restart TO_config"
    REJECT_CONFIG = "RORJ badly-structured-apdu, TO_config keeps running"
    TAKE_REPORT = "observations to the driver; it asks for the confirm"
    TAKE_KNOWN = "known values to the driver, ROER no-such-object-instance (1)"
    TAKE_UNCONFIRMED = "observations to the driver, no answer"
    COUNT_MISSED = "count it as missed, no answer"
    CONFIRM = "RORS with the report's invoke id"
    CONFIRM_AGAIN = "RORS again, nothing new to the driver"
    IGNORE = "no answer, warn"
    ERROR_NO_OBJECT = "ROER no-such-object-instance (1)"
    ERROR_NO_ACTION = "ROER no-such-action (9)"
    REJECT_STRUCTURE = "RORJ badly-structured-apdu (2)"
    REJECT_RESOURCES = "RORJ resource-limitation (103)"
    REJECT_OPERATION = "RORJ unrecognized-operation (101)"
    INVOKE = "send our request, start its timer"
    TELL_SILENT = "tell the driver, keep the association"
    COMPLETE = "complete our request"
    FAIL_REQUEST = "our request failed, go on without"
    STOP_TRANSFER = "give up the segment"
    FETCH_STORED = "ask the PM-stores what they hold"
    STOP_FETCH = "give up the segment and all that was to follow"
    ANSWER_STOPPED = "RORS with manager-abort, nothing to the driver"
    FORGET_CONFIG = "ABRT undefined (0), distrust the remembered configuration, cancel all"
    ANSWER_ABORT = "ABRT undefined (0), there was no association"
    ABORT = "ABRT undefined (0), cancel all"
    ABORT_OVERFLOW = "ABRT buffer-overflow (1), cancel all"
    ANSWER_OVERFLOW = "ABRT buffer-overflow (1), there was no association"
    ABORT_RESPONSE = "ABRT response-timeout (2), cancel all"
    ABORT_CONFIG = "ABRT configuration-timeout (3), cancel all"
    ABORT_REQUESTED = "ABRT with our reason, cancel all"
    RELEASE = "RLRQ normal, start TO_release"
    ANSWER_RELEASE = "RLRE normal, cancel all"
    ANSWER_RELEASE_STAY = "RLRE normal"
    END_RELEASED = "released, cancel all"
    END_ABORTED = "aborted by the agent, cancel all"


D: Final = State.DISCONNECTED
U: Final = State.UNASSOCIATED
WC: Final = State.WAITING_FOR_CONFIG
CC: Final = State.CHECKING_CONFIG
OP: Final = State.OPERATING
DA: Final = State.DISASSOCIATING
STATES: Final = (D, U, WC, CC, OP, DA)

T = Trigger
A = ManagerAction

AARQ: Final = (T.RX_AARQ_KNOWN_CONFIG, T.RX_AARQ_UNKNOWN_CONFIG, T.RX_AARQ_UNACCEPTABLE)
CHECKED: Final = (T.CONFIG_SUPPORTED, T.CONFIG_UNSUPPORTED, T.CONFIG_STANDARD_UNKNOWN, T.CONFIG_BAD)
TIMEOUTS: Final = (
    T.TIMEOUT_CONFIG,
    T.TIMEOUT_RESPONSE,
    T.TIMEOUT_TRANSFER,
    T.TIMEOUT_RELEASE,
    T.TIMEOUT_SILENCE,
)
OTHER_REPORT: Final = (
    T.RX_REPORT_CONFIRMED,
    T.RX_REPORT_REPEATED,
    T.RX_REPORT_REPEATED_WAITING,
    T.RX_REPORT_UNKNOWN_EVENT,
    T.RX_REPORT_UNKNOWN_HANDLE,
    T.RX_REPORT_UNWANTED,
    T.RX_REPORT_AGAINST_MEMORY,
    T.RX_SEGMENT_STOPPED,
)
UNCONFIRMED: Final = (
    T.RX_REPORT_UNCONFIRMED,
    T.RX_REPORT_UNCONFIRMED_UNWANTED,
    T.RX_UNCONFIRMED_UNUSABLE,
)
BAD: Final = (T.RX_REPORT_UNDECODABLE, T.RX_BADLY_STRUCTURED)
RESULT: Final = (T.RX_RESPONSE, T.RX_ERROR)
STRAY: Final = (T.RX_RESPONSE_UNKNOWN, T.RX_ERROR_UNKNOWN)
ROIV: Final = (*OTHER_REPORT, *UNCONFIRMED, *BAD, T.RX_REQUEST, T.RX_OVERSIZE)
PRST: Final = (T.RX_CONFIG_REPORT, *ROIV, *RESULT, *STRAY)
RECEIVED: Final = (
    *AARQ,
    T.RX_AARE,
    T.RX_RLRQ,
    T.RX_RLRE,
    T.RX_ABRT,
    T.RX_STALE,
    T.RX_UNDECODABLE,
    T.RX_OVERSIZE_UNREADABLE,
    *PRST,
)
INVOKED: Final = (T.REQ_INVOKE, T.REQ_FETCH_STORED, T.REQ_STOP_STORED)
REQUESTS: Final = (T.REQ_CONFIRM, *INVOKED, T.REQ_RELEASE, T.REQ_ABORT)
TRIGGERS: Final = (
    T.TRANSPORT_CONNECTED,
    T.TRANSPORT_CLOSED,
    *REQUESTS,
    *CHECKED,
    *TIMEOUTS,
    T.OUTPUT_UNREAD,
    *RECEIVED,
)

# fmt: off
ROWS: Final[tuple[Row[ManagerAction], ...]] = (
    Row("1.1",  D,  (T.TRANSPORT_CONNECTED,),               U,  A.OPEN),
    Row("1.2",  D,  (T.TRANSPORT_CLOSED, T.REQ_CONFIRM),    D,  A.NOTHING),
    Row("V1.1", D,  (T.REQ_RELEASE, T.REQ_ABORT, *INVOKED, *RECEIVED), D, A.REFUSE),
    Row("V1.2", D,  (*CHECKED, *TIMEOUTS, T.OUTPUT_UNREAD),              D,  A.NOTHING),

    Row("V2.1", U,  (T.TRANSPORT_CONNECTED, *INVOKED),      U,  A.REFUSE),
    Row("2.2",  U,  (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("V2.2", U,  (T.REQ_CONFIRM, *CHECKED, *TIMEOUTS),   U,  A.NOTHING),
    Row("2.6",  U,  (T.REQ_RELEASE,),                       U,  A.NOTHING),
    Row("2.7 (2010)", U, (T.REQ_ABORT,),                    U,  A.ANSWER_ABORT),
    Row("2.9",  U,  (T.RX_AARQ_KNOWN_CONFIG,),              OP, A.ACCEPT),
    Row("2.10", U,  (T.RX_AARQ_UNKNOWN_CONFIG,),            WC, A.ACCEPT_UNKNOWN),
    Row("2.11", U,  (T.RX_AARQ_UNACCEPTABLE,),              U,  A.REJECT),
    Row("2.12", U,  (T.RX_AARE,),                           U,  A.ANSWER_ABORT),
    Row("2.16", U,  (T.RX_RLRQ,),                           U,  A.ANSWER_ABORT),
    Row("2.17", U,  (T.RX_RLRE,),                           U,  A.NOTHING),
    Row("2.18", U,  (T.RX_ABRT,),                           U,  A.NOTHING),
    Row("2.19", U,  PRST,                                   U,  A.ANSWER_ABORT),
    Row("V2.3", U,  (T.RX_STALE,),                          U,  A.NOTHING),
    Row("V2.4", U,  (T.RX_UNDECODABLE, T.RX_OVERSIZE_UNREADABLE), U, A.IGNORE),
    Row("V2.5", U,  (T.OUTPUT_UNREAD,),                     U,  A.ANSWER_OVERFLOW),

    Row("V6.1", WC, (T.TRANSPORT_CONNECTED, *INVOKED),      WC, A.REFUSE),
    Row("6.2",  WC, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("6.4",  WC, (T.TIMEOUT_CONFIG,),                    U,  A.ABORT_CONFIG),
    Row("6.6",  WC, (T.REQ_RELEASE,),                       DA, A.RELEASE),
    Row("6.7",  WC, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("V6.2", WC, (T.REQ_CONFIRM, *CHECKED, T.TIMEOUT_RESPONSE, T.TIMEOUT_TRANSFER, T.TIMEOUT_RELEASE, T.TIMEOUT_SILENCE), WC, A.NOTHING),
    Row("6.8",  WC, AARQ,                                   U,  A.ABORT),
    Row("6.12", WC, (T.RX_AARE,),                           U,  A.ABORT),
    Row("6.16", WC, (T.RX_RLRQ,),                           U,  A.ANSWER_RELEASE),
    Row("6.17", WC, (T.RX_RLRE,),                           U,  A.ABORT),
    Row("6.18", WC, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("6.24", WC, (T.RX_CONFIG_REPORT,),                  CC, A.CHECK_CONFIG),
    Row("6.25", WC, OTHER_REPORT,                           WC, A.ERROR_NO_OBJECT),
    Row("6.25", WC, (T.RX_REQUEST,),                        WC, A.ERROR_NO_OBJECT),
    Row("6.25", WC, UNCONFIRMED,                            WC, A.IGNORE),
    Row("V6.3", WC, BAD,                                    WC, A.REJECT_STRUCTURE),
    Row("V6.4", WC, (T.RX_OVERSIZE,),                       WC, A.REJECT_RESOURCES),
    Row("6.26", WC, (*RESULT, *STRAY),                      U,  A.ABORT),
    Row("V6.5", WC, (T.RX_STALE,),                          WC, A.NOTHING),
    Row("V6.6", WC, (T.RX_UNDECODABLE,),                    U,  A.ABORT),
    Row("V6.7", WC, (T.RX_OVERSIZE_UNREADABLE, T.OUTPUT_UNREAD), U, A.ABORT_OVERFLOW),

    Row("V7.1", CC, (T.TRANSPORT_CONNECTED, *INVOKED),      CC, A.REFUSE),
    Row("7.2",  CC, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("7.4",  CC, (T.TIMEOUT_CONFIG,),                    U,  A.ABORT_CONFIG),
    Row("7.6",  CC, (T.REQ_RELEASE,),                       DA, A.RELEASE),
    Row("7.7",  CC, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("V7.2", CC, (T.REQ_CONFIRM, T.TIMEOUT_RESPONSE, T.TIMEOUT_TRANSFER, T.TIMEOUT_RELEASE, T.TIMEOUT_SILENCE), CC, A.NOTHING),
    Row("7.8",  CC, AARQ,                                   U,  A.ABORT),
    Row("7.12", CC, (T.RX_AARE,),                           U,  A.ABORT),
    Row("7.16", CC, (T.RX_RLRQ,),                           U,  A.ANSWER_RELEASE),
    Row("7.17", CC, (T.RX_RLRE,),                           U,  A.ABORT),
    Row("7.18", CC, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("7.24 (2010), fix 1", CC, (T.RX_CONFIG_REPORT,),    U,  A.ABORT),
    Row("7.24", CC, OTHER_REPORT,                           CC, A.ERROR_NO_OBJECT),
    Row("7.25", CC, (T.RX_REQUEST,),                        CC, A.ERROR_NO_ACTION),
    Row("7.25", CC, UNCONFIRMED,                            CC, A.IGNORE),
    Row("V7.3", CC, BAD,                                    CC, A.REJECT_STRUCTURE),
    Row("V7.4", CC, (T.RX_OVERSIZE,),                       CC, A.REJECT_RESOURCES),
    Row("7.26", CC, (T.RX_RESPONSE,),                       CC, A.COMPLETE),
    Row("7.26", CC, (T.RX_ERROR,),                          CC, A.FAIL_REQUEST),
    Row("7.26", CC, STRAY,                                  U,  A.ABORT),
    Row("7.31", CC, (T.CONFIG_UNSUPPORTED,),                WC, A.REFUSE_CONFIG),
    Row("7.31", CC, (T.CONFIG_STANDARD_UNKNOWN,),           WC, A.REFUSE_STANDARD_CONFIG),
    Row("7.32", CC, (T.CONFIG_SUPPORTED,),                  OP, A.ACCEPT_CONFIG),
    Row("V7.5", CC, (T.CONFIG_BAD,),                        WC, A.REJECT_CONFIG),
    Row("V7.6", CC, (T.RX_STALE,),                          CC, A.NOTHING),
    Row("V7.7", CC, (T.RX_UNDECODABLE,),                    U,  A.ABORT),
    Row("V7.8", CC, (T.RX_OVERSIZE_UNREADABLE, T.OUTPUT_UNREAD), U, A.ABORT_OVERFLOW),

    Row("V8.1", OP, (T.TRANSPORT_CONNECTED,),               OP, A.REFUSE),
    Row("8.2",  OP, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("8.4",  OP, (T.TIMEOUT_RESPONSE,),                  U,  A.ABORT_RESPONSE),
    Row("V8.2", OP, (T.TIMEOUT_TRANSFER,),                  OP, A.STOP_TRANSFER),
    Row("V8.3", OP, (T.TIMEOUT_CONFIG, T.TIMEOUT_RELEASE, *CHECKED), OP, A.NOTHING),
    Row("8.6",  OP, (T.REQ_RELEASE,),                       DA, A.RELEASE),
    Row("8.7",  OP, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("8.8",  OP, AARQ,                                   U,  A.ABORT),
    Row("8.12", OP, (T.RX_AARE,),                           U,  A.ABORT),
    Row("8.16", OP, (T.RX_RLRQ,),                           U,  A.ANSWER_RELEASE),
    Row("8.17", OP, (T.RX_RLRE,),                           U,  A.ABORT),
    Row("8.18", OP, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("8.21", OP, (T.RX_REPORT_CONFIRMED,),               OP, A.TAKE_REPORT),
    Row("8.21", OP, (T.RX_REPORT_UNCONFIRMED,),             OP, A.TAKE_UNCONFIRMED),
    Row("V8.18", OP, (T.REQ_FETCH_STORED,),                 OP, A.FETCH_STORED),
    Row("V8.19", OP, (T.REQ_STOP_STORED,),                  OP, A.STOP_FETCH),
    Row("V8.4", OP, (T.REQ_CONFIRM,),                       OP, A.CONFIRM),
    Row("V8.20", OP, (T.REQ_INVOKE,),                       OP, A.INVOKE),
    Row("V8.21", OP, (T.TIMEOUT_SILENCE,),                  OP, A.TELL_SILENT),
    Row("V8.5", OP, (T.RX_REPORT_REPEATED,),                OP, A.CONFIRM_AGAIN),
    Row("V8.6", OP, (T.RX_REPORT_REPEATED_WAITING,),        OP, A.NOTHING),
    Row("V8.7", OP, (T.RX_REPORT_UNKNOWN_EVENT,),           OP, A.ERROR_NO_ACTION),
    Row("V8.8", OP, (T.RX_REPORT_UNKNOWN_HANDLE,),          OP, A.TAKE_KNOWN),
    Row("V8.9", OP, BAD,                                    OP, A.REJECT_STRUCTURE),
    Row("V8.10", OP, (T.RX_REPORT_UNWANTED, T.RX_OVERSIZE), OP, A.REJECT_RESOURCES),
    Row("V8.11", OP, (T.RX_UNCONFIRMED_UNUSABLE,),          OP, A.IGNORE),
    Row("V8.17", OP, (T.RX_REPORT_UNCONFIRMED_UNWANTED,),   OP, A.COUNT_MISSED),
    Row("V8.15", OP, (T.RX_REPORT_AGAINST_MEMORY,),         U,  A.FORGET_CONFIG),
    Row("V8.16", OP, (T.RX_SEGMENT_STOPPED,),               OP, A.ANSWER_STOPPED),
    Row("8.24, fix 1", OP, (T.RX_CONFIG_REPORT,),           U,  A.ABORT),
    Row("8.25", OP, (T.RX_REQUEST,),                        OP, A.REJECT_OPERATION),
    Row("8.26", OP, (T.RX_RESPONSE,),                       OP, A.COMPLETE),
    Row("8.26", OP, (T.RX_ERROR,),                          OP, A.FAIL_REQUEST),
    Row("8.26", OP, STRAY,                                  U,  A.ABORT),
    Row("V8.12", OP, (T.RX_STALE,),                         OP, A.NOTHING),
    Row("V8.13", OP, (T.RX_UNDECODABLE,),                   U,  A.ABORT),
    Row("V8.14", OP, (T.RX_OVERSIZE_UNREADABLE, T.OUTPUT_UNREAD), U, A.ABORT_OVERFLOW),

    Row("V9.1", DA, (T.TRANSPORT_CONNECTED, *INVOKED),      DA, A.REFUSE),
    Row("9.2",  DA, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("9.4",  DA, (T.TIMEOUT_RELEASE,),                   U,  A.ABORT_RESPONSE),
    Row("V9.2", DA, (T.REQ_CONFIRM, T.TIMEOUT_CONFIG, T.TIMEOUT_RESPONSE, T.TIMEOUT_TRANSFER, T.TIMEOUT_SILENCE, *CHECKED), DA, A.NOTHING),
    Row("9.6",  DA, (T.REQ_RELEASE,),                       DA, A.NOTHING),
    Row("9.7",  DA, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("9.8",  DA, AARQ,                                   U,  A.ABORT),
    Row("9.12", DA, (T.RX_AARE,),                           U,  A.ABORT),
    Row("9.16", DA, (T.RX_RLRQ,),                           DA, A.ANSWER_RELEASE_STAY),
    Row("9.17", DA, (T.RX_RLRE,),                           U,  A.END_RELEASED),
    Row("9.18", DA, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("9.21", DA, ROIV,                                   DA, A.NOTHING),
    Row("9.24, fix 1", DA, (T.RX_CONFIG_REPORT,),           U,  A.ABORT),
    Row("9.26", DA, (T.RX_RESPONSE,),                       DA, A.NOTHING),
    Row("9.26", DA, (T.RX_ERROR, *STRAY),                   U,  A.ABORT),
    Row("V9.3", DA, (T.RX_STALE,),                          DA, A.NOTHING),
    Row("V9.4", DA, (T.RX_UNDECODABLE,),                    U,  A.ABORT),
    Row("V9.5", DA, (T.RX_OVERSIZE_UNREADABLE, T.OUTPUT_UNREAD), U, A.ABORT_OVERFLOW),
)
# fmt: on

TABLE: Final = index_rows(ROWS)
