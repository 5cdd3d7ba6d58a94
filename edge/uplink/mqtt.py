"""MQTT, the first way up: paho-mqtt on its own thread, bridged to asyncio here and nowhere else.

MQTT 5 where the broker speaks it, else 3.1.1. The broker's own acknowledgement of a
publish proves nothing about the cloud: a batch is done when the cloud's answer on the `ack` topic
names it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
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
from edge.uplink.answers import DEAD_AFTER, Answers, Silence
from edge.uplink.cloud_time import CloudTime
from edge.uplink.credentials import Credentials
from edge.uplink.link import WRONG_SECRET, LinkHealth
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
_UNSUPPORTED_VERSION: Final = 0x84
# Bad user name or password, not authorized; paho gives those of 3.1.1 the numbers of 5.
_NOT_ADMITTED: Final = {0x86, 0x87}
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_GOODBYE_SECONDS: Final = 1.0


class _RefusedError(UplinkUnreachableError):
    """The broker did not let us in; `ask_version_again` when its version may be why."""

    def __init__(self, cause: str, *, ask_version_again: bool = False) -> None:
        self.ask_version_again = ask_version_again
        super().__init__(cause)


@dataclass(slots=True)
class _Connection:
    """One connection: what paho's thread tells, as futures of the event loop."""

    client: Client
    version: MQTTProtocolVersion
    loop: asyncio.AbstractEventLoop
    admitted: asyncio.Future[int | None] = field(init=False)
    subscribed: asyncio.Future[None] = field(init=False)
    lost: asyncio.Future[str] = field(init=False)
    most_octets: int | None = None
    silence: Silence = field(default_factory=Silence)

    def __post_init__(self) -> None:
        self.admitted = self.loop.create_future()
        self.subscribed = self.loop.create_future()
        self.lost = self.loop.create_future()

    def tell(self, act: Callable[[], None]) -> None:
        """From paho's thread to the event loop."""
        try:
            self.loop.call_soon_threadsafe(act)
        except RuntimeError:
            log.debug("the event loop is closed")


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
        self._connection: _Connection | None = None
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
            except _RefusedError as exc:
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

    def _note_silence(self, connection: _Connection, began: float) -> None:
        """Nothing came back: a connection may be dead for minutes before TCP says so."""
        if not connection.silence.note(began=began, now=self._clock.monotonic()):
            return
        self._health.contract.silences += 1
        self._health.quality.stalls += 1
        if connection.silence.turns >= DEAD_AFTER:
            _lose(connection, "no acknowledgement comes")

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
            return await connection.lost
        except asyncio.CancelledError:
            if self._connection is connection:
                await asyncio.to_thread(self._say_goodbye, connection.client)
            raise
        finally:
            self._connection = None
            broke = UplinkUnreachableError("the broker's connection broke", is_vain=True)
            self._answers.fail_all(broke)
            await asyncio.to_thread(_stop, connection.client)

    async def _ask_version(self, host: str, port: int) -> MQTTProtocolVersion:
        try:
            is_5 = await speaks_version_5(
                host, port, tls=self._tls, timeout_seconds=self._policy.connect_timeout_seconds
            )
        except (OSError, TimeoutError) as exc:
            raise _RefusedError(f"{host}:{port} cannot be reached ({words_of(exc)})") from exc
        return _V5 if is_5 else _V311

    async def _make_tls(self) -> ssl.SSLContext | None:
        """For one connection, with the time asked for where nobody knows it; None without TLS."""
        if not self._policy.url.startswith("mqtts:"):
            return None
        try:
            self._health.caution = await self._time.settle()
        except UplinkUnreachableError as exc:
            raise _RefusedError(exc.cause) from exc
        return self._time.context(self._policy.ca_file, self._credentials.certificate_file)

    async def _connect(self, connection: _Connection, host: str, port: int) -> None:
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
            raise _RefusedError(f"{host}:{port} cannot be reached ({words_of(exc)})") from exc
        connection.client.loop_start()

    async def _open(self, connection: _Connection) -> None:
        """Wait to be let in, then read our acknowledgements and say that we are here."""
        try:
            async with asyncio.timeout(self._policy.connect_timeout_seconds):
                connection.most_octets = await connection.admitted
                connection.client.subscribe([(self._topic(ACK), 1), (self._topic(COMMANDS), 1)])
                await connection.subscribed
        except TimeoutError as exc:
            raise _RefusedError("the broker does not answer", ask_version_again=True) from exc
        connection.client.publish(self._topic(STATUS), self._status("online"), qos=1, retain=True)

    def _make_connection(self, version: MQTTProtocolVersion) -> _Connection:
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
        connection = _Connection(client, version, asyncio.get_running_loop())
        self._listen(connection)
        return connection

    def _listen(self, connection: _Connection) -> None:
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
            connection.tell(lambda: _admit(connection, code, most))

        def on_subscribe(
            _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: object
        ) -> None:
            connection.tell(lambda: _confirm_subscription(connection, codes))

        def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
            payload = bytes(message.payload)
            # Some brokers send a session what it never asked for, our own status among it.
            if (take := takers.get(message.topic)) is not None:
                connection.tell(lambda: take(payload))

        def on_disconnect(
            _client: Client, _data: object, _flags: DisconnectFlags, code: ReasonCode,
            _properties: object,
        ) -> None:  # fmt: skip
            connection.tell(lambda: _lose(connection, str(code).lower()))

        client: Any = connection.client
        client.on_socket_open = _send_at_once
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


def _admit(connection: _Connection, code: ReasonCode, most_octets: int | None) -> None:
    if code.is_failure:
        is_version = code.value == _UNSUPPORTED_VERSION
        refusal = f"the broker refuses us ({str(code).lower()})"
        if code.value in _NOT_ADMITTED:
            refusal = WRONG_SECRET
        _fail(connection.admitted, _RefusedError(refusal, ask_version_again=is_version))
    elif not connection.admitted.done():
        connection.admitted.set_result(most_octets)


def _confirm_subscription(connection: _Connection, codes: list[ReasonCode]) -> None:
    if any(code.is_failure for code in codes):
        refusal = "the broker refuses the topics we read"
        _fail(connection.subscribed, _RefusedError(refusal))
    elif not connection.subscribed.done():
        connection.subscribed.set_result(None)


def _fail(future: asyncio.Future[Any], error: _RefusedError) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # read once here: nobody may be waiting for it any more


def _lose(connection: _Connection, reason: str) -> None:
    # Brokers that know only the older version often just hang up.
    refusal = f"the broker hung up ({reason})"
    _fail(connection.admitted, _RefusedError(refusal, ask_version_again=True))
    _fail(connection.subscribed, _RefusedError(refusal))
    if not connection.lost.done():
        connection.lost.set_result(reason)


def _send_at_once(client: Client, userdata: object, opened: object) -> None:
    """A packet after a small one must not wait for the peer's delayed acknowledgement (40 ms)."""
    del client, userdata
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _stop(client: Client) -> None:
    client.disconnect()
    client.loop_stop()
