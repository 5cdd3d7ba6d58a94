"""MQTT, the first way up: paho-mqtt on its own thread, bridged to asyncio here and not further up.

MQTT 5 where the broker speaks it, else 3.1.1. The broker's own acknowledgement of a
publish proves nothing about the cloud: a batch is done when the cloud's answer on the `ack` topic
names it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from paho.mqtt.client import (
    MQTT_CLEAN_START_FIRST_ONLY,
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.clock import Clock, ClockKeeper
from edge.errors import UplinkRejectedError, UplinkUnreachableError
from edge.supervision import Backoff
from edge.uplink.answers import DEAD_AFTER, Answers
from edge.uplink.cloud_time import CloudTime
from edge.uplink.credentials import Credentials
from edge.uplink.link import WRONG_SECRET, LinkHealth
from edge.uplink.mqtt_connection import Connection, RefusedError, send_at_once, stop
from edge.uplink.mqtt_probe import speaks_version_5, words_of
from edge.uplink.policy import MqttPolicy, Way
from edge.uplink.threads import on_a_thread_of_its_own
from protocols.errors import DecodeError
from protocols.uplink.channels import ACK, ANSWERS, COMMANDS, STATUS, UP, Channel
from protocols.uplink.codec import decode_ack
from protocols.uplink.messages import UplinkAck, UplinkBatch

log = logging.getLogger(__name__)

_V5: Final = MQTTProtocolVersion.MQTTv5
_V311: Final = MQTTProtocolVersion.MQTTv311
_NAMES: Final = {_V5: "MQTT 5", _V311: "MQTT 3.1.1"}
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_GOODBYE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 1.0


class MqttLink:
    """A `LinkClient` over one broker; certificates are judged by `time`, else by this clock."""

    def __init__(
        self,
        policy: MqttPolicy,
        credentials: Credentials,
        clock: Clock,
        time: CloudTime | None = None,
    ) -> None:
        self._policy = policy
        self._credentials = credentials
        self._clock = clock
        self._time = time or CloudTime(ClockKeeper(clock))
        self._tls: ssl.SSLContext | None = None
        self._health = LinkHealth(Way.MQTT, policy.url)
        self._version: MQTTProtocolVersion | None = None
        self._connection: Connection | None = None
        self._answers = Answers()
        self._take_command: Callable[[bytes], None] = lambda _octets: None

    @property
    def health(self) -> LinkHealth:
        """How it stands."""
        return self._health

    async def run(self) -> None:
        """Connect again and again until cancelled."""
        backoff = Backoff(self._policy.retry)
        while True:
            began = self._clock.monotonic()
            try:
                reason = await self._live()
            except RefusedError as exc:
                reason = exc.cause
                if exc.ask_version_again:
                    self._version = None
            if self._clock.monotonic() - began >= self._policy.retry.forgiven_after:
                backoff.reset()
            self._health.move(is_up=False, at=self._clock.utc(), reason=reason)
            level = logging.WARNING if reason == WRONG_SECRET else logging.INFO
            log.log(level, "broker lost reason=%r", reason)
            await self._clock.sleep(backoff.next_wait())

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        """Publish and wait until the cloud's answer names the batch."""
        connection = self._connection
        if connection is None or not self._health.is_up:
            raise UplinkUnreachableError("the broker is not connected")
        if (late := self._answers.came_late(batch.batch_id)) is not None:
            return late
        _, payload = self._health.contract.encode(batch)
        if connection.most_octets is not None and len(payload) + 256 > connection.most_octets:
            raise UplinkRejectedError(
                "the broker takes no packet of this size", reason="too_large", too_large=True
            )
        began = self._clock.monotonic()
        answer = self._answers.expect(batch.batch_id)
        try:
            info = connection.client.publish(self._topic(UP), payload, qos=1)
            if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_QUEUE_SIZE):
                raise UplinkUnreachableError("the broker is not connected")
            self._health.sent += 1
            self._health.octets += len(payload)
            async with asyncio.timeout(timeout_seconds):
                ack = await answer
        except TimeoutError as exc:
            is_silence = self._connection is connection
            if is_silence:
                self._note_silence(connection, began)
            raise UplinkUnreachableError("no acknowledgement came", is_silence=is_silence) from exc
        finally:
            self._answers.give_up(batch.batch_id)
        connection.silence.end()
        now = self._clock.monotonic()
        self._health.learn(ack, began=began, now=now, octets=len(payload))
        return ack

    def _note_silence(self, connection: Connection, began: float) -> None:
        """Nothing came back: a connection may be dead for minutes before TCP says so."""
        if not connection.silence.note(began=began, now=self._clock.monotonic()):
            return
        self._health.contract.silences += 1
        self._health.quality.stalls += 1
        if connection.silence.turns >= DEAD_AFTER:
            connection.lose("no acknowledgement comes")

    def listen(self, take: Callable[[bytes], None]) -> None:
        """Say who takes the commands that come; called on the event loop."""
        self._take_command = take

    async def send_answer(self, octets: bytes) -> None:
        """Publish on our `answers`; returns when the broker has it."""
        connection = self._connection
        if connection is None or not self._health.is_up:
            raise UplinkUnreachableError("the broker is not connected")
        info = connection.client.publish(self._topic(ANSWERS), octets, qos=1)
        try:
            await asyncio.to_thread(info.wait_for_publish, self._policy.connect_timeout_seconds)
            taken = info.is_published()
        except (RuntimeError, ValueError) as exc:
            raise UplinkUnreachableError("the broker is not connected") from exc
        if not taken:
            raise UplinkUnreachableError("the broker does not take the answer")

    # ---- one connection

    async def _live(self) -> str:
        """Connect, serve until the connection is lost; the reason why it was."""
        url = urlsplit(self._policy.url)
        host, port = url.hostname or "", url.port or _PORTS[url.scheme]
        self._tls = await self._make_tls()
        if self._version is None:
            self._version = await self._ask_version(host, port)
        connection = self._make_connection(self._version)
        try:
            await self._connect(connection, host, port)
            await self._open(connection)
            self._connection = connection
            self._health.detail = _NAMES[connection.version]
            self._health.move(is_up=True, at=self._clock.utc())
            log.info("broker connected version=%s", self._health.detail)
            return await self._serve(connection)
        except asyncio.CancelledError:
            if self._connection is connection:
                await asyncio.to_thread(self._say_goodbye, connection.client)
            raise
        finally:
            self._connection = None
            broke = UplinkUnreachableError("the broker's connection broke", is_vain=True)
            self._answers.fail_all(broke)
            await asyncio.to_thread(stop, connection.client)

    async def _serve(self, connection: Connection) -> str:
        """Until it is lost, or the broker's certificate can be checked as it could not before."""
        while self._health.caution and not connection.lost.done():
            if self._time.known().utc is not None:
                return "the time is known now: the broker's certificate is checked in full"
            await asyncio.wait([connection.lost], timeout=_LOOK_SECONDS)
        return await connection.lost

    async def _ask_version(self, host: str, port: int) -> MQTTProtocolVersion:
        try:
            is_5 = await speaks_version_5(
                host, port, tls=self._tls, timeout_seconds=self._policy.connect_timeout_seconds
            )
        except (OSError, TimeoutError) as exc:
            raise RefusedError(f"{host}:{port} cannot be reached ({words_of(exc)})") from exc
        return _V5 if is_5 else _V311

    async def _make_tls(self) -> ssl.SSLContext | None:
        """For one connection, with the time asked for where nobody knows it; None without TLS."""
        if not self._policy.url.startswith("mqtts:"):
            return None
        try:
            self._health.caution = await self._time.settle()
        except UplinkUnreachableError as exc:
            raise RefusedError(exc.cause) from exc
        return self._time.context(self._policy.ca_file, self._credentials.certificate_file)

    async def _connect(self, connection: Connection, host: str, port: int) -> None:
        properties = None
        if connection.version is _V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
            properties.SessionExpiryInterval = self._policy.session_expiry_seconds
        try:
            await on_a_thread_of_its_own(
                partial(
                    connection.client.connect,
                    host,
                    port,
                    self._policy.keepalive_seconds,
                    clean_start=False if connection.version is _V5 else MQTT_CLEAN_START_FIRST_ONLY,
                    properties=properties,
                )
            )
        except (OSError, ValueError) as exc:
            raise RefusedError(f"{host}:{port} cannot be reached ({words_of(exc)})") from exc
        connection.client.loop_start()

    async def _open(self, connection: Connection) -> None:
        """Wait to be let in, then read our acknowledgements and say that we are here."""
        try:
            async with asyncio.timeout(self._policy.connect_timeout_seconds):
                connection.most_octets = await connection.admitted
                connection.client.subscribe([(self._topic(ACK), 1), (self._topic(COMMANDS), 1)])
                await connection.subscribed
        except TimeoutError as exc:
            raise RefusedError("the broker does not answer", ask_version_again=True) from exc
        connection.client.publish(self._topic(STATUS), self._status("online"), qos=1, retain=True)

    def _make_connection(self, version: MQTTProtocolVersion) -> Connection:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"vw-{self._credentials.gateway_id}",
            clean_session=None if version is _V5 else False,
            protocol=version,
            reconnect_on_failure=False,
        )
        client.connect_timeout = self._policy.connect_timeout_seconds
        client.username_pw_set(self._credentials.gateway_id, self._credentials.secret or None)
        client.will_set(self._topic(STATUS), self._status("offline"), qos=1, retain=True)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        connection = Connection(client, version, asyncio.get_running_loop())
        self._listen(connection)
        return connection

    def _listen(self, connection: Connection) -> None:
        """Every callback runs on paho's thread and only hands over."""
        takers: dict[str, Callable[[bytes], None]] = {
            self._topic(ACK): self._take_ack,
            self._topic(COMMANDS): lambda octets: self._take_command(octets),
        }

        def on_connect(
            _client: Client, _data: object, _flags: ConnectFlags, code: ReasonCode,
            properties: Properties | None,
        ) -> None:  # fmt: skip
            most: int | None = getattr(properties, "MaximumPacketSize", None)
            connection.tell(lambda: connection.admit(code, most))

        def on_subscribe(
            _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: object
        ) -> None:
            connection.tell(lambda: connection.confirm_subscription(codes))

        def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
            payload = bytes(message.payload)
            # Some brokers send a session what it never asked for, our own status among it.
            if (take := takers.get(message.topic)) is not None:
                connection.tell(lambda: take(payload))

        def on_disconnect(
            _client: Client, _data: object, _flags: DisconnectFlags, code: ReasonCode,
            _properties: object,
        ) -> None:  # fmt: skip
            connection.tell(lambda: connection.lose(str(code).lower()))

        client: Any = connection.client
        client.on_socket_open = send_at_once
        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_message = on_message
        client.on_disconnect = on_disconnect

    def _take_ack(self, payload: bytes) -> None:
        try:
            ack = decode_ack(payload)
        except DecodeError as exc:
            log.warning("acknowledgement not understood reason=%r", str(exc))
            return
        self._answers.take(ack)

    def _topic(self, channel: str) -> str:
        return Channel(self._credentials.tenant_id, self._credentials.gateway_id, channel).topic

    def _status(self, state: str) -> bytes:
        return json.dumps({"state": state, "at": self._clock.utc().isoformat()}).encode()

    def _say_goodbye(self, client: Client) -> None:
        """A clean end sends no last will, so say it ourselves."""
        info = client.publish(self._topic(STATUS), self._status("offline"), qos=1, retain=True)
        try:
            info.wait_for_publish(_GOODBYE_SECONDS)
        except (RuntimeError, ValueError) as exc:
            log.debug("no goodbye reason=%r", str(exc))
