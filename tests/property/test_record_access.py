"""A meter that loses its link again and again, and a client that loses no record."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.gatt.base import ProfileSession
from protocols.gatt.fields import DateTime
from protocols.gatt.glucose import PROFILE
from protocols.gatt.glucose_measurement import MEASUREMENT, Concentration, GlucoseMeasurement
from protocols.gatt.racp import RecordAccess
from protocols.gatt.racp_codec import (
    RECORD_ACCESS,
    NumberOfRecords,
    OpCode,
    RacpRequest,
    RacpResponse,
    ResponseValue,
)
from protocols.gatt.racp_events import Outcome, RecordAccessEnded
from protocols.gatt.racp_retrieval import SEQUENCE_NUMBERS
from protocols.gatt.racp_table import RacpState
from tests.unit.protocols.gatt.link import NOW, session


class Meter:
    """The server's side: numbered records, counted and reported by `>=` or all."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.numbers = list(numbers)

    def answer(self, octets: bytes) -> tuple[list[bytes], bytes]:
        """Measurements to notify, then what to indicate."""
        request = RECORD_ACCESS.decode(octets)
        assert isinstance(request, RacpRequest)
        first = request.operand.bounds[0] if request.operand else 0
        assert isinstance(first, int)
        fit = [number for number in self.numbers if number >= first]
        if request.op_code is OpCode.REPORT_NUMBER:
            return [], RECORD_ACCESS.encode(NumberOfRecords(len(fit)))
        end = ResponseValue.SUCCESS if fit else ResponseValue.NO_RECORDS_FOUND
        answer = RECORD_ACCESS.encode(RacpResponse(OpCode.REPORT_RECORDS, end))
        return [measurement(number) for number in fit], answer


def measurement(number: int) -> bytes:
    return MEASUREMENT.encode(
        GlucoseMeasurement(
            sequence_number=number,
            base_time=DateTime(2026, 6, 12, number // 60 % 24, number % 60, 0),
            concentration=Concentration(Decimal(number % 2000), False, 1, 1),
        )
    )


def run(meter: Meter, access: RecordAccess, link: ProfileSession, patience: int) -> list[int]:
    """One connection that breaks after `patience` notifications; the numbers made durable."""
    durable: list[int] = []
    access.transport_connected(now=0)
    if access.state is RacpState.IDLE:
        access.retrieve(now=0)
    while written := access.data_to_send():
        for octets in written:
            notified, answer = meter.answer(octets)
            for value in notified:
                if not patience:
                    access.transport_closed(now=0)
                    return durable
                patience -= 1
                for number in link.value_received(MEASUREMENT.uuid, value, utc=NOW).records:
                    access.record_received(number, now=0)
                    assert number is not None
                    durable.append(number)
                    access.confirm(number)
            access.receive_data(answer, now=0)
    return durable


@given(
    st.sets(st.integers(0, 0xFFFF), max_size=12).map(sorted),
    st.lists(st.integers(0, 6), max_size=6),
)
@settings(max_examples=60)
def test_every_record_arrives_however_often_the_link_breaks(
    numbers: list[int], patience: list[int]
) -> None:
    meter, access = Meter(numbers), RecordAccess(SEQUENCE_NUMBERS)
    durable: list[int] = []
    endings: list[RecordAccessEnded] = []
    for limit in [*patience, 100]:
        durable += run(meter, access, session(PROFILE), limit)
        while (event := access.next_event()) is not None:
            if isinstance(event, RecordAccessEnded):
                endings.append(event)
        if access.state is RacpState.IDLE:
            break
    assert sorted(set(durable)) == numbers
    assert len(durable) == len(numbers)
    assert endings[-1].outcome in (Outcome.COMPLETE, Outcome.NOTHING_NEW)
    assert all(ending.outcome is Outcome.INTERRUPTED for ending in endings[:-1])
