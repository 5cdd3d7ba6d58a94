"""The driver's loop: durable first, then the confirm; time and wishes beside the read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from edge.drivers.association import AssociationDriver
from edge.drivers.wishes import Wish, Wishes
from edge.errors import BufferFullError, TransportClosedError, TransportError
from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import (
    AgentAssociated,
    AgentEvent,
    Associated,
    AssociationEnded,
    DeviceDescribed,
    Event,
    ObservationsReported,
    ReportConfirmed,
    StoredDataFinished,
)
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.policies import MdsDescription
from protocols.ieee20601.stored_segment import StoredSegment
from protocols.model.codes import SystemId
from protocols.specializations.pulse_oximeter import SPECIALIZATION
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.fixtures.oximeter import reading
from tests.unit.edge.making import NOON, ManualTime
from tests.unit.protocols.ieee20601.kept_oximetry import CONFIGURATION, STORE, segment


@dataclass(slots=True)
class AgentLine:
    """A transport with a real agent at its other end, in the same process.

    The agent associates at once and sends `reports`, each when the one before was confirmed; with
    a `store` it stays.
    """

    time: ManualTime
    reports: list[int] = field(default_factory=list)
    breaks: bool = False
    silent: bool = False
    store: AgentStore | None = None
    configuration: Configuration | None = None
    clock_is_slow: timedelta | None = None
    events: list[AgentEvent] = field(default_factory=list)
    closed: bool = False
    _agent: AgentConnection = field(init=False)
    _started: bool = False
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._agent = AgentConnection(
            system_id=SystemId(b"\x00oximete"),
            configuration=self.configuration
            or (SPECIALIZATION.configuration if self.store is None else CONFIGURATION),
            mds=MdsDescription(
                manufacturer="Acme",
                model="OX",
                clock=lambda utc: _local(utc - (self.clock_is_slow or timedelta(0))),
                clock_can_be_set=self.clock_is_slow is not None,
            ),
            stores=() if self.store is None else (self.store,),
        )

    async def read(self) -> bytes:
        if not self._started and not self.silent:
            self._started = True
            self._agent.transport_connected(now=self.time.seconds)
            self._agent.associate(now=self.time.seconds)
        self._act()
        octets = b"".join(self._agent.data_to_send())
        if octets:
            return octets
        if self.breaks:
            raise TransportClosedError("unplugged")
        if self.store is not None:
            # A second, which is over at once, and an octet of noise.
            self.time.seconds += 1.0
            return b"\x00"
        if self.silent or self._waits_for_confirm():
            await self._ended.wait()
        return b""

    async def write(self, data: bytes) -> None:
        self._agent.receive_data(data, now=self.time.seconds, utc=NOON)

    async def close(self) -> None:
        self.closed = True

    def _act(self) -> None:
        while (event := self._agent.next_event()) is not None:
            self.events.append(event)
            if isinstance(event, AgentAssociated | ReportConfirmed) and self.reports:
                report = reading(self.reports.pop(0))
                self._agent.send_report(report, confirmed=True, now=self.time.seconds)

    def _waits_for_confirm(self) -> bool:
        return self._agent.outstanding > 0


def _local(utc: datetime) -> datetime:
    return utc.replace(tzinfo=None)


@dataclass(slots=True)
class Notebook:
    """An event sink that writes down when it was durable; it may be full."""

    line: AgentLine
    full: int = 0
    told: list[Event] = field(default_factory=list)
    confirmed_before: list[int] = field(default_factory=list)

    async def accept(
        self, events: Sequence[Event], *, received_at: float, octets: str = ""
    ) -> None:
        assert received_at >= 0
        assert not octets, "nothing is recorded here"
        if any(isinstance(event, ObservationsReported) for event in events):
            confirms = sum(isinstance(event, ReportConfirmed) for event in self.line.events)
            self.confirmed_before.append(confirms)
            if self.full:
                self.full -= 1
                raise BufferFullError("full")
        self.told += events

    def kinds(self) -> list[type[Event]]:
        return [type(event) for event in self.told]


def driver(
    line: AgentLine,
    sink: Notebook,
    wishes: Wishes | None = None,
    unassociated_seconds: float | None = None,
    stored_again_seconds: float = 0.0,
) -> AssociationDriver:
    return AssociationDriver(
        ManagerConnection(
            system_id=SystemId(b"gateway1"),
            standard_configurations=STANDARD_CONFIGURATIONS,
            configurations=lambda *_: None,
        ),
        line,
        sink,
        clock=line.time.clock,
        wishes=wishes or Wishes(),
        unassociated_seconds=unassociated_seconds,
        stored_again_seconds=stored_again_seconds,
    )


async def test_reports_are_confirmed_after_the_sink_returned() -> None:
    line = AgentLine(ManualTime(), reports=[1, 2, 3])
    sink = Notebook(line)
    async with asyncio.timeout(10):
        await driver(line, sink).run()
    assert sink.confirmed_before == [0, 1, 2]
    assert sum(isinstance(event, ReportConfirmed) for event in line.events) == 3
    assert sink.kinds()[:2] == [Associated, DeviceDescribed]
    assert isinstance(sink.told[-1], AssociationEnded)


async def test_nothing_is_confirmed_when_the_buffer_is_full() -> None:
    line = AgentLine(ManualTime(), reports=[1])
    sink = Notebook(line, full=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(driver(line, sink).run(), 0.1)
    assert not any(isinstance(event, ReportConfirmed) for event in line.events)
    assert ObservationsReported not in sink.kinds()


async def test_a_line_that_breaks_ends_the_association_before_the_error_leaves() -> None:
    line = AgentLine(ManualTime(), reports=[1], breaks=True)
    sink = Notebook(line)
    with pytest.raises(TransportError):
        await driver(line, sink).run()
    assert isinstance(sink.told[-1], AssociationEnded)


@dataclass(slots=True, kw_only=True)
class Satisfied(Notebook):
    """A sink that wants the line to end after so many fetches."""

    wishes: Wishes
    fetches: int

    async def accept(
        self, events: Sequence[Event], *, received_at: float, octets: str = ""
    ) -> None:
        assert received_at >= 0
        assert not octets
        self.told += events
        self.fetches -= sum(isinstance(event, StoredDataFinished) for event in events)
        if not self.fetches:
            self.wishes.ask(Wish.RELEASE_AND_END)


class GivesUpTwice(AgentStore):
    """A store whose first transfers break off in the middle."""

    breaks_left = 2

    def pages(self, segment: StoredSegment) -> Iterator[SegmentData]:
        for page in super().pages(segment):
            if page.first and self.breaks_left:
                self.breaks_left -= 1
                return
            yield page


@pytest.mark.parametrize(("pause", "fetches"), [(4.0, 3), (0.0, 1)])
async def test_stored_data_that_did_not_come_whole_is_asked_for_again(
    pause: float, fetches: int
) -> None:
    store = GivesUpTwice(STORE, [segment(1, 5)], page_entries=3)
    line = AgentLine(ManualTime(), store=store)
    wishes = Wishes()
    sink = Satisfied(line, wishes=wishes, fetches=fetches)
    async with asyncio.timeout(10):
        await driver(line, sink, wishes, stored_again_seconds=pause).run()
    finished = [event for event in sink.told if isinstance(event, StoredDataFinished)]
    assert [event.complete for event in finished] == [False] * (fetches - 1) + [pause > 0]


async def test_a_wish_to_end_wakes_a_silent_line() -> None:
    line, wishes = AgentLine(ManualTime(), silent=True), Wishes()
    asyncio.get_running_loop().call_soon(wishes.ask, Wish.RELEASE_AND_END)
    async with asyncio.timeout(10):
        await driver(line, Notebook(line), wishes).run()


async def test_a_peer_that_does_not_associate_is_left_after_its_time() -> None:
    line = AgentLine(ManualTime(), silent=True)
    async with asyncio.timeout(10):
        running = driver(line, Notebook(line), unassociated_seconds=0.0).run()
        await running


def test_wishes_are_bounded_and_taken_in_order() -> None:
    wishes = Wishes()
    for _ in range(100):
        wishes.ask(Wish.RELEASE_AND_END)
    taken = 0
    while wishes.take() is not None:
        taken += 1
    assert taken == 8
