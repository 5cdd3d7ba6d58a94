"""Every op code of the continuous glucose monitor's control point, both ways."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.gatt.cgm_control_point import (
    CONTROL_POINT,
    OPERANDS,
    Calibration,
    CgmControl,
    CgmOpCode,
    CgmResponse,
    CgmResponseValue,
    Minutes,
    Raw,
    RecordNumber,
    Threshold,
)

CALIBRATION = Calibration(
    concentration=Decimal(110),
    offset_minutes=30,
    sample_type=1,
    sample_location=6,
    next_minutes=720,
    record_number=4,
    status=0,
)
MESSAGES = [
    ("01 05", CgmControl(CgmOpCode.SET_COMMUNICATION_INTERVAL, Minutes(5))),
    ("02", CgmControl(CgmOpCode.GET_COMMUNICATION_INTERVAL)),
    ("04 6E00 1E00 61 D002 0400 00", CgmControl(CgmOpCode.SET_CALIBRATION, CALIBRATION)),
    ("05 FFFF", CgmControl(CgmOpCode.GET_CALIBRATION, RecordNumber(0xFFFF))),
    ("0D 3700", CgmControl(CgmOpCode.SET_HYPO, Threshold(Decimal(55)))),
    ("1A", CgmControl(CgmOpCode.START_SESSION)),
    (
        "1C 1A 04",
        CgmControl(CgmOpCode.RESPONSE, CgmResponse(26, CgmResponseValue.PROCEDURE_NOT_COMPLETED)),
    ),
    ("40 0102", CgmControl(0x40, Raw(b"\x01\x02"))),
]


@pytest.mark.parametrize(("text", "message"), MESSAGES, ids=[text for text, _ in MESSAGES])
def test_a_message_reads_and_writes_as_the_service_lays_it_out(
    text: str, message: CgmControl
) -> None:
    octets = bytes.fromhex(text)
    assert CONTROL_POINT.decode(octets) == message
    assert CONTROL_POINT.encode(message) == octets


def test_every_op_code_has_its_operand() -> None:
    assert set(OPERANDS) == set(CgmOpCode)


def test_a_checksum_behind_a_message_is_kept_and_checked() -> None:
    octets = CONTROL_POINT.encode(CgmControl(CgmOpCode.STOP_SESSION, crc=0))
    assert len(octets) == 3
    message = CONTROL_POINT.decode(octets)
    assert message.crc is not None
    assert CONTROL_POINT.encode(message) == octets
    with pytest.raises(DecodeError, match="E2E-CRC"):
        CONTROL_POINT.decode(octets[:2] + bytes([octets[2] ^ 1]))


@pytest.mark.parametrize("text", ["", "01", "02 00", "04 6E00", "1C 1A", "07 01"])
def test_an_operand_of_another_length_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="CGMS"):
        CONTROL_POINT.decode(bytes.fromhex(text))


@pytest.mark.parametrize(
    "message",
    [
        CgmControl(CgmOpCode.START_SESSION, Minutes(1)),
        CgmControl(CgmOpCode.SET_HYPO),
        CgmControl(0x40, Minutes(1)),
    ],
)
def test_an_operand_of_another_op_code_has_no_wire_form(message: CgmControl) -> None:
    with pytest.raises(EncodeError, match="CGMS"):
        CONTROL_POINT.encode(message)


@given(st.binary(max_size=16))
def test_any_octets_are_a_message_or_a_decode_error(octets: bytes) -> None:
    try:
        message = CONTROL_POINT.decode(octets)
    except DecodeError:
        return
    assert CONTROL_POINT.decode(CONTROL_POINT.encode(message)) == message
