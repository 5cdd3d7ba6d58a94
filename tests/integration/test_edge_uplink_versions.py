"""Which form of a batch goes to which cloud, over real brokers and real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.uplink_peers import Broker, HttpCloud, MqttCloud
from tests.fixtures.uplinks import (
    SENDING,
    drained,
    https_link,
    mqtt_link,
    readings,
    uplink,
)
from tests.unit.edge.making import spo2

PATIENT = replace(SENDING, batch_rows=100, drain_rows=100, ack_timeout_seconds=30.0)
"""A busy machine answers late: nothing is sent again that the cloud does read."""


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker.mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def http_cloud() -> Iterator[HttpCloud]:
    cloud = HttpCloud()
    yield cloud
    cloud.close()


async def test_the_first_batch_is_small_and_old_and_the_rest_are_compact(
    mosquitto: Broker, tmp_path: Path
) -> None:
    cloud = MqttCloud(mosquitto.port)
    sending = replace(PATIENT, in_flight=1)
    async with uplink(tmp_path, mqtt_link(mosquitto), sending=sending) as (buffer, sender):
        await buffer.append([*map(spo2, range(300))])
        await drained(sender)
    assert cloud.versions == [1, 2, 2, 2]
    assert [len(batch.rows) for batch in cloud.receiver.batches] == [50, 100, 100, 50]
    assert readings(cloud.receiver) == set(map(spo2, range(300)))
    cloud.close()


async def test_a_cloud_set_back_to_an_older_program_gets_the_older_form_again(
    mosquitto: Broker, tmp_path: Path
) -> None:
    """It drops what it cannot read and says nothing; no hand is needed, and no row is lost."""
    cloud = MqttCloud(mosquitto.port)
    async with uplink(tmp_path, mqtt_link(mosquitto), sending=PATIENT) as (buffer, sender):
        await buffer.append([spo2(1)])
        await drained(sender)
        await buffer.append([spo2(2)])
        await drained(sender)
        assert cloud.versions == [1, 2]
        cloud.reads = 1
        sender.policy = replace(PATIENT, ack_timeout_seconds=0.2)
        await buffer.append([*map(spo2, range(3, 203))])
        await drained(sender)
        assert (await buffer.counts()).quarantine == 0
    assert set(cloud.versions[2:]) == {1}
    assert readings(cloud.receiver) == set(map(spo2, range(1, 203)))
    cloud.close()


@pytest.mark.parametrize("reads", [1, 2])
async def test_https_sends_what_the_cloud_reads(
    http_cloud: HttpCloud, tmp_path: Path, reads: int
) -> None:
    http_cloud.reads = reads
    link = https_link(http_cloud)
    async with link, uplink(tmp_path, link) as (buffer, sender):
        for number in (1, 2, 3):
            await buffer.append([spo2(number)])
            await drained(sender)
    assert http_cloud.versions == [1, reads, reads]


async def test_https_falls_back_at_once_when_the_cloud_is_older_than_it_was(
    http_cloud: HttpCloud, tmp_path: Path
) -> None:
    link = https_link(http_cloud)
    async with link, uplink(tmp_path, link) as (buffer, sender):
        for number, reads in ((1, 2), (2, 2), (3, 1), (4, 1)):
            http_cloud.reads = reads
            await buffer.append([spo2(number)])
            await drained(sender)
        assert sender.counts.retries == 0
    assert http_cloud.versions == [1, 2, 1, 1]
