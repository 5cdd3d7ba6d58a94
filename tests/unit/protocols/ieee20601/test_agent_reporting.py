"""An agent reports for its MDS and for scanners that are switched on, each in its own mode."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.events import (
    AgentAssociated,
    ReportConfirmed,
    ReportRefused,
    ScanDue,
    ScannerSwitched,
)
from protocols.ieee20601.policies import AgentPolicy
from protocols.ieee20601.report_building import Entry, Form, Report, scanner_report
from protocols.ieee20601.timeouts import AgentTimeouts
from tests.unit.protocols.ieee20601.apdu_octets import abrt, prst
from tests.unit.protocols.ieee20601.device import Device, aare
from tests.unit.protocols.ieee20601.reports import LOCAL
from tests.unit.protocols.ieee20601.scanned import (
    EPISODIC,
    PERIODIC,
    TICKS_A_SECOND,
    episodic,
    periodic,
    scanning,
)

ON = at.OP_STAT.of(1)
UNCONFIRMED = at.CONFIRM_MODE.of(0)


def operating(*scanners: ConfigObject) -> Device:
    device = Device(configuration=scanning(*scanners))
    device.operate()
    return device


def scan(device: Device, handle: int = EPISODIC, form: Form = Form.GROUPED) -> Report:
    entries = [Entry(handle=one, value=Decimal(90), stamp=LOCAL) for one in (1, 10)]
    return scanner_report(device.configuration, handle, form, entries)


def switch(device: Device, handle: int, *, enabled: bool) -> None:
    state = b"\x00\x01" if enabled else b"\x00\x00"
    change = handle.to_bytes(2, "big") + bytes.fromhex("0001 0008 0000 0953 0002") + state
    assert device.receive(prst(9, 0x0105, change))[8:10] == b"\x02\x05"


def test_a_scanner_reports_under_its_handle_once_it_is_on() -> None:
    device = operating()
    with pytest.raises(LocalProtocolError, match="no scanner 55 is switched on"):
        device.agent.send_report(scan(device), now=0.0)
    switch(device, EPISODIC, enabled=True)
    invoke_id = device.agent.send_report(scan(device), now=0.0)
    written = device.drain()
    assert written[8:10] == b"\x01\x01"
    assert written[12:14] == b"\x00\x37"
    assert written[18:20] == b"\x0d\x24"
    device.receive(prst(invoke_id, 0x0201, bytes.fromhex("0037 FFFFFFFF 0D24 0000")))
    assert device.take_events()[-1] == ReportConfirmed(invoke_id)
    switch(device, EPISODIC, enabled=False)
    with pytest.raises(LocalProtocolError, match="no scanner 55 is switched on"):
        device.agent.send_report(scan(device), now=0.0)


def test_the_confirm_mode_of_the_scanner_decides() -> None:
    device = operating(episodic(ON, UNCONFIRMED))
    device.agent.send_report(scan(device), confirmed=True, now=0.0)
    device.agent.send_report(scan(device), confirmed=True, now=0.0)
    assert device.drain()[8:10] == b"\x01\x00"
    assert device.agent.outstanding == 0


def test_the_confirm_timeout_of_the_scanner_aborts() -> None:
    told = at.CONFIRM_TIMEOUT.of(7 * TICKS_A_SECOND)
    device = operating(episodic(ON, told))
    device.agent.send_report(scan(device), now=0.0)
    device.drain()
    assert device.wait(6.9) == b""
    assert device.wait(0.1) == abrt(2)


def test_without_one_the_usual_timeout_holds() -> None:
    device = Device(
        AgentPolicy(timeouts=AgentTimeouts(confirm=4.0)), configuration=scanning(episodic(ON))
    )
    device.operate()
    device.agent.send_report(scan(device), now=0.0)
    assert device.agent.next_deadline() == 4.0


def test_the_transmit_window_bounds_what_waits_for_each_scanner() -> None:
    device = operating(episodic(ON, at.TX_WIND.of(2)), periodic(ON))
    first = device.agent.send_report(scan(device), now=0.0)
    device.agent.send_report(scan(device), now=0.0)
    with pytest.raises(LocalProtocolError, match="wait already"):
        device.agent.send_report(scan(device), now=0.0)
    # The others have room of their own.
    assert device.agent.can_send_confirmed
    device.agent.send_report(scan(device, PERIODIC), now=0.0)
    with pytest.raises(LocalProtocolError, match="object 40 wait"):
        device.agent.send_report(scan(device, PERIODIC), now=0.0)
    device.receive(prst(first, 0x0201, bytes.fromhex("0037 FFFFFFFF 0D24 0000")))
    device.agent.send_report(scan(device), now=0.0)


def test_an_episodic_scanner_does_not_report_faster_than_it_said() -> None:
    device = operating(episodic(ON, UNCONFIRMED, at.SCAN_REP_PD_MIN.of(TICKS_A_SECOND)))
    device.agent.send_report(scan(device), now=0.0)
    with pytest.raises(LocalProtocolError, match="too often"):
        device.agent.send_report(scan(device), now=0.5)
    device.agent.send_report(scan(device), now=1.0)


def test_a_periodic_scanner_that_is_on_is_due_every_interval() -> None:
    device = operating(periodic(UNCONFIRMED, seconds=2))
    assert device.agent.next_deadline() is None
    switch(device, PERIODIC, enabled=True)
    assert device.take_events() == [ScannerSwitched(PERIODIC, enabled=True)]
    for _ in range(3):
        assert device.wait(2.0) == b""
        assert device.take_events() == [ScanDue(PERIODIC)]
    switch(device, PERIODIC, enabled=False)
    assert device.agent.next_deadline() is None


def test_a_scanner_begins_every_association_as_it_is_configured() -> None:
    device = Device(configuration=scanning(episodic(), periodic(ON)))
    device.associate()
    device.receive(aare(0))
    assert device.take_events() == [
        AgentAssociated(0x4000, known=True, test=False),
        ScannerSwitched(PERIODIC, enabled=True),
    ]
    switch(device, EPISODIC, enabled=True)
    device.agent.abort(now=0.0)
    device.drain()
    assert device.agent.next_deadline() is None
    device.operate()
    with pytest.raises(LocalProtocolError, match="switched on"):
        device.agent.send_report(scan(device), now=0.0)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (prst(0, 0x0300, bytes.fromhex("0001 0000")), "error 1"),
        (prst(0, 0x0400, bytes.fromhex("0002")), "reject 2"),
        (prst(0, 0x0201, bytes.fromhex("0037 FFFFFFFF 0D24 0000 00")), "cannot be read"),
    ],
)
def test_a_refused_report_is_told(answer: bytes, reason: str) -> None:
    device = operating(episodic(ON))
    device.agent.send_report(scan(device), now=0.0)
    device.receive(answer)
    (refused,) = [one for one in device.take_events() if isinstance(one, ReportRefused)]
    assert reason in refused.reason


def test_only_the_last_reports_can_be_sent_again() -> None:
    device = operating(episodic(ON))
    for number in range(17):
        invoke_id = device.agent.send_report(scan(device), now=0.0)
        assert invoke_id == number
        device.receive(prst(invoke_id, 0x0201, bytes.fromhex("0037 FFFFFFFF 0D24 0000")))
    device.agent.send_again(1, now=0.0)
    assert device.drain()[6:8] == b"\x00\x01"
    with pytest.raises(LocalProtocolError):
        device.agent.send_again(0, now=0.0)


def test_a_periodic_scanner_without_an_interval_reports_when_the_device_likes() -> None:
    silent = ConfigObject(19, PERIODIC, (at.SCAN_HANDLE_LIST.of((1,)), ON, UNCONFIRMED))
    device = operating(silent)
    assert device.agent.next_deadline() is None
    device.agent.send_report(scan(device, PERIODIC, Form.FIXED), now=0.0)
    assert device.drain()[18:20] == b"\x0d\x29"


def test_the_mds_reports_confirmed_and_not_as_the_caller_says() -> None:
    device = operating()
    device.report(confirmed=False)
    invoke_id = device.report()
    assert device.drain()[8:10] == b"\x01\x00"
    with pytest.raises(LocalProtocolError, match="object 0 wait already"):
        device.report()
    assert not device.agent.can_send_confirmed
    device.receive(prst(invoke_id, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1D 0000")))
    assert device.take_events()[-1] == ReportConfirmed(invoke_id)
