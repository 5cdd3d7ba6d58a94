"""An agent answers Get, Set and actions by the object whose handle they name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601.events import ScannerSwitched
from protocols.ieee20601.report_building import Entry, fixed_report
from tests.unit.protocols.ieee20601.apdu_octets import prst
from tests.unit.protocols.ieee20601.device import EXTENDED, Device
from tests.unit.protocols.ieee20601.scanned import scanning

ENABLE = bytes.fromhex("0037 0001 0008 0000 0953 0002 0001")


def scanner_device() -> Device:
    device = Device(configuration=scanning())
    device.operate()
    return device


def test_a_scanner_is_read_and_set() -> None:
    device = scanner_device()
    # Antidote's octets of the answer to a Set.
    assert device.receive(prst(0, 0x0105, ENABLE)) == bytes.fromhex(
        "e700001400120000 0205000c 0037 0001 0006 0953 0002 0001"
    )
    assert device.take_events() == [ScannerSwitched(55, enabled=True)]
    state = device.receive(prst(1, 0x0103, bytes.fromhex("0037 0001 0002 0953")))
    assert state == prst(1, 0x0203, bytes.fromhex("0037 0001 0006 0953 0002 0001"))


def test_an_unconfirmed_set_is_carried_out_without_an_answer() -> None:
    device = scanner_device()
    assert device.receive(prst(0, 0x0104, ENABLE)) == b""
    assert device.take_events() == [ScannerSwitched(55, enabled=True)]
    nobody = b"\x00\x63" + ENABLE[2:]
    assert device.receive(prst(0, 0x0104, nobody)) == b""
    assert device.take_events() == []


@pytest.mark.parametrize(
    ("choice", "message", "answer"),
    [
        (0x0105, b"\x00\x63" + ENABLE[2:], (0x0300, "0001 0000")),
        (0x0105, b"\x00\x01" + ENABLE[2:], (0x0300, "0018 0000")),
        (0x0105, ENABLE[:-1] + b"\x02", (0x0300, "0018 0000")),
        (0x0105, bytes.fromhex("0037 0001 0007 0000 0953 0001 01"), (0x0400, "0002")),
        (0x0107, bytes.fromhex("0037 0C17 0000"), (0x0300, "0009 0000")),
        (0x0107, bytes.fromhex("0001 0C17 0000"), (0x0300, "0009 0000")),
        (0x0103, bytes.fromhex("000A 0000 0000"), (0x0300, "0018 0000")),
    ],
    ids=[
        "Set of nobody",
        "Set of a metric",
        "Set to a state that is none",
        "Set of a wrong length",
        "action of a scanner",
        "action of a metric",
        "Get of a metric",
    ],
)
def test_what_is_not_possible_is_refused_by_its_code(
    choice: int, message: bytes, answer: tuple[int, str]
) -> None:
    device = scanner_device()
    written = device.receive(prst(5, choice, message))
    assert written == prst(5, answer[0], bytes.fromhex(answer[1]))
    assert device.take_events() == []


def test_a_report_to_a_request_nobody_made_is_not_sent() -> None:
    device = scanner_device()
    entry = Entry(handle=1, value=Decimal(98), stamp=None)
    report = fixed_report(EXTENDED, [entry], data_req_id=1)
    with pytest.raises(LocalProtocolError, match="data request 1 does not go on"):
        device.agent.send_report(report, now=0.0)
    assert device.drain() == b""
    device.agent.send_report(fixed_report(EXTENDED, [entry]), now=0.0)
    assert device.drain() != b""


def test_an_unconfirmed_request_that_is_not_possible_is_dropped() -> None:
    device = scanner_device()
    assert device.receive(prst(5, 0x0104, ENABLE[:-1] + b"\x02")) == b""
    assert device.receive(prst(5, 0x0106, bytes.fromhex("0000 0C1B 0001 00"))) == b""
    assert device.take_events() == []


def test_the_mds_answers_before_and_after_its_configuration_is_approved() -> None:
    device = Device(config_id=0x4001)
    device.offer()
    for _ in range(2):
        assert device.receive(prst(7, 0x0103, bytes(6)))[6:10].hex() == "00070203"


def test_an_event_report_of_a_manager_is_no_request() -> None:
    device = scanner_device()
    event = bytes.fromhex("0000 FFFFFFFF 0D1D 0000")
    assert device.receive(prst(5, 0x0101, event)) == prst(5, 0x0300, bytes.fromhex("0009 0000"))


def test_an_action_of_the_mds_is_answered_with_its_result() -> None:
    device = scanner_device()
    stop = bytes.fromhex("0001 0000 00000000 0000 0000 0000 0000")
    written = device.receive(prst(5, 0x0107, bytes.fromhex("0000 0C1B 0010") + stop))
    # Result 2: no stop support.
    assert written == prst(5, 0x0207, bytes.fromhex("0000 0C1B 000A FFFFFFFF 0002 0000 0000"))
