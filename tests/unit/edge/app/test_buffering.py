"""What a run makes of its buffer: damage and clock steps are told, the cloud's time is learnt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from edge.app.buffering import learn_time_from, open_buffer, watch_clock
from edge.buffer.buffer import ObservationBuffer
from edge.buffer.recovery import FILE_NAME
from edge.clock import Clock, ClockQuality
from edge.settings import EdgeSettings
from edge.settings.uplink import UplinkSettings
from edge.uplink.credentials import Credentials
from edge.uplink.https import HttpsLink
from edge.uplink.policy import HttpsPolicy
from protocols.model.observation import TextObservation
from protocols.nomenclature.private import GATEWAY_EVENT
from tests.unit.edge.making import NOON

SETTINGS = EdgeSettings(gateway_id="gw-1", tenant_id="t-1", vehicle_id="medic-7")


@dataclass(slots=True)
class Box:
    """A clock that can be set; every sleep lets a second pass and may set it."""

    wall: datetime = NOON
    up: float = 100.0
    steps: list[timedelta] = field(default_factory=list)
    slept: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, seconds: float) -> None:
        self.up += seconds
        self.wall += timedelta(seconds=seconds)
        if not self.steps:
            self.slept.set()
            await asyncio.get_running_loop().create_future()
        self.wall += self.steps.pop(0)

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.up, utc=lambda: self.wall, sleep=self.sleep)


async def told(buffer: ObservationBuffer) -> list[str]:
    """What the gateway said in the lane of events."""
    claim = await buffer.claim(limit=100, octets=1 << 20)
    contents = [] if claim is None else [row.content for row in claim.rows]
    assert all(isinstance(item, TextObservation) for item in contents)
    assert {item.type for item in contents if isinstance(item, TextObservation)} <= {GATEWAY_EVENT}
    return [item.text for item in contents if isinstance(item, TextObservation)]


async def test_a_damaged_file_is_told_in_the_lane_of_events(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\x00garbage" * 4000)
    async with open_buffer(SETTINGS, tmp_path, Box().clock) as buffer:
        (words,) = await told(buffer)
    assert "was damaged and set aside as buffer-damaged-" in words
    async with open_buffer(SETTINGS, tmp_path, Box().clock) as buffer:
        assert len(await told(buffer)) == 1, "the same one: a whole file is nothing to tell"


async def test_every_step_of_the_clock_is_told(tmp_path: Path) -> None:
    box = Box(steps=[timedelta(0), timedelta(hours=1), timedelta(0)])
    async with open_buffer(SETTINGS, tmp_path, box.clock) as buffer:
        watch = asyncio.create_task(watch_clock(SETTINGS, tmp_path, buffer, box.clock))
        await box.slept.wait()
        watch.cancel()
        assert await told(buffer) == [
            "the gateway's clock was set by +3600.0 s and is plausible now"
        ]


async def test_a_buffer_without_room_keeps_the_run_going(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = Box(steps=[timedelta(hours=1)])
    async with open_buffer(SETTINGS, tmp_path, box.clock) as buffer:
        (tmp_path / "buffer.reserve").unlink()
        (tmp_path / "buffer.reserve").mkdir()
        await watch_until_asleep(box, tmp_path, buffer)
        (tmp_path / "buffer.reserve").rmdir()
    assert "not told" in caplog.text


async def watch_until_asleep(box: Box, folder: Path, buffer: ObservationBuffer) -> None:
    watch = asyncio.create_task(watch_clock(SETTINGS, folder, buffer, box.clock))
    await box.slept.wait()
    watch.cancel()


@pytest.mark.parametrize(
    ("off", "quality"),
    [(timedelta(0), ClockQuality.SYNCHRONISED), (timedelta(hours=2), ClockQuality.PLAUSIBLE)],
)
async def test_the_date_of_the_clouds_answer_vouches_for_the_clock(
    tmp_path: Path, off: timedelta, quality: ClockQuality
) -> None:
    box = Box()
    credentials = Credentials(tenant_id="t-1", gateway_id="gw-1", secret="secret")
    async with (
        open_buffer(SETTINGS, tmp_path, box.clock) as buffer,
        HttpsLink(HttpsPolicy(url="https://cloud"), credentials, box.clock) as link,
    ):
        learn_time_from([link], buffer)
        assert buffer.clock_quality is ClockQuality.PLAUSIBLE
        for date in ("", "yesterday", format_datetime((NOON + off).astimezone(UTC), usegmt=True)):
            answer = httpx.Response(
                200, headers={"date": date}, request=httpx.Request("POST", "https://cloud")
            )
            await link._note_time(answer)
        reading = await buffer.note_clock()
        assert reading.truth_us is not None
        assert reading.truth_us - reading.difference_us == off / timedelta(microseconds=1)
        assert buffer.clock_quality is quality


async def test_the_answer_of_a_long_poll_vouches_for_nothing(tmp_path: Path) -> None:
    box = Box()
    credentials = Credentials(tenant_id="t-1", gateway_id="gw-1", secret="secret")
    async with (
        open_buffer(SETTINGS, tmp_path, box.clock) as buffer,
        HttpsLink(HttpsPolicy(url="https://cloud"), credentials, box.clock) as link,
    ):
        learn_time_from([link], buffer)
        answer = httpx.Response(
            200,
            headers={"date": format_datetime(NOON, usegmt=True)},
            request=httpx.Request("GET", "https://cloud"),
        )
        await link._note_time(answer)
        assert buffer.clock_quality is ClockQuality.PLAUSIBLE


@pytest.mark.parametrize(
    ("trusts", "quality"),
    [(False, ClockQuality.PLAUSIBLE), (True, ClockQuality.SYNCHRONISED)],
)
async def test_a_date_over_plain_http_is_believed_only_where_the_settings_say_so(
    tmp_path: Path, quality: ClockQuality, *, trusts: bool
) -> None:
    box = Box()
    credentials = Credentials(tenant_id="t-1", gateway_id="gw-1", secret="secret")
    policy = UplinkSettings(http_url="http://cloud", trust_plain_time=trusts).https
    assert policy is not None
    async with (
        open_buffer(SETTINGS, tmp_path, box.clock) as buffer,
        HttpsLink(policy, credentials, box.clock) as link,
    ):
        learn_time_from([link], buffer)
        answer = httpx.Response(
            200,
            headers={"date": format_datetime(NOON.astimezone(UTC), usegmt=True)},
            request=httpx.Request("POST", "http://cloud"),
        )
        await link._note_time(answer)
        assert buffer.clock_quality is quality
