"""The embedded broker: amqtt (MQTT 3.1.1) behind our own listener.

It carries batches and acknowledgements and keeps nothing: what matters is acknowledged by the
application after its commit, so a broker that dies loses no reading.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Final, Self

from amqtt.adapters import StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.errors import AMQTTError, MQTTError

from cloud.broker.access import AccessList
from cloud.broker.door import NOT_AUTHORISED, DoorError, Knock, PrefixedReader, read_knock
from cloud.core.kernel.work import StorageError

LOG: Final = logging.getLogger("vitalwire.broker")
LISTENER: Final = "default"
BACKLOG: Final = 1024
GOODBYE_SECONDS: Final = 1.0


class BrokerStartError(Exception):
    """The broker cannot listen; the message names the address."""


class EmbeddedBroker:
    """An async context: listening inside, gone outside."""

    def __init__(self, access: AccessList, *, host: str, port: int) -> None:
        self._access = access
        self._host = host
        self._port = port
        self._broker: Broker | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port listened on."""
        return self._port

    @property
    def is_listening(self) -> bool:
        """Whether clients can connect."""
        return self._server is not None and self._server.is_serving()

    async def __aenter__(self) -> Self:
        """Start; BrokerStartError when the port is taken."""
        broker = Broker(
            {
                "listeners": {LISTENER: {"type": "external", "bind": f"{self._host}:{self._port}"}},
                "plugins": {
                    "cloud.broker.plugins.DoorPlugin": {"access": self._access},
                    "cloud.broker.plugins.TopicPlugin": {"access": self._access},
                },
            }
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
        LOG.info("event=broker_listening port=%d", self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the listener, then every session, within a second."""
        if self._server is not None:
            self._server.close()
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
                await self._broker.external_connected(
                    PrefixedReader(knock.octets, reader), StreamWriterAdapter(writer), LISTENER
                )
        except (AMQTTError, MQTTError, ConnectionError, asyncio.IncompleteReadError) as exc:
            LOG.info("event=connection_ended cause=%s", type(exc).__name__)
        finally:
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
