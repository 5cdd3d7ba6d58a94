"""A gateway whose clock is wrong still finds its cloud over TLS, and is not fooled on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.app.gateway import RunWishes
from edge.app.running import run
from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from edge.clock import Clock, ClockKeeper
from edge.enrolment.joining import join
from edge.errors import EnrolmentError, UplinkUnreachableError
from edge.settings import EdgeSettings
from edge.settings.uplink import UplinkSettings
from edge.status.file import read_status
from edge.uplink.choice import LinkChoice
from edge.uplink.cloud_time import DATES_UNCHECKED, CloudTime
from edge.uplink.https import HttpsLink
from edge.uplink.link import LinkClient
from edge.uplink.mqtt import MqttLink
from edge.uplink.policy import ChoicePolicy, HttpsPolicy, MqttPolicy, Way
from edge.uplink.sender import Sender
from tests.fixtures.authority import Authority
from tests.fixtures.uplink_peers import Broker, HttpCloud
from tests.fixtures.uplinks import CREDENTIALS, QUICK, SENDING, drained, until
from tests.unit.edge.making import spo2

IN_1970 = datetime(1970, 1, 1, tzinfo=UTC)
TODAY = datetime.now(UTC).replace(microsecond=0)
# The machine's own clock cannot be moved here: its certificates are of another time instead.
LATER = TODAY + timedelta(days=10 * 365)
NOON = LATER + timedelta(hours=12)


def clock_at(utc: datetime, *, is_synchronised: bool = False) -> Clock:
    """A clock that goes on from `utc`."""
    began = time.monotonic()
    return Clock(
        utc=lambda: utc + timedelta(seconds=time.monotonic() - began),
        is_synchronised=lambda: is_synchronised,
    )


@contextmanager
def cloud_of(folder: Path, *, begins: datetime = LATER, says: datetime) -> Iterator[HttpCloud]:
    """A cloud whose certificate is good for a day from `begins` on, and what its answers say."""
    cloud = HttpCloud(authority=Authority.make(folder, begins=begins))
    cloud.says = says
    try:
        yield cloud
    finally:
        cloud.close()


def policy_of(cloud: HttpCloud, folder: Path) -> HttpsPolicy:
    return HttpsPolicy(
        url=cloud.url, ca_file=str(folder / "ca.pem"), timeout_seconds=5.0, retry=QUICK
    )


async def reason_after(link: LinkClient, *words: str) -> str:
    """Why the link is down, once it says why in these words."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        while not all(word in link.health.reason for word in words):
            link.health.changed.clear()
            await link.health.changed.wait()
            assert not link.health.is_up
        running.cancel()
    return link.health.reason


async def goes_up(link: LinkClient) -> None:
    """It comes up, and a new connection of it too."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        while not link.health.is_up:
            link.health.changed.clear()
            await link.health.changed.wait()
        running.cancel()


@pytest.mark.parametrize("wall", [IN_1970, datetime(2099, 1, 1, tzinfo=UTC)])
async def test_a_row_of_another_age_goes_up_with_its_right_time(
    tmp_path: Path, wall: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    clock = clock_at(wall)
    buffer = ObservationBuffer(clock=clock)
    unreserved = BufferPolicy(disk_reserve_bytes=0)
    await buffer.open(tmp_path, policy=unreserved, vehicle_id="medic-7")
    with cloud_of(tmp_path, says=NOON) as cloud:
        policy = policy_of(cloud, tmp_path)
        ways = CloudTime(buffer.keeper, policy)
        async with HttpsLink(policy, CREDENTIALS, clock, ways) as link:
            await buffer.append([spo2(1)])
            sender = Sender(
                buffer=buffer,
                choice=LinkChoice([link], ChoicePolicy(), clock),
                gateway_id="gw-1",
                clock=clock,
                policy=SENDING,
            )
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(work()) for work in (link.run, sender.run)]
                await until(lambda: link.health.is_up, "the link")
                await buffer.note_clock()
                await drained(sender)
                for task in running:
                    task.cancel()
        (row,) = cloud.receiver.rows.values()
    await buffer.close()
    assert abs(row.captured_at - NOON) < timedelta(minutes=1)
    assert cloud.requests[:2] == ["HEAD", "/v1/oauth/token"], "the secret goes after the proof"
    assert "time learnt from the cloud" in caplog.text


async def test_a_gateway_that_starts_in_1970_delivers_by_both_ways_configured(
    tmp_path: Path,
) -> None:
    clock, data = clock_at(IN_1970), tmp_path / "data"
    data.mkdir(mode=0o700)
    buffer = ObservationBuffer(clock=clock)
    unreserved = BufferPolicy(disk_reserve_bytes=0)
    await buffer.open(data, policy=unreserved, vehicle_id="medic-7")
    await buffer.append([spo2(1)])
    await buffer.close()
    with cloud_of(tmp_path, says=NOON) as cloud:
        broker = Broker.mosquitto(tmp_path, Authority(*authority_files(tmp_path)))
        broker.start()
        settings = EdgeSettings(
            gateway_id="gw-1",
            tenant_id="tenant-1",
            vehicle_id="medic-7",
            gateway_secret="the-secret",
            data=data,
            listen="",
            buffer=unreserved,
            uplink=UplinkSettings(
                http_url=cloud.url,
                mqtt_url=broker.url,
                ca_file=str(tmp_path / "ca.pem"),
                prefer=Way.HTTPS,
            ),
        )
        wishes = RunWishes(ready=lambda _agents: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run(settings, wishes, clock=clock))
            await until(lambda: len(cloud.receiver.rows) > 0, "the row")
            await until(lambda: ways_up(data) == 2, "both ways")
            wishes.stop.set()
        broker.kill()
        row = next(iter(cloud.receiver.rows.values()))
        assert cloud.requests.count("HEAD") == 1, "one answer is enough for both"
    assert abs(row.captured_at - NOON) < timedelta(minutes=1)


def ways_up(data: Path) -> int:
    links = ((read_status(data) or {}).get("uplink") or {}).get("links") or []
    return sum(link["is_up"] and not link["caution"] for link in links)


@pytest.mark.parametrize("quality", ["plausible", "synchronised"])
async def test_a_clock_that_is_right_is_never_talked_out_of_it(
    tmp_path: Path, quality: str
) -> None:
    clock = clock_at(TODAY, is_synchronised=quality == "synchronised")
    over = TODAY - timedelta(days=30)
    with cloud_of(tmp_path, begins=over, says=over + timedelta(hours=1)) as cloud:
        async with HttpsLink(policy_of(cloud, tmp_path), CREDENTIALS, clock) as link:
            assert "expired" in await reason_after(link, "certificate")
        assert cloud.requests == []


async def test_a_synchronised_clock_takes_no_certificate_of_later(tmp_path: Path) -> None:
    clock = clock_at(TODAY, is_synchronised=True)
    with cloud_of(tmp_path, says=NOON) as cloud:
        async with HttpsLink(policy_of(cloud, tmp_path), CREDENTIALS, clock) as link:
            reason = await reason_after(link, "certificate is not yet valid")
            with pytest.raises(UplinkUnreachableError, match="not yet valid"):
                await link.fetch_commands(wait_seconds=0)
        assert reason
        assert cloud.requests == []


async def test_a_clock_left_where_it_was_switched_off_is_moved_on(tmp_path: Path) -> None:
    keeper = ClockKeeper(clock_at(TODAY))
    with cloud_of(tmp_path, says=NOON) as cloud:
        policy = policy_of(cloud, tmp_path)
        async with HttpsLink(policy, CREDENTIALS, keeper.clock, CloudTime(keeper, policy)) as link:
            await goes_up(link)
    assert abs((keeper.known_utc() or IN_1970) - NOON) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("says", "floor", "words"),
    [
        (NOON, NOON + timedelta(hours=1), "is over for certain"),
        (LATER - timedelta(days=1), TODAY, "certificate is not good"),
        (LATER + timedelta(days=2), TODAY, "certificate is not good"),
        (LATER + timedelta(hours=1), LATER + timedelta(days=3), "which is over for certain"),
    ],
)
async def test_a_date_that_proves_nothing_is_refused_and_no_secret_follows(
    tmp_path: Path, says: datetime, floor: datetime, words: str
) -> None:
    keeper = ClockKeeper(clock_at(IN_1970), floor=floor)
    with cloud_of(tmp_path, says=says) as cloud:
        policy = policy_of(cloud, tmp_path)
        async with HttpsLink(policy, CREDENTIALS, keeper.clock, CloudTime(keeper, policy)) as link:
            await reason_after(link, "the gateway's clock is wrong", words)
        assert set(cloud.requests) <= {"HEAD"}
    assert keeper.known_utc() is None


async def test_an_unset_clock_believes_neither_strangers_nor_other_names(tmp_path: Path) -> None:
    with cloud_of(tmp_path, says=NOON) as cloud:
        Authority.make(tmp_path / "other", begins=LATER)
        strange = policy_of(cloud, tmp_path / "other")
        named = HttpsPolicy(
            url=cloud.url.replace("127.0.0.1", "127.1"),
            ca_file=str(tmp_path / "ca.pem"),
            retry=QUICK,
        )
        for policy, words in ((strange, "verify failed"), (named, "not valid for '127.1'")):
            async with HttpsLink(policy, CREDENTIALS, clock_at(IN_1970)) as link:
                await reason_after(link, "the gateway's clock is wrong", words)
        assert cloud.requests == []


async def test_with_the_time_known_later_connections_are_judged_by_it(tmp_path: Path) -> None:
    keeper = ClockKeeper(clock_at(IN_1970))
    with cloud_of(tmp_path, says=NOON) as cloud:
        policy = policy_of(cloud, tmp_path)
        ways = CloudTime(keeper, policy)
        for known, words in (
            (NOON, ""),
            (LATER - timedelta(days=1), "begins on"),
            (LATER + timedelta(days=2), "ended on"),
            (NOON, ""),
        ):
            keeper.learn(known, within_seconds=1)
            async with HttpsLink(policy, CREDENTIALS, keeper.clock, ways) as link:
                await (reason_after(link, "its certificate", words) if words else goes_up(link))
        assert "HEAD" not in cloud.requests


async def test_a_clock_that_was_put_right_is_what_certificates_are_checked_by(
    tmp_path: Path,
) -> None:
    wall = [IN_1970]
    keeper = ClockKeeper(Clock(utc=lambda: wall[0]))
    with cloud_of(tmp_path, says=NOON) as cloud:
        policy = policy_of(cloud, tmp_path)
        ways = CloudTime(keeper, policy)
        async with HttpsLink(policy, CREDENTIALS, keeper.clock, ways) as link:
            await goes_up(link)
        wall[0] = NOON
        assert ways.known().is_clock_right
        # This machine's own clock, which TLS looks at, has not come that far.
        async with HttpsLink(policy, CREDENTIALS, keeper.clock, ways) as link:
            await reason_after(link, "not yet valid")


async def test_mqtt_waits_until_the_cloud_said_the_time(tmp_path: Path) -> None:
    keeper = ClockKeeper(clock_at(IN_1970))
    with cloud_of(tmp_path, says=LATER - timedelta(days=1)) as cloud:
        broker = Broker.mosquitto(tmp_path, Authority(*authority_files(tmp_path)))
        broker.start()
        mqtt = MqttPolicy(url=broker.url, ca_file=str(tmp_path / "ca.pem"), retry=QUICK)
        ways = CloudTime(keeper, policy_of(cloud, tmp_path))
        link = MqttLink(mqtt, CREDENTIALS, keeper.clock, ways)
        await reason_after(link, "the gateway's clock is wrong")
        cloud.says = NOON
        await goes_up(link)
        assert link.health.caution == ""
        keeper.learn(LATER + timedelta(days=2), within_seconds=1)
        await reason_after(link, "its certificate ended on")
        broker.kill()


async def test_mqtt_alone_goes_by_the_floor_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Authority.make(tmp_path, begins=LATER)
    broker = Broker.mosquitto(tmp_path, Authority(*authority_files(tmp_path)))
    broker.start()
    policy = MqttPolicy(url=broker.url, ca_file=str(tmp_path / "ca.pem"), retry=QUICK)
    link = MqttLink(policy, CREDENTIALS, clock_at(IN_1970))
    await goes_up(link)
    assert link.health.caution == DATES_UNCHECKED
    assert caplog.text.count(DATES_UNCHECKED) == 1
    keeper = ClockKeeper(clock_at(IN_1970), floor=LATER + timedelta(days=3))
    link = MqttLink(policy, CREDENTIALS, keeper.clock, CloudTime(keeper))
    await reason_after(link, "which is over for certain")
    broker.kill()


@pytest.mark.parametrize(
    ("time_known", "words"),
    [(NOON, "the time is known now"), (LATER + timedelta(days=2), "its certificate ended on")],
)
async def test_a_broker_let_in_unchecked_is_checked_when_the_time_is_known(
    tmp_path: Path, time_known: datetime, words: str
) -> None:
    Authority.make(tmp_path, begins=LATER)
    broker = Broker.mosquitto(tmp_path, Authority(*authority_files(tmp_path)))
    broker.start()
    keeper = ClockKeeper(clock_at(IN_1970))
    policy = MqttPolicy(url=broker.url, ca_file=str(tmp_path / "ca.pem"), retry=QUICK)
    link = MqttLink(policy, CREDENTIALS, keeper.clock, CloudTime(keeper))
    reasons: list[str] = []
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        await until(lambda: link.health.is_up, "the link")
        assert link.health.caution == DATES_UNCHECKED
        keeper.learn(time_known, within_seconds=1)
        while words not in link.health.reason:
            link.health.changed.clear()
            await link.health.changed.wait()
            reasons.append(link.health.reason)
        assert (link.health.is_up, link.health.caution) == (False, "")
        if time_known == NOON:
            await until(lambda: link.health.is_up, "the link, checked")
            assert link.health.caution == ""
        running.cancel()
    assert reasons[0] == "the time is known now: the broker's certificate is checked in full"
    broker.kill()


def authority_files(folder: Path) -> tuple[Path, Path, Path]:
    return folder / "ca.pem", folder / "server.pem", folder / "server.key"


def test_a_box_in_1970_joins_by_the_clouds_time(tmp_path: Path) -> None:
    for says, words in (
        (NOON, r"does not let the gateway join|answers 401"),
        (LATER - timedelta(days=1), "clock is wrong.*certificate is not good"),
    ):
        with cloud_of(tmp_path, says=says) as cloud, pytest.raises(EnrolmentError, match=words):
            join(
                tmp_path / "data",
                cloud=cloud.url,
                code="CODE",
                ca_file=str(tmp_path / "ca.pem"),
                clock=clock_at(IN_1970),
            )


async def test_plain_http_is_asked_only_where_it_is_trusted() -> None:
    cloud = HttpCloud()
    cloud.says = NOON
    try:
        for trusts in (False, True):
            keeper = ClockKeeper(clock_at(IN_1970))
            policy = HttpsPolicy(url=cloud.url, trust_plain_time=trusts)
            assert await CloudTime(keeper, policy).settle() == ("" if trusts else DATES_UNCHECKED)
            assert (keeper.known_utc() is not None) is trusts
    finally:
        cloud.close()
