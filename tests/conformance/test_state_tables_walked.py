"""The connections do what their tables say: each stimulus in each state, over real octets."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import pytest

from protocols.ieee20601 import agent_table, manager_table
from protocols.ieee20601.states import State, Trigger
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ, aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.device import Device, aare
from tests.unit.protocols.ieee20601.exchange import CONFIG, FIXED, Bench, spo2

T = Trigger
REPORT_CONFIRMED = bytes.fromhex("0000 FFFFFFFF 0D1D 0000")
CONFIG_ACCEPTED = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4001 0000")
CONFIG_REFUSED = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4001 0001")
BROKEN = bytes.fromhex("E700 0014 0012 0054 0101 0036") + bytes(12)
BROKEN_GET = bytes.fromhex("E700 0014 0012 0054 0103 0036") + bytes(12)
STRAY_ID = 0x5555

# What the octets mean in every state alike; reports mean more once a configuration is agreed.
TO_MANAGER: dict[str, tuple[bytes, Trigger]] = {
    "AARQ known": (aarq(config_id=0x0190), T.RX_AARQ_KNOWN_CONFIG),
    "AARQ unknown": (aarq(config_id=0x4001), T.RX_AARQ_UNKNOWN_CONFIG),
    "AARQ refused": (aarq(config_id=0x4001, encoding=0x4000), T.RX_AARQ_UNACCEPTABLE),
    "AARE": (aare(0), T.RX_AARE),
    "RLRQ": (RLRQ, T.RX_RLRQ),
    "RLRE": (RLRE, T.RX_RLRE),
    "ABRT": (abrt(0), T.RX_ABRT),
    "report": (report(9, FIXED, spo2(98)), T.RX_REPORT_CONFIRMED),
    "live report": (report(9, FIXED, spo2(98), confirmed=False), T.RX_REPORT_UNCONFIRMED),
    "Get": (prst(9, 0x0103, bytes(6)), T.RX_REQUEST),
    "unconfirmed Set": (prst(9, 0x0104, bytes(6)), T.RX_UNCONFIRMED_UNUSABLE),
    "stray response": (prst(STRAY_ID, 0x0203, bytes(6)), T.RX_RESPONSE_UNKNOWN),
    "stray ROER": (prst(STRAY_ID, 0x0300, bytes(4)), T.RX_ERROR_UNKNOWN),
    "stray RORJ": (prst(STRAY_ID, 0x0400, bytes(2)), T.RX_ERROR_UNKNOWN),
    "broken": (BROKEN, T.RX_BADLY_STRUCTURED),
    "no invoke id": (bytes.fromhex("E700 0004 0002 1234"), T.RX_UNDECODABLE),
}
TO_AGENT: dict[str, tuple[bytes, Trigger]] = {
    "AARQ": (aarq(config_id=0x0190), T.RX_AARQ),
    "AARE accepted": (aare(0), T.RX_AARE_ACCEPTED),
    "AARE unknown": (aare(3), T.RX_AARE_UNKNOWN_CONFIG),
    "AARE refused": (aare(1), T.RX_AARE_REJECTED),
    "RLRQ": (RLRQ, T.RX_RLRQ),
    "RLRE": (RLRE, T.RX_RLRE),
    "ABRT": (abrt(0), T.RX_ABRT),
    "Get MDS": (prst(9, 0x0103, bytes(6)), T.RX_GET_MDS),
    "Get other": (prst(9, 0x0103, b"\x00\x63" + bytes(4)), T.RX_REQUEST_UNKNOWN_OBJECT),
    "action": (prst(9, 0x0107, bytes.fromhex("0000 0C17 0000")), T.RX_REQUEST),
    "unconfirmed Set": (prst(9, 0x0104, bytes(6)), T.RX_REQUEST_UNCONFIRMED),
    "stray response": (prst(STRAY_ID, 0x0201, REPORT_CONFIRMED), T.RX_RESPONSE_UNKNOWN),
    "stray ROER": (prst(STRAY_ID, 0x0300, bytes(4)), T.RX_ERROR_UNKNOWN),
    "broken": (BROKEN_GET, T.RX_BADLY_STRUCTURED),
    "no invoke id": (bytes.fromhex("E700 0004 0002 1234"), T.RX_UNDECODABLE),
}
# What goes out, by the name of the row's action: the first octets.
ANSWERS: dict[str, bytes] = {
    "ACCEPT": bytes.fromhex("E300 002C 0000"),
    "ACCEPT_UNKNOWN": bytes.fromhex("E300 002C 0003"),
    "REJECT": bytes.fromhex("E300 0006 0005"),
    "ABORT": abrt(0),
    "ANSWER_ABORT": abrt(0),
    "ANSWER_RELEASE": RLRE,
    "ANSWER_RELEASE_STAY": RLRE,
    "ANSWER_AARQ": bytes.fromhex("E300 0006 0001"),
    "ERROR_NO_OBJECT": bytes.fromhex("E700 000C 000A 0009 0300 0004 0001"),
    "ERROR_NO_ACTION": bytes.fromhex("E700 000C 000A 0009 0300 0004 0009"),
    "REJECT_STRUCTURE": bytes.fromhex("E700 000A 0008 0054 0400 0002 0002"),
    "REJECT_OPERATION": bytes.fromhex("E700 000A 0008 0009 0400 0002 0065"),
    "OFFER_CONFIG": bytes.fromhex("E700"),
    "ANSWER_REQUEST": bytes.fromhex("E700"),
}
SILENT = {
    "NOTHING", "IGNORE", "TAKE_REPORT", "TAKE_UNCONFIRMED", "END_RELEASED", "END_ABORTED",
    "REJECTED", "OPERATE", "PERFORM_REQUEST",
}  # fmt: skip


def expect(written: bytes, action: Enum) -> None:
    if action.name in SILENT:
        assert written == b""
    else:
        assert written.startswith(ANSWERS[action.name]), (action, written.hex())


def manager_in(state: State) -> Bench:
    bench = Bench()
    if state is State.WAITING_FOR_CONFIG:
        bench.receive(aarq(config_id=0x4001))
    elif state is not State.UNASSOCIATED:
        bench.operate()
    if state is State.DISASSOCIATING:
        bench.manager.release(now=bench.now)
        bench.drain()
    assert bench.manager.state is state
    return bench


def agent_in(state: State) -> Device:
    device = Device()
    reach: dict[State, Callable[[], object]] = {
        State.UNASSOCIATED: device.drain,
        State.ASSOCIATING: device.associate,
        State.WAITING_APPROVAL: device.offer,
        State.OPERATING: device.operate,
        State.DISASSOCIATING: device.operate,
    }
    reach[state]()
    if state is State.DISASSOCIATING:
        device.agent.release(now=0.0)
        device.drain()
    assert device.agent.state is state
    return device


@pytest.mark.parametrize("stimulus", TO_MANAGER)
@pytest.mark.parametrize(
    "state",
    [State.UNASSOCIATED, State.WAITING_FOR_CONFIG, State.OPERATING, State.DISASSOCIATING],
    ids=lambda state: state.name,
)
def test_the_manager_follows_its_table(state: State, stimulus: str) -> None:
    octets, trigger = TO_MANAGER[stimulus]
    row = manager_table.TABLE[state, trigger]
    bench = manager_in(state)
    expect(bench.receive(octets), row.action)
    assert bench.manager.state is row.next_state


@pytest.mark.parametrize("stimulus", TO_AGENT)
@pytest.mark.parametrize(
    "state",
    [
        State.UNASSOCIATED,
        State.ASSOCIATING,
        State.WAITING_APPROVAL,
        State.OPERATING,
        State.DISASSOCIATING,
    ],
    ids=lambda state: state.name,
)
def test_the_agent_follows_its_table(state: State, stimulus: str) -> None:
    octets, trigger = TO_AGENT[stimulus]
    row = agent_table.TABLE[state, trigger]
    device = agent_in(state)
    expect(device.receive(octets), row.action)
    # Config Sending is passed through at once: the report goes out with the acceptance.
    passed = row.next_state is State.CONFIG_SENDING
    assert device.agent.state is (State.WAITING_APPROVAL if passed else row.next_state)


@pytest.mark.parametrize("state", [State.OPERATING, State.DISASSOCIATING], ids=lambda s: s.name)
def test_a_late_configuration_report_follows_the_table(state: State) -> None:
    bench = manager_in(state)
    row = manager_table.TABLE[state, Trigger.RX_CONFIG_REPORT]
    expect(bench.receive(report(9, CONFIG, b"")), row.action)
    assert bench.manager.state is row.next_state


@pytest.mark.parametrize("verdict", [CONFIG_ACCEPTED, CONFIG_REFUSED], ids=["accepted", "refused"])
@pytest.mark.parametrize("state", [State.OPERATING, State.DISASSOCIATING], ids=lambda s: s.name)
def test_a_late_verdict_on_a_configuration_follows_the_table(state: State, verdict: bytes) -> None:
    device = agent_in(state)
    row = agent_table.TABLE[state, Trigger.RX_CONFIG_ACCEPTED]
    expect(device.receive(prst(0, 0x0201, verdict)), row.action)
    assert device.agent.state is row.next_state
