"""An agent's MDS is read, has its clock set, and takes data requests."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.data_requests import EVERYTHING, Lasting, Scope, go_on, start, stop
from protocols.ieee20601.event_reports import ScanReportFixed, ScanReportVar, decode_event_info
from protocols.ieee20601.events import ClockMoved, DataRequestEnded, DataRequestStarted
from protocols.ieee20601.policies import MdsDescription
from protocols.ieee20601.report_building import Entry, Report, fixed_report
from protocols.ieee20601.requests import (
    DATA_REQUEST,
    DATA_RESPONSE,
    DataReqResult,
    DataRequest,
    DataResponse,
)
from tests.unit.protocols.ieee20601.apdu_octets import aarq, prst, sized
from tests.unit.protocols.ieee20601.device import EXTENDED, Device
from tests.unit.protocols.ieee20601.pair import START, local_clock
from tests.unit.protocols.ieee20601.test_data_requests import ALL

SETTABLE = MdsDescription(
    manufacturer="Acme",
    model="OX-2",
    clock=local_clock,
    offset_minutes=120,
    clock_can_be_set=True,
)
GET_MDS = prst(7, 0x0103, bytes(6))


def action(kind: int, argument: bytes, *, confirmed: bool = True) -> bytes:
    message = b"\x00\x00" + kind.to_bytes(2, "big") + sized(argument)
    return prst(3, 0x0107 if confirmed else 0x0106, message)


def set_time(at: datetime) -> bytes:
    return action(3095, bytes.fromhex(at.strftime("%Y%m%d%H%M%S") + "00" + "00000000"))


def measured(request: DataRequest) -> Report:
    entry = Entry(handle=1, value=Decimal(98), stamp=None)
    return fixed_report(EXTENDED, [entry], data_req_id=request.req_id)


def serving(room: int = 1) -> Device:
    service = DataRequestService(flags=ALL, room=room, values=measured)
    device = Device(data_requests=service)
    device.operate()
    return device


def ask(device: Device, request: DataRequest) -> DataResponse:
    written = device.receive(action(3099, DATA_REQUEST.encode(request)))
    assert written[6:10].hex() == "00030207"
    return DATA_RESPONSE.decode(written[18:])


def test_set_time_moves_the_clock_and_is_told() -> None:
    device = Device(mds=SETTABLE)
    device.operate()
    written = device.receive(set_time(local_clock(START) - timedelta(hours=2)))
    assert written == prst(3, 0x0207, bytes.fromhex("0000 0C17 0000"))
    assert device.take_events() == [ClockMoved(timedelta(hours=-2))]
    # Noon as AbsoluteTime: the device's clock had been two hours ahead.
    assert bytes.fromhex("0987 0008 2026112312000000") in device.receive(GET_MDS)


def test_a_time_that_is_none_is_not_set() -> None:
    device = Device(mds=SETTABLE)
    device.operate()
    device.receive(action(3095, bytes(12)))
    assert device.take_events() == []


def test_set_base_offset_time_moves_the_clock_and_its_zone() -> None:
    device = Device(mds=SETTABLE)
    device.operate()
    # 2026-11-23 12:00 UTC, one hour ahead of UTC.
    noon = (4_004_424_000).to_bytes(4, "big") + bytes.fromhex("0000 003C")
    written = device.receive(action(3101, noon))
    assert written == prst(3, 0x0207, bytes.fromhex("0000 0C1D 0000"))
    assert device.take_events() == [ClockMoved(timedelta(hours=-1))]
    assert bytes.fromhex("0A81 0008") + noon in device.receive(GET_MDS)


@pytest.mark.parametrize("kind", [3095, 3101, 9999])
def test_a_device_that_sets_no_clock_has_no_such_action(kind: int) -> None:
    device = Device()
    device.operate()
    assert device.receive(action(kind, bytes(12))) == prst(3, 0x0300, bytes.fromhex("0009 0000"))


def test_an_argument_that_cannot_be_read_is_rejected() -> None:
    device = Device(mds=SETTABLE)
    device.operate()
    assert device.receive(action(3095, bytes(3))) == prst(3, 0x0400, b"\x00\x02")


def test_an_unconfirmed_action_is_carried_out_without_an_answer() -> None:
    device = Device(mds=SETTABLE)
    device.operate()
    noon = (4_004_424_000).to_bytes(4, "big") + bytes.fromhex("0000 003C")
    assert device.receive(action(3101, noon, confirmed=False)) == b""
    assert device.take_events() == [ClockMoved(timedelta(hours=-1))]
    assert device.receive(action(3101, b"", confirmed=False)) == b""
    assert device.receive(action(9999, b"", confirmed=False)) == b""
    assert device.take_events() == []


def test_the_association_request_says_which_data_requests_are_served() -> None:
    service = DataRequestService(flags=ALL, room=3)
    written = Device(data_requests=service).associate()
    offered = aarq(config_id=0x4001, data_requests=int(ALL).to_bytes(2, "big") + b"\x01\x03")
    assert written == offered


def test_a_single_response_carries_a_report() -> None:
    response = ask(serving(), start(0x0100, EVERYTHING, Lasting.ONCE))
    assert response.result == DataReqResult.NO_ERROR
    info = decode_event_info(response.event_type, response.event_info)
    assert isinstance(info, ScanReportFixed)
    assert info.data_req_id == 0x0100


def test_a_single_response_of_nothing_is_an_empty_report() -> None:
    device = Device(data_requests=DataRequestService(flags=ALL))
    device.operate()
    response = ask(device, start(4, EVERYTHING, Lasting.ONCE))
    info = decode_event_info(response.event_type, response.event_info)
    assert info == ScanReportVar(4, 0, ())


def test_reports_follow_a_request_until_its_period_is_over() -> None:
    device = serving()
    request = start(5, Scope(handles=(1,)), Lasting.PERIOD, seconds=10.0, person=7)
    assert ask(device, request) == DataResponse(0xFFFF_FFFF, 0, 0, b"")
    assert device.take_events() == [DataRequestStarted(5, (1,), 7)]
    device.agent.send_report(measured(request), confirmed=False, now=device.now)
    assert bytes.fromhex("0005") in device.drain()
    device.wait(6.0)
    assert ask(device, go_on(request)).result == DataReqResult.NO_ERROR
    device.take_events()
    device.wait(9.0)
    assert device.take_events() == []
    device.wait(1.0)
    assert device.take_events() == [DataRequestEnded(5)]
    with pytest.raises(LocalProtocolError, match="does not go on"):
        device.agent.send_report(measured(request), confirmed=False, now=device.now)


def test_a_request_without_an_end_is_stopped() -> None:
    device = serving()
    request = start(5, EVERYTHING, Lasting.UNTIL_STOPPED)
    ask(device, request)
    assert device.take_events() == [DataRequestStarted(5, (1, 10), None)]
    assert device.agent.next_deadline() is None
    assert ask(device, stop(request)).result == DataReqResult.NO_ERROR
    assert device.take_events() == [DataRequestEnded(5)]


def test_a_refusal_changes_nothing() -> None:
    device = serving(room=0)
    response = ask(device, start(5, EVERYTHING, Lasting.UNTIL_STOPPED))
    assert response == DataResponse(0xFFFF_FFFF, DataReqResult.INIT_MANAGER_OVERFLOW, 0, b"")
    assert device.take_events() == []


def test_requests_end_with_their_association() -> None:
    device = serving()
    request = start(5, EVERYTHING, Lasting.PERIOD, seconds=10.0)
    ask(device, request)
    device.agent.abort(now=device.now)
    device.drain()
    device.operate()
    assert device.agent.next_deadline() is None
    with pytest.raises(LocalProtocolError, match="does not go on"):
        device.agent.send_report(measured(request), confirmed=False, now=device.now)


def test_a_configuration_offered_instead_is_the_one_the_mds_names() -> None:
    device = Device(config_id=0x0190)
    device.offer()
    device.receive(prst(0, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1C 0004 0190 0002")))
    assert bytes.fromhex("0A44 0002 4000") in device.receive(GET_MDS)
