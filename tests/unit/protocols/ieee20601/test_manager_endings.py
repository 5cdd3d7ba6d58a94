"""How an association ends for a manager: released, aborted, closed, or out of turn."""

from __future__ import annotations

import pytest

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.events import (
    Associated,
    AssociationEnded,
    ConfigurationDistrusted,
    DeviceDescribed,
    ObservationsReported,
    OctetsDiscarded,
)
from protocols.ieee20601.states import State
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ, aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import AGENT, FIXED, Bench, spo2


def test_the_peer_releases() -> None:
    bench = Bench()
    bench.operate()
    bench.take_events()
    assert bench.receive(RLRQ) == RLRE
    assert bench.take_events() == [AssociationEnded(cause=None, released=True)]
    assert bench.manager.next_deadline() is None


def test_we_release() -> None:
    bench = Bench()
    bench.operate()
    bench.manager.release(now=bench.now)
    assert bench.drain() == RLRQ
    assert bench.is_in(State.DISASSOCIATING)
    assert bench.receive(report(3, FIXED, spo2(98))) == b""
    assert bench.receive(RLRE) == b""
    assert bench.take_end() == AssociationEnded(cause=None, released=True)


def test_both_release_at_once() -> None:
    bench = Bench()
    bench.operate()
    bench.manager.release(now=bench.now)
    assert bench.drain() == RLRQ
    assert bench.receive(RLRQ) == RLRE
    assert bench.is_in(State.DISASSOCIATING)
    bench.receive(RLRE)
    assert bench.is_in(State.UNASSOCIATED)


def test_a_release_nobody_answers_aborts() -> None:
    bench = Bench()
    bench.operate()
    bench.manager.release(now=bench.now)
    bench.drain()
    assert bench.wait(3.0) == abrt(2)
    assert isinstance(bench.take_end().cause, RemoteProtocolError)


def test_we_abort_with_our_reason() -> None:
    bench = Bench()
    bench.operate()
    bench.manager.abort(1, now=bench.now)
    assert bench.drain() == abrt(1)
    assert bench.take_end() == AssociationEnded(cause=None, released=False)


def test_the_peer_aborts() -> None:
    bench = Bench()
    bench.operate()
    assert bench.receive(abrt(2)) == b""
    end = bench.take_end()
    assert isinstance(end.cause, RemoteProtocolError)
    assert "reason 2" in str(end.cause)


def test_after_an_abort_all_is_ignored_until_an_association_request() -> None:
    bench = Bench()
    bench.operate()
    bench.manager.abort(now=bench.now)
    bench.drain()
    late = report(1, FIXED, spo2(98)) + RLRQ + RLRE + abrt(0) + prst(0, 0x0203, bytes(6))
    assert bench.receive(late) == b""
    assert bench.receive(aarq(config_id=0x0190))[:2] == b"\xe3\x00"
    assert bench.is_in(State.OPERATING)


def test_ignoring_after_an_abort_has_an_end() -> None:
    bench = Bench()
    bench.operate()
    bench.manager.abort(now=bench.now)
    bench.drain()
    bench.wait(3.0)
    assert bench.receive(RLRQ) == abrt(0)


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        pytest.param(bytes.fromhex("e3000006000000000000"), abrt(0), id="AARE"),
        pytest.param(RLRQ, abrt(0), id="RLRQ"),
        pytest.param(RLRE, b"", id="RLRE"),
        pytest.param(abrt(0), b"", id="ABRT"),
        pytest.param(report(1, FIXED, spo2(98)), abrt(0), id="report"),
        pytest.param(prst(1, 0x0203, bytes(6)), abrt(0), id="response"),
        pytest.param(bytes.fromhex("e80000020000"), b"", id="unknown choice"),
        pytest.param(bytes(32), b"", id="noise"),
    ],
)
def test_what_arrives_unassociated_has_its_answer_and_no_event(
    octets: bytes, answer: bytes
) -> None:
    bench = Bench()
    assert bench.receive(octets) == answer
    assert bench.is_in(State.UNASSOCIATED)
    assert [e for e in bench.take_events() if isinstance(e, AssociationEnded)] == []
    # A correct request that follows is answered.
    bench.operate()


@pytest.mark.parametrize(
    "octets",
    [aarq(config_id=0x0190), aarq(config_id=0x4001), RLRE, bytes.fromhex("e3000006000000000000")],
    ids=["AARQ known", "AARQ unknown", "RLRE", "AARE"],
)
def test_an_apdu_out_of_place_while_operating_aborts(octets: bytes) -> None:
    bench = Bench()
    bench.operate()
    assert bench.receive(octets) == abrt(0)
    assert isinstance(bench.take_end().cause, RemoteProtocolError)


def test_a_closed_transport_ends_the_association_and_a_new_one_starts_afresh() -> None:
    bench = Bench()
    bench.operate()
    bench.receive(report(1, FIXED, spo2(98)) + report(2, FIXED, spo2(97))[:20])
    bench.take_events()
    bench.manager.transport_closed(now=bench.now)
    bench.drain()
    assert bench.take_events() == [
        OctetsDiscarded(20),
        AssociationEnded(cause=None, released=False),
    ]
    assert bench.manager.next_deadline() is None
    bench.manager.transport_connected(now=bench.now)
    bench.operate()
    events = bench.take_events()
    assert [type(event) for event in events] == [Associated, DeviceDescribed]
    # The same report in the new association is new.
    bench.receive(report(1, FIXED, spo2(98)))
    (reported,) = bench.take_events()
    assert isinstance(reported, ObservationsReported)


def test_requests_that_the_state_forbids_raise_and_change_nothing() -> None:
    bench = Bench()
    with pytest.raises(LocalProtocolError):
        bench.manager.transport_connected(now=0.0)
    assert bench.is_in(State.UNASSOCIATED)
    bench.manager.release(now=0.0)
    assert bench.drain() == b""
    bench.manager.transport_closed(now=0.0)
    bench.manager.transport_closed(now=0.0)
    for ask in (
        lambda: bench.manager.release(now=0.0),
        lambda: bench.manager.abort(now=0.0),
        lambda: bench.receive(aarq(config_id=0x0190)),
    ):
        with pytest.raises(LocalProtocolError):
            ask()
        assert bench.is_in(State.DISCONNECTED)
        assert bench.drain() == b""


def test_aborting_without_an_association_says_so_on_the_wire() -> None:
    bench = Bench()
    bench.manager.abort(now=0.0)
    assert bench.drain() == abrt(0)
    assert bench.take_events() == []


def test_an_abort_reason_without_a_wire_form_raises_and_changes_nothing() -> None:
    bench = Bench()
    bench.operate()
    for reason in (-1, 0x10000):
        with pytest.raises(LocalProtocolError):
            bench.manager.abort(reason, now=bench.now)
    assert bench.is_in(State.OPERATING)
    assert bench.drain() == b""
    bench.manager.abort(0x1234, now=bench.now)
    assert bench.drain() == abrt(0x1234)


def test_an_answer_without_an_association_is_an_abort() -> None:
    bench = Bench()
    assert bench.receive(RLRQ) == abrt(0)
    assert bench.take_events() == []


def test_a_confirm_of_what_was_answered_before_is_harmless() -> None:
    bench = Bench()
    bench.operate()
    bench.receive(report(3, FIXED, spo2(98)))
    assert bench.confirm(3) != b""
    assert bench.confirm(3) == b""


def test_a_configuration_of_an_earlier_run_that_does_not_fit_is_distrusted_and_aborted() -> None:
    remembered = build_configuration(0x4001, STANDARD_CONFIGURATIONS[0x0190].report.objects)
    bench = Bench(configurations=lambda _id, _config: remembered)
    bench.operate(0x4001)
    bench.take_events()
    assert bench.receive(report(3, FIXED, spo2(98, handle=77))) == abrt(0)
    assert bench.take_events()[0] == ConfigurationDistrusted(AGENT, 0x4001)
