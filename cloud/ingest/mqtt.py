"""Ingest over MQTT: paho on its own thread, messages through a bounded line, ack after commit.

MQTT 5 is tried first, 3.1.1 when the broker does not speak it. A message is acknowledged to the
broker only when its batch is durable or refused for good; while the store is away the queue fills
and the broker is made to wait.
"""

from __future__ import annotations

import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud.core.kernel.work import StorageFaultError
from cloud.ingest.batches import Reply
from cloud.ingest.line import LENGTH, MessageLine, Waiting
from cloud.ingest.messages import MessageDesk
from protocols.uplink.channels import ALL_ANSWER_TOPICS, ALL_STATUS_TOPICS, ALL_UP_TOPICS

LOG: Final = logging.getLogger("vitalwire.ingest")
_V5: Final = MQTTProtocolVersion.MQTTv5
_V311: Final = MQTTProtocolVersion.MQTTv311
_VERSION_NAMES: Final = {_V5: "5", _V311: "3.1.1"}
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
TOPICS: Final = (ALL_UP_TOPICS, ALL_ANSWER_TOPICS, ALL_STATUS_TOPICS)
_QOS: Final = 1


class IngestSettingsError(Exception):
    """The broker's address makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is and who we are there."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    client_id: str = "vitalwire-ingest"
    tls: bool = False
    ca_file: Path | None = None
    is_embedded: bool = False

    @classmethod
    def parse(cls, url: str, *, username: str, password: str) -> BrokerAddress:
        """From `mqtt://host[:port]` or `mqtts://...`; IngestSettingsError for anything else."""
        parts = urlsplit(url)
        try:
            port = parts.port or _PORTS.get(parts.scheme)
        except ValueError as exc:
            raise IngestSettingsError("mqtt_url has no usable port") from exc
        if port is None or not parts.hostname or parts.username:
            raise IngestSettingsError("mqtt_url is written mqtt://host:port or mqtts://host:port")
        return cls(
            host=parts.hostname,
            port=port,
            username=username,
            password=password,
            tls=parts.scheme == "mqtts",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestPolicy:
    """How patient ingest is, in seconds: a wait doubles from the first to the longest.

    Of each wait a random half is left out, so that ingests that lost one broker come back apart.
    `commands_every` spaces the looks for commands that are due.
    """

    commands_every: float = 0.25
    first_wait: float = 0.25
    longest_wait: float = 10.0
    connect_timeout: float = 5.0
    keepalive: int = 20


class MqttIngest:
    """Runs on three threads between `start` and `stop`: connecting, recording, sending commands."""

    def __init__(
        self, address: BrokerAddress, desk: MessageDesk, policy: IngestPolicy | None = None
    ) -> None:
        self._address = address
        self._desk = desk
        self._policy = policy or IngestPolicy()
        self._line = MessageLine(desk.is_batch)
        self._stopping = threading.Event()
        self._lost = threading.Event()
        self._ready = threading.Event()
        # The embedded broker speaks 3.1.1 only: no need to ask it for more.
        self._version = _V311 if address.is_embedded else _V5
        self._last_at: float | None = None
        self._store_fault = False
        self._client_now: Client | None = None
        self.faults = 0
        self._threads = (
            threading.Thread(target=self._connect_forever, name="ingest-link", daemon=True),
            threading.Thread(target=self._record_forever, name="ingest-record", daemon=True),
            threading.Thread(target=self._send_forever, name="ingest-commands", daemon=True),
        )

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End: the batch in hand is finished, what waits in the queue the broker sends again."""
        self._stopping.set()
        self._lost.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def wait_ready(self, timeout: float) -> bool:
        """Whether the subscription stands, at the latest after `timeout` seconds."""
        return self._ready.wait(timeout)

    @property
    def is_connected(self) -> bool:
        """Whether the subscription stands."""
        return self._ready.is_set()

    @property
    def is_working(self) -> bool:
        """Whether both threads run and the store took the last batch."""
        return all(thread.is_alive() for thread in self._threads) and not self._store_fault

    def details(self) -> dict[str, object]:
        """For the health page."""
        age = None if self._last_at is None else round(time.monotonic() - self._last_at, 1)
        return {
            "connected": self.is_connected,
            "mqtt": _VERSION_NAMES[self._version],
            "waiting": len(self._line),
            "last_batch_seconds_ago": age,
            "faults": self.faults,
        }

    def _connect_forever(self) -> None:
        wait = self._policy.first_wait
        while not self._stopping.is_set():
            self._lost.clear()
            client = self._client()
            if self._session(client):
                wait = self._policy.first_wait
            else:
                pause = _jittered(wait)
                LOG.warning("event=broker_unreachable again_in=%.2f", pause)
                if not self._address.is_embedded:
                    self._version = _V311 if self._version is _V5 else _V5
                self._stopping.wait(pause)
                wait = min(wait * 2, self._policy.longest_wait)

    def _session(self, client: Client) -> bool:
        """Hold one connection until it is lost; False when it never stood."""
        try:
            self._connect(client)
        except (OSError, ValueError) as exc:
            LOG.info("event=connect_failed cause=%s", type(exc).__name__)
            return False
        client.loop_start()
        self._client_now = client
        try:
            stood = self._ready_or_lost()
            if stood:
                self._lost.wait()
            return stood
        finally:
            self._ready.clear()
            client.disconnect()
            client.loop_stop()

    def _ready_or_lost(self) -> bool:
        deadline = time.monotonic() + self._policy.connect_timeout
        while not self._lost.is_set() and time.monotonic() < deadline:
            if self._ready.wait(0.02):
                return True
        return False

    def _connect(self, client: Client) -> None:
        address, policy = self._address, self._policy
        if self._version is _V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
            properties.ReceiveMaximum = LENGTH
            properties.SessionExpiryInterval = 3600
            client.connect(
                address.host,
                address.port,
                policy.keepalive,
                clean_start=False,
                properties=properties,
            )
        else:
            client.connect(address.host, address.port, policy.keepalive)

    def _client(self) -> Client:
        address = self._address
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.client_id,
            clean_session=None if self._version is _V5 else False,
            protocol=self._version,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = self._policy.connect_timeout
        client.username_pw_set(address.username, address.password)
        if address.tls:
            client.tls_set_context(ssl.create_default_context(cafile=address.ca_file))
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(
        self,
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del userdata, flags, properties
        if reason.is_failure:
            LOG.warning("event=broker_refused reason=%s", reason)
            self._lost.set()
            return
        client.subscribe([(topic, _QOS) for topic in TOPICS])

    def _on_subscribe(
        self,
        client: Client,
        userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        del client, userdata, mid, properties
        if any(reason.is_failure for reason in reasons):
            LOG.error("event=subscription_refused")
            self._lost.set()
            return
        LOG.info("event=ingest_ready mqtt=%s", _VERSION_NAMES[self._version])
        self._ready.set()

    def _on_disconnect(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, flags, properties
        LOG.info("event=broker_lost reason=%s", reason)
        self._lost.set()

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        """Put a message in line; a full line holds up the connection, and so the broker."""
        del userdata
        while not self._lost.is_set():
            if self._line.put((client, message), timeout=0.2):
                return

    def _record_forever(self) -> None:
        while not self._stopping.is_set():
            taken = self._line.take(timeout=0.2)
            if taken:
                self._record(taken)

    def _record(self, taken: Sequence[Waiting]) -> None:
        try:
            replies = self._until_stored([message for _, message in taken])
        except _StoppedError:
            return
        except Exception:
            # One batch's fault must not stop the batches behind it: it is told and counted.
            if len(taken) > 1:
                for one in taken:
                    self._record([one])
                return
            self.faults += 1
            LOG.exception("event=batch_fault octets=%d", len(taken[0][1].payload))
            replies = [None]
        self._last_at = time.monotonic()
        for (client, message), reply in zip(taken, replies, strict=True):
            if reply is not None:
                client.publish(reply.topic, reply.payload, qos=_QOS)
            if client.ack(message.mid, message.qos) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                LOG.info("event=broker_gone_before_ack mid=%d", message.mid)

    def _send_forever(self) -> None:
        """Look for commands that are due, and publish them while the subscription stands."""
        while not self._stopping.wait(self._policy.commands_every):
            client = self._client_now
            if client is None or not self._ready.is_set():
                continue
            try:
                for message in self._desk.due():
                    client.publish(message.topic, message.payload, qos=_QOS)
            except StorageFaultError as exc:
                LOG.warning("event=commands_wait cause=%s", exc)
            except Exception:
                self.faults += 1
                LOG.exception("event=command_fault")

    def _until_stored(self, messages: Sequence[MQTTMessage]) -> Sequence[Reply | None]:
        wait = self._policy.first_wait
        while True:
            try:
                replies = self._desk.accept([(one.topic, bytes(one.payload)) for one in messages])
            except StorageFaultError as exc:
                self._store_fault = True
                LOG.warning("event=store_away cause=%s again_in=%.1f", exc, wait)
                if self._stopping.wait(wait):
                    raise _StoppedError from exc
                wait = min(wait * 2, self._policy.longest_wait)
            else:
                self._store_fault = False
                return replies


def _jittered(wait: float) -> float:
    return random.uniform(wait / 2, wait)  # noqa: S311 - spreads load, keeps no secret


def _send_at_once(client: Client, userdata: object, opened: object) -> None:
    """An acknowledgement is small: without this the kernel holds it back for 40 ms."""
    del client, userdata
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _StoppedError(Exception):
    """We were told to stop while waiting for the store."""
