"""Commands by whichever way brings them, answers by whichever is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from edge.clock import Clock
from edge.errors import UplinkUnreachableError
from edge.uplink.downlink import Downlink
from edge.uplink.link import LinkHealth
from edge.uplink.policy import Way
from tests.unit.edge.making import ManualTime
from tests.waiting import wait_until


def instantly() -> Clock:
    return ManualTime().clock


async def until(predicate: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, predicate, timeout=10, what=what, every=0.01)


@dataclass(slots=True)
class Link:
    """Both kinds of link at once."""

    health: LinkHealth
    answers: list[bytes] = field(default_factory=list)
    portions: list[tuple[bytes, ...]] = field(default_factory=list)
    refuses: bool = False
    polls: int = 0
    takers: list[Callable[[bytes], None]] = field(default_factory=list)

    def listen(self, take: Callable[[bytes], None]) -> None:
        self.takers.append(take)

    async def send_answer(self, octets: bytes) -> None:
        if self.refuses:
            raise UplinkUnreachableError("not now")
        self.answers.append(octets)

    async def fetch_commands(self, *, wait_seconds: int) -> tuple[bytes, ...]:
        assert wait_seconds > 0
        self.polls += 1
        await ManualTime().sleep(0)
        if not self.portions:
            raise UplinkUnreachableError("nobody there")
        return self.portions.pop(0)


def link(way: Way, *, is_up: bool) -> Link:
    return Link(LinkHealth(way, "", is_up=is_up))


async def test_an_answer_goes_by_the_first_link_that_takes_it() -> None:
    mqtt, https = link(Way.MQTT, is_up=True), link(Way.HTTPS, is_up=True)
    down = Downlink(pushing=mqtt, asked=https, clock=instantly())
    await down.send_answer(b"1")
    mqtt.refuses = True
    await down.send_answer(b"2")
    mqtt.health.is_up = False
    await down.send_answer(b"3")
    https.refuses = True
    with pytest.raises(UplinkUnreachableError, match="not now"):
        await down.send_answer(b"4")
    https.health.is_up = False
    with pytest.raises(UplinkUnreachableError, match="no way is up"):
        await down.send_answer(b"5")
    assert (mqtt.answers, https.answers) == ([b"1"], [b"2", b"3"])


async def test_https_is_asked_only_while_mqtt_is_down() -> None:
    mqtt, https = link(Way.MQTT, is_up=False), link(Way.HTTPS, is_up=False)
    down = Downlink(pushing=mqtt, asked=https, clock=instantly())
    arrived: list[bytes] = []
    returns: list[int] = []
    down.listen(arrived.append, lambda: returns.append(1))
    mqtt.takers[0](b"pushed")
    https.portions = [(b"1", b"2"), (), (b"3",)]

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(down.run())
        https.health.is_up = True
        await until(lambda: arrived == [b"pushed", b"1", b"2", b"3"] and https.polls > 3, "them")
        mqtt.health.is_up = True
        await until(lambda: len(returns) == 1, "the return of a way")
        running.cancel()


def test_a_gateway_with_one_way_or_none_is_up_when_that_is() -> None:
    assert not Downlink(pushing=None, asked=None, clock=instantly()).is_up
    assert Downlink(pushing=None, asked=link(Way.HTTPS, is_up=True), clock=instantly()).is_up
    Downlink(pushing=None, asked=None, clock=instantly()).listen(lambda _o: None, lambda: None)
