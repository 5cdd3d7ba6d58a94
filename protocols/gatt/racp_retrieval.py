"""What one retrieval of stored records knows: what it asks for, what came, what is durable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.gatt.racp_codec import FilterType, OpCode, Operand, Operator, RacpRequest
from protocols.gatt.uuids import assigned_uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKind:
    """How a service numbers its stored records.

    `octets`: width of the number in a filter; 0: the service knows no filter. `report_op_code`:
    how its records are asked for.
    """

    name: str
    octets: int
    report_op_code: OpCode = OpCode.REPORT_RECORDS

    @property
    def largest(self) -> int:
        """The largest number of a record."""
        return (1 << (8 * self.octets)) - 1


SEQUENCE_NUMBERS: Final = RecordKind(name="sequence number", octets=2)
"""Glucose measurements (GLS 1.0.1, 3.4.3.1)."""
TIME_OFFSETS: Final = RecordKind(name="time offset", octets=2)
"""Continuous glucose measurements: minutes since the session's start (CGMS 1.0.2, 3.7.2.5)."""
RECORD_NUMBERS: Final = RecordKind(
    name="record number", octets=4, report_op_code=OpCode.COMBINED_REPORT
)
"""Stored observations of a Generic Health Sensor."""
UNNUMBERED: Final = RecordKind(name="none", octets=0)
"""Spot-check measurements of an oximeter: all or none (PLXS 1.0.1, 3.4)."""

KINDS: Final = {
    assigned_uuid(0x1808): SEQUENCE_NUMBERS,
    assigned_uuid(0x181F): TIME_OFFSETS,
    assigned_uuid(0x1822): UNNUMBERED,
    assigned_uuid(0x1840): RECORD_NUMBERS,
}
"""How the services with a record access control point number their records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAccessPolicy:
    """How a client behaves where the profiles leave a choice.

    `procedure_seconds`: without an answer or a record for so long a procedure has failed
    (GLP 1.0.1, 4.5.3). `busy_seconds`, `busy_retries`: the pause before a request that met a
    busy server is written again, and how often. `may_delete`: durable records may be deleted on
    the device; by default never, for another reader may still need them.
    """

    procedure_seconds: float = 30.0
    busy_seconds: float = 5.0
    busy_retries: int = 3
    may_delete: bool = False


class Retrieval:
    """The facts of a retrieval; `RecordAccess` moves it."""

    def __init__(self, kind: RecordKind) -> None:
        self.kind = kind
        self.received = 0
        self.expected: int | None = None
        self.durable: int | None = None
        self.repeated = False
        self.unfinished = False
        self._start: int | None = None
        self._after: int | None = None
        self._newest: int | None = None
        self._in_order = True

    def begin(self, after: int | None) -> None:
        """A new retrieval of what is above `after`."""
        self._start = self.durable = after
        self._after = after
        self._in_order = True
        self.unfinished = True
        self._restart(repeated=False)

    def resume(self) -> None:
        """Go on after the last durable record."""
        self._after = self.durable
        self._restart(repeated=False)

    def repeat(self) -> None:
        """Fetch the same records once more."""
        self.distrust()
        self._restart(self.expected, repeated=True)

    def widen(self) -> None:
        """The server knows no such filter: fetch everything."""
        self._after = None
        self._restart(repeated=self.repeated)

    def distrust(self) -> None:
        """A record is missing somewhere: the mark goes back to where the retrieval began."""
        self.durable = self._start

    def _restart(self, expected: int | None = None, *, repeated: bool) -> None:
        self.received = 0
        self.expected = expected
        self.repeated = repeated
        self._newest = None

    def take(self, number: int | None) -> None:
        """A record came."""
        self.received += 1
        if number is None or (self._newest is not None and number < self._newest):
            # Not oldest first: the highest number says nothing of the ones below it.
            self._in_order = False
        self._newest = number

    def confirm(self, number: int) -> None:
        """The records of this run up to this one are durable; out of order nothing follows."""
        if not self._in_order or self._newest is None or number > self._newest:
            return
        if self.durable is None or number > self.durable:
            self.durable = number

    @property
    def is_whole(self) -> bool:
        """As many records came as were announced, or nothing was announced."""
        return self.expected is None or self.received == self.expected

    @property
    def difference(self) -> str:
        """What came and what was announced, in words."""
        return f"{self.received} records came where {self.expected} were announced"

    @property
    def can_delete(self) -> bool:
        """Durable records can be named."""
        return self.durable is not None and bool(self.kind.octets)

    def is_filtered(self, request: RacpRequest | None) -> bool:
        """The request asks for newer records only; everything would be the wider question."""
        return request is not None and request.operator is Operator.GREATER_OR_EQUAL

    def count_request(self) -> RacpRequest:
        """How many records there are."""
        return self._newer(OpCode.REPORT_NUMBER)

    def report_request(self) -> RacpRequest:
        """The records."""
        return self._newer(self.kind.report_op_code)

    def delete_request(self) -> RacpRequest:
        """Delete what is durable; `can_delete` holds."""
        if self.durable is None:
            raise AssertionError("nothing is durable")
        operand = Operand(FilterType.RECORD_NUMBER, (self.durable,), self.kind.octets)
        return RacpRequest(OpCode.DELETE_RECORDS, Operator.LESS_OR_EQUAL, operand)

    def _newer(self, op_code: OpCode) -> RacpRequest:
        first = None if self._after is None else self._after + 1
        if first is None or first > self.kind.largest or not self.kind.octets:
            return RacpRequest(op_code, Operator.ALL)
        operand = Operand(FilterType.RECORD_NUMBER, (first,), self.kind.octets)
        return RacpRequest(op_code, Operator.GREATER_OR_EQUAL, operand)
