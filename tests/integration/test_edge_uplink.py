"""The way to the cloud over real brokers and real HTTP: nothing lost, whatever breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from edge.supervision import BackoffPolicy
from edge.uplink.policy import ChoicePolicy, SenderPolicy, Way
from tests.fixtures.uplink_peers import Broker, HttpCloud, MqttCloud, Receiver
from tests.fixtures.uplinks import (
    AT_ONCE,
    QUICK,
    SENDING,
    drained,
    https_link,
    mqtt_link,
    readings,
    until,
    uplink,
)
from tests.unit.edge.making import device_info, ecg, spo2


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    broker = Broker.mosquitto(tmp_path) if request.param == "mosquitto" else Broker.amqtt()
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker.mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def amqtt() -> Iterator[Broker]:
    broker = Broker.amqtt()
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def http_cloud() -> Iterator[HttpCloud]:
    cloud = HttpCloud()
    yield cloud
    cloud.close()


async def test_rows_reach_the_cloud_by_the_broker_s_best_version(
    broker: Broker, tmp_path: Path
) -> None:
    cloud, link = MqttCloud(broker.port), mqtt_link(broker)
    async with uplink(tmp_path, link) as (buffer, sender):
        await buffer.append([device_info(), *map(spo2, range(100)), ecg(1)])
        await drained(sender)
        best = "MQTT 5" if "mosquitto" in broker.command[0] else "MQTT 3.1.1"
        assert link.health.detail == best
        assert (await buffer.counts()).totals == {"stored": 102, "settled": 102}
    assert readings(cloud.receiver) == set(map(spo2, range(100)))
    batch = cloud.receiver.batches[0]
    assert (batch.gateway_id, batch.vehicle_id, batch.stream) == ("gw-1", "medic-7", "numerics")
    cloud.close()


async def test_a_broker_killed_and_restarted_mid_stream_loses_nothing(
    broker: Broker, tmp_path: Path
) -> None:
    cloud, link = MqttCloud(broker.port), mqtt_link(broker)
    async with uplink(tmp_path, link) as (buffer, sender):
        await buffer.append([*map(spo2, range(200))])
        await until(lambda: len(cloud.receiver.rows) > 20, "the first rows")
        broker.kill()
        await buffer.append([*map(spo2, range(200, 300))])
        await until(lambda: not link.health.is_up, "the loss to be noticed")
        broker.start()
        await drained(sender)
        assert (await buffer.counts()).totals == {"stored": 300, "settled": 300}
    assert readings(cloud.receiver) == set(map(spo2, range(300)))
    cloud.close()


async def test_a_lost_acknowledgement_only_sends_the_batch_again(
    mosquitto: Broker, tmp_path: Path
) -> None:
    cloud = MqttCloud(mosquitto.port)
    cloud.acks_to_lose = 2
    async with uplink(tmp_path, mqtt_link(mosquitto)) as (buffer, sender):
        await buffer.append([*map(spo2, range(10))])
        await drained(sender)
        assert sender.counts.retries == 2
    ids = [batch.batch_id for batch in cloud.receiver.batches]
    assert len(ids) == 3
    assert len(set(ids)) == 1, "the same batch under the same name"
    assert len(cloud.receiver.rows) == 10
    cloud.close()


async def test_a_puback_alone_settles_nothing(mosquitto: Broker, tmp_path: Path) -> None:
    """The broker takes the publish; nobody behind it answers."""
    link = mqtt_link(mosquitto)
    async with uplink(tmp_path, link) as (buffer, sender):
        await buffer.append([spo2(1)])
        await until(lambda: sender.counts.retries >= 1, "a vain attempt")
        assert link.health.is_up
        assert (await buffer.counts()).waiting["numerics"] == 1
        cloud = MqttCloud(mosquitto.port)
        await drained(sender)
    cloud.close()


async def test_a_refused_row_goes_to_quarantine_and_its_neighbours_go_through(
    mosquitto: Broker, tmp_path: Path
) -> None:
    cloud = MqttCloud(mosquitto.port)
    cloud.receiver.refuse = lambda row: row.sequence == 3
    async with uplink(tmp_path, mqtt_link(mosquitto)) as (buffer, sender):
        await buffer.append([*map(spo2, range(5))])
        await drained(sender)
        assert (await buffer.counts()).quarantine == 1
    assert len(cloud.receiver.rows) == 4
    cloud.close()


async def test_the_cloud_sees_us_come_and_go(mosquitto: Broker, tmp_path: Path) -> None:
    cloud, link = MqttCloud(mosquitto.port), mqtt_link(mosquitto)
    async with uplink(tmp_path, link):
        await until(lambda: any(item["state"] == "online" for item in cloud.statuses), "online")
    await until(lambda: cloud.statuses[-1]["state"] == "offline", "offline")
    cloud.close()


async def test_https_carries_on_while_the_broker_is_away_and_mqtt_comes_back(
    mosquitto: Broker, http_cloud: HttpCloud, tmp_path: Path
) -> None:
    cloud, mqtt, https = MqttCloud(mosquitto.port), mqtt_link(mosquitto), https_link(http_cloud)
    choice = ChoicePolicy(fallback_after_seconds=0.3)
    async with https, uplink(tmp_path, mqtt, https, choice=choice) as (buffer, sender):
        await buffer.append([spo2(1)])
        await drained(sender)
        assert (mqtt.health.acknowledged, https.health.acknowledged) == (1, 0)
        mosquitto.kill()
        await until(lambda: not mqtt.health.is_up, "the loss to be noticed")
        await buffer.append([spo2(2)])
        await drained(sender)
        assert https.health.acknowledged == 1
        mosquitto.start()
        await until(lambda: mqtt.health.is_up, "the broker again")
        await buffer.append([spo2(3)])
        await drained(sender)
        assert (mqtt.health.acknowledged, https.health.acknowledged) == (2, 1)
    assert readings(http_cloud.receiver) == {spo2(2)}
    assert readings(cloud.receiver) == {spo2(1), spo2(3)}
    cloud.close()


async def test_https_takes_over_from_a_broker_behind_which_nobody_acknowledges(
    mosquitto: Broker, http_cloud: HttpCloud, tmp_path: Path
) -> None:
    mqtt, https = mqtt_link(mosquitto), https_link(http_cloud)
    sending = replace(SENDING, ack_timeout_seconds=0.3)
    choice = ChoicePolicy(probe=BackoffPolicy(first=0.5, most=0.5))
    async with https, uplink(tmp_path, mqtt, https, sending=sending, choice=choice) as parts:
        buffer, sender = parts
        await until(lambda: mqtt.health.is_up and https.health.is_up, "both ways")
        await buffer.append([*map(spo2, range(50))])
        await drained(sender)
        assert mqtt.health.is_up
        assert mqtt.health.vain_since is not None
        assert readings(http_cloud.receiver) == set(map(spo2, range(50)))
        cloud = MqttCloud(mosquitto.port)
        number = 50
        while mqtt.health.vain_since is not None and number < 500:
            await buffer.append([spo2(number)])
            await drained(sender)
            number += 1
        assert mqtt.health.vain_since is None, "the first way is tried again"
    assert readings(http_cloud.receiver) | readings(cloud.receiver) == set(map(spo2, range(number)))
    cloud.close()


async def test_mqtt_takes_over_from_an_api_that_logs_us_in_and_takes_nothing(
    mosquitto: Broker, http_cloud: HttpCloud, tmp_path: Path
) -> None:
    cloud, mqtt, https = MqttCloud(mosquitto.port), mqtt_link(mosquitto), https_link(http_cloud)
    http_cloud.portal = 500
    choice = ChoicePolicy(prefer=Way.HTTPS, fallback_after_seconds=60.0)
    async with https, uplink(tmp_path, mqtt, https, choice=choice) as (buffer, sender):
        await until(lambda: mqtt.health.is_up and https.health.is_up, "both ways")
        await buffer.append([spo2(1)])
        await drained(sender)
    assert readings(cloud.receiver) == {spo2(1)}
    cloud.close()


@pytest.mark.parametrize("status", [200, 400, 413, 415, 422])
async def test_what_a_captive_portal_says_costs_no_row(
    http_cloud: HttpCloud, tmp_path: Path, status: int
) -> None:
    http_cloud.portal = status
    async with https_link(http_cloud) as link, uplink(tmp_path, link) as (buffer, sender):
        await buffer.append([*map(spo2, range(5))])
        await until(lambda: sender.counts.retries >= 3, "vain attempts")
        assert (await buffer.counts()).quarantine == 0
        http_cloud.portal = None
        await drained(sender)
        assert (await buffer.counts()).totals == {"stored": 5, "settled": 5}
    assert readings(http_cloud.receiver) == set(map(spo2, range(5)))


async def test_https_logs_in_once_and_again_when_the_token_is_refused(
    http_cloud: HttpCloud, tmp_path: Path
) -> None:
    async with https_link(http_cloud) as link, uplink(tmp_path, link) as (buffer, sender):
        await buffer.append([spo2(1)])
        await drained(sender)
        assert len(http_cloud.grants) == 1
        assert http_cloud.grants[0]["grant_type"] == ["client_credentials"]
        assert http_cloud.grants[0]["scope"] == ["gateway:uplink"]
        http_cloud.tokens.clear()
        await buffer.append([spo2(2)])
        await drained(sender)
        assert len(http_cloud.grants) == 2
        assert sender.counts.retries == 0
    assert len(http_cloud.receiver.rows) == 2


async def test_a_batch_too_large_for_the_cloud_is_halved_until_it_fits(
    http_cloud: HttpCloud, tmp_path: Path
) -> None:
    http_cloud.most_octets = 1500
    async with https_link(http_cloud) as link, uplink(tmp_path, link) as (buffer, sender):
        await buffer.append([*map(spo2, range(20))])
        await drained(sender)
        assert (await buffer.counts()).quarantine == 0
    assert readings(http_cloud.receiver) == set(map(spo2, range(20)))


async def test_one_poisonous_row_is_found_and_set_apart(
    http_cloud: HttpCloud, tmp_path: Path
) -> None:
    one_lane = SenderPolicy(batch_rows=8, in_flight=1, linger=AT_ONCE, retry=QUICK)
    http_cloud.answers = [422, 200, 422, 200, 422, 200, 422]
    async with (
        https_link(http_cloud) as link,
        uplink(tmp_path, link, sending=one_lane) as (buffer, sender),
    ):
        await buffer.append([*map(spo2, range(8))])
        await drained(sender)
        assert (await buffer.counts()).quarantine == 1
    assert len(http_cloud.receiver.rows) == 7


async def test_a_cloud_in_trouble_is_only_waited_for(http_cloud: HttpCloud, tmp_path: Path) -> None:
    http_cloud.answers = [500, 503, 429, 403]
    async with https_link(http_cloud) as link, uplink(tmp_path, link) as (buffer, sender):
        await buffer.append([spo2(1)])
        await drained(sender)
        assert sender.counts.retries == 4
        assert (await buffer.counts()).quarantine == 0
    assert readings(http_cloud.receiver) == {spo2(1)}


async def test_a_token_is_renewed_before_it_ends(http_cloud: HttpCloud, tmp_path: Path) -> None:
    http_cloud.token_life = 1
    async with https_link(http_cloud) as link, uplink(tmp_path, link):
        await until(lambda: len(http_cloud.grants) >= 2, "a second token")


async def test_a_batch_never_answered_is_taken_apart_while_others_get_through(
    mosquitto: Broker, tmp_path: Path
) -> None:
    cloud = MqttCloud(mosquitto.port)
    cloud.is_deaf_to = lambda batch: any(row.content == spo2(2) for row in batch.rows)
    quick = SenderPolicy(
        batch_rows=4,
        in_flight=2,
        linger=AT_ONCE,
        ack_timeout_seconds=0.5,
        poison_after=2,
        retry=QUICK,
    )
    async with uplink(tmp_path, mqtt_link(mosquitto), sending=quick) as (buffer, sender):
        await buffer.append([*map(spo2, range(12))])
        for number in range(100, 150):
            # New readings keep coming and getting through: they prove that the cloud works.
            await buffer.append([spo2(number)])
            await until(
                partial(_has_reading, cloud.receiver, number), f"reading {number} to get through"
            )
            if (await buffer.counts()).quarantine:
                break
        await drained(sender)
        assert (await buffer.counts()).quarantine == 1
    assert spo2(2) not in readings(cloud.receiver)
    assert set(map(spo2, range(12))) - {spo2(2)} <= readings(cloud.receiver)
    cloud.close()


def _has_reading(receiver: Receiver, number: int) -> bool:
    return spo2(number) in readings(receiver)


async def test_a_wrong_secret_is_told_with_the_mend(
    http_cloud: HttpCloud, caplog: pytest.LogCaptureFixture
) -> None:
    http_cloud.knows_nobody = True
    async with https_link(http_cloud) as link, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        await until(lambda: "check gateway_id and gateway_secret" in link.health.reason, "it")
        running.cancel()
    (record,) = [item for item in caplog.records if "gateway_secret" in item.getMessage()]
    assert record.levelname == "WARNING"


async def test_what_a_broker_sends_of_other_topics_is_left_alone(
    amqtt: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """amqtt sends a session that comes back every retained message somebody else reads."""
    cloud = MqttCloud(amqtt.port)
    for number in (1, 2):
        async with uplink(tmp_path, mqtt_link(amqtt)) as (buffer, sender):
            await buffer.append([spo2(number)])
            await drained(sender)
    assert readings(cloud.receiver) == {spo2(1), spo2(2)}
    assert [record.getMessage() for record in caplog.records if record.levelno > 20] == []
    cloud.close()
