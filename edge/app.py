"""The composition root: settings become objects, objects become tasks of one group."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.recovery import FILE_NAME as BUFFER_FILE
from edge.clock import SYSTEM_CLOCK, Clock
from edge.drivers.configurations import ConfigurationStore
from edge.drivers.fleet import DevicePlan, Fleet, Recorder
from edge.drivers.health import HealthBoard
from edge.drivers.identity import own_system_id
from edge.drivers.stored_pages import StoredPages
from edge.errors import BufferFaultError, EdgeError, SettingsError, StartError
from edge.pipeline.duplicates import OnceOnly
from edge.settings import EdgeSettings
from edge.status.file import sole_use
from edge.status.metrics import serve_metrics
from edge.status.reporter import StatusReporter
from edge.supervision import Backoff, BackoffPolicy, keep_running
from edge.transports.base import ByteTransport
from edge.transports.capture import record_line
from edge.transports.registry import check_line
from edge.transports.tcp import AgentListener, TcpTransport, listen, parse_address
from edge.uplink.credentials import Credentials
from edge.uplink.https import HttpsLink
from edge.uplink.link import LinkChoice, LinkClient
from edge.uplink.mqtt import MqttLink
from edge.uplink.sender import Sender

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWishes:
    """How this run should end, and whom to tell that it began.

    `exit_when_idle`: end by itself when every configured device has ended and the buffer is
    empty; `drain_seconds` is the patience for the latter. `stop`: set it to end in good order.
    """

    ready: Callable[[str | None], None]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    exit_when_idle: bool = False
    drain_seconds: float = 60.0


class _EndedError(Exception):
    """Ends the task group in good order."""


async def run(settings: EdgeSettings, wishes: RunWishes, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Run the gateway until asked to stop. Raises EdgeError when it cannot begin or go on."""
    for device in settings.devices:
        await check_line(device.transport)
    folder = _data_folder(settings.data)
    with sole_use(folder):
        async with AsyncExitStack() as stack:
            begins_anew = not (folder / BUFFER_FILE).is_file()
            buffer = await stack.enter_async_context(_open_buffer(settings, folder, clock))
            links = await _make_links(settings, clock, stack)
            # What the buffer no longer holds, and nobody was sent, must come from the devices.
            pages = StoredPages(folder, forget=begins_anew or buffer.recovery is not None)
            gateway = _Gateway(settings, folder, buffer, links, pages, clock)
            try:
                async with asyncio.TaskGroup() as tasks:
                    await gateway.live(wishes, tasks)
            except* _EndedError:
                log.info("ended")
            except* EdgeError as group:
                raise _first(group) from group
            finally:
                with contextlib.suppress(BufferFaultError):
                    await gateway.reporter.report(ended=True)


class _Gateway:
    """All parts of one run, put together."""

    def __init__(
        self,
        settings: EdgeSettings,
        folder: Path,
        buffer: ObservationBuffer,
        links: Sequence[LinkClient],
        pages: StoredPages,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._buffer = buffer
        self._links = links
        self._clock = clock
        self._fleet = Fleet(
            system_id=own_system_id(
                folder, given=settings.system_id, gateway_id=settings.gateway_id
            ),
            sink=OnceOnly(buffer),
            configurations=ConfigurationStore(folder / "configurations"),
            stored_pages=pages,
            board=HealthBoard(),
            clock=clock,
            driver_policy=settings.drivers,
            transport_policy=settings.transports,
            record=_recorder(settings, clock),
        )
        self._sender = Sender(
            buffer=buffer,
            choice=LinkChoice(links, settings.uplink.choice, clock),
            gateway_id=settings.gateway_id,
            clock=clock,
            policy=settings.uplink.sender,
        )
        self.reporter = StatusReporter(
            gateway_id=settings.gateway_id,
            vehicle_id=settings.vehicle_id,
            agents=None,
            folder=folder,
            board=self._fleet.board,
            links=links,
            sent=self._sender.counts,
            buffer=buffer,
            clock=clock,
            policy=settings.status,
        )

    async def live(self, wishes: RunWishes, tasks: asyncio.TaskGroup) -> None:
        """Start everything, wait for the end, end in good order by _EndedError."""
        listener = await self._listen(tasks)
        stop_metrics = self._serve_metrics()
        try:
            tasks.create_task(self._buffer.run_until_damaged(), name="buffer watch")
            for link in self._links:
                self._keep(f"link {link.health.way.value}", link.run, tasks)
            if self._links:
                self._keep("sender", self._sender.run, tasks)
            self._keep("status", self.reporter.run, tasks)
            plans = [DevicePlan(item.name, item.transport) for item in self._settings.devices]
            self._fleet.start(plans, tasks)
            wishes.ready(self.reporter.agents)
            await self._wait_for_end(wishes)
        finally:
            if listener is not None:
                await listener.close()
            stop_metrics()
        await self._fleet.release_all()
        raise _EndedError

    def _keep(
        self, name: str, work: Callable[[], Awaitable[None]], tasks: asyncio.TaskGroup
    ) -> None:
        """A service that a fault of its own must not end: devices and buffer need none of them."""

        async def again() -> bool:
            await work()
            return True

        backoff = Backoff(BackoffPolicy())
        tasks.create_task(
            keep_running(again, name=name, backoff=backoff, clock=self._clock), name=name
        )

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
        where = parse_address(self._settings.metrics_listen.removeprefix("tcp:"))
        return serve_metrics(where.host, where.port, lambda: self.reporter.latest)

    async def _wait_for_end(self, wishes: RunWishes) -> None:
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


@asynccontextmanager
async def _open_buffer(
    settings: EdgeSettings, folder: Path, clock: Clock
) -> AsyncIterator[ObservationBuffer]:
    buffer = ObservationBuffer(clock=clock)
    await buffer.open(folder, policy=settings.buffer, vehicle_id=settings.vehicle_id)
    try:
        yield buffer
    finally:
        await buffer.close()


async def _make_links(
    settings: EdgeSettings, clock: Clock, stack: AsyncExitStack
) -> list[LinkClient]:
    links: list[LinkClient] = []
    _check_authority(settings.uplink.ca_file)
    credentials = Credentials(
        tenant_id=settings.tenant_id,
        gateway_id=settings.gateway_id,
        secret=settings.read_secret(),
    )
    if (mqtt := settings.uplink.mqtt) is not None:
        links.append(MqttLink(mqtt, credentials, clock))
    if (https := settings.uplink.https) is not None:
        links.append(await stack.enter_async_context(HttpsLink(https, credentials, clock)))
    return links


def _check_authority(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path or None)
    except OSError as exc:
        raise SettingsError(
            f"uplink.ca_file {path} holds no certificate that can be read",
            mend="Name a PEM file with the authority of the cloud's certificate",
        ) from exc


def _recorder(settings: EdgeSettings, clock: Clock) -> Recorder:
    def record(device: str, transport: ByteTransport) -> ByteTransport:
        if not settings.record_folder:
            return transport
        folder = Path(settings.record_folder)
        return record_line(transport, folder=folder, device=device, clock=clock, at=clock.utc())

    return record


def _data_folder(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StartError(
            f"the data folder {folder} cannot be made ({(exc.strerror or '').lower()})",
            mend="Name another folder in 'data'",
        ) from exc
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        log.warning(
            "data folder open to others folder=%s mode=%04o mend=%r", folder, mode, "chmod 700"
        )
    return folder


def _first(group: BaseExceptionGroup[EdgeError]) -> EdgeError:
    for item in group.exceptions:
        if isinstance(item, BaseExceptionGroup):
            return _first(item)
        return item
    raise AssertionError("a group of errors without an error")
