"""A Mosquitto of the operator's, configured for the fleet: each gateway speaks as itself alone."""

from __future__ import annotations

import contextlib
import queue
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from cloud.app.broker_config import write_broker_config
from cloud.app.opening import StartError, ingest_secret
from cloud.app.parts import Parts
from cloud.broker.access import INGEST_USER
from cloud.core.devices.certificates import issue_certificate
from cloud.core.devices.revocation import revoke
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import utc_now
from cloud.ingest.mqtt import BrokerAddress
from protocols.uplink.channels import ACK, COMMANDS, STATUS, UP, Channel
from protocols.uplink.codec import decode_ack, encode_batch
from simulators.incident.listening import free_port
from tests.fixtures.brokers import PATIENCE, ingesting
from tests.fixtures.cloud import Installation, Tenant, batch, numeric
from tests.fixtures.uplink_peers import MOSQUITTO
from tests.waiting import wait_until


@dataclass(frozen=True, slots=True)
class OwnBroker:
    """A running Mosquitto: its two ports, its folder and the authority of its certificate."""

    tls_port: int
    port: int
    authority: Path
    parts: Parts
    process: subprocess.Popen[bytes]

    def configure_again(self) -> None:
        """As an operator does after a revocation."""
        folder = self.authority.parent
        path = write_broker_config(self.parts, folder, tls_port=self.tls_port, port=self.port)
        as_root(path)
        self.process.send_signal(signal.SIGHUP)


def as_root(path: Path) -> None:
    """Our files are ours alone."""
    with path.open("a", encoding="utf-8") as file:
        file.write("user root\n")


@contextlib.contextmanager
def own_broker(cloud: Installation, folder: Path) -> Iterator[OwnBroker]:
    """Configured by `vitalwire-cloud broker-config`, run as root so that it reads our files."""
    tls_port, port = free_port(), free_port()
    settings = cloud.parts.settings.model_copy(update={"tls_hosts": "127.0.0.1"})
    (settings.data / "tls").mkdir(exist_ok=True)
    parts = Parts(
        settings=settings, database=cloud.database, vault=cloud.parts.vault, clock=utc_now
    )
    path = write_broker_config(parts, folder / "broker", tls_port=tls_port, port=port)
    as_root(path)
    process = subprocess.Popen(
        [MOSQUITTO, "-c", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def listens(at: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", at)) == 0

    try:
        for one in (tls_port, port):
            wait_until(partial(listens, one), timeout=PATIENCE, what="mosquitto")
        authority = folder / "broker" / "authority.pem"
        yield OwnBroker(tls_port, port, authority, parts, process)
    finally:
        process.kill()
        process.wait(PATIENCE)


def certificate_of(cloud: Installation, gateway: Principal, path: Path) -> Path:
    """Certificate and key of a gateway in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    with cloud.database.begin(now=utc_now()) as work:
        row = issue_certificate(
            work, cloud.parts.vault, gateway, request.public_bytes(Encoding.PEM).decode()
        )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(row.pem.encode() + pem)
    return path


@dataclass(slots=True)
class Box:
    """A gateway's client: what came, and whether the broker let it in."""

    client: Client
    messages: queue.Queue[MQTTMessage]
    connected: queue.Queue[bool]

    def publish(self, topic: str, payload: bytes) -> None:
        self.client.publish(topic, payload, qos=1).wait_for_publish(PATIENCE)

    def subscribe(self, *filters: str) -> None:
        """Return once they are granted."""
        granted: queue.Queue[bool] = queue.Queue()
        self.client.on_subscribe = lambda *_facts: granted.put(True)
        self.client.subscribe([(one, 1) for one in filters])
        assert granted.get(timeout=PATIENCE)


@contextlib.contextmanager
def box(
    broker: OwnBroker,
    user: str,
    pem: Path | None,
    *,
    will: str | None = None,
    client_id: str = "",
) -> Iterator[Box]:
    context = ssl.create_default_context(cafile=broker.authority)
    if pem is not None:
        context.load_cert_chain(pem)
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id or f"vw-{user}",
        protocol=MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    one = Box(client, queue.Queue(), queue.Queue())
    client.on_connect = lambda _c, _d, _f, reason, _p: one.connected.put(not reason.is_failure)
    client.on_disconnect = lambda *_facts: one.connected.put(False)
    client.on_message = lambda _c, _d, message: one.messages.put(message)
    client.tls_set_context(context)
    client.username_pw_set(user)
    if will is not None:
        client.will_set(will, b'{"state": "offline", "at": "2026-11-26T00:00:00+00:00"}', qos=1)
    try:
        client.connect("127.0.0.1", broker.tls_port)
        client.loop_start()
        yield one
    finally:
        client.disconnect()
        client.loop_stop()


@contextlib.contextmanager
def listening(cloud: Installation, broker: OwnBroker, *filters: str) -> Iterator[Box]:
    """The ingest's place at the broker, taken by us."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="watcher")
    one = Box(client, queue.Queue(), queue.Queue())
    client.username_pw_set(INGEST_USER, ingest_secret(cloud.parts.settings.data))
    client.on_message = lambda _c, _d, message: one.messages.put(message)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        one.subscribe(*filters)
        yield one
    finally:
        client.disconnect()
        client.loop_stop()


def enters(broker: OwnBroker, user: str, pem: Path | None, *, client_id: str = "") -> bool:
    """Whether a client is let in; most are cut off in the TLS handshake."""
    entering = box(broker, user, pem, client_id=client_id)
    with contextlib.suppress(OSError, queue.Empty), entering as one:
        return one.connected.get(timeout=PATIENCE)
    return False


def topic(tenant: Tenant, channel: str) -> str:
    return Channel(tenant.tenant_id, tenant.gateway_id, channel).topic


def test_a_gateway_speaks_and_hears_as_itself_alone(embedded: Installation, tmp_path: Path) -> None:
    embedded.clock.at = utc_now()
    mine, other = embedded.mine, embedded.other
    pems = [
        certificate_of(embedded, one.gateway, tmp_path / f"{one.gateway_id}.pem")
        for one in (mine, other)
    ]
    with own_broker(embedded, tmp_path) as broker:
        address = BrokerAddress(
            host="127.0.0.1",
            port=broker.port,
            username=INGEST_USER,
            password=ingest_secret(embedded.parts.settings.data),
        )
        with (
            ingesting(embedded, address) as ingest,
            box(broker, mine.gateway_id, pems[0]) as one,
            box(broker, other.gateway_id, pems[1]) as two,
        ):
            assert ingest.wait_ready(PATIENCE)
            assert one.connected.get(timeout=PATIENCE)
            assert two.connected.get(timeout=PATIENCE)
            # Mosquitto grants any filter and delivers what the rules allow.
            one.client.subscribe([("#", 1), (topic(other, ACK), 1), ("vw/1/+/+/commands", 1)])
            two.client.subscribe([(topic(other, ACK), 1), (topic(other, COMMANDS), 1)])
            now = embedded.clock()
            theirs = batch(other, [numeric("97", now)], captured_at=now)
            one.publish(topic(other, UP), encode_batch(theirs))
            one.publish(topic(other, ACK), b"forged")
            one.publish(topic(mine, ACK), b"forged")
            one.publish(topic(mine, UP), encode_batch(theirs))
            crossed = replace(theirs, gateway_id=mine.gateway_id)
            foreign = Channel(other.tenant_id, mine.gateway_id, UP).topic
            one.publish(foreign, encode_batch(crossed))
            two.publish(topic(other, UP), encode_batch(theirs))
            answer = decode_ack(bytes(two.messages.get(timeout=PATIENCE).payload))
            assert (answer.stored, answer.repeated) == (1, 0), "nothing forged came before it"
            own = batch(mine, [numeric("98", now)], captured_at=now)
            one.publish(topic(mine, UP), encode_batch(own))
            heard = one.messages.get(timeout=PATIENCE)
            assert heard.topic == topic(mine, ACK), "the first thing it hears is its own"
    assert embedded.rows() == (2, 0)


def test_without_a_certificate_or_with_a_revoked_one_nobody_enters(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = utc_now()
    mine, other = embedded.mine, embedded.other
    pem = certificate_of(embedded, mine.gateway, tmp_path / "mine.pem")
    good = certificate_of(embedded, other.gateway, tmp_path / "other.pem")
    with embedded.database.begin(now=utc_now()) as work:
        caller = replace(mine.caller, scopes=("argus:platform:admin",))
        assert revoke(work, caller, mine.gateway_id, reason="stolen")
    with own_broker(embedded, tmp_path) as broker:
        with box(broker, other.gateway_id, good) as one:
            assert one.connected.get(timeout=PATIENCE)
        for shown in (None, pem):
            assert not enters(broker, mine.gateway_id, shown)


def test_a_gateway_that_is_revoked_while_it_is_connected_is_cut_off_from_every_topic(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = utc_now()
    mine, other = embedded.mine, embedded.other
    pems = [
        certificate_of(embedded, one.gateway, tmp_path / f"{one.gateway_id}.pem")
        for one in (mine, other)
    ]
    with (
        own_broker(embedded, tmp_path) as broker,
        listening(embedded, broker, "vw/1/+/+/up") as ingest,
        box(broker, mine.gateway_id, pems[0]) as one,
        box(broker, other.gateway_id, pems[1]) as two,
    ):
        for gateway, tenant in ((one, mine), (two, other)):
            assert gateway.connected.get(timeout=PATIENCE)
            gateway.subscribe(topic(tenant, COMMANDS))
            gateway.publish(topic(tenant, UP), b"before")
            assert ingest.messages.get(timeout=PATIENCE).payload == b"before"
        with embedded.database.begin(now=utc_now()) as work:
            caller = replace(mine.caller, scopes=("argus:platform:admin",))
            assert revoke(work, caller, mine.gateway_id, reason="stolen")
        broker.configure_again()
        # The file is read at the next turn of the broker's loop: until then he may be heard.
        wait_until(
            lambda: not enters(broker, mine.gateway_id, pems[0], client_id="again"),
            timeout=PATIENCE,
            what="the list to be read",
        )
        one.publish(topic(mine, UP), b"after")
        two.publish(topic(other, UP), b"after, of another")
        assert ingest.messages.get(timeout=PATIENCE).payload == b"after, of another"
        for tenant in (mine, other):
            ingest.publish(topic(tenant, COMMANDS), b"to you")
        assert two.messages.get(timeout=PATIENCE).payload == b"to you"
        assert one.messages.empty()
        assert enters(broker, other.gateway_id, pems[1], client_id="again")


def test_a_last_will_in_anothers_name_is_never_heard(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = utc_now()
    mine, other = embedded.mine, embedded.other
    pem = certificate_of(embedded, mine.gateway, tmp_path / "mine.pem")
    with (
        own_broker(embedded, tmp_path) as broker,
        listening(embedded, broker, "vw/1/+/+/status") as ingest,
    ):
        for will in (topic(other, STATUS), topic(mine, STATUS)):
            with box(broker, mine.gateway_id, pem, will=will) as one:
                assert one.connected.get(timeout=PATIENCE)
                line = one.client.socket()
                assert line is not None
                line.close()
        assert ingest.messages.get(timeout=PATIENCE).topic == topic(mine, STATUS)


def test_a_broker_without_tls_is_not_configured(embedded: Installation, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="needs TLS"):
        write_broker_config(embedded.parts, tmp_path / "broker", tls_port=1, port=2)
