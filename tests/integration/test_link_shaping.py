"""The uplink over bad links: slow, late, lossy, black holes; nothing lost, live first, no hand."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge.buffer.buffer import ObservationBuffer
from edge.clock import SYSTEM_CLOCK
from edge.supervision import BackoffPolicy
from edge.uplink.https import HttpsLink
from edge.uplink.mqtt import MqttLink
from edge.uplink.policy import ChoicePolicy, HttpsPolicy, MqttPolicy, SenderPolicy
from edge.uplink.sender import Sender
from protocols.model.observation import NumericObservation, SampleArrayObservation
from protocols.uplink.messages import UplinkRow
from simulators.network import Direction, LinkShape, ShapedLink, shaped_link
from tests.fixtures.uplink_peers import Broker, HttpCloud, MqttCloud
from tests.fixtures.uplinks import (
    AT_ONCE,
    CREDENTIALS,
    QUICK,
    drained,
    https_link,
    readings,
    until,
    uplink,
)
from tests.fixtures.vehicle_rows import Vehicle
from tests.unit.edge.making import spo2

SENDING = SenderPolicy(retry=QUICK)
CENTURY = datetime(2000, 1, 1, tzinfo=UTC)
FIELD = LinkShape(kbit_per_second=100, delay_seconds=0.3, loss=0.03)
"""100 kbit/s, 600 ms there and back, stalls as of 3 % loss."""


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker.mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@dataclass(slots=True)
class Run:
    """What runs: the link between, the cloud behind it, the vehicle before it."""

    shaped: ShapedLink
    cloud: MqttCloud
    link: MqttLink
    buffer: ObservationBuffer
    sender: Sender

    def lags(self, *, since: datetime = CENTURY) -> list[float]:
        """Seconds from capture to the cloud of the numbers captured from `since` on."""
        return [
            (arrived - row.captured_at).total_seconds()
            for arrived, row in self.cloud.receiver.arrivals
            if isinstance(row.content, NumericObservation) and row.captured_at >= since
        ]


@asynccontextmanager
async def running(
    folder: Path,
    broker: Broker,
    shape: LinkShape,
    *,
    keepalive_seconds: int = 15,
    live_seconds: float = 10.0,
) -> AsyncIterator[Run]:
    cloud = MqttCloud(broker.port)
    async with shaped_link("127.0.0.1", broker.port, shape) as (shaped, port):
        policy = MqttPolicy(
            url=f"mqtt://127.0.0.1:{port}", retry=QUICK, keepalive_seconds=keepalive_seconds
        )
        link = MqttLink(policy, CREDENTIALS, SYSTEM_CLOCK)
        async with uplink(folder, link, sending=SENDING, live_seconds=live_seconds) as (
            buffer,
            sender,
        ):
            yield Run(shaped, cloud, link, buffer, sender)
    cloud.close()


def strips(seconds: int) -> list[SampleArrayObservation]:
    """So many seconds of three leads, captured in the past."""
    contents = [row.content for row in Vehicle(7).twelve_leads(seconds)]
    leads = [one for one in contents if isinstance(one, SampleArrayObservation)]
    return [one for one in leads if one.type.term in (257, 258, 259)]


async def measure(buffer: ObservationBuffer, seconds: float) -> int:
    """Ten numbers a second, in reports of two; how many."""
    count = 0
    async with asyncio.timeout(seconds * 4):
        for _ in range(int(seconds * 5)):
            await buffer.append([spo2(10_000 + count), spo2(10_001 + count)])
            count += 2
            await SYSTEM_CLOCK.sleep(0.2)
    return count


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[int(share * 100) - 1]


async def test_live_numbers_stay_close_while_a_backlog_drains_over_a_bad_link(
    mosquitto: Broker, tmp_path: Path
) -> None:
    async with running(tmp_path, mosquitto, FIELD) as run:
        await run.buffer.append(strips(120))
        count = await measure(run.buffer, 8)
        await until(lambda: len(run.lags()) == count, "the last numbers")
        assert percentile(run.lags(), 0.95) < 5
        waveforms = len(run.cloud.receiver.rows) - count
        assert waveforms > 30, "the backlog drains behind them"
        assert run.shaped.stalls > 0
        run.shaped.shape = replace(FIELD, kbit_per_second=0, loss=0)
        await drained(run.sender)
        assert len(run.cloud.receiver.rows) == 360 + count


async def test_numbers_written_in_a_dead_zone_pass_a_bad_link_and_let_new_ones_by(
    mosquitto: Broker, tmp_path: Path
) -> None:
    async with running(tmp_path, mosquitto, FIELD, live_seconds=5.0) as run:
        await run.buffer.append([spo2(0)])
        await drained(run.sender)
        run.shaped.refuse()
        await until(lambda: not run.link.health.is_up, "the loss to be noticed")
        for first in range(1, 8001, 100):
            await run.buffer.append([*map(spo2, range(first, first + 100))])
        async with asyncio.timeout(60):
            while (await run.buffer.counts()).prepared < 5000:
                await SYSTEM_CLOCK.sleep(0.1)
        run.shaped.release()
        await until(lambda: run.link.health.is_up, "the link to be back")
        back = SYSTEM_CLOCK.utc()
        count = await measure(run.buffer, 8)
        await drained(run.sender)
        assert len(run.lags(since=back)) == count
        assert percentile(run.lags(since=back), 0.95) < 5
        assert (await run.buffer.counts()).totals == {
            "stored": 8001 + count,
            "settled": 8001 + count,
        }
    assert len({row.content for row in run.cloud.receiver.rows.values()}) == 8001 + count


async def test_a_black_hole_is_left_without_a_hand_and_loses_nothing(
    mosquitto: Broker, tmp_path: Path
) -> None:
    async with running(tmp_path, mosquitto, LinkShape(delay_seconds=0.02)) as run:
        await run.buffer.append([*map(spo2, range(50))])
        await drained(run.sender)
        run.shaped.swallow()
        await run.buffer.append([*map(spo2, range(50, 100))])
        before = run.shaped.connections
        await until(lambda: run.sender.counts.retries > 0, "a silence")
        assert run.link.health.quality.stalls > 0
        run.shaped.release()
        await drained(run.sender)
        assert run.shaped.connections >= before
    assert len({row.content for row in run.cloud.receiver.rows.values()}) == 100


@pytest.mark.parametrize("dead", Direction)
async def test_an_idle_connection_that_lost_one_direction_is_noticed_by_its_heartbeat(
    mosquitto: Broker, tmp_path: Path, dead: Direction
) -> None:
    async with running(tmp_path, mosquitto, LinkShape(), keepalive_seconds=1) as run:
        await run.buffer.append([*map(spo2, range(50))])
        await drained(run.sender)
        began, since = SYSTEM_CLOCK.monotonic(), run.link.health.since
        assert run.shaped.half_open(dead) == 1
        # It may be up again before anybody looks: what tells is that it is not up since then.
        await until(lambda: run.link.health.since != since, "the loss to be noticed")
        assert SYSTEM_CLOCK.monotonic() - began < 10
        await run.buffer.append([*map(spo2, range(50, 100))])
        await drained(run.sender)
    assert len({row.content for row in run.cloud.receiver.rows.values()}) == 100


@pytest.mark.parametrize("dead", Direction)
async def test_a_busy_connection_that_lost_one_direction_is_made_anew_and_loses_nothing(
    mosquitto: Broker, tmp_path: Path, dead: Direction
) -> None:
    """The heartbeat would take half a minute: the missing acknowledgements tell sooner.

    Each is missed after two seconds, in which a busy machine answers too.
    """
    async with running(tmp_path, mosquitto, LinkShape()) as run:
        run.sender.policy = replace(SENDING, ack_timeout_seconds=2.0)
        await run.buffer.append([*map(spo2, range(50))])
        await drained(run.sender)
        run.shaped.half_open(dead)
        began = SYSTEM_CLOCK.monotonic()
        await run.buffer.append([*map(spo2, range(50, 100))])
        await drained(run.sender)
        assert SYSTEM_CLOCK.monotonic() - began < 15
        assert run.link.health.quality.stalls == 2
        assert (await run.buffer.counts()).totals == {"stored": 100, "settled": 100}
    keys = [
        (batch.stream, row.sequence) for batch in run.cloud.receiver.batches for row in batch.rows
    ]
    assert len(set(keys)) == 100
    assert (len(keys) > 100) == (dead is Direction.DOWN), "repeated where only the answer was lost"


async def test_https_leaves_a_connection_that_lost_one_direction(tmp_path: Path) -> None:
    http = HttpCloud()
    async with shaped_link("127.0.0.1", urlsplit(http.url).port or 0) as (shaped, port):
        policy = HttpsPolicy(url=f"http://127.0.0.1:{port}", timeout_seconds=1.0, retry=QUICK)
        link = HttpsLink(policy, CREDENTIALS, SYSTEM_CLOCK)
        sending = replace(SENDING, ack_timeout_seconds=1.0)
        async with link, uplink(tmp_path, link, sending=sending) as (buffer, sender):
            await buffer.append([spo2(1)])
            await drained(sender)
            assert shaped.half_open(Direction.DOWN) > 0
            await buffer.append([spo2(2)])
            await drained(sender, 8)
    assert readings(http.receiver) == {spo2(1), spo2(2)}
    http.close()


async def test_a_link_that_is_cut_again_and_again_loses_nothing(
    mosquitto: Broker, tmp_path: Path
) -> None:
    async with running(tmp_path, mosquitto, LinkShape(delay_seconds=0.02)) as run:
        for number in range(6):
            await run.buffer.append([*map(spo2, range(number * 40, number * 40 + 40))])
            run.shaped.cut()
            await SYSTEM_CLOCK.sleep(0.05 * number)
        run.shaped.refuse()
        await until(lambda: not run.link.health.is_up, "the loss to be noticed")
        run.shaped.release()
        await drained(run.sender)
        assert (await run.buffer.counts()).quarantine == 0
    assert len({row.content for row in run.cloud.receiver.rows.values()}) == 240


@dataclass(slots=True)
class TwoWays:
    """A broker behind a shaped link and an API beside it, with readings that go on and on."""

    shaped: ShapedLink
    mqtt: MqttLink
    https: HttpsLink
    clouds: tuple[MqttCloud, HttpCloud]
    buffer: ObservationBuffer
    sender: Sender
    measured: int = 0

    async def measure_until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await self.buffer.append([spo2(self.measured)])
                self.measured += 1
                await SYSTEM_CLOCK.sleep(0.05)

    def arrivals(self) -> list[tuple[datetime, UplinkRow]]:
        """What came to either cloud, and when."""
        return [one for cloud in self.clouds for one in cloud.receiver.arrivals]


@asynccontextmanager
async def two_ways(folder: Path, broker: Broker, choice: ChoicePolicy) -> AsyncIterator[TwoWays]:
    clouds = MqttCloud(broker.port), HttpCloud()
    async with shaped_link("127.0.0.1", broker.port) as (shaped, port):
        policy = MqttPolicy(url=f"mqtt://127.0.0.1:{port}", retry=QUICK)
        mqtt, https = MqttLink(policy, CREDENTIALS, SYSTEM_CLOCK), https_link(clouds[1])
        sending = replace(SENDING, linger=AT_ONCE, in_flight=2)
        async with https, uplink(folder, mqtt, https, sending=sending, choice=choice) as parts:
            both = TwoWays(shaped, mqtt, https, clouds, *parts)
            await until(lambda: mqtt.health.is_up and https.health.is_up, "both ways")
            await both.measure_until(lambda: mqtt.health.is_used)
            yield both
            await drained(both.sender)
    arrived = [row.content for _, row in both.arrivals()]
    assert {*arrived} == {*map(spo2, range(both.measured))}
    for cloud in clouds:
        cloud.close()


async def test_a_way_that_is_up_and_far_too_slow_is_left_and_taken_back_when_it_is_good(
    mosquitto: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    probe = BackoffPolicy(first=0.3, most=0.5)
    choice = ChoicePolicy(slow_seconds=0.4, judged_after=3, probe=probe)
    async with two_ways(tmp_path, mosquitto, choice) as both:
        both.shaped.shape = LinkShape(delay_seconds=0.4)
        await both.measure_until(lambda: both.https.health.is_used)
        assert both.mqtt.health.is_up
        assert both.mqtt.health.vain_since is None
        assert both.https.health.used_because.startswith("mqtt is poor: slow, ")
        both.shaped.shape = LinkShape()
        await both.measure_until(lambda: both.mqtt.health.is_used)
    changes = [text for text in caplog.messages if text.startswith("way changed")]
    assert changes[0].startswith("way changed from=mqtt to=https reason='mqtt is poor")
    assert changes[-1].startswith("way changed from=https to=mqtt")


async def test_in_a_black_hole_live_numbers_wait_for_one_patience_and_take_the_other_way(
    mosquitto: Broker, tmp_path: Path
) -> None:
    async with two_ways(tmp_path, mosquitto, ChoicePolicy()) as both:
        both.shaped.swallow()
        await both.measure_until(lambda: both.https.health.is_used)
        assert both.mqtt.health.is_up, "nobody has told us anything"
        turned = SYSTEM_CLOCK.utc()
        enough = both.measured + 20
        await both.measure_until(lambda: both.measured == enough)
        await until(lambda: len(both.clouds[1].receiver.rows) >= 20, "the live ones")
        live = [
            (arrived - row.captured_at).total_seconds()
            for arrived, row in both.arrivals()
            if row.captured_at > turned
        ]
        assert statistics.median(live) < 1
        both.shaped.release()


@pytest.mark.soak
async def test_two_hours_of_backlog_drain_behind_live_numbers(
    mosquitto: Broker, tmp_path: Path
) -> None:
    """Three leads and ten numbers a second of two hours; then the rest at 30 % and black holes."""
    leads = strips(300)
    async with running(tmp_path, mosquitto, FIELD) as run:
        for hour_part in range(24):
            shift = timedelta(seconds=300 * hour_part)
            await run.buffer.append([_moved(one, shift) for one in leads])
        for first in range(0, 72_000, 2_000):
            await run.buffer.append([*map(spo2, range(100_000 + first, 102_000 + first))])
        backlog = 24 * len(leads) + 72_000
        began = SYSTEM_CLOCK.utc()
        count = await measure(run.buffer, 300)
        ended = SYSTEM_CLOCK.utc()
        drained_at = [at for at, row in run.cloud.receiver.arrivals if row.captured_at < began]
        assert len(drained_at) < backlog, "it is still draining"
        for quarter in range(4):
            since = began + (ended - began) * quarter / 4
            part = [at for at in drained_at if since <= at < since + (ended - began) / 4]
            assert len(part) > 100, "and drained all the time"
        await until(lambda: len(run.lags(since=began)) == count, "the last numbers")
        assert percentile(run.lags(since=began), 0.95) < 5
        run.shaped.shape = replace(FIELD, kbit_per_second=1000, loss=0.3)
        for _ in range(5):
            await SYSTEM_CLOCK.sleep(20)
            run.shaped.swallow()
            await SYSTEM_CLOCK.sleep(30)
            run.shaped.release()
        run.shaped.shape = LinkShape()
        await drained(run.sender, 600)
        counts = await run.buffer.counts()
        assert counts.quarantine == 0
    assert len(run.cloud.receiver.rows) == backlog + count


def _moved(one: SampleArrayObservation, by: timedelta) -> SampleArrayObservation:
    at = one.observed_at
    return replace(
        one,
        observation_id=type(one.observation_id)(
            int=one.observation_id.int ^ int(by.total_seconds())
        ),
        observed_at=replace(at, at=at.at + by, device_time=None),
    )
