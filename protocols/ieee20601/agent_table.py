"""The agent's state table, row for row. Rule: no transition lives anywhere else.

Row numbers as in `manager_table`. "fix 2" is the answer to a late configuration response that a
model checker asked for. Every pair of a state and a trigger is here.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.states import Row, State, Trigger, index_rows
from protocols.model.table_keys import TableKey


class AgentAction(TableKey):
    """What a row makes the agent do; carried out in one `match` of the agent."""

    NOTHING = "nothing"
    REFUSE = "refuse our own request, change nothing"
    OPEN = "begin afresh"
    CLOSE = "drop all that waits, tell the caller"
    ASSOCIATE = "AARQ, start TO_assoc"
    ASSOCIATE_AGAIN = "AARQ again, restart TO_assoc"
    OPERATE = "associated: tell the caller"
    OFFER_CONFIG = "choose the configuration to offer"
    SEND_CONFIG = "configuration report, start TO_config"
    CONFIG_ACCEPTED = "stop TO_config, associated: tell the caller"
    OFFER_NEXT = "stop TO_config, offer another configuration or release"
    REJECTED = "tell the caller the AARE result"
    ANSWER_AARQ = "AARE rejected-permanent"
    ANSWER_REQUEST = "RORS with what was asked for, or ROER by the object"
    PERFORM_REQUEST = "carry it out, no answer"
    ANSWER_STORE = "RORS, ROER or RORJ of the PM-store; a transfer begins with its first page"
    SEND_PAGE_AGAIN = "the page again, restart its confirm timeout"
    ERROR_NO_OBJECT = "ROER no-such-object-instance (1)"
    REJECT_STRUCTURE = "RORJ badly-structured-apdu (2)"
    REJECT_RESOURCES = "RORJ resource-limitation (103)"
    IGNORE = "no answer, warn"
    SEND_CONFIRMED = "confirmed report, start its confirm timeout"
    SEND_UNCONFIRMED = "unconfirmed report"
    REPORT_CONFIRMED = "the report is confirmed: tell the caller"
    REPORT_REFUSED = "the report is refused: tell the caller"
    ANSWER_ABORT = "ABRT undefined (0), there was no association"
    ABORT = "ABRT undefined (0), cancel all"
    ABORT_OVERFLOW = "ABRT buffer-overflow (1), cancel all"
    ABORT_RESPONSE = "ABRT response-timeout (2), cancel all"
    ABORT_CONFIG = "ABRT configuration-timeout (3), cancel all"
    ABORT_REQUESTED = "ABRT with our reason, cancel all"
    RELEASE = "RLRQ, start TO_release"
    ANSWER_RELEASE = "RLRE normal, cancel all"
    ANSWER_RELEASE_STAY = "RLRE normal"
    END_RELEASED = "released, cancel all"
    END_ABORTED = "aborted by the manager, cancel all"


D: Final = State.DISCONNECTED
U: Final = State.UNASSOCIATED
AS: Final = State.ASSOCIATING
CS: Final = State.CONFIG_SENDING
WA: Final = State.WAITING_APPROVAL
OP: Final = State.OPERATING
DA: Final = State.DISASSOCIATING
STATES: Final = (D, U, AS, CS, WA, OP, DA)

T = Trigger
A = AgentAction

AARE: Final = (T.RX_AARE_ACCEPTED, T.RX_AARE_UNKNOWN_CONFIG, T.RX_AARE_REJECTED)
SENDS: Final = (T.REQ_SEND_CONFIRMED, T.REQ_SEND_UNCONFIRMED)
TIMEOUTS: Final = (
    T.TIMEOUT_ASSOCIATE_AGAIN,
    T.TIMEOUT_ASSOCIATE,
    T.TIMEOUT_CONFIG,
    T.TIMEOUT_PAGE_AGAIN,
    T.TIMEOUT_RESPONSE,
    T.TIMEOUT_RELEASE,
)
ROIV: Final = (
    T.RX_GET_MDS,
    T.RX_REQUEST,
    T.RX_REQUEST_UNKNOWN_OBJECT,
    T.RX_STORE_REQUEST,
    T.RX_REQUEST_UNCONFIRMED,
    T.RX_UNCONFIRMED_UNUSABLE,
    T.RX_BADLY_STRUCTURED,
    T.RX_OVERSIZE,
)
CONFIG_RESULT: Final = (T.RX_CONFIG_ACCEPTED, T.RX_CONFIG_REFUSED)
RESULT: Final = (T.RX_RESPONSE, T.RX_ERROR)
STRAY: Final = (T.RX_RESPONSE_UNKNOWN, T.RX_ERROR_UNKNOWN)
PRST: Final = (*ROIV, *CONFIG_RESULT, *RESULT, *STRAY)
RECEIVED: Final = (
    T.RX_AARQ,
    *AARE,
    T.RX_RLRQ,
    T.RX_RLRE,
    T.RX_ABRT,
    T.RX_STALE,
    T.RX_UNDECODABLE,
    T.RX_OVERSIZE_UNREADABLE,
    *PRST,
)
REQUESTS: Final = (T.REQ_ASSOCIATE, T.REQ_SEND_CONFIG, *SENDS, T.REQ_RELEASE, T.REQ_ABORT)
TRIGGERS: Final = (T.TRANSPORT_CONNECTED, T.TRANSPORT_CLOSED, *REQUESTS, *TIMEOUTS, *RECEIVED)

# fmt: off
ROWS: Final[tuple[Row[AgentAction], ...]] = (
    Row("1.1",  D,  (T.TRANSPORT_CONNECTED,),               U,  A.OPEN),
    Row("1.2",  D,  (T.TRANSPORT_CLOSED, *TIMEOUTS),        D,  A.NOTHING),
    Row("V1.1", D,  (*REQUESTS, *RECEIVED),                 D,  A.REFUSE),

    Row("V2.1", U,  (T.TRANSPORT_CONNECTED, T.REQ_SEND_CONFIG, *SENDS), U, A.REFUSE),
    Row("2.2",  U,  (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("2.5",  U,  (T.REQ_ASSOCIATE,),                     AS, A.ASSOCIATE),
    Row("2.6",  U,  (T.REQ_RELEASE, *TIMEOUTS),             U,  A.NOTHING),
    Row("2.7 (2010)", U, (T.REQ_ABORT,),                    U,  A.ANSWER_ABORT),
    Row("2.8",  U,  (T.RX_AARQ,),                           U,  A.ANSWER_AARQ),
    Row("2.12", U,  AARE,                                   U,  A.ANSWER_ABORT),
    Row("2.16", U,  (T.RX_RLRQ,),                           U,  A.ANSWER_ABORT),
    Row("2.17", U,  (T.RX_RLRE,),                           U,  A.NOTHING),
    Row("2.18", U,  (T.RX_ABRT,),                           U,  A.NOTHING),
    Row("2.19", U,  PRST,                                   U,  A.ANSWER_ABORT),
    Row("V2.2", U,  (T.RX_STALE,),                          U,  A.NOTHING),
    Row("V2.3", U,  (T.RX_UNDECODABLE, T.RX_OVERSIZE_UNREADABLE), U, A.IGNORE),

    Row("V3.1", AS, (T.TRANSPORT_CONNECTED, T.REQ_ASSOCIATE, T.REQ_SEND_CONFIG, *SENDS), AS, A.REFUSE),
    Row("3.2",  AS, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("3.3",  AS, (T.TIMEOUT_ASSOCIATE_AGAIN,),           AS, A.ASSOCIATE_AGAIN),
    Row("3.4",  AS, (T.TIMEOUT_ASSOCIATE,),                 U,  A.ABORT_RESPONSE),
    Row("V3.2", AS, (T.TIMEOUT_CONFIG, T.TIMEOUT_PAGE_AGAIN, T.TIMEOUT_RESPONSE, T.TIMEOUT_RELEASE), AS, A.NOTHING),
    Row("3.6",  AS, (T.REQ_RELEASE,),                       U,  A.ABORT_REQUESTED),
    Row("3.7",  AS, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("3.8 (2010)", AS, (T.RX_AARQ,),                     AS, A.ANSWER_AARQ),
    Row("3.13", AS, (T.RX_AARE_ACCEPTED,),                  OP, A.OPERATE),
    Row("3.14", AS, (T.RX_AARE_UNKNOWN_CONFIG,),            CS, A.OFFER_CONFIG),
    Row("3.15", AS, (T.RX_AARE_REJECTED,),                  U,  A.REJECTED),
    Row("3.16", AS, (T.RX_RLRQ,),                           U,  A.ABORT),
    Row("3.17", AS, (T.RX_RLRE,),                           U,  A.ABORT),
    Row("3.18", AS, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("3.19", AS, PRST,                                   U,  A.ABORT),
    Row("V3.3", AS, (T.RX_STALE,),                          AS, A.NOTHING),
    Row("V3.4", AS, (T.RX_UNDECODABLE,),                    U,  A.ABORT),
    Row("V3.5", AS, (T.RX_OVERSIZE_UNREADABLE,),            U,  A.ABORT_OVERFLOW),

    Row("V4.1", CS, (T.TRANSPORT_CONNECTED, T.REQ_ASSOCIATE, *SENDS), CS, A.REFUSE),
    Row("4.2",  CS, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("V4.2", CS, TIMEOUTS,                               CS, A.NOTHING),
    Row("4.6",  CS, (T.REQ_RELEASE,),                       DA, A.RELEASE),
    Row("4.7",  CS, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("4.8",  CS, (T.RX_AARQ,),                           U,  A.ABORT),
    Row("4.12", CS, AARE,                                   U,  A.ABORT),
    Row("4.16", CS, (T.RX_RLRQ,),                           U,  A.ANSWER_RELEASE),
    Row("4.17", CS, (T.RX_RLRE,),                           U,  A.ABORT),
    Row("4.18", CS, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("4.22", CS, (T.RX_GET_MDS,),                        CS, A.ANSWER_REQUEST),
    Row("4.23", CS, (T.RX_REQUEST, T.RX_REQUEST_UNKNOWN_OBJECT, T.RX_STORE_REQUEST), CS, A.ERROR_NO_OBJECT),
    Row("4.23", CS, (T.RX_REQUEST_UNCONFIRMED, T.RX_UNCONFIRMED_UNUSABLE), CS, A.IGNORE),
    Row("V4.3", CS, (T.RX_BADLY_STRUCTURED,),               CS, A.REJECT_STRUCTURE),
    Row("V4.4", CS, (T.RX_OVERSIZE,),                       CS, A.REJECT_RESOURCES),
    Row("4.26", CS, (*CONFIG_RESULT, *RESULT, *STRAY),      U,  A.ABORT),
    Row("4.32", CS, (T.REQ_SEND_CONFIG,),                   WA, A.SEND_CONFIG),
    Row("V4.5", CS, (T.RX_STALE,),                          CS, A.NOTHING),
    Row("V4.6", CS, (T.RX_UNDECODABLE,),                    U,  A.ABORT),
    Row("V4.7", CS, (T.RX_OVERSIZE_UNREADABLE,),            U,  A.ABORT_OVERFLOW),

    Row("V5.1", WA, (T.TRANSPORT_CONNECTED, T.REQ_ASSOCIATE, T.REQ_SEND_CONFIG, *SENDS), WA, A.REFUSE),
    Row("5.2",  WA, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("5.4",  WA, (T.TIMEOUT_CONFIG,),                    U,  A.ABORT_CONFIG),
    Row("V5.2", WA, (T.TIMEOUT_ASSOCIATE_AGAIN, T.TIMEOUT_ASSOCIATE, T.TIMEOUT_PAGE_AGAIN, T.TIMEOUT_RESPONSE, T.TIMEOUT_RELEASE), WA, A.NOTHING),
    Row("5.6",  WA, (T.REQ_RELEASE,),                       DA, A.RELEASE),
    Row("5.7",  WA, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("5.8",  WA, (T.RX_AARQ,),                           U,  A.ABORT),
    Row("5.12", WA, AARE,                                   U,  A.ABORT),
    Row("5.16", WA, (T.RX_RLRQ,),                           U,  A.ANSWER_RELEASE),
    Row("5.17", WA, (T.RX_RLRE,),                           U,  A.ABORT),
    Row("5.18", WA, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("5.22", WA, (T.RX_GET_MDS,),                        WA, A.ANSWER_REQUEST),
    Row("5.23", WA, (T.RX_REQUEST, T.RX_REQUEST_UNKNOWN_OBJECT, T.RX_STORE_REQUEST), WA, A.ERROR_NO_OBJECT),
    Row("5.23", WA, (T.RX_REQUEST_UNCONFIRMED, T.RX_UNCONFIRMED_UNUSABLE), WA, A.IGNORE),
    Row("V5.3", WA, (T.RX_BADLY_STRUCTURED,),               WA, A.REJECT_STRUCTURE),
    Row("V5.4", WA, (T.RX_OVERSIZE,),                       WA, A.REJECT_RESOURCES),
    Row("5.27", WA, (T.RX_CONFIG_REFUSED,),                 CS, A.OFFER_NEXT),
    Row("5.29", WA, (T.RX_CONFIG_ACCEPTED,),                OP, A.CONFIG_ACCEPTED),
    Row("5.30", WA, (*RESULT, *STRAY),                      U,  A.ABORT),
    Row("V5.5", WA, (T.RX_STALE,),                          WA, A.NOTHING),
    Row("V5.6", WA, (T.RX_UNDECODABLE,),                    U,  A.ABORT),
    Row("V5.7", WA, (T.RX_OVERSIZE_UNREADABLE,),            U,  A.ABORT_OVERFLOW),

    Row("V8.1", OP, (T.TRANSPORT_CONNECTED, T.REQ_ASSOCIATE, T.REQ_SEND_CONFIG), OP, A.REFUSE),
    Row("8.2",  OP, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("8.4",  OP, (T.TIMEOUT_RESPONSE,),                  U,  A.ABORT_RESPONSE),
    Row("V8.2", OP, (T.TIMEOUT_ASSOCIATE_AGAIN, T.TIMEOUT_ASSOCIATE, T.TIMEOUT_CONFIG, T.TIMEOUT_RELEASE), OP, A.NOTHING),
    Row("8.6",  OP, (T.REQ_RELEASE,),                       DA, A.RELEASE),
    Row("8.7",  OP, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("8.8",  OP, (T.RX_AARQ,),                           U,  A.ABORT),
    Row("8.12", OP, AARE,                                   U,  A.ABORT),
    Row("8.16", OP, (T.RX_RLRQ,),                           U,  A.ANSWER_RELEASE),
    Row("8.17", OP, (T.RX_RLRE,),                           U,  A.ABORT),
    Row("8.18", OP, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("8.21", OP, (T.RX_GET_MDS, T.RX_REQUEST),           OP, A.ANSWER_REQUEST),
    Row("8.21", OP, (T.RX_REQUEST_UNCONFIRMED,),            OP, A.PERFORM_REQUEST),
    Row("8.21", OP, (T.RX_STORE_REQUEST,),                  OP, A.ANSWER_STORE),
    Row("V8.8", OP, (T.TIMEOUT_PAGE_AGAIN,),                OP, A.SEND_PAGE_AGAIN),
    Row("8.21", OP, (T.RX_REQUEST_UNKNOWN_OBJECT,),         OP, A.ERROR_NO_OBJECT),
    Row("8.21", OP, (T.RX_UNCONFIRMED_UNUSABLE,),           OP, A.IGNORE),
    Row("V8.3", OP, (T.RX_BADLY_STRUCTURED,),               OP, A.REJECT_STRUCTURE),
    Row("V8.4", OP, (T.RX_OVERSIZE,),                       OP, A.REJECT_RESOURCES),
    Row("8.26", OP, (T.RX_RESPONSE,),                       OP, A.REPORT_CONFIRMED),
    Row("8.26", OP, (T.RX_ERROR,),                          OP, A.REPORT_REFUSED),
    Row("8.26", OP, STRAY,                                  U,  A.ABORT),
    Row("8.29, fix 2", OP, CONFIG_RESULT,                   U,  A.ABORT),
    Row("8.71", OP, (T.REQ_SEND_CONFIRMED,),                OP, A.SEND_CONFIRMED),
    Row("8.72", OP, (T.REQ_SEND_UNCONFIRMED,),              OP, A.SEND_UNCONFIRMED),
    Row("V8.5", OP, (T.RX_STALE,),                          OP, A.NOTHING),
    Row("V8.6", OP, (T.RX_UNDECODABLE,),                    U,  A.ABORT),
    Row("V8.7", OP, (T.RX_OVERSIZE_UNREADABLE,),            U,  A.ABORT_OVERFLOW),

    Row("V9.1", DA, (T.TRANSPORT_CONNECTED, T.REQ_ASSOCIATE, T.REQ_SEND_CONFIG, *SENDS), DA, A.REFUSE),
    Row("9.2",  DA, (T.TRANSPORT_CLOSED,),                  D,  A.CLOSE),
    Row("9.4",  DA, (T.TIMEOUT_RELEASE,),                   U,  A.ABORT_RESPONSE),
    Row("V9.2", DA, (T.TIMEOUT_ASSOCIATE_AGAIN, T.TIMEOUT_ASSOCIATE, T.TIMEOUT_CONFIG, T.TIMEOUT_PAGE_AGAIN, T.TIMEOUT_RESPONSE), DA, A.NOTHING),
    Row("9.6",  DA, (T.REQ_RELEASE,),                       DA, A.NOTHING),
    Row("9.7",  DA, (T.REQ_ABORT,),                         U,  A.ABORT_REQUESTED),
    Row("9.8",  DA, (T.RX_AARQ,),                           U,  A.ABORT),
    Row("9.12", DA, AARE,                                   U,  A.ABORT),
    Row("9.16", DA, (T.RX_RLRQ,),                           DA, A.ANSWER_RELEASE_STAY),
    Row("9.17", DA, (T.RX_RLRE,),                           U,  A.END_RELEASED),
    Row("9.18", DA, (T.RX_ABRT,),                           U,  A.END_ABORTED),
    Row("9.21", DA, ROIV,                                   DA, A.NOTHING),
    Row("9.26", DA, (T.RX_RESPONSE,),                       DA, A.NOTHING),
    Row("9.29, fix 2", DA, CONFIG_RESULT,                   U,  A.ABORT),
    Row("9.26", DA, (T.RX_ERROR, *STRAY),                   U,  A.ABORT),
    Row("V9.3", DA, (T.RX_STALE,),                          DA, A.NOTHING),
    Row("V9.4", DA, (T.RX_UNDECODABLE,),                    U,  A.ABORT),
    Row("V9.5", DA, (T.RX_OVERSIZE_UNREADABLE,),            U,  A.ABORT_OVERFLOW),
)
# fmt: on

TABLE: Final = index_rows(ROWS)
