"""Messages of the Record Access Control Point: third-party octets first, then properties."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.gatt.fields import DateTime
from protocols.gatt.racp_codec import (
    RECORD_ACCESS,
    NumberOfRecords,
    OpCode,
    Operand,
    Operator,
    RacpMessage,
    RacpRequest,
    RacpResponse,
    ResponseValue,
    UnknownRacpMessage,
)
from tests.vectors_folder import needs_vectors, phd

NOON = DateTime(2026, 11, 25, 12, 0, 0)


def vectors() -> list[Any]:
    return [
        pytest.param(vector, id=vector["id"])
        for vector in phd()["vectors"]
        if vector["decoder"] == "racp"
    ]


@needs_vectors
@pytest.mark.parametrize("vector", vectors())
def test_recorded_octets_mean_what_their_source_says(vector: dict[str, Any]) -> None:
    octets = bytes.fromhex(vector["hex"])
    message = RECORD_ACCESS.decode(octets)
    expected = vector["expect"]
    if expected["op"] == "number-of-records":
        assert message == NumberOfRecords(expected["count"])
    else:
        assert isinstance(message, RacpResponse)
        assert message.value == expected["value"]
        assert message.request == expected.get("request", message.request)
    assert RECORD_ACCESS.encode(message) == octets


# By hand: op code, operator, then filter type and little-endian bounds.
WRITTEN = [
    ("01 01", RacpRequest(OpCode.REPORT_RECORDS, Operator.ALL)),
    ("01 05", RacpRequest(OpCode.REPORT_RECORDS, Operator.FIRST)),
    ("01 06", RacpRequest(OpCode.REPORT_RECORDS, Operator.LAST)),
    ("03 00", RacpRequest(OpCode.ABORT, Operator.NULL)),
    (
        "04 03 01 2A00",
        RacpRequest(OpCode.REPORT_NUMBER, Operator.GREATER_OR_EQUAL, Operand(1, (42,))),
    ),
    (
        "02 02 01 FF01",
        RacpRequest(OpCode.DELETE_RECORDS, Operator.LESS_OR_EQUAL, Operand(1, (511,))),
    ),
    (
        "01 04 01 0100 0900",
        RacpRequest(OpCode.REPORT_RECORDS, Operator.WITHIN_RANGE, Operand(1, (1, 9))),
    ),
    (
        "07 03 01 40420F00",
        RacpRequest(
            OpCode.COMBINED_REPORT, Operator.GREATER_OR_EQUAL, Operand(1, (1_000_000,), octets=4)
        ),
    ),
    (
        "01 03 02 EA07 0B 19 0C 00 00",
        RacpRequest(OpCode.REPORT_RECORDS, Operator.GREATER_OR_EQUAL, Operand(2, (NOON,))),
    ),
    ("05 00 0300", NumberOfRecords(3)),
    ("08 00 03000000", NumberOfRecords(3, OpCode.COMBINED_REPORT_RESPONSE, octets=4)),
    ("06 00 04 06", RacpResponse(OpCode.REPORT_NUMBER, ResponseValue.NO_RECORDS_FOUND)),
    ("20 01 AABB", UnknownRacpMessage(0x20, 1, b"\xaa\xbb")),
    ("01 0F", UnknownRacpMessage(1, 0x0F, b"")),
]


@pytest.mark.parametrize(("text", "message"), WRITTEN, ids=[text for text, _ in WRITTEN])
def test_a_message_reads_and_writes_as_the_service_lays_it_out(
    text: str, message: RacpMessage
) -> None:
    octets = bytes.fromhex(text)
    assert RECORD_ACCESS.decode(octets) == message
    assert RECORD_ACCESS.encode(message) == octets


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01",
        "01 01 00",  # all records has no operand
        "01 03",  # no filter type
        "01 03 01",  # no bound
        "01 03 02 EA070B190C",  # a time of five octets
        "01 04 01 010002",  # two bounds of one octet and a half
        "05 00 01",  # a number of one octet
        "05 00 010203",
        "06 00 01",
        "06 00 01 01 00",
    ],
)
def test_octets_of_another_length_are_refused_with_the_document(text: str) -> None:
    with pytest.raises(DecodeError, match="GLS"):
        RECORD_ACCESS.decode(bytes.fromhex(text))


@pytest.mark.parametrize(
    "request_",
    [
        RacpRequest(OpCode.REPORT_RECORDS, Operator.GREATER_OR_EQUAL),
        RacpRequest(OpCode.REPORT_RECORDS, Operator.ALL, Operand(1, (1,))),
        RacpRequest(OpCode.REPORT_RECORDS, Operator.WITHIN_RANGE, Operand(1, (1,))),
    ],
)
def test_an_operator_with_the_wrong_number_of_bounds_has_no_wire_form(
    request_: RacpRequest,
) -> None:
    with pytest.raises(EncodeError, match="bounds"):
        RECORD_ACCESS.encode(request_)


def test_a_bound_too_large_for_its_field_has_no_wire_form() -> None:
    operand = Operand(1, (0x1_0000,))
    with pytest.raises(EncodeError):
        RECORD_ACCESS.encode(RacpRequest(OpCode.REPORT_RECORDS, Operator.LESS_OR_EQUAL, operand))


def test_a_response_value_is_named_and_an_unknown_one_stays_a_number() -> None:
    assert RacpResponse(1, 8).name == "procedure not completed"
    assert RacpResponse(1, 77).name == "response value 77"


@given(st.binary(max_size=24))
def test_any_octets_are_a_message_or_a_decode_error(octets: bytes) -> None:
    try:
        message = RECORD_ACCESS.decode(octets)
    except DecodeError:
        return
    assert RECORD_ACCESS.decode(RECORD_ACCESS.encode(message)) == message


def test_every_message_tells_its_op_code() -> None:
    for octets in ("0101", "05000200", "06000101", "630000"):
        message = RECORD_ACCESS.decode(bytes.fromhex(octets))
        assert message.op_code == int(octets[:2], 16)
