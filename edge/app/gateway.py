"""All parts of one run, put together, as tasks of one group."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.bluetooth import make_gatt_fleet
from edge.app.buffering import learn_time_from, watch_clock
from edge.app.commanding import add_waveforms, make_commanding
from edge.app.crew import make_crew
from edge.app.enrolling import make_enrolled
from edge.app.watching import register_watching
from edge.buffer.buffer import ObservationBuffer
from edge.clock import Clock, ClockQuality
from edge.drivers.configurations import ConfigurationStore
from edge.drivers.fleet import DevicePlan, Fleet
from edge.drivers.health import HealthBoard
from edge.drivers.identity import own_system_id
from edge.drivers.stored_pages import StoredPages
from edge.errors import StartError
from edge.pipeline.duplicates import OnceOnly
from edge.pipeline.live import LiveFeed, PublishedSink
from edge.recorder.recorder import FlightRecorder
from edge.settings import EdgeSettings
from edge.status.control import ControlSocket
from edge.status.log_tail import LogTail
from edge.status.pairing import register_pairing
from edge.status.reporter import StatusReporter
from edge.status.service_manager import of_this_process
from edge.status.station import register_station
from edge.supervision import TaskTree
from edge.transports.tcp import AgentListener, TcpTransport, listen, parse_address
from edge.uplink.ahead import WriterAhead
from edge.uplink.budget import Budget
from edge.uplink.choice import LinkChoice
from edge.uplink.link import LinkClient
from edge.uplink.sender import Sender

if TYPE_CHECKING:
    from edge.app.spans import EdgeTracing


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWishes:
    """How this run should end, and whom to tell that it began.

    `exit_when_idle`: end by itself when every configured device has ended and the buffer is
    empty; `drain_seconds` is the patience for the latter. `stop`: set it to end in good order.
    `again`: set by the run itself that ended to begin anew with other settings.
    """

    ready: Callable[[str | None], None]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    again: asyncio.Event = field(default_factory=asyncio.Event)
    exit_when_idle: bool = False
    drain_seconds: float = 60.0


SettingsCheck = Callable[[Mapping[str, object]], None]
"""Refuses settings from afar that the gateway could not run with, by SettingsError."""


def accept_any(settings: Mapping[str, object]) -> None:
    """A check for runs that are configured by their caller alone."""
    del settings


class EndedError(Exception):
    """Ends the task group in good order."""


class Gateway:
    """All parts of one run, put together."""

    def __init__(
        self,
        settings: EdgeSettings,
        folder: Path,
        buffer: ObservationBuffer,
        links: Sequence[LinkClient],
        pages: StoredPages,
        recorder: FlightRecorder,
        clock: Clock,
        *,
        forget_marks: bool = False,
        check: SettingsCheck = accept_any,
        tracing: EdgeTracing | None = None,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._buffer = buffer
        self._links = links
        learn_time_from(links, buffer)
        self._clock = clock
        self._service_manager = of_this_process()
        self._control = ControlSocket(folder)
        self._tree = TaskTree(clock, settings.supervision)
        feed = LiveFeed()
        sink = OnceOnly(PublishedSink(buffer, feed))
        traces = None if tracing is None else tracing.reports

        def knows_time() -> bool:
            return buffer.clock_quality is ClockQuality.SYNCHRONISED

        self._fleet = Fleet(
            system_id=own_system_id(
                folder, given=settings.system_id, gateway_id=settings.gateway_id
            ),
            sink=sink,
            configurations=ConfigurationStore(folder / "configurations"),
            stored_pages=pages,
            board=HealthBoard(),
            tree=self._tree,
            clock=clock,
            driver_policy=settings.drivers,
            transport_policy=settings.transports,
            recorder=recorder,
            traces=traces,
            knows_time=knows_time,
        )
        self._gatt = make_gatt_fleet(
            settings,
            folder,
            sink=sink,
            board=self._fleet.board,
            tree=self._tree,
            recorder=recorder,
            forget=forget_marks,
            traces=traces,
            knows_time=knows_time,
            clock=clock,
        )
        if self._gatt is not None:
            register_pairing(self._control, self._gatt.desk)
        choice = LinkChoice(links, settings.uplink.choice, clock)
        budget = Budget(settings.uplink.spending, links)
        self._ahead = WriterAhead(buffer=buffer, choice=choice, clock=clock)
        self._sender = Sender(
            buffer=buffer,
            choice=choice,
            gateway_id=settings.gateway_id,
            clock=clock,
            policy=settings.uplink.sender,
            budget=budget,
        )
        if tracing is not None:
            self._sender.delivered = tracing.delivered
            self._sender.traceparent = tracing.traceparent
        self.commanding = make_commanding(
            folder,
            links,
            clock,
            buffer=buffer,
            vehicle_id=settings.vehicle_id,
            station=settings.station,
        )
        budget.is_at_station = self.commanding.station.is_here
        register_station(self._control, self.commanding.station)
        self._send_waveforms = add_waveforms(
            self.commanding, buffer, choice, clock, gateway_id=settings.gateway_id
        )
        self._again = asyncio.Event()
        self.enrolled = make_enrolled(
            folder,
            links,
            clock,
            self.commanding,
            vehicle_id=settings.vehicle_id,
            check=check,
            restart=self._again.set,
            trial_seconds=settings.enrolment.trial_seconds,
            known_utc=buffer.keeper.known_utc,
        )
        self.reporter = StatusReporter(
            gateway_id=settings.gateway_id,
            vehicle_id=settings.vehicle_id,
            agents=None,
            folder=folder,
            board=self._fleet.board,
            tree=self._tree,
            recorder=recorder,
            links=links,
            sent=self._sender.counts,
            budget=budget,
            buffer=buffer,
            clock=clock,
            policy=settings.status,
            radio=None if self._gatt is None else self._gatt.radio,
            membership=self.enrolled.describe,
            station=self.commanding.station.describe,
        )
        self.tail = LogTail()
        register_watching(self._control, self.reporter, self.tail)

        self._crew = make_crew(
            settings,
            folder,
            sink=sink,
            feed=feed,
            encounter=self.commanding.encounter,
            station=self.commanding.station,
            pairing=None if self._gatt is None else self._gatt.desk,
            status=lambda: self.reporter.latest,
            clock=clock,
            devices=self.enrolled.devices,
        )
        if self._crew is not None:
            self.reporter.crew = self._crew.describe

    async def live(self, wishes: RunWishes, tasks: asyncio.TaskGroup) -> None:
        """Start everything, wait for the end, end in good order by EndedError."""
        listener = await self._listen(tasks)
        stop_metrics = self._serve_metrics()
        try:
            tasks.create_task(self._watch_buffer(), name="service buffer watch")
            for link in self._links:
                self._keep(f"link {link.health.way.value}", link.run, tasks)
            if self._links:
                self._keep("sender", self._sender.run, tasks)
                self._keep("writer ahead", self._ahead.run, tasks)
                self._keep("waveform windows", self._send_waveforms, tasks)
            for name, work in (*self.commanding.services, *self.enrolled.services):
                self._keep(name, work, tasks)
            self._keep("status", self.reporter.run, tasks)
            look = partial(watch_clock, self._settings, self._folder, self._buffer, self._clock)
            self._keep("clock watch", look, tasks)
            self._keep("control", self._control.run, tasks)
            if self._crew is not None:
                for name, work in self._crew.services():
                    self._keep(name, work, tasks)
            plans = [DevicePlan(item.name, item.transport) for item in self._settings.devices]
            self._fleet.start(plans, tasks)
            if self._gatt is not None:
                self._gatt.start(tasks)
            wishes.ready(self.reporter.agents)
            self._serve_service_manager(tasks)
            await self._wait_for_end(wishes)
        finally:
            if listener is not None:
                await listener.close()
            self._service_manager.stopping()
            stop_metrics()
            self.commanding.inbox.close()
            if self._crew is not None:
                self._crew.close()
        await self._fleet.release_all()
        if self._gatt is not None:
            await self._gatt.release_all(self._settings.drivers.release_seconds + 1.0)
        raise EndedError

    def _serve_service_manager(self, tasks: asyncio.TaskGroup) -> None:
        manager = self._service_manager

        async def look() -> str:
            counts = await self._buffer.counts()
            devices = sum(1 for _ in self._fleet.board)
            return f"{devices} devices, {sum(counts.waiting.values())} rows to send"

        manager.ready(f"devices may call {self.reporter.agents or 'nowhere'}")
        if manager.address:
            tasks.create_task(manager.feed(look, self._clock), name="service manager")

    def _keep(
        self, name: str, work: Callable[[], Awaitable[None]], tasks: asyncio.TaskGroup
    ) -> None:
        """A service that a fault of its own must not end: devices and buffer need none of them."""

        async def again() -> bool:
            await work()
            return True

        tasks.create_task(self._tree.keep("service", name, again), name=f"service {name}")

    async def _watch_buffer(self) -> None:
        with self._tree.watched("service", "buffer watch"):
            await self._buffer.run_until_damaged()

    async def _listen(self, tasks: asyncio.TaskGroup) -> AgentListener | None:
        if not self._settings.listen:
            return None

        def welcome(transport: TcpTransport, peer: str) -> bool:
            return self._fleet.welcome(transport, peer, tasks)

        listener = await listen(
            parse_address(self._settings.listen.removeprefix("tcp:")),
            self._settings.transports,
            welcome,
        )
        self.reporter.agents = str(listener.address)
        return listener

    def _serve_metrics(self) -> Callable[[], None]:
        if not self._settings.metrics_listen:
            return lambda: None
        from edge.status.metrics import serve_metrics  # noqa: PLC0415 - its library, only if wished

        where = parse_address(self._settings.metrics_listen.removeprefix("tcp:"))
        return serve_metrics(where.host, where.port, lambda: self.reporter.latest)

    async def _wait_for_end(self, wishes: RunWishes) -> None:
        async with asyncio.TaskGroup() as waits:
            anew = waits.create_task(self._again.wait())
            end = waits.create_task(self._wait_for_wish(wishes))
            await asyncio.wait({anew, end}, return_when=asyncio.FIRST_COMPLETED)
            if anew.done() and not end.done():
                wishes.again.set()
            anew.cancel()
            end.cancel()

    async def _wait_for_wish(self, wishes: RunWishes) -> None:
        if not wishes.exit_when_idle:
            await wishes.stop.wait()
            return
        async with asyncio.TaskGroup() as waits:
            idle = waits.create_task(self._wait_until_idle(wishes.drain_seconds))
            stop = waits.create_task(wishes.stop.wait())
            await asyncio.wait({idle, stop}, return_when=asyncio.FIRST_COMPLETED)
            if stop.done():
                idle.cancel()
            stop.cancel()

    async def _wait_until_idle(self, drain_seconds: float) -> None:
        await self._fleet.wait_until_idle()
        if not self._links:
            return
        try:
            async with asyncio.timeout(drain_seconds):
                await self._sender.wait_until_drained()
        except TimeoutError as exc:
            waiting = sum((await self._buffer.counts()).waiting.values())
            raise StartError(
                f"the cloud did not take everything in {drain_seconds:g} s:"
                f" {waiting} rows wait in the buffer",
                mend="They are sent at the next run; look at the status for the reason",
            ) from exc
