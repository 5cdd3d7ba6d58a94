"""The embedded broker: amqtt (MQTT 3.1.1) behind our own listener.

It carries batches and acknowledgements and keeps nothing: what matters is acknowledged by the
application after its commit, so a broker that dies loses no reading.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Final, Self

from amqtt.adapters import StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.errors import AMQTTError, MQTTError
from amqtt.session import Session

from cloud.broker.access import AccessList
from cloud.broker.door import NOT_AUTHORISED, DoorError, Knock, PrefixedReader, read_knock
from cloud.core.kernel.work import StorageError

LOG: Final = logging.getLogger("vitalwire.broker")
LISTENER: Final = "default"
BACKLOG: Final = 1024
GOODBYE_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 1.0
TAKE_OVER_SECONDS: Final = 5.0
# Ingest refuses a revoked gateway at once; its session lives until its last command went down.
LOOKS_BEFORE_THE_END: Final = 4


class BrokerStartError(Exception):
    """The broker cannot listen; the message names the address."""


@dataclass(frozen=True, slots=True)
class TlsListener:
    """Where to listen for TLS, port 0 for a free one. Clients may show a certificate."""

    host: str
    port: int
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class _Inside:
    """A connection that was let in, and whether it has ended."""

    writer: asyncio.StreamWriter
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class _StrictBroker(Broker):  # type: ignore[misc]  # amqtt ships no types
    """amqtt, but for this: it sends a session that comes back what others subscribed to."""

    def __init__(self, config: dict[str, object], access: AccessList) -> None:
        super().__init__(config)
        self._access = access

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """What is retained under a filter that this client may read, and nothing else."""
        if self._access.may_read(session.username or "", subscription[0]):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class EmbeddedBroker:
    """An async context: listening inside, gone outside."""

    def __init__(
        self,
        access: AccessList,
        *,
        host: str,
        port: int,
        tls: TlsListener | None = None,
    ) -> None:
        self._access = access
        self._host = host
        self._port = port
        self._broker: Broker | None = None
        self._server: asyncio.Server | None = None
        self._tls = tls
        self._tls_server: asyncio.Server | None = None
        self._inside: dict[str, set[asyncio.StreamWriter]] = {}
        self._names: dict[str, _Inside] = {}
        self._tasks = asyncio.TaskGroup()
        self._watch: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port listened on."""
        return self._port

    @property
    def tls_port(self) -> int | None:
        """The port listened on for TLS, None without TLS."""
        return self._tls.port if self._tls is not None else None

    @property
    def is_listening(self) -> bool:
        """Whether clients can connect."""
        return self._server is not None and self._server.is_serving()

    async def __aenter__(self) -> Self:
        """Start; BrokerStartError when the port is taken."""
        broker = _StrictBroker(
            {
                "listeners": {LISTENER: {"type": "external", "bind": f"{self._host}:{self._port}"}},
                "plugins": {
                    "cloud.broker.plugins.DoorPlugin": {"access": self._access},
                    "cloud.broker.plugins.TopicPlugin": {"access": self._access},
                },
            },
            self._access,
        )
        await broker.start()
        self._broker = broker
        try:
            self._server = await asyncio.start_server(
                self._connected, self._host, self._port, backlog=BACKLOG
            )
        except OSError as exc:
            await broker.shutdown()
            raise BrokerStartError(
                f"MQTT cannot listen on {self._host}:{self._port} ({exc.strerror}). "
                "Stop what uses the port, or give --mqtt-port another one"
            ) from exc
        self._port = int(self._server.sockets[0].getsockname()[1])
        await self._listen_for_tls()
        await self._tasks.__aenter__()
        self._watch = self._tasks.create_task(self._watch_revoked(), name="revoked gateways")
        LOG.info("event=broker_listening port=%d", self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the listener, then every session, within a second."""
        for server in (self._server, self._tls_server):
            if server is not None:
                server.close()
        if self._watch is not None:
            self._watch.cancel()
            await self._tasks.__aexit__(None, None, None)
        if self._broker is not None:
            try:
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._broker.shutdown()
            except TimeoutError:
                LOG.warning("event=broker_sessions_cut")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._broker is None:
            raise AssertionError("the listener starts after the broker")
        try:
            knock = await self._admitted(reader, writer)
            if knock is not None:
                await self._take_over(knock.client_id)
                with self._known_inside(knock, writer):
                    await self._broker.external_connected(
                        PrefixedReader(knock.octets, reader), StreamWriterAdapter(writer), LISTENER
                    )
        except (AMQTTError, MQTTError, ConnectionError, asyncio.IncompleteReadError) as exc:
            LOG.info("event=connection_ended cause=%s", type(exc).__name__)
        finally:
            writer.close()

    async def _listen_for_tls(self) -> None:
        if self._tls is None:
            return
        try:
            self._tls_server = await asyncio.start_server(
                self._connected,
                self._tls.host,
                self._tls.port,
                backlog=BACKLOG,
                ssl=self._tls.context,
            )
        except OSError as exc:
            await self.__aexit__(None, None, None)
            raise BrokerStartError(
                f"MQTT over TLS cannot listen on {self._tls.host}:{self._tls.port}"
                f" ({exc.strerror}). Stop what uses the port, or set mqtts_port to another one"
            ) from exc
        port = int(self._tls_server.sockets[0].getsockname()[1])
        self._tls = replace(self._tls, port=port)
        LOG.info("event=broker_listening_tls port=%d", port)

    async def _take_over(self, client_id: str) -> None:
        """End an older connection of the same name and wait until amqtt is through with it.

        Both would share a session, and the end of the old one would leave the new one deaf.
        """
        try:
            async with asyncio.timeout(TAKE_OVER_SECONDS):
                while (older := self._names.get(client_id)) is not None:
                    LOG.info("event=session_taken_over")
                    older.writer.close()
                    await older.gone.wait()
        except TimeoutError:
            LOG.warning("event=session_not_let_go")

    @contextmanager
    def _known_inside(self, knock: Knock, writer: asyncio.StreamWriter) -> Iterator[None]:
        inside = _Inside(writer)
        self._names[knock.client_id] = inside
        self._inside.setdefault(knock.user, set()).add(writer)
        try:
            yield
        finally:
            inside.gone.set()
            if self._names.get(knock.client_id) is inside:
                del self._names[knock.client_id]
            self._inside[knock.user].discard(writer)
            if not self._inside[knock.user]:
                del self._inside[knock.user]

    async def _watch_revoked(self) -> None:
        """Close the sessions of gateways that were revoked, a moment after they were told why."""
        looks: dict[str, int] = {}
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                gone = await asyncio.to_thread(self._access.revoked, list(self._inside))
            except StorageError as exc:
                LOG.warning("event=revocations_unchecked cause=%s", type(exc).__name__)
                continue
            looks = {user: looks.get(user, 0) + 1 for user in gone}
            for user in (user for user, count in looks.items() if count >= LOOKS_BEFORE_THE_END):
                self._access.forget(user)
                LOG.warning("event=session_closed user=%r reason=revoked", user)
                for writer in self._inside.get(user, ()):
                    writer.close()

    async def _admitted(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Knock | None:
        """The first packet of a client that may enter, None for one that was sent away."""
        try:
            knock = await read_knock(reader)
            refusal = await asyncio.to_thread(
                self._access.refusal,
                user=knock.user,
                secret=knock.secret,
                client_id=knock.client_id,
                will_topic=knock.will_topic,
                certificate=_certificate_of(writer),
            )
        except (DoorError, TimeoutError) as exc:
            LOG.info("event=no_connect cause=%s", str(exc) or "too late")
            writer.write(exc.answer if isinstance(exc, DoorError) else b"")
            return None
        except StorageError as exc:
            LOG.warning("event=login_unchecked cause=%s", type(exc).__name__)
            return None
        if refusal is not None:
            LOG.warning("event=login_refused user=%r reason=%s", knock.user[:40], refusal)
            writer.write(NOT_AUTHORISED)
            return None
        return knock


def _certificate_of(writer: asyncio.StreamWriter) -> bytes | None:
    connection = writer.get_extra_info("ssl_object")
    return connection.getpeercert(binary_form=True) if connection is not None else None
