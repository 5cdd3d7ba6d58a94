"""A manager asks for reports, as far as the agent's association request allows it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.association import DataRequestFlags as Can
from protocols.ieee20601.data_requests import EVERYTHING, Lasting, Scope
from protocols.ieee20601.events import (
    DataRequestAnswered,
    DataRequestEnded,
    DataRequestStarted,
    ObservationsReported,
)
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.report_building import Entry, Report, fixed_report
from protocols.ieee20601.requests import DataReqResult, DataRequest
from protocols.ieee20601.states import State
from protocols.ieee20601.timeouts import ManagerTimeouts
from protocols.model.observation import NumericObservation
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst, sized
from tests.unit.protocols.ieee20601.exchange import NOON, Bench, mds_answer
from tests.unit.protocols.ieee20601.pair import OXIMETER, Pair
from tests.unit.protocols.ieee20601.test_data_requests import ALL

STRANGE = Scope(object_class=ObjectClass.SAMPLE_ARRAY)


def measured(req_id: int, percent: int = 97) -> Report:
    entry = Entry(handle=1, value=Decimal(percent), stamp=None)
    return fixed_report(OXIMETER.configuration, [entry], data_req_id=req_id)


def served(flags: int = ALL, room: int = 2) -> Pair:
    def values(request: DataRequest) -> Report:
        return measured(request.req_id)

    pair = Pair(data_requests=DataRequestService(flags=flags, room=room, values=values))
    pair.associate()
    pair.manager_events.clear()
    pair.agent_events.clear()
    return pair


def numbers(pair: Pair) -> list[Decimal | None]:
    return [
        one.value.number
        for told in pair.manager_events
        if isinstance(told, ObservationsReported)
        for one in told.observations
        if isinstance(one, NumericObservation)
    ]


def test_a_single_response_brings_the_values_in_its_answer() -> None:
    pair = served()
    req_id = pair.manager.request_data(Scope(handles=(1,)), Lasting.ONCE, now=pair.now)
    pair.settle()
    assert numbers(pair) == [Decimal(97)]
    assert pair.manager_events[-1] == DataRequestAnswered(req_id, 0)
    # Nothing goes on.
    with pytest.raises(LocalProtocolError, match="no data request 1 goes on"):
        pair.manager.stop_data(req_id, now=pair.now)


def test_reports_of_a_period_come_and_both_ends_see_its_end() -> None:
    pair = served()
    req_id = pair.manager.request_data(
        EVERYTHING, Lasting.PERIOD, seconds=10.0, person=7, now=pair.now
    )
    pair.settle()
    assert pair.manager_events == [DataRequestAnswered(req_id, 0, goes_on=True)]
    assert pair.agent_events == [DataRequestStarted(req_id, (1, 10), 7)]
    pair.agent.send_report(measured(req_id), now=pair.now)
    pair.settle()
    assert numbers(pair) == [Decimal(97)]
    pair.pass_time(6.0)
    pair.manager.continue_data(req_id, now=pair.now)
    pair.settle()
    pair.pass_time(9.0)
    assert DataRequestEnded(req_id) not in pair.manager_events
    pair.pass_time(1.0)
    assert pair.manager_events[-1] == DataRequestEnded(req_id)
    assert pair.agent_events[-1] == DataRequestEnded(req_id)


def test_a_request_without_an_end_is_stopped() -> None:
    pair = served()
    req_id = pair.manager.request_data(EVERYTHING, Lasting.UNTIL_STOPPED, now=pair.now)
    pair.settle()
    pair.pass_time(1000.0)
    with pytest.raises(LocalProtocolError, match="has no period"):
        pair.manager.continue_data(req_id, now=pair.now)
    pair.manager.stop_data(req_id, now=pair.now)
    pair.settle()
    assert pair.manager_events[-1] == DataRequestEnded(req_id)
    assert pair.agent_events[-1] == DataRequestEnded(req_id)


def test_no_more_requests_go_on_than_the_agent_has_room_for() -> None:
    pair = served(room=1)
    first = pair.manager.request_data(EVERYTHING, Lasting.UNTIL_STOPPED, now=pair.now)
    pair.settle()
    with pytest.raises(LocalProtocolError, match="1 data requests go on"):
        pair.manager.request_data(EVERYTHING, Lasting.UNTIL_STOPPED, now=pair.now)
    second = pair.manager.request_data(EVERYTHING, Lasting.ONCE, now=pair.now)
    assert len({first, second}) == 2


@pytest.mark.parametrize(
    ("flags", "scope", "lasting", "person", "why"),
    [
        (Can.AGENT_INITIATED, EVERYTHING, Lasting.ONCE, None, "NO_SCOPE_ALL_SUPPORT"),
        (ALL & ~Can.PERSON_ID, EVERYTHING, Lasting.ONCE, 1, "NO_PERSON_ID_SUPPORT"),
        (ALL & ~Can.MODE_TIME_PERIOD, EVERYTHING, Lasting.PERIOD, None, "NO_MODE_TIME_PERIOD"),
        (ALL, STRANGE, Lasting.ONCE, None, "UNKNOWN_CLASS"),
        (ALL, Scope(handles=(99,)), Lasting.ONCE, None, "UNKNOWN_HANDLE"),
    ],
)
def test_what_the_agent_does_not_offer_is_not_asked_for(
    flags: int, scope: Scope, lasting: Lasting, person: int | None, why: str
) -> None:
    pair = served(flags)
    with pytest.raises(LocalProtocolError, match=why):
        pair.manager.request_data(scope, lasting, person=person, now=pair.now)
    assert pair.manager.data_to_send() == []


def test_an_agent_that_cannot_stop_is_not_told_to() -> None:
    pair = served(ALL & ~Can.STOP)
    req_id = pair.manager.request_data(EVERYTHING, Lasting.UNTIL_STOPPED, now=pair.now)
    pair.settle()
    with pytest.raises(LocalProtocolError, match="NO_STOP_SUPPORT"):
        pair.manager.stop_data(req_id, now=pair.now)


def test_nothing_is_asked_without_an_operating_association() -> None:
    pair = served()
    pair.agent.release(now=pair.now)
    pair.settle()
    with pytest.raises(LocalProtocolError, match="in state Unassociated"):
        pair.manager.request_data(EVERYTHING, Lasting.ONCE, now=pair.now)


def bench() -> Bench:
    """A manager that operates with an agent that serves everything, on a bench."""
    policy = ManagerPolicy(timeouts=ManagerTimeouts(data_request=2.0))
    found = Bench(policy=policy)
    flags = int(ALL).to_bytes(2, "big") + b"\x01\x02"
    written = found.receive(aarq(config_id=0x0190, data_requests=flags))
    found.receive(mds_answer(int.from_bytes(written[-12:-10], "big")))
    assert found.is_in(State.OPERATING)
    found.take_events()
    return found


def answer(result: int, event_type: int = 0, info: bytes = b"") -> bytes:
    response = bytes.fromhex("FFFFFFFF") + result.to_bytes(2, "big")
    response += event_type.to_bytes(2, "big") + sized(info)
    return prst(1, 0x0207, bytes.fromhex("0000 0C1B") + sized(response))


def test_a_refusal_of_the_agent_is_told_with_its_result() -> None:
    manager = bench()
    manager.manager.request_data(EVERYTHING, Lasting.UNTIL_STOPPED, now=0.0)
    manager.receive(answer(DataReqResult.UNSUPPORTED_MODE))
    assert manager.take_events() == [DataRequestAnswered(1, DataReqResult.UNSUPPORTED_MODE)]


@pytest.mark.parametrize(
    "octets",
    [
        prst(1, 0x0300, bytes.fromhex("0009 0000")),
        prst(1, 0x0207, bytes.fromhex("0000 0C1B 0002 0000")),
        answer(0, 0x0D1D, b"\x00"),
        answer(0, 0x0D99, b""),
        answer(0, 0x0D1C, bytes(6)),
    ],
    ids=["ROER", "cut short", "broken report", "unknown event", "a configuration"],
)
def test_an_answer_that_says_nothing_counts_as_unspecific(octets: bytes) -> None:
    manager = bench()
    manager.manager.request_data(EVERYTHING, Lasting.ONCE, now=0.0)
    manager.drain()
    assert manager.receive(octets) == b""
    assert manager.take_events() == [DataRequestAnswered(1, DataReqResult.UNSPECIFIC)]
    assert manager.is_in(State.OPERATING)


def test_no_answer_aborts_after_its_own_timeout() -> None:
    manager = bench()
    manager.manager.request_data(EVERYTHING, Lasting.ONCE, now=0.0)
    manager.drain()
    assert manager.wait(1.9) == b""
    assert manager.wait(0.1) == abrt(2)


def test_a_request_that_ended_meanwhile_is_not_ended_twice() -> None:
    manager = bench()
    req_id = manager.manager.request_data(EVERYTHING, Lasting.PERIOD, seconds=1.0, now=0.0)
    manager.receive(answer(0))
    manager.manager.stop_data(req_id, now=0.0)
    manager.wait(1.0)
    assert manager.take_events()[-1] == DataRequestEnded(req_id)
    manager.receive(answer(0).replace(b"\x00\x01\x02\x07", b"\x00\x02\x02\x07"))
    assert manager.take_events() == []


def test_the_clock_of_the_device_times_what_was_asked_for() -> None:
    manager = bench()
    manager.manager.request_data(EVERYTHING, Lasting.ONCE, now=0.0)
    observation = b"\x00\x01" + sized(b"\x00\x62" + NOON)
    info = bytes.fromhex("0001 0000 0001") + sized(observation)
    manager.receive(answer(0, 0x0D1D, info))
    (seen,) = manager.take_observations()
    assert seen.observed_at.device_time is not None
