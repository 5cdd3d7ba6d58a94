"""Record access of simulated devices: every request of the service has its answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocols.gatt.fields import DateTime
from protocols.gatt.ghs import STORED
from protocols.gatt.glucose_measurement import MEASUREMENT
from protocols.gatt.racp_codec import (
    RECORD_ACCESS,
    FilterType,
    NumberOfRecords,
    OpCode,
    Operand,
    Operator,
    RacpMessage,
    RacpRequest,
    RacpResponse,
    ResponseValue,
)
from simulators.bluetooth.personalities.glucose_meter import GlucoseMeter
from simulators.bluetooth.personalities.record_store import RecordStore, StoredRecord
from tests.fixtures.bluetooth_link import Link, linked

RACP = RECORD_ACCESS.uuid
CCCD_IMPROPERLY_CONFIGURED = 0xFD
ALREADY_IN_PROGRESS = 0xFE
NUMBER = FilterType.RECORD_NUMBER
TIME = FilterType.USER_FACING_TIME


def filled(link: Link, count: int = 5) -> RecordStore:
    """The meter's store with records 1 to `count`, a minute apart."""
    meter = link.device.personality
    assert isinstance(meter, GlucoseMeter)
    first = meter.local
    while meter.store.records:
        meter.store.forget(meter.store.records[0])
    for number in range(1, count + 1):
        values = ((MEASUREMENT.uuid, bytes([number])),)
        local = first + timedelta(minutes=number)
        meter.store.keep(StoredRecord(number, local, values, ()))
    return meter.store


async def answered(link: Link, message: RacpMessage | bytes) -> tuple[list[int], RacpMessage]:
    """The numbers of the records that came, and the answer."""
    octets = message if isinstance(message, bytes) else RECORD_ACCESS.encode(message)
    assert await link.write(RACP, octets) is None
    numbers: list[int] = []
    while True:
        uuid, value = await link.next()
        if uuid == RACP:
            return numbers, RECORD_ACCESS.decode(value)
        numbers.append(value[0])


def report(operator: Operator, operand: Operand | None = None) -> RacpRequest:
    return RacpRequest(OpCode.REPORT_RECORDS, operator, operand)


async def ready(link: Link) -> None:
    await link.subscribe(MEASUREMENT.uuid)
    await link.subscribe(RACP)


async def test_records_are_reported_by_every_operator() -> None:
    async with linked("glucose-meter") as link:
        store = filled(link)
        await ready(link)
        second, fourth = (DateTime.of(store.records[n].local) for n in (1, 3))
        for request, numbers in (
            (report(Operator.ALL), [1, 2, 3, 4, 5]),
            (report(Operator.FIRST), [1]),
            (report(Operator.LAST), [5]),
            (report(Operator.LESS_OR_EQUAL, Operand(NUMBER, (2,))), [1, 2]),
            (report(Operator.GREATER_OR_EQUAL, Operand(NUMBER, (4,))), [4, 5]),
            (report(Operator.WITHIN_RANGE, Operand(NUMBER, (2, 4))), [2, 3, 4]),
            (report(Operator.WITHIN_RANGE, Operand(TIME, (second, fourth))), [2, 3, 4]),
        ):
            came, answer = await answered(link, request)
            assert came == numbers
            assert answer == RacpResponse(OpCode.REPORT_RECORDS, ResponseValue.SUCCESS)


async def test_records_are_counted_and_deleted() -> None:
    async with linked("glucose-meter") as link:
        filled(link)
        await ready(link)
        count = RacpRequest(OpCode.REPORT_NUMBER, Operator.ALL)
        assert (await answered(link, count))[1] == NumberOfRecords(5)
        delete = RacpRequest(OpCode.DELETE_RECORDS, Operator.FIRST)
        assert (await answered(link, delete))[1] == RacpResponse(
            OpCode.DELETE_RECORDS, ResponseValue.SUCCESS
        )
        assert (await answered(link, count))[1] == NumberOfRecords(4)


@pytest.mark.parametrize(
    ("message", "value"),
    [
        (report(Operator.NULL), ResponseValue.INVALID_OPERATOR),
        (
            report(Operator.GREATER_OR_EQUAL, Operand(NUMBER, (9,))),
            ResponseValue.NO_RECORDS_FOUND,
        ),
        (
            report(Operator.GREATER_OR_EQUAL, Operand(7, (1,))),
            ResponseValue.OPERAND_NOT_SUPPORTED,
        ),
        (
            RacpRequest(OpCode.COMBINED_REPORT, Operator.ALL),
            ResponseValue.OP_CODE_NOT_SUPPORTED,
        ),
        (bytes((0x20, 0x01)), ResponseValue.OP_CODE_NOT_SUPPORTED),
        (bytes((0x01,)), ResponseValue.OP_CODE_NOT_SUPPORTED),
    ],
)
async def test_what_cannot_be_done_is_answered_with_its_reason(
    message: RacpMessage | bytes, value: ResponseValue
) -> None:
    async with linked("glucose-meter") as link:
        filled(link)
        await ready(link)
        op_code = message[0] if isinstance(message, bytes) else message.op_code
        assert (await answered(link, message))[1] == RacpResponse(op_code, value)


async def test_an_oximeter_knows_all_records_alone() -> None:
    async with linked("oximeter") as link:
        await link.subscribe(RACP)
        request = report(Operator.GREATER_OR_EQUAL, Operand(NUMBER, (1,)))
        assert (await answered(link, request))[1] == RacpResponse(
            OpCode.REPORT_RECORDS, ResponseValue.OPERATOR_NOT_SUPPORTED
        )


async def test_a_request_without_indications_is_refused() -> None:
    async with linked("glucose-meter") as link:
        octets = RECORD_ACCESS.encode(report(Operator.ALL))
        assert await link.write(RACP, octets) == CCCD_IMPROPERLY_CONFIGURED


async def test_a_request_in_the_middle_of_another_is_refused_and_an_abort_is_not() -> None:
    async with linked("glucose-meter") as link:
        store = filled(link)
        store.pause_seconds = 60
        await ready(link)
        octets = RECORD_ACCESS.encode(report(Operator.ALL))
        assert await link.write(RACP, octets) is None
        await link.next()
        assert await link.write(RACP, octets) == ALREADY_IN_PROGRESS
        abort = RECORD_ACCESS.encode(RacpRequest(OpCode.ABORT, Operator.NULL))
        assert await link.write(RACP, abort) is None
        uuid, value = await link.next()
        assert uuid == RACP
        assert RECORD_ACCESS.decode(value) == RacpResponse(OpCode.ABORT, ResponseValue.SUCCESS)


async def test_a_link_lost_in_the_middle_loses_no_record() -> None:
    async with linked("glucose-meter") as link:
        store = filled(link)
        store.pause_seconds = 60
        await ready(link)
        assert await link.write(RACP, RECORD_ACCESS.encode(report(Operator.ALL))) is None
        await link.next()
        await link.hang_up()
        assert [record.number for record in store.records] == [1, 2, 3, 4, 5]


async def test_a_health_sensor_reports_and_counts_in_one() -> None:
    async with linked("health-sensor", speed=60) as link:
        await link.subscribe(RACP)
        await link.subscribe(STORED.uuid)
        octets = RECORD_ACCESS.encode(RacpRequest(OpCode.COMBINED_REPORT, Operator.FIRST))
        segments, answer = await answered(link, octets)
        while answer == RacpResponse(OpCode.COMBINED_REPORT, ResponseValue.NO_RECORDS_FOUND):
            segments, answer = await answered(link, octets)  # nothing was measured yet
        assert len(segments) > 1
        assert answer == NumberOfRecords(1, OpCode.COMBINED_REPORT_RESPONSE, octets=4)
