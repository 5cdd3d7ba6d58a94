"""The state table of a client of the Record Access Control Point, row for row.

Rule: no transition lives anywhere else. Every pair of a state and a trigger is here; the row
numbers are ours, for the profiles (GLP 1.0.1, 4.5; CGMP 1.0.2, 4.6) give procedures in prose and
no table. `REFUSE` marks what only a mistake of our own side can ask.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple


class RacpState(Enum):
    """Where the client stands."""

    DISCONNECTED = "Disconnected"
    IDLE = "Idle"
    COUNTING = "Counting"
    REPORTING = "Reporting"
    DELETING = "Deleting"
    ABORTING = "Aborting"
    WAITING = "Waiting"
    """The server is busy with a procedure that is not ours."""


class RacpTrigger(Enum):
    """What may happen."""

    CONNECTED = "transport connected"
    CONNECTED_UNFINISHED = "transport connected, a retrieval was interrupted"
    CLOSED = "transport closed"
    REQ_RETRIEVE = "retrieval requested"
    REQ_DELETE = "deletion requested"
    REQ_DELETE_FORBIDDEN = "deletion requested against the policy"
    REQ_ABORT = "abort requested"
    RX_RECORD = "record"
    RX_NUMBER = "number of records"
    RX_NUMBER_ZERO = "number of records: none"
    RX_SUCCESS = "success, as many records as announced"
    RX_SHORT = "success, not as many records as announced"
    RX_SHORT_AGAIN = "success, again not as many records as announced"
    RX_NO_RECORDS = "no records found"
    RX_FILTER_UNSUPPORTED = "operator or operand refused, we had filtered"
    RX_UNSUPPORTED = "request refused as unsupported or invalid"
    RX_FAILED = "procedure not completed, or an unknown response value"
    RX_ABORTED = "abort succeeded"
    RX_ABORT_UNSUCCESSFUL = "abort unsuccessful"
    RX_STRAY = "answer to what was not asked"
    RX_UNDECODABLE = "undecodable value"
    WRITE_BUSY = "write refused: procedure already in progress"
    WRITE_BUSY_AGAIN = "write refused: procedure already in progress, no retries left"
    WRITE_FAILED = "write failed"
    TIMEOUT = "procedure timeout"
    PAUSE_OVER_COUNT = "pause over, the count waits"
    PAUSE_OVER_REPORT = "pause over, the report waits"
    PAUSE_OVER_DELETE = "pause over, the deletion waits"


class RacpAction(Enum):
    """What a row makes the client do; carried out in one `match` of `RecordAccess`."""

    NOTHING = "nothing"
    REFUSE = "refuse our own request, change nothing"
    IGNORE = "warn"
    OPEN = "begin afresh"
    CLOSE = "drop what waits to be written"
    INTERRUPT = "keep the last durable number, tell the driver"
    COUNT = "ask for the number of records"
    RESUME = "ask for the number of records from the last durable one on"
    COUNT_ALL = "ask for the number of all records"
    REPORT = "ask for the records"
    REPORT_AGAIN = "warn, ask for the same records once more"
    REPORT_ALL = "ask for all records"
    TAKE_RECORD = "count it, restart the timeout"
    DELETE = "ask to delete the durable records"
    ABORT = "ask to abort"
    PAUSE = "ask again after a pause"
    ASK_AGAIN = "ask again"
    FINISH = "tell the driver: complete"
    FINISH_EMPTY = "tell the driver: nothing new"
    FINISH_SHORT = "tell the driver: records are missing"
    FINISH_DELETED = "tell the driver: deleted"
    FINISH_ABORTED = "tell the driver: aborted"
    FINISH_ABORT_REFUSED = "tell the driver: not aborted"
    FAIL = "tell the driver: failed, to be resumed"
    FAIL_TIMEOUT = "tell the driver: no answer in time, to be resumed"
    GIVE_UP = "tell the driver: refused"


class RacpRow(NamedTuple):
    """One line: `triggers` lists every trigger with this same answer in this state."""

    ref: str
    state: RacpState
    triggers: tuple[RacpTrigger, ...]
    next_state: RacpState
    action: RacpAction


_D: Final = RacpState.DISCONNECTED
_I: Final = RacpState.IDLE
_C: Final = RacpState.COUNTING
_R: Final = RacpState.REPORTING
_X: Final = RacpState.DELETING
_A: Final = RacpState.ABORTING
_W: Final = RacpState.WAITING

T = RacpTrigger
A = RacpAction

_UP: Final = (T.CONNECTED, T.CONNECTED_UNFINISHED)
_REQUESTS: Final = (T.REQ_RETRIEVE, T.REQ_DELETE, T.REQ_DELETE_FORBIDDEN)
_NUMBERS: Final = (T.RX_NUMBER, T.RX_NUMBER_ZERO)
_SHORTS: Final = (T.RX_SHORT, T.RX_SHORT_AGAIN)
_REFUSALS: Final = (T.RX_FILTER_UNSUPPORTED, T.RX_UNSUPPORTED)
_ABORTS: Final = (T.RX_ABORTED, T.RX_ABORT_UNSUCCESSFUL)
_STRAYS: Final = (T.RX_STRAY, T.RX_UNDECODABLE)
_ENDS: Final = (T.RX_SUCCESS, *_SHORTS, T.RX_NO_RECORDS, *_REFUSALS, T.RX_FAILED)
_INDICATED: Final = (*_NUMBERS, *_ENDS, *_ABORTS, *_STRAYS)
_WRITE_LOST: Final = (T.WRITE_BUSY_AGAIN, T.WRITE_FAILED)
_WRITES: Final = (T.WRITE_BUSY, *_WRITE_LOST)
_PAUSES: Final = (T.PAUSE_OVER_COUNT, T.PAUSE_OVER_REPORT, T.PAUSE_OVER_DELETE)
_LATE: Final = (*_WRITES, T.TIMEOUT, *_PAUSES)

# fmt: off
ROWS: Final[tuple[RacpRow, ...]] = (
    RacpRow("1.1", _D, (T.CONNECTED,),                       _I, A.OPEN),
    RacpRow("1.2", _D, (T.CONNECTED_UNFINISHED,),            _C, A.RESUME),
    RacpRow("1.3", _D, (T.CLOSED, T.RX_RECORD, *_INDICATED, *_LATE), _D, A.NOTHING),
    RacpRow("1.4", _D, (*_REQUESTS, T.REQ_ABORT),            _D, A.REFUSE),

    RacpRow("2.1", _I, (*_UP, T.REQ_DELETE_FORBIDDEN),       _I, A.REFUSE),
    RacpRow("2.2", _I, (T.CLOSED,),                          _D, A.CLOSE),
    RacpRow("2.3", _I, (T.REQ_RETRIEVE,),                    _C, A.COUNT),
    RacpRow("2.4", _I, (T.REQ_DELETE,),                      _X, A.DELETE),
    RacpRow("2.5", _I, (T.REQ_ABORT, T.RX_RECORD, *_LATE),   _I, A.NOTHING),
    RacpRow("2.6", _I, _INDICATED,                           _I, A.IGNORE),

    RacpRow("3.1", _C, (*_UP, *_REQUESTS),                   _C, A.REFUSE),
    RacpRow("3.2", _C, (T.CLOSED,),                          _D, A.INTERRUPT),
    RacpRow("3.3", _C, (T.REQ_ABORT,),                       _A, A.ABORT),
    RacpRow("3.4", _C, (T.RX_NUMBER,),                       _R, A.REPORT),
    RacpRow("3.5", _C, (T.RX_NUMBER_ZERO, T.RX_NO_RECORDS),  _I, A.FINISH_EMPTY),
    RacpRow("3.6", _C, (T.RX_FILTER_UNSUPPORTED,),           _C, A.COUNT_ALL),
    RacpRow("3.7", _C, (T.RX_UNSUPPORTED, T.RX_SUCCESS),     _R, A.REPORT),
    RacpRow("3.8", _C, (T.RX_FAILED, *_WRITE_LOST),          _I, A.FAIL),
    RacpRow("3.9", _C, (T.WRITE_BUSY,),                      _W, A.PAUSE),
    RacpRow("3.10", _C, (T.TIMEOUT,),                        _I, A.FAIL_TIMEOUT),
    RacpRow("3.11", _C, (T.RX_RECORD, *_PAUSES),             _C, A.NOTHING),
    RacpRow("3.12", _C, (*_SHORTS, *_ABORTS, *_STRAYS),      _C, A.IGNORE),

    RacpRow("4.1", _R, (*_UP, *_REQUESTS),                   _R, A.REFUSE),
    RacpRow("4.2", _R, (T.CLOSED,),                          _D, A.INTERRUPT),
    RacpRow("4.3", _R, (T.REQ_ABORT,),                       _A, A.ABORT),
    RacpRow("4.4", _R, (T.RX_RECORD,),                       _R, A.TAKE_RECORD),
    RacpRow("4.5", _R, (T.RX_SUCCESS,),                      _I, A.FINISH),
    RacpRow("4.6", _R, (T.RX_SHORT,),                        _R, A.REPORT_AGAIN),
    RacpRow("4.7", _R, (T.RX_SHORT_AGAIN,),                  _I, A.FINISH_SHORT),
    RacpRow("4.8", _R, (T.RX_NO_RECORDS,),                   _I, A.FINISH_EMPTY),
    RacpRow("4.9", _R, (T.RX_FILTER_UNSUPPORTED,),           _R, A.REPORT_ALL),
    RacpRow("4.10", _R, (T.RX_UNSUPPORTED,),                 _I, A.GIVE_UP),
    RacpRow("4.11", _R, (T.RX_FAILED, *_WRITE_LOST),         _I, A.FAIL),
    RacpRow("4.12", _R, (T.WRITE_BUSY,),                     _W, A.PAUSE),
    RacpRow("4.13", _R, (T.TIMEOUT,),                        _I, A.FAIL_TIMEOUT),
    RacpRow("4.14", _R, _PAUSES,                             _R, A.NOTHING),
    RacpRow("4.15", _R, (*_NUMBERS, *_ABORTS, *_STRAYS),     _R, A.IGNORE),

    RacpRow("5.1", _X, (*_UP, *_REQUESTS),                   _X, A.REFUSE),
    RacpRow("5.2", _X, (T.CLOSED,),                          _D, A.INTERRUPT),
    RacpRow("5.3", _X, (T.REQ_ABORT,),                       _A, A.ABORT),
    RacpRow("5.4", _X, (T.RX_SUCCESS, T.RX_NO_RECORDS),      _I, A.FINISH_DELETED),
    RacpRow("5.5", _X, _REFUSALS,                            _I, A.GIVE_UP),
    RacpRow("5.6", _X, (T.RX_FAILED, *_WRITE_LOST),          _I, A.FAIL),
    RacpRow("5.7", _X, (T.WRITE_BUSY,),                      _W, A.PAUSE),
    RacpRow("5.8", _X, (T.TIMEOUT,),                         _I, A.FAIL_TIMEOUT),
    RacpRow("5.9", _X, (T.RX_RECORD, *_PAUSES),              _X, A.NOTHING),
    RacpRow("5.10", _X, (*_NUMBERS, *_SHORTS, *_ABORTS, *_STRAYS), _X, A.IGNORE),

    RacpRow("6.1", _A, (*_UP, *_REQUESTS),                   _A, A.REFUSE),
    RacpRow("6.2", _A, (T.CLOSED,),                          _D, A.INTERRUPT),
    RacpRow("6.3", _A, (T.RX_RECORD,),                       _A, A.TAKE_RECORD),
    RacpRow("6.4", _A, (T.RX_ABORTED,),                      _I, A.FINISH_ABORTED),
    RacpRow("6.5", _A, (T.RX_ABORT_UNSUCCESSFUL, *_WRITES),  _I, A.FINISH_ABORT_REFUSED),
    RacpRow("6.6", _A, (T.TIMEOUT,),                         _I, A.FAIL_TIMEOUT),
    RacpRow("6.7", _A, (T.REQ_ABORT, *_NUMBERS, *_ENDS, *_PAUSES), _A, A.NOTHING),
    RacpRow("6.8", _A, _STRAYS,                              _A, A.IGNORE),

    RacpRow("7.1", _W, (*_UP, *_REQUESTS),                   _W, A.REFUSE),
    RacpRow("7.2", _W, (T.CLOSED,),                          _D, A.INTERRUPT),
    RacpRow("7.3", _W, (T.REQ_ABORT,),                       _I, A.FINISH_ABORTED),
    RacpRow("7.4", _W, (T.PAUSE_OVER_COUNT,),                _C, A.ASK_AGAIN),
    RacpRow("7.5", _W, (T.PAUSE_OVER_REPORT,),               _R, A.ASK_AGAIN),
    RacpRow("7.6", _W, (T.PAUSE_OVER_DELETE,),               _X, A.ASK_AGAIN),
    RacpRow("7.7", _W, (T.RX_RECORD, T.TIMEOUT, *_WRITES),   _W, A.NOTHING),
    RacpRow("7.8", _W, _INDICATED,                           _W, A.IGNORE),
)
# fmt: on

TABLE: Final = {(row.state, trigger): row for row in ROWS for trigger in row.triggers}
