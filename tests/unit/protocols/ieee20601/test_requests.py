"""Get, Set and actions as a manager sends them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.apdus import DataApdu, Prst, decode_apdu, encode_apdu
from protocols.ieee20601.attribute_values import BaseOffsetTime
from protocols.ieee20601.persistent_store import (
    ACT_SEG_CLR,
    ACT_SEG_TRIG_XFER,
    SegmentSelection,
    TriggerRequest,
)
from protocols.ieee20601.requests import (
    ACT_DATA_REQUEST,
    ACT_SET_BO_TIME,
    DATA_REQUEST,
    DATA_RESPONSE,
    DataReqResult,
    DataRequest,
    DataResponse,
    decode_action_info,
    get_all,
    get_selected,
    set_attribute,
    set_base_offset_time_request,
    set_time_request,
)
from tests.vectors import own_apdus


def test_a_get_names_the_attributes_it_wants_or_none_for_all() -> None:
    assert get_all().attribute_ids == ()
    assert get_selected(0, (at.TIME_ABS, at.SYS_ID)).attribute_ids == (0x0987, 0x0984)


def test_setting_the_clock_has_these_octets() -> None:
    local = datetime(2026, 11, 23, 1, 52, 48)  # noqa: DTZ001  # the device's own timeline
    assert encode_apdu(Prst(DataApdu(1, set_time_request(local)))) == own_apdus.SET_TIME


def test_a_scanner_is_switched_on_by_its_operational_state() -> None:
    apdu = Prst(DataApdu(0, set_attribute(55, at.OP_STAT, 1)))
    octets = encode_apdu(apdu)
    # replace (0), Operational-State 0x0953 in two octets: enabled
    assert octets.hex().endswith("003700010008" + "0000095300020001")
    assert decode_apdu(octets) == apdu


@pytest.mark.parametrize(
    ("action", "digits", "argument"),
    [
        (ACT_SEG_TRIG_XFER, "0010", TriggerRequest(16)),
        (ACT_SEG_CLR, "000100020000", SegmentSelection(1, b"\0\0")),
        (ACT_SET_BO_TIME, "000000010002ff88", BaseOffsetTime(1, 2, -120)),
        (
            ACT_DATA_REQUEST,
            "01008480000000000000000600010002000a",
            DataRequest(0x0100, 0x8480, 0, 0, 6, (10,)),
        ),
    ],
)
def test_action_arguments_are_read(action: int, digits: str, argument: object) -> None:
    assert decode_action_info(action, bytes.fromhex(digits)) == argument


def test_base_offset_time_is_set_in_seconds_since_1900_with_the_offset_in_minutes() -> None:
    noon = datetime(2026, 11, 23, 12, 0, 0, 500_000)  # noqa: DTZ001 - seconds of UTC, no zone
    request = set_base_offset_time_request(noon, timedelta(hours=-3.5))
    assert request.action_info.hex() == "eeaea940" + "8000" + "ff2e"


def test_an_unknown_action_and_a_broken_argument_are_refused() -> None:
    with pytest.raises(DecodeError, match="unknown action 1"):
        decode_action_info(1, b"")
    with pytest.raises(DecodeError, match="DataRequest"):
        decode_action_info(ACT_DATA_REQUEST, b"\0")


def test_a_data_response_says_why_not() -> None:
    response = DataResponse(0, DataReqResult.NO_SCOPE_CLASS_SUPPORT, 0, b"")
    read = DATA_RESPONSE.decode(DATA_RESPONSE.encode(response))
    assert DataReqResult(read.result) is DataReqResult.NO_SCOPE_CLASS_SUPPORT
    assert DATA_REQUEST.encode(DataRequest(1, 0x8080, 0, 0, 0, ())).hex() == (
        "000180800000000000000000" + "00000000"
    )
