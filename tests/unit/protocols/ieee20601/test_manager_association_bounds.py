"""What one peer can make a manager keep is bounded, and what does not fit is refused aloud."""

from __future__ import annotations

import pytest

from protocols.errors import RemoteProtocolError
from protocols.ieee20601.events import ObservationsReported, ReportsMissed
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import FIXED, START, Bench, mds_answer, spo2

ONE = len(report(1, FIXED, spo2(98)))
GET = prst(9, 0x0103, bytes(6))
REFUSED_GET = prst(9, 0x0400, b"\x00\x65")


def reject(invoke_id: int) -> bytes:
    return prst(invoke_id, 0x0400, b"\x00\x67")


def reading_mds(policy: ManagerPolicy) -> Bench:
    """A manager that waits for the answer to its Get."""
    bench = Bench(policy=policy)
    bench.receive(aarq(config_id=0x0190))
    bench.take_events()
    return bench


HELD = pytest.mark.parametrize(
    "policy",
    [
        pytest.param(ManagerPolicy(max_held_reports=2), id="by count"),
        pytest.param(ManagerPolicy(max_held_octets=2 * ONE), id="by octets"),
    ],
)


@HELD
def test_a_confirmed_report_beyond_what_may_be_held_is_refused_and_welcome_later(
    policy: ManagerPolicy,
) -> None:
    bench = reading_mds(policy)
    assert bench.report(1, spo2(98, number=1)) + bench.report(2, spo2(97, number=2)) == b""
    assert bench.report(3, spo2(96, number=3)) == reject(3)
    bench.receive(mds_answer(0))
    assert bench.report(3, spo2(96, number=3)) == b""
    told = [event for event in bench.take_events() if isinstance(event, ObservationsReported)]
    assert [event.invoke_id for event in told] == [1, 2, 3]


@HELD
def test_a_live_report_beyond_what_may_be_held_counts_as_missed_once(
    policy: ManagerPolicy,
) -> None:
    bench = reading_mds(policy)
    for number in (1, 2, 3, 4):
        assert bench.report(number, spo2(98, number=number), confirmed=False) == b""
    assert [event for event in bench.events if isinstance(event, ReportsMissed)] == [
        ReportsMissed(1, first=3, last=3),
        ReportsMissed(1, first=4, last=4),
    ]
    assert any("too many reports" in text for text in bench.take_warnings())
    bench.receive(mds_answer(0))
    bench.report(5, spo2(98, number=5), confirmed=False)
    events = bench.take_events()
    assert sum(isinstance(event, ObservationsReported) for event in events) == 3
    assert not any(isinstance(event, ReportsMissed) for event in events)


@HELD
def test_known_values_beside_an_unknown_handle_take_room_like_others(
    policy: ManagerPolicy,
) -> None:
    bench = reading_mds(policy)
    for number in (1, 2):
        bench.report(number, spo2(98, number=number))
    known, unknown = spo2(98)[8:], spo2(77, handle=99)[8:]
    size = len(known + unknown).to_bytes(2, "big")
    info = b"\xf0\x00\x00\x03\x00\x02" + size + unknown + known
    assert bench.report(3, info) == reject(3)


def test_a_repeat_of_a_held_report_takes_no_room() -> None:
    bench = reading_mds(ManagerPolicy(max_held_reports=1))
    assert bench.report(1, spo2(98)) == b""
    assert bench.report(1, spo2(98)) == b""


def flood(bench: Bench, octets: bytes, count: int) -> list[bytes]:
    """So many APDUs without one read of the answers."""
    for _ in range(count):
        bench.manager.receive_data(octets, now=bench.now, utc=START)
    return bench.manager.data_to_send()


def test_a_peer_that_reads_nothing_is_cut_off() -> None:
    bench = Bench(policy=ManagerPolicy(max_pending_octets=10 * len(REFUSED_GET)))
    bench.operate()
    bench.take_events()
    assert flood(bench, GET, 10) == [REFUSED_GET] * 10
    assert bench.is_in(State.OPERATING)
    assert flood(bench, GET, 100) == [abrt(1)]
    assert bench.is_in(State.UNASSOCIATED)
    bench.drain()
    end = bench.take_end()
    assert isinstance(end.cause, RemoteProtocolError)
    assert not end.released


def test_one_portion_full_of_requests_cannot_pass_the_bound_either() -> None:
    bench = Bench(policy=ManagerPolicy(max_pending_octets=10 * len(REFUSED_GET)))
    bench.operate()
    assert bench.receive(GET * 1000) == abrt(1)


def test_requests_to_associate_cannot_pass_the_bound_either() -> None:
    bench = Bench(policy=ManagerPolicy(max_pending_octets=100))
    refused = aarq(config_id=0x0190, encoding=0x4000)
    assert sum(map(len, flood(bench, refused, 1000))) <= 200
    assert bench.is_in(State.UNASSOCIATED)
    bench.operate()
