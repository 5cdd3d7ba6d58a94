"""Gateways over real brokers: the embedded one, and mosquitto as a broker that speaks MQTT 5."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from paho.mqtt.enums import MQTTProtocolVersion
from prometheus_client import generate_latest

from cloud.broker.access import INGEST_USER, AccessList
from cloud.broker.embedded import BrokerStartError, EmbeddedBroker
from cloud.core.authorization.tables import ApplicationRow
from cloud.ingest.mqtt import BrokerAddress, IngestSettingsError
from protocols.uplink.channels import ACK, COMMANDS, NEWEST_VERSION, STATUS, UP, Channel
from protocols.uplink.codec import encode_batch
from protocols.uplink.messages import UplinkAck
from tests.fixtures.brokers import (
    PATIENCE,
    SECRET,
    embedded_broker,
    gateway,
    ingesting,
    mosquitto,
    own,
    topic,
)
from tests.fixtures.cloud import START, Installation, batch, numeric, waveform
from tests.waiting import wait_until


def counted(cloud: Installation, name: str, labels: str = "") -> float:
    for line in generate_latest(cloud.parts.registry).decode().splitlines():
        if line.startswith(f"{name}{labels} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def test_a_batch_goes_up_and_its_acknowledgement_comes_back(embedded: Installation) -> None:
    mine = embedded.mine
    sent = batch(mine, [numeric("97.50", START), waveform(START)])
    with (
        embedded_broker(embedded) as port,
        ingesting(embedded, own(port)) as ingest,
        gateway(port, mine.gateway_id, mine.gateway_secret) as one,
    ):
        assert ingest.wait_ready(PATIENCE)
        assert one.connected.get(timeout=PATIENCE)
        assert one.subscribe(topic(mine, ACK))
        one.publish(topic(mine, UP), encode_batch(sent))
        assert one.ack() == UplinkAck(batch_id=sent.batch_id, stored=2, repeated=0)
        one.publish(topic(mine, UP), encode_batch(sent))
        assert one.ack() == UplinkAck(batch_id=sent.batch_id, stored=0, repeated=2)
    assert embedded.rows() == (1, 1)
    assert counted(embedded, "vitalwire_ingest_rows_total", '{outcome="repeated"}') == 2
    assert counted(embedded, "vitalwire_ingest_delay_seconds_count") == 2


def test_a_compact_batch_goes_up_and_its_acknowledgement_says_what_is_read(
    embedded: Installation,
) -> None:
    mine = embedded.mine
    sent = batch(mine, [numeric("97.50", START), waveform(START)])
    with (
        embedded_broker(embedded) as port,
        ingesting(embedded, own(port)) as ingest,
        gateway(port, mine.gateway_id, mine.gateway_secret) as one,
    ):
        assert ingest.wait_ready(PATIENCE)
        assert one.connected.get(timeout=PATIENCE)
        assert one.subscribe(topic(mine, ACK))
        one.publish(topic(mine, UP), encode_batch(sent, NEWEST_VERSION))
        assert one.ack() == UplinkAck(batch_id=sent.batch_id, stored=2, repeated=0)
        one.publish(topic(mine, UP), encode_batch(sent, NEWEST_VERSION))
        assert one.ack() == UplinkAck(batch_id=sent.batch_id, stored=0, repeated=2)
    assert embedded.rows() == (1, 1)
    assert counted(embedded, "vitalwire_ingest_rows_total", '{outcome="repeated"}') == 2
    assert counted(embedded, "vitalwire_ingest_delay_seconds_count") == 2


def test_what_cannot_be_recorded_is_counted_and_holds_up_nothing(embedded: Installation) -> None:
    mine, other = embedded.mine, embedded.other
    good = batch(mine, [numeric("97", START)])
    with (
        embedded_broker(embedded) as port,
        ingesting(embedded, own(port)) as ingest,
        gateway(port, mine.gateway_id, mine.gateway_secret) as one,
    ):
        assert ingest.wait_ready(PATIENCE)
        assert one.subscribe(topic(mine, ACK))
        for payload in (
            b"",
            b"\xc1garbage",
            encode_batch(good)[:-3],
            b"\x00" * 1_000_001,
            encode_batch(batch(other, [numeric("97", START)])),
            encode_batch(batch(mine, [numeric("97", START)], vehicle_id="a\nb")),
        ):
            one.publish(topic(mine, UP), payload)
        one.publish(topic(mine, UP), encode_batch(good))
        assert one.ack().batch_id == good.batch_id
    assert embedded.rows() == (1, 0)
    outcomes = {
        reason: counted(
            embedded, "vitalwire_ingest_batches_total", f'{{outcome="{reason}",way="mqtt"}}'
        )
        for reason in ("undecodable_batch", "not_a_batch", "foreign_batch", "invalid_batch")
    }
    assert outcomes == {
        "undecodable_batch": 3,
        "not_a_batch": 1,
        "foreign_batch": 1,
        "invalid_batch": 1,
    }


def test_only_known_gateways_enter(embedded: Installation) -> None:
    mine, other = embedded.mine, embedded.other
    gateway_id, secret = mine.gateway_id, mine.gateway_secret
    with embedded_broker(embedded) as port:
        for user, password, client_id, will, enters in (
            (gateway_id, secret, None, None, True),
            (gateway_id, secret, None, topic(mine, STATUS), True),
            (gateway_id, "wrong", None, None, False),
            ("", "", "vw-anonymous", None, False),
            ("gw_unknown", secret, None, None, False),
            (mine.client_id, mine.client_secret, None, None, False),
            (INGEST_USER, "wrong", None, None, False),
            (INGEST_USER, SECRET, None, None, True),
            (gateway_id, secret, f"vw-{other.gateway_id}", None, False),
            (gateway_id, secret, None, topic(other, UP), False),
        ):
            with gateway(port, user, password, client_id=client_id, will_topic=will) as one:
                assert one.connected.get(timeout=PATIENCE) is enters, (user, client_id, will)


def test_a_refusal_is_logged_with_its_reason(
    embedded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    mine, other = embedded.mine, embedded.other
    caplog.set_level("INFO", "vitalwire.broker")
    with embedded_broker(embedded) as port:
        for secret, client_id, will, reason in (
            (mine.gateway_secret, "my-box", None, "client_id_without_gateway_id"),
            ("wrong", "my-box", None, "wrong_credentials"),
            ("", None, None, "no_credentials"),
            (mine.gateway_secret, None, topic(other, UP), "foreign_will_topic"),
        ):
            with gateway(
                port, mine.gateway_id, secret, client_id=client_id, will_topic=will
            ) as one:
                assert not one.connected.get(timeout=PATIENCE)
            assert caplog.messages[-1].endswith(f"reason={reason}")
    assert mine.gateway_secret not in caplog.text


def test_mqtt_5_is_told_in_the_words_of_3_1_1_and_leaves_no_trace(
    embedded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    connect_5 = b"\x10\x1e\x00\x04MQTT\x05\xc2\x00\x3c\x00\x00\x07vw-gw_1\x00\x04gw_1\x00\x01x"
    with (
        embedded_broker(embedded) as port,
        socket.create_connection(("127.0.0.1", port), PATIENCE) as client,
    ):
        client.sendall(bytes([0x10, len(connect_5) - 2]) + connect_5[2:])
        assert client.recv(64) == b"\x20\x02\x00\x01"
        assert client.recv(64) == b""
        mine = embedded.mine
        with gateway(
            port, mine.gateway_id, mine.gateway_secret, protocol=MQTTProtocolVersion.MQTTv5
        ) as one:
            assert not one.connected.get(timeout=PATIENCE)
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("clean", [True, False])
def test_a_stranger_cannot_end_a_gateways_session_by_its_client_id(
    embedded: Installation, clean: bool
) -> None:
    mine, other = embedded.mine, embedded.other
    sent = batch(mine, [numeric("97", START)])
    with (
        embedded_broker(embedded) as port,
        ingesting(embedded, own(port)) as ingest,
        gateway(port, mine.gateway_id, mine.gateway_secret) as one,
    ):
        assert ingest.wait_ready(PATIENCE)
        assert one.subscribe(topic(mine, ACK))
        for user, secret in (
            (mine.gateway_id, "wrong"),
            (other.gateway_id, other.gateway_secret),
            ("", ""),
        ):
            for client_id in (f"vw-{mine.gateway_id}", "vitalwire-ingest"):
                with gateway(port, user, secret, client_id=client_id, clean=clean) as intruder:
                    assert not intruder.connected.get(timeout=PATIENCE)
        one.publish(topic(mine, UP), encode_batch(sent))
        assert one.ack().stored == 1
        assert one.connected.qsize() == 1


def test_a_revoked_gateway_stays_out(embedded: Installation) -> None:
    mine = embedded.mine
    with embedded.database.begin(now=START) as work:
        row = work.session.get(ApplicationRow, mine.gateway_id)
        assert row is not None
        row.status = "revoked"
    with (
        embedded_broker(embedded) as port,
        gateway(port, mine.gateway_id, mine.gateway_secret) as one,
    ):
        assert not one.connected.get(timeout=PATIENCE)


def test_a_gateway_reads_and_writes_its_own_topics_only(embedded: Installation) -> None:
    mine, other = embedded.mine, embedded.other
    with (
        embedded_broker(embedded) as port,
        ingesting(embedded, own(port)) as ingest,
        gateway(port, mine.gateway_id, mine.gateway_secret) as one,
        gateway(port, other.gateway_id, other.gateway_secret) as two,
    ):
        assert ingest.wait_ready(PATIENCE)
        assert [one.subscribe(topic(mine, channel)) for channel in (ACK, COMMANDS)] == [True, True]
        for refused in (
            topic(mine, UP),
            topic(other, ACK),
            "vw/1/+/+/ack",
            "#",
            f"vw/1/{mine.tenant_id}/+/ack",
            "$SYS/#",
        ):
            assert not one.subscribe(refused), refused
        assert two.subscribe(topic(other, ACK))
        theirs = batch(other, [numeric("97", START)])
        one.publish(topic(other, UP), encode_batch(theirs))
        one.publish(topic(other, ACK), b"forged")
        one.publish(topic(mine, ACK), b"forged")
        two.publish(topic(other, UP), encode_batch(theirs))
        answer = two.ack()
    # The forged batch would have made the honest one a repeat.
    assert (answer.stored, answer.repeated) == (1, 0)
    assert two.messages.empty()
    assert one.messages.empty()


def test_a_gateway_takes_over_from_its_older_connection_and_hears_every_answer(
    embedded: Installation,
) -> None:
    """It came back before anybody noticed that it had gone."""
    mine = embedded.mine
    sent = encode_batch(batch(mine, [numeric("97", START)]))
    with (
        embedded_broker(embedded) as port,
        ingesting(embedded, own(port)) as ingest,
        contextlib.ExitStack() as connections,
    ):
        assert ingest.wait_ready(PATIENCE)
        for _ in range(4):
            one = connections.enter_context(
                gateway(port, mine.gateway_id, mine.gateway_secret, clean=False)
            )
            assert one.subscribe(topic(mine, ACK))
            one.publish(topic(mine, UP), sent)
            assert one.messages.get(timeout=PATIENCE).topic == topic(mine, ACK)


def test_a_gateway_that_comes_back_hears_nothing_of_the_others(embedded: Installation) -> None:
    """Retained messages too go to whoever may read them, not to every session that returns."""
    mine, other = embedded.mine, embedded.other
    sent = batch(mine, [numeric("97", START)])
    with embedded_broker(embedded) as port, ingesting(embedded, own(port)) as ingest:
        assert ingest.wait_ready(PATIENCE)
        with gateway(port, other.gateway_id, other.gateway_secret) as two:
            status = two.client.publish(topic(other, STATUS), b'{"state": "online"}', 1, True)
            status.wait_for_publish(PATIENCE)
        for _ in range(2):
            with gateway(port, mine.gateway_id, mine.gateway_secret, clean=False) as one:
                assert one.subscribe(topic(mine, ACK))
                one.publish(topic(mine, UP), encode_batch(sent))
                assert one.messages.get(timeout=PATIENCE).topic == topic(mine, ACK)


def test_ingest_outlives_the_broker(embedded: Installation) -> None:
    mine = embedded.mine
    with embedded_broker(embedded) as port:
        stack = contextlib.ExitStack()
        ingest = stack.enter_context(ingesting(embedded, own(port)))
        assert ingest.wait_ready(PATIENCE)
    with stack:
        wait_until(lambda: not ingest.is_connected, timeout=PATIENCE, what="the loss")
        with (
            embedded_broker(embedded, port),
            gateway(port, mine.gateway_id, mine.gateway_secret) as one,
        ):
            assert ingest.wait_ready(PATIENCE)
            assert one.subscribe(topic(mine, ACK))
            sent = batch(mine, [numeric("97", START)])
            one.publish(topic(mine, UP), encode_batch(sent))
            assert one.ack().stored == 1
            assert ingest.is_working


def test_the_port_of_another_program_is_named(embedded: Installation) -> None:
    access = AccessList(
        embedded.database, ingest_secret=SECRET, clock=embedded.clock, monotonic=time.monotonic
    )

    async def start(port: int) -> None:
        async with EmbeddedBroker(access, host="127.0.0.1", port=port):
            raise AssertionError("the port was taken")

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BrokerStartError, match=f"127.0.0.1:{port}"):
            asyncio.run(start(port))


@pytest.mark.parametrize("protocol", [MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311])
def test_mosquitto_serves_as_well_and_by_mqtt_5(
    embedded: Installation, tmp_path: Path, protocol: MQTTProtocolVersion
) -> None:
    mine = embedded.mine
    sent = [
        batch(mine, [numeric("97", START + timedelta(seconds=second))], first_sequence=second + 1)
        for second in range(50)
    ]
    with (
        mosquitto(tmp_path) as port,
        ingesting(
            embedded,
            BrokerAddress.parse(f"mqtt://127.0.0.1:{port}", username="anyone", password="x"),
        ) as ingest,
        gateway(port, mine.gateway_id, "unchecked", protocol=protocol) as one,
    ):
        assert ingest.wait_ready(PATIENCE)
        assert ingest.details()["mqtt"] == "5"
        assert one.subscribe(topic(mine, ACK))
        for each in sent:
            one.publish(topic(mine, UP), encode_batch(each))
        acks = {one.ack().batch_id for _ in sent}
    assert acks == {each.batch_id for each in sent}
    assert embedded.rows() == (50, 0)


def test_on_an_open_broker_only_enrolled_gateways_are_recorded(
    embedded: Installation, tmp_path: Path
) -> None:
    mine, other = embedded.mine, embedded.other
    unknown = Channel(mine.tenant_id, "gw_unknown", UP).topic
    crossed = Channel(other.tenant_id, mine.gateway_id, UP).topic
    with (
        mosquitto(tmp_path) as port,
        ingesting(
            embedded, BrokerAddress.parse(f"mqtt://127.0.0.1:{port}", username="i", password="x")
        ) as ingest,
        gateway(port, mine.gateway_id, "unchecked") as one,
    ):
        assert ingest.wait_ready(PATIENCE)
        assert one.subscribe(topic(mine, ACK))
        for where in (unknown, crossed, f"vw/1/{uuid4().hex}/{mine.gateway_id}/up"):
            one.publish(where, encode_batch(batch(mine, [numeric("50", START)])))
        one.publish(topic(mine, UP), encode_batch(batch(mine, [numeric("97", START)])))
        assert one.ack().stored == 1
    assert embedded.rows() == (1, 0)


@pytest.mark.parametrize("url", ["", "http://x", "mqtt://", "mqtt://u:p@h", "mqtt://h:x"])
def test_a_senseless_broker_address_is_refused(url: str) -> None:
    with pytest.raises(IngestSettingsError, match="mqtt_url"):
        BrokerAddress.parse(url, username="", password="")
