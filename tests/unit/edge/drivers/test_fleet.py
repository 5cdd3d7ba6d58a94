"""One supervised driver a device: however one of them fails, the others do not notice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.buffer.answers import Appended
from edge.drivers.configurations import ConfigurationStore
from edge.drivers.fleet import DevicePlan, Fleet
from edge.drivers.health import DeviceState, HealthBoard
from edge.drivers.stored_pages import StoredPages
from edge.errors import BufferDamagedError, SettingsError, TransportClosedError
from edge.supervision import TaskTree
from edge.transports.base import ByteTransport, OpenedLine
from edge.transports.policy import TransportPolicy
from protocols.uplink.messages import Content
from tests.unit.edge.drivers.test_association import AgentLine
from tests.unit.edge.making import OXIMETER, ManualTime


def every_way() -> tuple[BaseException, ...]:
    """All that a driver, or a library it uses, may raise."""
    return (
        TransportClosedError("unplugged"),
        SettingsError("its file is gone"),
        ValueError("odd"),
        OSError(5, "Input/output error"),
        RecursionError(),
        MemoryError(),
        StopAsyncIteration(),
        TimeoutError(),
        asyncio.CancelledError(),
        SystemExit(1),
        ExceptionGroup("of its tasks", [TransportClosedError("unplugged"), KeyError("x")]),
        BaseExceptionGroup("of its tasks", [asyncio.CancelledError()]),
    )


@dataclass(slots=True)
class BadLine:
    """A line that raises where it is told to: on reading, on writing or on closing."""

    where: str
    raised: BaseException

    async def read(self) -> bytes:
        if self.where == "read":
            raise self.raised
        return b""

    async def write(self, data: bytes) -> None:
        """Nothing is said to a device that does not associate."""

    async def close(self) -> None:
        if self.where == "close":
            raise self.raised


@dataclass(slots=True)
class Shelf:
    """A sink that keeps what it is given; it may be broken for good."""

    kept: list[Content] = field(default_factory=list)
    damage: BufferDamagedError | None = None

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        assert octets == "", "nothing is recorded here"
        if self.damage is not None:
            raise self.damage
        self.kept += contents
        return Appended(len(contents), 0)


@dataclass(slots=True)
class Garage:
    """A fleet whose lines are made here: `lines` by address, each opened once and then gone."""

    folder: Path
    time: ManualTime = field(default_factory=ManualTime)
    shelf: Shelf = field(default_factory=Shelf)
    lines: dict[str, list[ByteTransport | BaseException]] = field(default_factory=dict)
    board: HealthBoard = field(default_factory=HealthBoard)
    tree: TaskTree = field(init=False)
    fleet: Fleet = field(init=False)

    def __post_init__(self) -> None:
        self.tree = TaskTree(self.time.clock)
        self.fleet = Fleet(
            system_id=OXIMETER,
            sink=self.shelf,
            configurations=ConfigurationStore(self.folder),
            stored_pages=StoredPages(self.folder),
            board=self.board,
            tree=self.tree,
            clock=self.time.clock,
            opener=self._open,
        )

    async def _open(self, address: str, policy: TransportPolicy) -> OpenedLine:
        del policy
        line = self.lines[address].pop(0)
        if isinstance(line, BaseException):
            raise line
        return OpenedLine(line, plays_once=not self.lines[address])

    async def live(self) -> None:
        """Until every device has ended for good."""
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            self.fleet.start([DevicePlan(name, name) for name in self.lines], tasks)
            await self.fleet.wait_until_idle()


@pytest.fixture
def garage(tmp_path: Path) -> Garage:
    return Garage(tmp_path)


async def test_a_device_that_fails_in_every_way_touches_no_other(garage: Garage) -> None:
    bad: list[ByteTransport | BaseException] = [*every_way()]
    bad += [BadLine(where, exc) for where in ("read", "close") for exc in every_way()]
    tries = len(bad)
    garage.lines["bad"] = [*bad, AgentLine(garage.time, reports=[1])]
    garage.lines["good"] = [AgentLine(garage.time, reports=list(range(200)))]
    await garage.live()
    by_name = {health.name: health for health in garage.board}
    good, ill = by_name["good"], by_name["bad"]
    assert (good.counts.confirmed, good.counts.failures, good.counts.faults) == (200, 0, 0)
    assert ill.counts.failures == tries
    assert ill.counts.faults == 3 * (len(every_way()) - 2)
    assert ill.counts.confirmed == 1, "and in the end it is served again"
    nodes = {node.name: node for node in garage.tree}
    assert (nodes["bad"].failures, nodes["bad"].starts) == (tries, tries + 1)
    assert (nodes["good"].failures, nodes["good"].starts) == (0, 1)
    assert {node.group for node in garage.tree} == {"device"}


async def test_why_a_device_waits_is_said_without_what_it_sent(garage: Garage) -> None:
    garage.lines["bad"] = [ValueError("a measured value"), AgentLine(garage.time)]
    reasons: list[tuple[DeviceState, str]] = []
    sleep = garage.time.sleep

    async def look(seconds: float) -> None:
        reasons.extend((health.state, health.reason) for health in garage.board)
        await sleep(seconds)

    garage.tree.clock = garage.fleet.clock = type(garage.time.clock)(
        garage.time.clock.monotonic, garage.time.clock.utc, look
    )
    await garage.live()
    assert reasons[0] == (DeviceState.WAITING, "fault in the program: ValueError")


async def test_a_guest_that_fails_in_every_way_touches_nobody(garage: Garage) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number, exc in enumerate(every_way()):
            assert garage.fleet.welcome(BadLine("read", exc), f"tcp:{number}", tasks)
        assert garage.fleet.welcome(AgentLine(garage.time, reports=[1, 2]), "tcp:good", tasks)
        assert {node.group for node in garage.tree} <= {"agent"}
        await garage.fleet.wait_until_idle()
    assert not list(garage.tree), "those that left are in the tree no more"
    (seen,) = garage.board
    assert seen.counts.confirmed == 2


async def test_a_damaged_buffer_ends_the_program(garage: Garage) -> None:
    garage.shelf.damage = BufferDamagedError("the file is broken")
    garage.lines["ox"] = [AgentLine(garage.time, reports=[1])]
    with pytest.raises(ExceptionGroup) as raised:
        await garage.live()
    assert raised.group_contains(BufferDamagedError)
