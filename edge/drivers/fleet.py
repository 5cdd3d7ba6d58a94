"""One supervised driver for each configured device, and one for each agent that connects to us."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from edge.clock import Clock
from edge.drivers.association import AssociationDriver
from edge.drivers.configurations import ConfigurationStore
from edge.drivers.gatt_reception import GattReception
from edge.drivers.health import DeviceHealth, DeviceState, HealthBoard
from edge.drivers.policy import DriverPolicy
from edge.drivers.reception import Reception
from edge.drivers.recorded_device import drive_recorded
from edge.drivers.stored_pages import StoredPages
from edge.drivers.wishes import Wish, Wishes
from edge.errors import BufferDamagedError
from edge.pipeline.descriptions import DescribedSource, DescriptionBook
from edge.pipeline.sink import ObservationSink
from edge.pipeline.traces import ReportTraces
from edge.recorder.recorder import FlightRecorder
from edge.recorder.recording import Recording
from edge.supervision import Backoff, Failure, TaskTree, attempt
from edge.transports.base import ByteTransport, OpenedLine, Opener
from edge.transports.ble.replayed import RecordedDevice
from edge.transports.policy import TransportPolicy
from edge.transports.registry import open_line
from protocols.ieee20601.line_framings import STREAM_FRAMINGS
from protocols.ieee20601.manager import ManagerConnection
from protocols.model.codes import SystemId
from protocols.specializations.registry import STANDARD_CONFIGURATIONS

log = logging.getLogger(__name__)

_INVOKE_IDS = 0x10000


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """A device the operator configured: what we call it and where it is."""

    name: str
    address: str


@dataclass(slots=True, kw_only=True)
class Fleet:
    """All drivers. `recorder` keeps what passes on each line; by default nothing is kept.

    `opener` opens the lines of configured devices; `traces` keeps the times of reports;
    `knows_time`: whether our clock may be told to devices.
    """

    system_id: SystemId
    sink: ObservationSink
    configurations: ConfigurationStore
    stored_pages: StoredPages
    board: HealthBoard
    tree: TaskTree
    clock: Clock
    driver_policy: DriverPolicy = field(default_factory=DriverPolicy)
    transport_policy: TransportPolicy = field(default_factory=TransportPolicy)
    recorder: FlightRecorder | None = None
    opener: Opener = open_line
    traces: ReportTraces | None = None
    knows_time: Callable[[], bool] = lambda: False
    _book: DescriptionBook = field(default_factory=DescriptionBook)
    _wishes: set[Wishes] = field(default_factory=set)
    _connected: int = 0
    _running: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _ending: bool = False

    def start(self, plans: list[DevicePlan], tasks: asyncio.TaskGroup) -> None:
        """Begin with the configured devices."""
        for plan in plans:
            health = DeviceHealth(plan.name, plan.address, self.clock.utc())
            self.board.add(health)
            self._running += 1
            tasks.create_task(self._keep(plan, health), name=f"device {plan.name}")

    def welcome(self, transport: ByteTransport, peer: str, tasks: asyncio.TaskGroup) -> bool:
        """An agent connected to our port; False when there is no room for it."""
        if self._ending or self._connected >= self.transport_policy.max_connections:
            self.board.turned_away += 1
            log.warning("agent turned away connections=%d", self._connected)
            return False
        self._connected += 1
        tasks.create_task(self._serve_guest(transport, peer), name=f"agent {peer}")
        return True

    async def release_all(self) -> None:
        """Ask every device to end in good order; return when all have, or had the time to."""
        self._ending = True
        for wishes in self._wishes:
            wishes.ask(Wish.RELEASE_AND_END)
        limit = self.driver_policy.release_seconds + 1.0
        try:
            async with asyncio.timeout(limit):
                while self._wishes:
                    await self._next_change()
        except TimeoutError:
            log.warning("devices did not end in time count=%d", len(self._wishes))

    async def wait_until_idle(self) -> None:
        """Return when every configured device has ended for good and no agent is connected."""
        while self._running or self._connected:
            await self._next_change()

    async def _next_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _keep(self, plan: DevicePlan, health: DeviceHealth) -> None:
        def failed(failure: Failure) -> None:
            health.fail(at=self.clock.utc(), reason=failure.reason, is_fault=failure.is_fault)

        try:
            await self.tree.keep(
                "device",
                plan.name,
                partial(self._serve_plan, plan, health),
                backoff=Backoff(self.driver_policy.reopen),
                on_failure=failed,
                # Whatever is wrong with this device, the others have a patient too.
                ended_by=(BufferDamagedError,),
            )
            health.move(DeviceState.ENDED, at=self.clock.utc(), reason="the recording is over")
        finally:
            self._running -= 1
            self._changed.set()

    async def _serve_plan(self, plan: DevicePlan, health: DeviceHealth) -> bool:
        """One life of a configured line; True asks to open it again."""
        line = await self.opener(plan.address, self.transport_policy)
        for known in line.configurations:
            self.configurations.remember(known.system_id, known.config_id, known.octets)
        log.info("line open device=%s", plan.name)
        await self._drive(line, health)
        return not (line.plays_once or self._ending)

    async def _serve_guest(self, transport: ByteTransport, peer: str) -> None:
        health = DeviceHealth(peer, peer, self.clock.utc())
        self.board.add(health)
        line = OpenedLine(transport)

        async def life() -> bool:
            with self.tree.watched("agent", peer):
                await self._drive(line, health, guest=True)
            return False

        reason = "the gateway ended"
        try:
            # One agent's trouble must not stop the others; a damaged buffer tells the program
            # by itself.
            outcome = await attempt(life, name=f"agent {peer}")
            reason = "the agent closed the connection"
            if isinstance(outcome, Failure):
                reason = outcome.reason
                health.counts.failures += 1
                health.counts.faults += outcome.is_fault
        finally:
            self._connected -= 1
            health.move(DeviceState.ENDED, at=self.clock.utc(), reason=reason)
            self.board.leave(health)
            self._changed.set()

    async def _drive(self, line: OpenedLine, health: DeviceHealth, *, guest: bool = False) -> None:
        wishes = Wishes()
        self._wishes.add(wishes)
        health.come(at=self.clock.utc())
        # 20601 leaves the start free; by chance, a late answer of an earlier association
        # does not look like one of this.
        first = line.first_invoke_id
        first = secrets.randbelow(_INVOKE_IDS) if first is None else first
        recording = Recording() if line.recorded else self._record(line, health, first)
        try:
            if line.recorded is not None:
                await self._play(line.recorded, health, wishes)
            else:
                await self._driver(line, health, wishes, recording, first, guest=guest).run()
        finally:
            recording.close()
            self._wishes.discard(wishes)
            self._changed.set()
            await line.transport.close()

    async def _play(self, device: RecordedDevice, health: DeviceHealth, wishes: Wishes) -> None:
        reception = GattReception(
            # Its times are those of the recording: no step of our clock concerns them.
            source=DescribedSource(self.sink, self._book),
            health=health,
            board=self.board,
            clock=self.clock,
        )
        await drive_recorded(
            device,
            reception,
            recorder=self.recorder,
            policy=self.driver_policy,
            clock=self.clock,
            wishes=wishes,
        )

    def _record(self, line: OpenedLine, health: DeviceHealth, first_invoke_id: int) -> Recording:
        if self.recorder is None:
            return Recording()
        facts = {
            "kind": "20601",
            "framing": line.framing,
            "first_invoke_id": first_invoke_id,
        }
        return self.recorder.open_recording(health.name, health.address, facts)

    def _driver(
        self,
        line: OpenedLine,
        health: DeviceHealth,
        wishes: Wishes,
        recording: Recording,
        first_invoke_id: int,
        *,
        guest: bool,
    ) -> AssociationDriver:
        policy = self.driver_policy.manager(lambda: not self._ending, knows_time=self.knows_time)
        reception = Reception(
            source=DescribedSource(self.sink, self._book, self.clock),
            configurations=self.configurations,
            stored_pages=self.stored_pages,
            health=health,
            board=self.board,
            clock=self.clock,
            policy=self.driver_policy,
            recording=recording,
            named_by_identity=guest,
            traces=self.traces,
        )
        return AssociationDriver(
            ManagerConnection(
                system_id=self.system_id,
                standard_configurations=STANDARD_CONFIGURATIONS,
                configurations=self.configurations.find,
                first_invoke_id=first_invoke_id,
                framing=STREAM_FRAMINGS[line.framing](policy.limits),
                policy=policy,
                stored_pages=self.stored_pages.is_kept,
            ),
            line.transport,
            reception,
            clock=self.clock,
            wishes=wishes,
            unassociated_seconds=self.driver_policy.unassociated_seconds if guest else None,
            release_seconds=self.driver_policy.release_seconds,
            stored_again_seconds=self.driver_policy.stored_again_seconds,
            confirmed=reception.confirmed,
            recording=recording,
        )
