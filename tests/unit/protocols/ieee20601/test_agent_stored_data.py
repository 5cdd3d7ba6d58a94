"""An agent with a store and a manager that fetches it, over two lists of octets."""

from __future__ import annotations

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import (
    ObservationsReported,
    ProtocolWarning,
    SegmentCleared,
    SegmentFetched,
    SegmentSent,
    StoredDataFinished,
    StoredPageKept,
)
from protocols.ieee20601.manager_stored_data import StoredPages
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.segment_selection import SegmentIds
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from protocols.model.observation import NumericObservation
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID, abrt, prst, sized
from tests.unit.protocols.ieee20601.device import Device, aare
from tests.unit.protocols.ieee20601.kept_oximetry import (
    CONFIGURATION,
    STORE,
    configuration,
    segment,
    store,
)
from tests.unit.protocols.ieee20601.pair import SPO2, Pair

TRIGGER = prst(7, 0x0107, bytes.fromhex("0100 0C1C 0002 0001"))


def pair(
    kept: AgentStore,
    policy: ManagerPolicy | None = None,
    stored_pages: StoredPages = lambda _system_id, _mark: False,
) -> Pair:
    ends = Pair(
        configuration=CONFIGURATION,
        stores=(kept,),
        manager_policy=policy,
        stored_pages=stored_pages,
    )
    ends.associate()
    return ends


def saturations(ends: Pair) -> list[int]:
    return [
        int(observation.value.number or 0)
        for event in ends.manager_events
        if isinstance(event, ObservationsReported)
        for observation in event.observations
        if isinstance(observation, NumericObservation) and observation.type == SPO2
    ]


def test_every_entry_of_every_segment_reaches_the_manager_at_its_own_time() -> None:
    ends = pair(store(segment(1, 7), segment(2, 2), segment(3, 0)))
    assert saturations(ends) == [50, 51, 52, 53, 54, 55, 56, 50, 51]
    observations = [
        observation
        for event in ends.manager_events
        if isinstance(event, ObservationsReported)
        for observation in event.observations
    ]
    assert len({observation.observation_id for observation in observations}) == 18
    assert {item.observed_at.quality for item in observations} == {TimeQuality.DEVICE}
    assert ends.manager_events[-1] == StoredDataFinished(complete=True)
    assert [event for event in ends.agent_events if isinstance(event, SegmentSent)] == [
        SegmentSent(STORE, 1, complete=True),
        SegmentSent(STORE, 2, complete=True),
    ]


def test_a_cleared_store_is_empty_and_only_by_policy() -> None:
    kept = store(segment(1, 7))
    assert len(pair(kept).manager_events) > 0
    assert len(kept.segments[1]) == 7
    ends = pair(kept, ManagerPolicy(clear_after_storage=frozenset({SystemId(AGENT_ID)})))
    assert SegmentCleared(STORE, 1) in ends.manager_events
    assert not kept.segments


def test_live_reports_flow_while_a_page_waits_for_its_confirm() -> None:
    ends = Pair(configuration=CONFIGURATION, stores=(store(segment(1, 7)),))
    ends.connect()
    ends.agent.associate(now=0.0)
    while ends.deliver():
        pass  # every page but the first waits for the driver
    assert saturations(ends) == [50, 51, 52]
    assert ends.agent.outstanding == 0
    assert ends.agent.can_send_confirmed
    ends.agent.send_report(ends.next_report(99), confirmed=True, now=0.0)
    while ends.deliver():
        pass
    assert saturations(ends)[-1] == 99
    ends.settle()
    assert saturations(ends) == [50, 51, 52, 99, 53, 54, 55, 56]


def test_a_cut_transfer_goes_on_without_loss_and_without_repeats() -> None:
    kept, marks = store(segment(1, 7)), set[bytes]()
    first = Pair(configuration=CONFIGURATION, stores=(kept,))
    first.connect()
    first.agent.associate(now=0.0)
    while len(saturations(first)) < 6:
        first.deliver()
        first.confirm_all()
    first.agent.transport_closed(now=0.0)
    first.manager.transport_closed(now=0.0)
    first.drain()
    marks.update(e.mark for e in first.manager_events if isinstance(e, StoredPageKept))
    assert len(marks) in (1, 2)
    durable = saturations(first)[: 3 * len(marks)]
    # A new connection on both sides; the store is the device's.
    second = pair(kept, stored_pages=lambda _system_id, mark: mark in marks)
    assert durable + saturations(second) == [50, 51, 52, 53, 54, 55, 56]
    assert SegmentFetched(STORE, 1, 7, complete=True) in second.manager_events


def test_a_manager_s_abort_ends_the_transfer() -> None:
    ends = Pair(configuration=CONFIGURATION, stores=(store(segment(1, 7)),))
    ends.connect()
    ends.agent.associate(now=0.0)
    while ends.deliver():
        pass
    ends.manager.stop_stored(now=0.0)
    ends.settle()
    assert SegmentSent(STORE, 1, complete=False) in ends.agent_events
    assert StoredDataFinished(complete=False) in ends.manager_events
    assert saturations(ends) == [50, 51, 52]
    # Asked again it begins anew.
    ends.manager.fetch_stored(SegmentIds((1,)), now=0.0)
    ends.settle()
    assert ends.manager_events[-1] == StoredDataFinished(complete=True)


def test_an_agent_s_abort_is_told_to_both_sides() -> None:
    kept = store(segment(1, 7))
    ends = Pair(configuration=CONFIGURATION, stores=(kept,))
    ends.connect()
    ends.agent.associate(now=0.0)
    while ends.deliver():
        pass
    kept.abort_transfer()
    ends.settle()
    assert SegmentSent(STORE, 1, complete=False) in ends.agent_events
    assert SegmentFetched(STORE, 1, 3, complete=False) in ends.manager_events


def device(of: Configuration = CONFIGURATION) -> tuple[Device, bytes]:
    """A device that operates and has begun to send segment 1; the first page as sent."""
    bench = Device(configuration=of, stores=(store(segment(1, 7)),))
    bench.operate()
    written = bench.receive(TRIGGER)
    head = prst(7, 0x0207, bytes.fromhex("0100 0C1C 0004 0001 0000"))
    assert written[: len(head)] == head
    return bench, written[len(head) :]


def test_a_page_nobody_answers_is_sent_again_and_then_given_up() -> None:
    bench, page = device()
    assert bench.wait(3.0) == page
    assert bench.is_in(State.OPERATING)
    assert bench.wait(3.0) == abrt(2)


def test_a_page_is_awaited_as_long_as_the_store_says() -> None:
    bench, _ = device(configuration(at.CONFIRM_TIMEOUT.of(80_000)))
    assert bench.agent.next_deadline() == 10.0


@pytest.mark.parametrize(
    "answer",
    [
        prst(0, 0x0300, bytes.fromhex("0001 0000")),
        prst(0, 0x0201, bytes.fromhex("0100 FFFFFFFF 0D21") + sized(b"\0")),
    ],
    ids=["ROER", "no result"],
)
def test_a_refused_page_ends_the_transfer(answer: bytes) -> None:
    bench, _ = device()
    assert bench.receive(answer) == b""
    assert bench.take_events() == [SegmentSent(STORE, 1, complete=False)]
    # The next request begins anew.
    assert len(bench.receive(TRIGGER)) > 30


def test_a_second_request_during_a_transfer_says_try_later_and_sends_nothing_else() -> None:
    bench, _ = device()
    assert bench.receive(TRIGGER) == prst(7, 0x0207, bytes.fromhex("0100 0C1C 0004 0001 0002"))


def test_a_store_is_no_object_before_the_configuration_is_agreed() -> None:
    bench = Device(configuration=CONFIGURATION, stores=(store(segment(1, 7)),))
    bench.associate()
    bench.receive(aare(3))
    assert bench.receive(TRIGGER) == prst(7, 0x0300, bytes.fromhex("0001 0000"))


def test_a_get_of_the_store_is_answered() -> None:
    bench = Device(configuration=CONFIGURATION, stores=(store(segment(1, 7)),))
    bench.operate()
    wanted = bytes.fromhex("0100 0001 0002 0951")
    told = bytes.fromhex("0100 0001 0006 0951 0002 0001")
    assert bench.receive(prst(7, 0x0103, wanted)) == prst(7, 0x0203, told)


def test_a_request_nobody_can_read_is_rejected_and_told() -> None:
    bench = Device(configuration=CONFIGURATION, stores=(store(segment(1, 7)),))
    bench.operate()
    broken = prst(7, 0x0107, bytes.fromhex("0100 0C1C 0001 00"))
    assert bench.receive(broken) == prst(7, 0x0400, bytes.fromhex("0002"))
    warnings = [event.text for event in bench.events if isinstance(event, ProtocolWarning)]
    assert warnings == ["store 256: a request that cannot be read"]
