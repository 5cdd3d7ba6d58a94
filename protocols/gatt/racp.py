"""A client of the Record Access Control Point (0x2A52), without I/O or clock.

    access = RecordAccess(KINDS[service])
    access.transport_connected(now=monotonic())     resumes what a lost link interrupted
    access.retrieve(now=monotonic(), after=last)    count, then fetch what is newer than `last`
    access.receive_data(octets, now=...)            an indication of 0x2A52
    access.record_received(number, now=...)         a record of the measurement characteristic
    access.confirm(number)                          records up to it are durable
    access.data_to_send()                           values to write to 0x2A52
    access.next_event(), next_deadline(), handle_deadline(now=...)

Every transition stands in `racp_table`. A retrieval first asks how many records fit, then for
the records; when fewer or more come than announced it asks once more. A link that drops in the
middle (a strip pushed into the meter does that) leaves the retrieval unfinished: the next
connection asks from the last durable record on. Records are never deleted unless the policy
says so, and then only durable ones.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from protocols.errors import DecodeError, LocalProtocolError
from protocols.gatt.racp_codec import (
    RECORD_ACCESS,
    NumberOfRecords,
    OpCode,
    Operator,
    RacpMessage,
    RacpRequest,
    RacpResponse,
    ResponseValue,
)
from protocols.gatt.racp_events import (
    Outcome,
    RacpEvent,
    RecordAccessEnded,
    RecordsAnnounced,
)
from protocols.gatt.racp_retrieval import RecordAccessPolicy, RecordKind, Retrieval
from protocols.gatt.racp_table import TABLE, RacpAction, RacpRow, RacpState, RacpTrigger
from protocols.ieee20601.events import ProtocolWarning

BUSY: Final = frozenset({0x80, 0xFE})
"""ATT errors "procedure already in progress": GLS's own, and the common profile error."""

_OUTCOMES: Final = {
    RacpAction.FINISH: Outcome.COMPLETE,
    RacpAction.FINISH_EMPTY: Outcome.NOTHING_NEW,
    RacpAction.FINISH_SHORT: Outcome.SHORT,
    RacpAction.FINISH_DELETED: Outcome.DELETED,
    RacpAction.FINISH_ABORTED: Outcome.ABORTED,
    RacpAction.FINISH_ABORT_REFUSED: Outcome.NOT_ABORTED,
    RacpAction.FAIL: Outcome.FAILED,
    RacpAction.FAIL_TIMEOUT: Outcome.TIMED_OUT,
    RacpAction.GIVE_UP: Outcome.REFUSED,
    RacpAction.INTERRUPT: Outcome.INTERRUPTED,
}
_RESUMABLE: Final = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.INTERRUPTED})
_REFUSED_FILTER: Final = frozenset(
    {
        ResponseValue.INVALID_OPERATOR,
        ResponseValue.OPERATOR_NOT_SUPPORTED,
        ResponseValue.INVALID_OPERAND,
        ResponseValue.OPERAND_NOT_SUPPORTED,
    }
)


class RecordAccess:
    """One client of one record access control point; see the module.

    `kind`: what the records of the service are numbered by. Times are monotonic seconds.
    Nothing a server sends raises; what it does against the rules ends in a `ProtocolWarning`.
    """

    def __init__(self, kind: RecordKind, policy: RecordAccessPolicy | None = None) -> None:
        self._policy = policy or RecordAccessPolicy()
        self._state = RacpState.DISCONNECTED
        self._retrieval = Retrieval(kind)
        self._asked: RacpRequest | None = None
        self._output: list[bytes] = []
        self._events: deque[RacpEvent] = deque()
        self._deadline: float | None = None
        self._busy_retries = 0
        self._refusal = ""

    @property
    def state(self) -> RacpState:
        """Where the client stands."""
        return self._state

    @property
    def last_durable(self) -> int | None:
        """The number up to which every record of the retrieval is durable; None: none known."""
        return self._retrieval.durable

    def transport_connected(self, *, now: float) -> None:
        """The characteristic's indications are on; an unfinished retrieval goes on."""
        unfinished = self._retrieval.unfinished
        self._step(RacpTrigger.CONNECTED_UNFINISHED if unfinished else RacpTrigger.CONNECTED, now)

    def transport_closed(self, *, now: float) -> None:
        """The link is gone."""
        self._step(RacpTrigger.CLOSED, now)

    def retrieve(self, *, now: float, after: int | None = None) -> None:
        """Fetch the records with a number above `after`, or all; LocalProtocolError unless idle.

        `after` is good for the device's present numbering alone: a meter that was reset counts
        from the start again, so a driver that is not sure asks for all. A record sent again is
        harmless, for it has the same identity.
        """
        self._request(RacpTrigger.REQ_RETRIEVE)
        self._retrieval.begin(after)
        self._step(RacpTrigger.REQ_RETRIEVE, now)

    def delete_durable(self, *, now: float) -> None:
        """Have the device delete its records up to the last durable one.

        LocalProtocolError unless idle, unless the policy allows it and unless a durable number
        is known (GLS 1.0.1, 3.4.2, delete stored records).
        """
        allowed = self._policy.may_delete and self._retrieval.can_delete
        trigger = RacpTrigger.REQ_DELETE if allowed else RacpTrigger.REQ_DELETE_FORBIDDEN
        self._request(trigger)
        self._step(trigger, now)

    def abort(self, *, now: float) -> None:
        """Stop what runs; nothing happens when nothing does."""
        self._step(RacpTrigger.REQ_ABORT, now)

    def record_received(self, number: int | None, *, now: float) -> None:
        """A record arrived; `number` by which its service filters, None where it has none."""
        self._step(RacpTrigger.RX_RECORD, now, number=number)

    def confirm(self, number: int) -> None:
        """Every record that arrived before and with this number is durable.

        To be said of repeated records too: the mark follows the run that goes on.
        """
        self._retrieval.confirm(number)

    def receive_data(self, octets: bytes, *, now: float) -> None:
        """An indication of 0x2A52 arrived."""
        try:
            message = RECORD_ACCESS.decode(octets)
        except DecodeError as exc:
            self._refusal = str(exc)
            self._step(RacpTrigger.RX_UNDECODABLE, now)
            return
        self._step(self._classify(message), now)

    def write_refused(self, att_error: int | None, *, now: float) -> None:
        """Our write was refused with an ATT error code, or failed otherwise (None)."""
        self._refusal = "the write failed" if att_error is None else f"ATT error {att_error:#04x}"
        if att_error not in BUSY:
            self._step(RacpTrigger.WRITE_FAILED, now)
        elif self._busy_retries < self._policy.busy_retries:
            self._step(RacpTrigger.WRITE_BUSY, now)
        else:
            self._step(RacpTrigger.WRITE_BUSY_AGAIN, now)

    def data_to_send(self) -> list[bytes]:
        """Take the values to write to 0x2A52, in order."""
        output, self._output = self._output, []
        return output

    def next_event(self) -> RacpEvent | None:
        """Take what happened; None when nothing did."""
        return self._events.popleft() if self._events else None

    def next_deadline(self) -> float | None:
        """When to call `handle_deadline`, monotonic seconds; None: nothing is awaited."""
        return self._deadline

    def handle_deadline(self, *, now: float) -> None:
        """The time passed; nothing happens before the deadline."""
        if self._deadline is None or now < self._deadline:
            return
        if self._state is RacpState.WAITING:
            self._step(_PAUSES_OVER[self._pending().op_code], now)
        else:
            self._step(RacpTrigger.TIMEOUT, now)

    def _request(self, trigger: RacpTrigger) -> None:
        """Refuse a request of ours that the table refuses, before anything changes."""
        if TABLE[self._state, trigger].action is RacpAction.REFUSE:
            raise LocalProtocolError(f"{trigger.value} while {self._state.value}")

    def _classify(self, message: RacpMessage) -> RacpTrigger:
        """What a message of the server means to what we asked."""
        match message:
            case NumberOfRecords(count=count, op_code=op_code) if self._awaits(_ASKED_BY[op_code]):
                self._retrieval.expected = count
                if op_code is OpCode.COMBINED_REPORT_RESPONSE:
                    return self._finished()
                self._events.append(RecordsAnnounced(count))
                return RacpTrigger.RX_NUMBER if count else RacpTrigger.RX_NUMBER_ZERO
            case RacpResponse(request=OpCode.ABORT) if self._state is RacpState.ABORTING:
                done = message.value == ResponseValue.SUCCESS
                return RacpTrigger.RX_ABORTED if done else RacpTrigger.RX_ABORT_UNSUCCESSFUL
            case RacpResponse() if self._awaits(message.request):
                return self._classify_response(message)
        self._refusal = "an answer to what was not asked"
        return RacpTrigger.RX_STRAY

    def _awaits(self, op_code: int) -> bool:
        return self._asked is not None and self._asked.op_code == op_code

    def _classify_response(self, response: RacpResponse) -> RacpTrigger:
        self._refusal = response.name
        value = response.value
        if value == ResponseValue.SUCCESS:
            return self._finished()
        if value == ResponseValue.NO_RECORDS_FOUND:
            # Records were announced a moment ago: ask once more before it is believed.
            announced = self._state is RacpState.REPORTING and self._retrieval.expected
            return self._finished() if announced else RacpTrigger.RX_NO_RECORDS
        if value in _REFUSED_FILTER and self._retrieval.is_filtered(self._asked):
            return RacpTrigger.RX_FILTER_UNSUPPORTED
        if value in _REFUSED_FILTER or value == ResponseValue.OP_CODE_NOT_SUPPORTED:
            return RacpTrigger.RX_UNSUPPORTED
        return RacpTrigger.RX_FAILED

    def _finished(self) -> RacpTrigger:
        retrieval = self._retrieval
        if self._state is not RacpState.REPORTING or retrieval.is_whole:
            return RacpTrigger.RX_SUCCESS
        return RacpTrigger.RX_SHORT_AGAIN if retrieval.repeated else RacpTrigger.RX_SHORT

    def _step(self, trigger: RacpTrigger, now: float, *, number: int | None = None) -> None:
        row = TABLE[self._state, trigger]
        if row.action is RacpAction.REFUSE:
            raise LocalProtocolError(f"{trigger.value} while {self._state.value}")
        self._act(row, now, number)
        self._state = row.next_state

    def _act(self, row: RacpRow, now: float, number: int | None) -> None:
        retrieval = self._retrieval
        match row.action:
            case RacpAction.NOTHING:
                pass
            case RacpAction.IGNORE:
                self._warn(f"record access: {self._refusal} while {row.state.value}")
            case RacpAction.OPEN | RacpAction.CLOSE:
                self._forget()
            case RacpAction.COUNT:
                self._ask(retrieval.count_request(), now)
            case RacpAction.RESUME:
                self._forget()
                retrieval.resume()
                self._ask(retrieval.count_request(), now)
            case RacpAction.COUNT_ALL:
                retrieval.widen()
                self._ask(retrieval.count_request(), now)
            case RacpAction.REPORT:
                self._ask(retrieval.report_request(), now)
            case RacpAction.REPORT_AGAIN:
                self._warn(f"record access: {retrieval.difference}, asked once more")
                retrieval.repeat()
                self._ask(retrieval.report_request(), now)
            case RacpAction.REPORT_ALL:
                retrieval.widen()
                self._ask(retrieval.report_request(), now)
            case RacpAction.TAKE_RECORD:
                retrieval.take(number)
                self._deadline = now + self._policy.procedure_seconds
            case RacpAction.DELETE:
                self._ask(retrieval.delete_request(), now)
            case RacpAction.ABORT:
                # What was asked stays known: it names what is being aborted.
                self._write(RECORD_ACCESS.encode(_ABORT_REQUEST), now)
            case RacpAction.PAUSE:
                self._busy_retries += 1
                self._deadline = now + self._policy.busy_seconds
            case RacpAction.ASK_AGAIN:
                self._write(RECORD_ACCESS.encode(self._pending()), now)
            case _:
                self._end(_OUTCOMES[row.action])

    def _ask(self, request: RacpRequest, now: float) -> None:
        self._asked = request
        self._busy_retries = 0
        self._write(RECORD_ACCESS.encode(request), now)

    def _pending(self) -> RacpRequest:
        if self._asked is None:
            raise AssertionError("no request is pending")
        return self._asked

    def _write(self, octets: bytes, now: float) -> None:
        self._output.append(octets)
        self._deadline = now + self._policy.procedure_seconds

    def _warn(self, text: str) -> None:
        self._events.append(ProtocolWarning(text))

    def _forget(self) -> None:
        """Nothing is awaited and nothing waits to be written."""
        self._asked = None
        self._deadline = None
        self._output.clear()

    def _end(self, outcome: Outcome) -> None:
        retrieval = self._retrieval
        deleting = self._awaits(OpCode.DELETE_RECORDS)
        self._forget()
        if outcome is Outcome.SHORT:
            retrieval.distrust()
        if not deleting:
            retrieval.unfinished = outcome in _RESUMABLE
        self._events.append(
            RecordAccessEnded(
                outcome=outcome,
                received=retrieval.received,
                announced=retrieval.expected,
                last_durable=retrieval.durable,
                reason=self._refusal if outcome in (Outcome.FAILED, Outcome.REFUSED) else "",
                deleting=deleting,
            )
        )


_ABORT_REQUEST: Final = RacpRequest(OpCode.ABORT, Operator.NULL)
_ASKED_BY: Final = {
    OpCode.NUMBER_RESPONSE: OpCode.REPORT_NUMBER,
    OpCode.COMBINED_REPORT_RESPONSE: OpCode.COMBINED_REPORT,
}
_PAUSES_OVER: Final = {
    OpCode.REPORT_NUMBER: RacpTrigger.PAUSE_OVER_COUNT,
    OpCode.REPORT_RECORDS: RacpTrigger.PAUSE_OVER_REPORT,
    OpCode.COMBINED_REPORT: RacpTrigger.PAUSE_OVER_REPORT,
    OpCode.DELETE_RECORDS: RacpTrigger.PAUSE_OVER_DELETE,
}
