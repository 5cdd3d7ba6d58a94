"""The server of a Record Access Control Point: records that stay, and are asked for.

    store = RecordStore(personality)
    store.keep(StoredRecord(number, local, values, ids))
    offers: store.offer
    tasks: store.serve()

What a device was asked while it was busy it refuses with PROCEDURE ALREADY IN PROGRESS; a link
that drops in the middle ends the procedure, and the records stay.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from protocols.errors import DecodeError
from protocols.gatt.base import Property
from protocols.gatt.fields import DateTime
from protocols.gatt.racp_codec import (
    RECORD_ACCESS,
    Bound,
    FilterType,
    NumberOfRecords,
    OpCode,
    Operator,
    RacpMessage,
    RacpRequest,
    RacpResponse,
    ResponseValue,
    UnknownRacpMessage,
)
from simulators.bluetooth.offers import Offer, RefusedError
from simulators.bluetooth.personalities.base import Personality

CAPACITY: Final = 1_000
_CCCD_IMPROPERLY_CONFIGURED: Final = 0xFD
_ALREADY_IN_PROGRESS: Final = 0xFE
_WIDE: Final = 4
_SELECTING: Final = frozenset(
    {
        OpCode.REPORT_RECORDS,
        OpCode.DELETE_RECORDS,
        OpCode.REPORT_NUMBER,
        OpCode.COMBINED_REPORT,
    }
)
_BOUNDED: Final = frozenset(
    {Operator.LESS_OR_EQUAL, Operator.GREATER_OR_EQUAL, Operator.WITHIN_RANGE}
)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record: its service's number, the time its owner saw, and the values that tell it."""

    number: int
    local: datetime
    values: tuple[tuple[UUID, bytes], ...]
    ids: tuple[UUID, ...]


class InvalidRequestError(Exception):
    """A request is answered with this response value."""

    def __init__(self, value: ResponseValue) -> None:
        self.value = value
        super().__init__(value.name)


class RecordStore:
    """The records of one personality, and who asks for them.

    `present` makes of a value what is notified, where that depends on what was sent before.
    `pause_seconds` between two records makes a transfer long enough to be cut; `takes_filters`
    False is a device that knows "all records" alone (pulse oximeters).
    """

    def __init__(
        self,
        personality: Personality,
        *,
        combined: bool = False,
        takes_filters: bool = True,
        present: Callable[[bytes], Iterable[bytes]] = lambda octets: (octets,),
    ) -> None:
        self._personality = personality
        self._combined = combined
        self._takes_filters = takes_filters
        self._present = present
        self._records: deque[StoredRecord] = deque(maxlen=CAPACITY)
        self._requests: asyncio.Queue[RacpMessage] = asyncio.Queue()
        self._busy = False
        self._aborted = asyncio.Event()
        self.pause_seconds = 0.0

    @property
    def records(self) -> tuple[StoredRecord, ...]:
        """What is stored, oldest first."""
        return tuple(self._records)

    @property
    def offer(self) -> Offer:
        """The characteristic."""
        return Offer(characteristic=RECORD_ACCESS, write=self._asked)

    def keep(self, record: StoredRecord) -> None:
        """One more record; the oldest goes when the memory is full."""
        if len(self._records) == CAPACITY:
            now = self._personality.bedside.utc
            self._personality.truth.about("dropped", self._records[0].ids, at=now)
        self._records.append(record)

    def forget(self, record: StoredRecord) -> None:
        """A record is deleted."""
        self._records.remove(record)

    async def _asked(self, octets: bytes) -> None:
        peripheral = self._personality.peripheral
        if not peripheral.listeners(RECORD_ACCESS.uuid, Property.INDICATE):
            raise RefusedError(_CCCD_IMPROPERLY_CONFIGURED)
        try:
            message = RECORD_ACCESS.decode(octets)
        except DecodeError:
            message = UnknownRacpMessage(octets[0] if octets else 0, 0, octets[2:])
        if message.op_code == OpCode.ABORT:
            self._aborted.set()
            answer = RacpResponse(OpCode.ABORT, ResponseValue.SUCCESS)
            peripheral.indicate_soon(RECORD_ACCESS.uuid, RECORD_ACCESS.encode(answer))
            return
        if self._busy:
            raise RefusedError(_ALREADY_IN_PROGRESS)
        self._busy = True
        self._requests.put_nowait(message)

    async def serve(self) -> None:
        """Answer requests, for ever."""
        while True:
            message = await self._requests.get()
            self._aborted.clear()
            try:
                answer = await self._carry_out(message)
            except InvalidRequestError as error:
                answer = RacpResponse(message.op_code, error.value)
            self._busy = False
            if answer is not None:
                octets = RECORD_ACCESS.encode(answer)
                await self._personality.peripheral.indicate(RECORD_ACCESS.uuid, octets)

    async def _carry_out(self, message: RacpMessage) -> RacpMessage | None:
        """The answer to a message; None when nobody is left to be answered."""
        if not isinstance(message, RacpRequest) or message.op_code not in _SELECTING:
            raise InvalidRequestError(ResponseValue.OP_CODE_NOT_SUPPORTED)
        if message.op_code == OpCode.COMBINED_REPORT and not self._combined:
            raise InvalidRequestError(ResponseValue.OP_CODE_NOT_SUPPORTED)
        records = self._select(message)
        if message.op_code == OpCode.REPORT_NUMBER:
            wide = _WIDE if self._combined else 2
            return NumberOfRecords(len(records), octets=wide)
        if not records:
            raise InvalidRequestError(ResponseValue.NO_RECORDS_FOUND)
        if message.op_code == OpCode.DELETE_RECORDS:
            for record in records:
                self.forget(record)
            return RacpResponse(message.op_code, ResponseValue.SUCCESS)
        return await self._report(message.op_code, records)

    async def _report(self, op_code: OpCode, records: list[StoredRecord]) -> RacpMessage | None:
        peripheral, truth = self._personality.peripheral, self._personality.truth
        for record in records:
            for uuid, value in record.values:
                for octets in self._present(value):
                    if not await peripheral.notify(uuid, octets):
                        return None
            truth.about("sent", record.ids, at=self._personality.bedside.utc)
            if await self._is_aborted():
                return None
        if op_code == OpCode.COMBINED_REPORT:
            return NumberOfRecords(len(records), OpCode.COMBINED_REPORT_RESPONSE, _WIDE)
        return RacpResponse(op_code, ResponseValue.SUCCESS)

    async def _is_aborted(self) -> bool:
        """Whether the request was aborted in the pause behind a record."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._aborted.wait(), self.pause_seconds)
        return self._aborted.is_set()

    def _select(self, request: RacpRequest) -> list[StoredRecord]:
        records = list(self._records)
        match request.operator:
            case Operator.ALL:
                return records
            case Operator.NULL:
                raise InvalidRequestError(ResponseValue.INVALID_OPERATOR)
            case Operator.FIRST:
                return records[:1]
            case Operator.LAST:
                return records[-1:]
        if not self._takes_filters:
            raise InvalidRequestError(ResponseValue.OPERATOR_NOT_SUPPORTED)
        if request.operand is None or request.operator not in _BOUNDED:
            raise InvalidRequestError(ResponseValue.INVALID_OPERAND)
        bounds = request.operand.bounds
        if request.operand.filter_type not in set(FilterType):
            raise InvalidRequestError(ResponseValue.OPERAND_NOT_SUPPORTED)
        return [record for record in records if _is_within(record, request.operator, bounds)]


def _is_within(record: StoredRecord, operator: Operator, bounds: tuple[Bound, ...]) -> bool:
    values = [_compared(record, bound) for bound in bounds]
    match operator:
        case Operator.LESS_OR_EQUAL:
            return values[0] <= 0
        case Operator.GREATER_OR_EQUAL:
            return values[0] >= 0
    return values[0] >= 0 >= values[1]


def _compared(record: StoredRecord, bound: Bound) -> int:
    """Where a record stands against a bound: below 0, 0 or above."""
    if isinstance(bound, int):
        return record.number - bound
    own, other = _sortable(DateTime.of(record.local)), _sortable(bound)
    return (own > other) - (own < other)


def _sortable(time: DateTime) -> tuple[int, ...]:
    return (time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
