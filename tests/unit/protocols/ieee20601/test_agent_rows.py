"""Rows of an agent that only a device with scanners, stores or a slow manager comes to."""

from __future__ import annotations

import pytest

from protocols.ieee20601.data_requests import EVERYTHING, Lasting
from protocols.ieee20601.events import (
    DataRequestEnded,
    ProtocolWarning,
    ScanDue,
    ScannerSwitched,
    SegmentSent,
)
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID, MANAGER_ID, abrt, prst, sized
from tests.unit.protocols.ieee20601.device import Device, aare
from tests.unit.protocols.ieee20601.kept_oximetry import CONFIGURATION, STORE, segment, store
from tests.unit.protocols.ieee20601.scanned import PERIODIC, scanning
from tests.unit.protocols.ieee20601.test_manager_data_requests import served

SWITCH_ON = bytes.fromhex("0001 0008 0000 0953 0002 0001")
TRIGGER = prst(7, 0x0107, bytes.fromhex("0100 0C1C 0002 0001"))


def sending() -> tuple[Device, bytes]:
    """A device that has begun to send segment 1, and the page that waits for its answer."""
    device = Device(configuration=CONFIGURATION, stores=(store(segment(1, 7)),))
    device.operate()
    answered = prst(7, 0x0207, bytes.fromhex("0100 0C1C 0004 0001 0000"))
    written = device.receive(TRIGGER)
    assert written.startswith(answered)
    return device, written.removeprefix(answered)


def test_a_manager_that_echoes_our_identity_is_forgiven_with_a_warning() -> None:
    device = Device()
    device.associate()
    device.receive(aare(0).replace(MANAGER_ID, AGENT_ID))
    assert device.is_in(State.OPERATING)
    (warning,) = [event for event in device.events if isinstance(event, ProtocolWarning)]
    assert "echoes our own System-Id" in warning.text


@pytest.mark.parametrize("choice", [0x0104, 0x0105], ids=["unanswered", "answered"])
def test_a_periodic_scanner_is_due_once_a_period_after_it_was_switched_on(choice: int) -> None:
    device = Device(configuration=scanning())
    device.operate()
    answer = device.receive(prst(9, choice, PERIODIC.to_bytes(2, "big") + SWITCH_ON))
    assert bool(answer) is (choice == 0x0105)
    assert device.take_events() == [ScannerSwitched(PERIODIC, enabled=True)]
    device.wait(1.0)
    assert device.take_events() == [ScanDue(PERIODIC)]


def test_a_data_request_ends_for_the_device_when_its_period_is_over() -> None:
    pair = served()
    req_id = pair.manager.request_data(EVERYTHING, Lasting.PERIOD, seconds=1.0, now=pair.now)
    pair.settle()
    pair.pass_time(1.0)
    assert pair.agent_events[-1] == DataRequestEnded(req_id)


def test_a_page_that_is_confirmed_brings_the_next_and_a_refused_one_ends_the_transfer() -> None:
    device, page = sending()
    reply = page[22:32] + bytes.fromhex("0080")
    confirmed = bytes.fromhex("0100 FFFFFFFF 0D21") + sized(reply)
    next_page = device.receive(prst(0, 0x0201, confirmed))
    assert next_page[:2] == b"\xe7\x00"
    assert next_page != page
    assert device.receive(prst(1, 0x0300, bytes.fromhex("0001 0000"))) == b""
    assert device.take_events() == [SegmentSent(STORE, 1, complete=False)]


def test_a_page_nobody_answers_is_sent_again_once_and_then_the_association_is_given_up() -> None:
    device, page = sending()
    assert device.wait(3.0) == page
    assert device.wait(3.0) == abrt(2)
    assert device.is_in(State.UNASSOCIATED)
