"""An agent associates, offers its configuration, reports, answers for its MDS and gives up."""

from __future__ import annotations

import pytest

from protocols.errors import AssociationRejectedError, LocalProtocolError, RemoteProtocolError
from protocols.ieee20601.configuration import encode_configuration
from protocols.ieee20601.events import (
    AgentAssociated,
    AssociationEnded,
    ReportConfirmed,
    ReportRefused,
)
from protocols.ieee20601.policies import AgentPolicy, MdsDescription
from protocols.ieee20601.states import State
from protocols.ieee20601.timeouts import AgentTimeouts
from tests.unit.protocols.ieee20601.apdu_octets import (
    AGENT_ID,
    RLRE,
    RLRQ,
    aarq,
    abrt,
    prst,
    sized,
)
from tests.unit.protocols.ieee20601.device import Device, aare

GET_MDS = prst(7, 0x0103, bytes(6))
CONFIG_ACCEPTED = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4001 0000")
CONFIG_REFUSED = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4001 0001")
REPORT_CONFIRMED = bytes.fromhex("0000 FFFFFFFF 0D1D 0000")


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def operating(device: Device) -> Device:
    device.operate()
    return device


def test_the_association_request_offers_version_1_mder_and_the_configuration(
    device: Device,
) -> None:
    written = device.associate()
    offered = aarq(config_id=0x4001)
    assert written[:-10] == offered[:-10]
    assert written[-10:] == bytes.fromhex("4001 0001 01 00 0000 0000")
    assert device.is_in(State.ASSOCIATING)


def test_a_known_configuration_operates_at_once(device: Device) -> None:
    device.associate()
    assert device.receive(aare(0)) == b""
    assert device.take_events() == [AgentAssociated(0x4001, known=True, test=False)]


def test_an_unknown_configuration_is_sent_and_approved(device: Device) -> None:
    written = device.offer()
    info = sized(encode_configuration(device.configuration))
    assert written == prst(0, 0x0101, bytes.fromhex("0000 FFFFFFFF 0D1C") + info)
    assert device.is_in(State.WAITING_APPROVAL)
    assert device.receive(prst(0, 0x0201, CONFIG_ACCEPTED)) == b""
    assert device.take_events() == [AgentAssociated(0x4001, known=False, test=False)]


@pytest.mark.parametrize("result", [1, 2, 4, 5, 6, 7, 8])
def test_a_refusal_ends_the_attempt_with_its_result(device: Device, result: int) -> None:
    device.associate()
    assert device.receive(aare(result)) == b""
    (end,) = device.take_events()
    assert isinstance(end, AssociationEnded)
    assert isinstance(end.cause, AssociationRejectedError)
    assert end.cause.result == result
    assert device.agent.next_deadline() is None
    assert device.associate()[:2] == b"\xe2\x00"


def test_no_answer_is_asked_for_again_three_times_and_then_given_up(device: Device) -> None:
    request = device.associate()
    for _ in range(3):
        assert device.wait(10.0) == request
    assert device.wait(10.0) == abrt(2)
    assert device.is_in(State.UNASSOCIATED)
    (end,) = device.take_events()
    assert isinstance(end, AssociationEnded)
    assert "TO_assoc" in str(end.cause)


@pytest.mark.parametrize(
    "answer",
    [
        aare(0, version=0x40000000),
        aare(0, version=0xC0000000),
        aare(0, encoding=0xA000),
        bytes.fromhex("E300 0006 0000 0000 0000"),
    ],
    ids=["version not offered", "two versions", "two encodings", "nothing chosen"],
)
def test_an_acceptance_that_chose_nothing_we_offered_aborts(device: Device, answer: bytes) -> None:
    device.associate()
    assert device.receive(answer) == abrt(0)
    assert device.is_in(State.UNASSOCIATED)


def test_another_agent_that_asks_us_is_refused(device: Device) -> None:
    refusal = bytes.fromhex("E300 0006 0001 0000 0000")
    assert device.receive(aarq(config_id=0x0190)) == refusal
    device.associate()
    assert device.receive(aarq(config_id=0x0190)) == refusal
    assert device.is_in(State.ASSOCIATING)


@pytest.mark.parametrize("stage", ["offer", "operate"])
def test_the_mds_is_told_in_every_state_that_allows_it(device: Device, stage: str) -> None:
    getattr(device, stage)()
    state = device.agent.state
    written = device.receive(GET_MDS)
    assert written[6:10] == bytes.fromhex("0007 0203")
    assert b"Acme" in written
    assert b"OX-2" in written
    assert b"4711" in written
    # Two hours ahead of UTC: 14:00:00.00 as AbsoluteTime.
    assert bytes.fromhex("0987 0008 2026112314000000") in written
    assert AGENT_ID in written
    assert device.is_in(state)


def test_selected_attributes_only_are_told(operating: Device) -> None:
    written = operating.receive(prst(7, 0x0103, bytes.fromhex("0000 0002 0004 0984 FFFF")))
    system_id = bytes.fromhex("0984 000A 0008") + AGENT_ID
    assert written == prst(7, 0x0203, bytes.fromhex("0000 0001") + sized(system_id))


@pytest.mark.parametrize(
    ("octets", "stage", "error"),
    [
        (prst(1, 0x0103, bytes.fromhex("0063 0000 0000")), "operate", 1),
        (prst(1, 0x0107, bytes.fromhex("0000 0C17 0000")), "operate", 9),
        (prst(1, 0x0105, bytes(6)), "operate", 24),
        (prst(1, 0x0103, bytes.fromhex("0001 0000 0000")), "operate", 24),
        (prst(1, 0x0101, bytes.fromhex("0000 00000000 0D1D 0000")), "operate", 9),
        (prst(1, 0x0107, bytes.fromhex("0000 0C17 0000")), "offer", 1),
    ],
    ids=["Get of another object", "action", "Set", "Get of a metric", "event", "action too early"],
)
def test_what_the_agent_cannot_do_is_an_error(
    device: Device, octets: bytes, stage: str, error: int
) -> None:
    getattr(device, stage)()
    assert device.receive(octets) == prst(1, 0x0300, error.to_bytes(2, "big") + bytes(2))


def test_a_broken_request_is_rejected(operating: Device) -> None:
    assert operating.receive(prst(1, 0x0103, bytes(5))) == prst(1, 0x0400, b"\x00\x02")
    assert operating.is_in(State.OPERATING)


def test_a_request_longer_than_allowed_is_rejected(operating: Device) -> None:
    assert operating.receive(prst(1, 0x0103, bytes(9000))) == prst(1, 0x0400, b"\x00\x67")


def test_a_standard_configuration_the_manager_does_not_know_is_offered_as_an_extended_one() -> None:
    device = Device(config_id=0x0190)
    assert device.offer()[22:24] == bytes.fromhex("0190")
    unknown = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 0190 0002")
    written = device.receive(prst(0, 0x0201, unknown))
    assert written[6:10] == bytes.fromhex("0001 0101")
    assert written[22:24] == bytes.fromhex("4000")
    accepted = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4000 0000")
    device.receive(prst(1, 0x0201, accepted))
    assert device.take_events() == [AgentAssociated(0x4000, known=False, test=False)]


@pytest.mark.parametrize("policy", [None, AgentPolicy(extended_config_id=None)])
def test_without_another_configuration_the_agent_releases(policy: AgentPolicy | None) -> None:
    device = Device(policy)
    device.offer()
    # Reason 1: no more configurations.
    assert device.receive(prst(0, 0x0201, CONFIG_REFUSED)) == bytes.fromhex("E400 0002 0001")
    device.receive(RLRE)
    assert device.take_events() == [AssociationEnded(cause=None, released=True)]


def test_no_verdict_on_a_configuration_aborts_with_its_own_reason(device: Device) -> None:
    device.offer()
    assert device.wait(10.0) == abrt(3)


@pytest.mark.parametrize(
    "octets",
    [
        prst(9, 0x0201, CONFIG_ACCEPTED),
        prst(0, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4002 0000")),
        prst(0, 0x0201, REPORT_CONFIRMED),
        prst(0, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1C 0001 00")),
        prst(0, 0x0300, bytes(4)),
        prst(0, 0x0400, bytes(2)),
    ],
    ids=["other id", "other configuration", "other event", "undecodable", "ROER", "RORJ"],
)
def test_anything_but_the_verdict_on_our_configuration_aborts(
    device: Device, octets: bytes
) -> None:
    device.offer()
    assert device.receive(octets) == abrt(0)


@pytest.mark.parametrize("verdict", [CONFIG_ACCEPTED, CONFIG_REFUSED])
def test_a_verdict_on_a_configuration_while_operating_aborts(
    operating: Device, verdict: bytes
) -> None:
    assert operating.receive(prst(0, 0x0201, verdict)) == abrt(0)


def test_a_confirmed_report_waits_for_its_answer(operating: Device) -> None:
    invoke_id = operating.report()
    assert operating.drain()[6:10] == invoke_id.to_bytes(2, "big") + b"\x01\x01"
    assert operating.agent.outstanding == 1
    operating.receive(prst(invoke_id, 0x0201, REPORT_CONFIRMED))
    assert operating.take_events() == [ReportConfirmed(invoke_id)]
    assert operating.agent.outstanding == 0


def test_an_unconfirmed_report_waits_for_nothing(operating: Device) -> None:
    operating.report(confirmed=False)
    assert operating.drain()[8:10] == b"\x01\x00"
    assert operating.agent.next_deadline() is None


def test_only_as_many_confirmed_reports_as_the_policy_allows() -> None:
    device = Device(AgentPolicy(max_outstanding=2))
    device.operate()
    assert device.agent.can_send_confirmed
    first, second = device.report(), device.report()
    assert not device.agent.can_send_confirmed
    with pytest.raises(LocalProtocolError):
        device.report()
    device.report(confirmed=False)
    device.receive(prst(second, 0x0201, REPORT_CONFIRMED))
    third = device.report()
    assert len({first, second, third}) == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (prst(0, 0x0300, bytes.fromhex("0001 0000")), "error 1"),
        (prst(0, 0x0400, bytes.fromhex("0002")), "reject 2"),
        (prst(0, 0x0201, REPORT_CONFIRMED + b"\x00"), "an answer that cannot be read"),
    ],
)
def test_a_refused_report_is_told(operating: Device, answer: bytes, reason: str) -> None:
    operating.report()
    operating.drain()
    operating.receive(answer)
    assert operating.take_events() == [ReportRefused(0, reason)]
    assert operating.is_in(State.OPERATING)


def test_a_report_nobody_confirms_aborts_after_its_own_timeout() -> None:
    device = Device(AgentPolicy(timeouts=AgentTimeouts(confirm=5.0)))
    device.operate()
    device.report()
    device.drain()
    assert device.agent.next_deadline() == 5.0
    assert device.wait(5.0) == abrt(2)
    (end,) = device.take_events()
    assert isinstance(end, AssociationEnded)
    assert isinstance(end.cause, RemoteProtocolError)


def test_a_report_can_be_sent_again_with_the_same_octets(operating: Device) -> None:
    invoke_id = operating.report()
    octets = operating.drain()
    operating.receive(prst(invoke_id, 0x0201, REPORT_CONFIRMED))
    operating.agent.send_again(invoke_id, now=operating.now)
    assert operating.drain() == octets
    operating.receive(prst(invoke_id, 0x0201, REPORT_CONFIRMED))
    assert operating.take_events() == [ReportConfirmed(invoke_id)] * 2
    with pytest.raises(LocalProtocolError):
        operating.agent.send_again(99, now=operating.now)


def test_only_the_last_reports_can_be_sent_again(operating: Device) -> None:
    for invoke_id in range(17):
        assert operating.report() == invoke_id
        operating.receive(prst(invoke_id, 0x0201, REPORT_CONFIRMED))
    operating.agent.send_again(1, now=operating.now)
    with pytest.raises(LocalProtocolError):
        operating.agent.send_again(0, now=operating.now)


def test_a_release_nobody_answers_aborts(operating: Device) -> None:
    operating.agent.release(now=0.0)
    operating.drain()
    assert operating.wait(3.0) == abrt(2)
    (end,) = operating.take_events()
    assert isinstance(end, AssociationEnded)
    assert "TO_release" in str(end.cause)


def test_an_answer_to_nothing_aborts(operating: Device) -> None:
    assert operating.receive(prst(5, 0x0201, REPORT_CONFIRMED)) == abrt(0)


def test_raw_octets_pass_every_rule(device: Device) -> None:
    device.agent.send_octets(b"\x00noise")
    assert device.drain() == b"\x00noise"


def test_both_sides_can_release(operating: Device) -> None:
    operating.agent.release(now=0.0)
    assert operating.drain() == RLRQ
    operating.receive(RLRE)
    assert operating.take_events() == [AssociationEnded(cause=None, released=True)]
    operating.operate()
    assert operating.receive(RLRQ) == RLRE
    assert operating.take_events() == [AssociationEnded(cause=None, released=True)]


def test_both_sides_can_abort(operating: Device) -> None:
    operating.agent.abort(1, now=0.0)
    assert operating.drain() == abrt(1)
    assert operating.take_events() == [AssociationEnded(cause=None, released=False)]
    operating.operate()
    assert operating.receive(abrt(3)) == b""
    (end,) = operating.take_events()
    assert isinstance(end, AssociationEnded)
    assert "reason 3" in str(end.cause)


def test_after_an_abort_what_is_late_is_ignored(operating: Device) -> None:
    operating.agent.abort(now=0.0)
    operating.drain()
    assert operating.receive(aare(0) + RLRQ + GET_MDS) == b""
    operating.associate()
    operating.receive(aare(0))
    assert operating.is_in(State.OPERATING)


def test_requests_that_the_state_forbids_raise_and_change_nothing(device: Device) -> None:
    with pytest.raises(LocalProtocolError):
        device.report()
    with pytest.raises(LocalProtocolError):
        device.report(confirmed=False)
    device.associate()
    with pytest.raises(LocalProtocolError):
        device.agent.associate(now=0.0)
    assert device.is_in(State.ASSOCIATING)
    device.agent.transport_closed(now=0.0)
    with pytest.raises(LocalProtocolError):
        device.agent.associate(now=0.0)
    with pytest.raises(LocalProtocolError):
        device.receive(aare(0))
    with pytest.raises(LocalProtocolError):
        device.agent.send_octets(b"")
    assert device.is_in(State.DISCONNECTED)


def test_a_closed_transport_ends_the_association(operating: Device) -> None:
    operating.report()
    operating.agent.transport_closed(now=0.0)
    assert operating.drain() == b""
    assert operating.take_events() == [AssociationEnded(cause=None, released=False)]
    assert operating.agent.next_deadline() is None


def test_a_device_without_clock_and_serial_number_says_neither() -> None:
    device = Device(mds=MdsDescription(manufacturer="Acme", model="T"))
    device.operate()
    written = device.receive(GET_MDS)
    # System type list, model, System-Id, configuration id.
    assert written[14:16] == b"\x00\x04"
    assert bytes.fromhex("0987") not in written
