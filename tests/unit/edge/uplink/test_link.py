"""The choice between two ways: the preferred one while it is up, the other after a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from edge.clock import SYSTEM_CLOCK
from edge.uplink.link import LinkChoice, LinkHealth
from edge.uplink.policy import ChoicePolicy, Way
from protocols.uplink.messages import UplinkAck, UplinkBatch
from tests.unit.edge.making import NOON


@dataclass(slots=True)
class Path:
    """A way that only has a health."""

    way: Way
    health: LinkHealth = field(init=False)

    def __post_init__(self) -> None:
        self.health = LinkHealth(self.way, "url")

    async def run(self) -> None:
        """Nothing keeps it up."""

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        raise AssertionError(f"nothing is sent here: {batch.batch_id} {timeout_seconds}")

    def turn(self, *, is_up: bool) -> None:
        self.health.move(is_up=is_up, at=NOON)


def ways(prefer: Way = Way.MQTT) -> tuple[Path, Path, LinkChoice]:
    mqtt, https = Path(Way.MQTT), Path(Way.HTTPS)
    policy = ChoicePolicy(prefer=prefer, fallback_after_seconds=10.0)
    return mqtt, https, LinkChoice((mqtt, https), policy, SYSTEM_CLOCK)


def test_the_other_way_is_used_only_after_a_while_and_the_first_comes_back() -> None:
    mqtt, https, choice = ways()
    mqtt.turn(is_up=True)
    assert choice.choose(now=0) is mqtt
    mqtt.turn(is_up=False)
    assert choice.choose(now=1) is None
    assert choice.choose(now=10.9) is None
    assert choice.choose(now=11) is https
    mqtt.turn(is_up=True)
    assert choice.choose(now=12) is mqtt
    mqtt.turn(is_up=False)
    assert choice.choose(now=13) is None, "the patience begins anew"


def test_the_operator_may_prefer_https() -> None:
    mqtt, https, choice = ways(Way.HTTPS)
    mqtt.turn(is_up=True)
    assert choice.choose(now=0) is None
    https.turn(is_up=True)
    assert choice.choose(now=1) is https
    https.turn(is_up=False)
    assert choice.choose(now=2) is None
    assert choice.choose(now=12) is mqtt


def test_a_single_way_is_waited_for() -> None:
    only = Path(Way.HTTPS)
    choice = LinkChoice((only,), ChoicePolicy(fallback_after_seconds=0), SYSTEM_CLOCK)
    assert choice.choose(now=0) is None
    only.turn(is_up=True)
    assert choice.choose(now=1) is only


def vain(choice: LinkChoice, link: Path, *, began: float, now: float) -> None:
    choice.begin(link, now=began)
    choice.note_vain(link, began=began, now=now)


def test_a_way_that_is_up_and_acknowledges_nothing_gives_way_to_the_other() -> None:
    mqtt, https, choice = ways()
    mqtt.turn(is_up=True)
    https.turn(is_up=True)
    vain(choice, mqtt, began=0, now=10)
    assert choice.choose(now=10) is mqtt, "one lost answer proves nothing"
    vain(choice, mqtt, began=10, now=20)
    assert choice.choose(now=20) is https
    assert mqtt.health.vain_since is not None
    https.turn(is_up=False)
    assert choice.choose(now=20) is mqtt, "better than a way that is down"


def test_batches_lost_side_by_side_are_one_vain_turn() -> None:
    mqtt, https, choice = ways()
    mqtt.turn(is_up=True)
    https.turn(is_up=True)
    for _ in range(4):
        vain(choice, mqtt, began=0, now=10)
    assert choice.choose(now=10) is mqtt


def test_a_distrusted_way_is_probed_ever_more_rarely_until_it_answers() -> None:
    mqtt, https, choice = ways()
    mqtt.turn(is_up=True)
    https.turn(is_up=True)
    vain(choice, mqtt, began=0, now=10)
    vain(choice, mqtt, began=10, now=20)
    now, waits = 20.0, []
    for _ in range(3):
        due = next(second for second in range(200) if choice.choose(now=now + second) is mqtt)
        waits.append(due)
        now += due
        choice.begin(mqtt, now=now)
        assert choice.choose(now=now) is https, "one batch at a time"
        choice.note_vain(mqtt, began=now, now=now + 10)
    assert waits == sorted(waits)
    assert waits[0] >= 10
    assert waits[-1] > waits[0]
    choice.note_acknowledged(mqtt)
    assert choice.choose(now=now) is mqtt
    assert mqtt.health.vain_since is None


def test_a_way_lost_after_vain_attempts_is_not_waited_for_again() -> None:
    """Two gateways of one name throw each other off the broker: up and down without end."""
    mqtt, https, choice = ways()
    https.turn(is_up=True)
    mqtt.turn(is_up=True)
    vain(choice, mqtt, began=0, now=1)
    vain(choice, mqtt, began=2, now=3)
    mqtt.turn(is_up=False)
    assert choice.choose(now=4) is https


async def test_who_waits_is_woken_when_a_way_comes_up() -> None:
    mqtt, _, choice = ways()
    asyncio.get_running_loop().call_soon(lambda: mqtt.turn(is_up=True))
    async with asyncio.timeout(5):
        assert await choice.pick() is mqtt


async def test_who_waits_gets_the_other_way_when_the_patience_ends() -> None:
    mqtt, https = Path(Way.MQTT), Path(Way.HTTPS)
    policy = ChoicePolicy(fallback_after_seconds=0.02)
    choice = LinkChoice((mqtt, https), policy, SYSTEM_CLOCK)
    async with asyncio.timeout(5):
        assert await choice.pick() is https


def test_since_is_when_it_went_up_or_down() -> None:
    health = LinkHealth(Way.MQTT, "url")
    health.move(is_up=False, at=NOON, reason="no route")
    later = NOON.replace(hour=13)
    health.move(is_up=False, at=later, reason="refused")
    assert (health.since, health.reason) == (NOON, "refused")
    health.move(is_up=True, at=later)
    assert (health.since, health.reason) == (later, "")
