"""The choice between two ways: the preferred one while it is up, the other after a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.supervision import BackoffPolicy
from edge.uplink.choice import LinkChoice
from edge.uplink.link import LinkHealth
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
    policy = ChoicePolicy(
        prefer=prefer,
        fallback_after_seconds=10.0,
        probe=BackoffPolicy(first=15.0, most=120.0, jitter=0.0, forgiven_after=120.0),
        hold=BackoffPolicy(first=60.0, most=600.0, jitter=0.0),
    )
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


def test_after_one_silence_a_single_batch_tries_the_way_and_others_go_beside_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In a black hole live numbers wait for one patience, not for two."""
    mqtt, https, choice = ways()
    mqtt.turn(is_up=True)
    https.turn(is_up=True)
    vain(choice, mqtt, began=0, now=3)
    assert choice.choose(now=3) is mqtt
    choice.begin(mqtt, now=3)
    assert choice.choose(now=3.1) is https
    choice.begin(https, now=3.1)
    assert https.health.is_used
    assert https.health.used_because == "mqtt did not answer"
    choice.note_acknowledged(mqtt, began=3, now=3.5)
    assert choice.choose(now=3.5) is mqtt, "it was one lost answer"
    choice.begin(mqtt, now=3.5)
    assert mqtt.health.vain_since is None
    assert len(caplog.messages) == 2


def test_a_trial_that_ends_without_a_word_does_not_close_the_way_for_ever() -> None:
    mqtt, https, choice = ways()
    mqtt.turn(is_up=True)
    https.turn(is_up=True)
    vain(choice, mqtt, began=0, now=3)
    choice.begin(mqtt, now=3)
    assert choice.choose(now=12.9) is https
    assert choice.choose(now=13) is mqtt
    https.turn(is_up=False)
    assert choice.choose(now=4) is mqtt, "the only one that is up"


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
    choice.note_acknowledged(mqtt, began=now, now=now)
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


@dataclass(slots=True)
class World:
    """A given clock, two ways that are up, and how long each takes for a batch; None: no answer."""

    prefer: Way = Way.MQTT
    now: float = 0.0
    takes: dict[Way, float | None] = field(default_factory=lambda: {Way.MQTT: 0.2, Way.HTTPS: 0.4})
    gone: list[Way] = field(default_factory=list)
    mqtt: Path = field(init=False)
    https: Path = field(init=False)
    choice: LinkChoice = field(init=False)

    def __post_init__(self) -> None:
        self.mqtt, self.https, self.choice = ways(self.prefer)
        self.mqtt.turn(is_up=True)
        self.https.turn(is_up=True)

    def carry(self, batches: int = 1, *, every: float = 1.0) -> None:
        """So many batches, one after the other, a new one `every` second."""
        for _ in range(batches):
            link = self.choice.choose(now=self.now)
            assert isinstance(link, Path)
            began, takes = self.now, self.takes[link.way]
            self.choice.begin(link, now=began)
            self.gone.append(link.way)
            self.now += 8.0 if takes is None else takes
            if takes is None:
                self.choice.note_vain(link, began=began, now=self.now)
            else:
                ack = UplinkAck(batch_id=UUID(int=1), stored=1, repeated=0)
                link.health.learn(ack, began=began, now=self.now, octets=1000)
                self.choice.note_acknowledged(link, began=began, now=self.now)
            self.now = max(self.now, began + every)

    def used(self) -> Way:
        """The way that carries what goes up."""
        (link,) = [one for one in (self.mqtt, self.https) if one.health.is_used]
        return link.way


def test_a_way_that_acknowledges_far_too_late_gives_way_to_the_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.carry(10)
    assert set(world.gone) == {Way.MQTT}
    world.takes[Way.MQTT] = 7.0
    world.carry(30)
    assert world.used() is Way.HTTPS
    assert world.mqtt.health.poor_because.startswith("slow, ")
    assert world.https.health.used_because == f"mqtt is poor: {world.mqtt.health.poor_because}"
    said = [record.getMessage() for record in caplog.records]
    assert said[0].startswith("way is poor way=mqtt reason='slow, ")
    assert said[1].startswith("way changed from=mqtt to=https reason='mqtt is poor: slow, ")
    assert len(said) == 2


def test_a_way_on_which_every_other_batch_is_lost_gives_way_to_the_other() -> None:
    world = World()
    for number in range(12):
        world.takes[Way.MQTT] = None if number % 2 else 0.2
        world.carry()
    world.carry(5)
    assert world.used() is Way.HTTPS
    assert world.mqtt.health.vain_since is None, "never twice in vain in a row"
    assert world.mqtt.health.poor_because.startswith("loses ")


def test_a_poor_way_is_probed_by_one_batch_at_a_time_and_taken_back_when_it_is_good() -> None:
    world = World()
    world.takes[Way.MQTT] = 7.0
    world.carry(200)
    probes = [at for at, way in enumerate(world.gone[10:]) if way is Way.MQTT]
    assert 2 <= len(probes) <= 8, "ever more rarely"
    world.takes[Way.MQTT] = 0.2
    world.carry(150)
    assert world.used() is Way.MQTT
    assert world.mqtt.health.poor_because == ""
    assert world.mqtt.health.used_because == "it is the preferred way"
    assert world.mqtt.health.uses == 2


def test_a_way_on_the_edge_is_not_taken_back_to_be_left_again() -> None:
    world = World()
    world.takes[Way.MQTT] = 7.0
    world.carry(20)
    world.takes[Way.MQTT] = 4.5
    world.carry(400)
    assert world.used() is Way.HTTPS
    assert world.mqtt.health.uses == 1


def test_one_good_probe_is_not_enough() -> None:
    world = World()
    world.takes[Way.MQTT] = 7.0
    world.carry(10)
    for _ in range(200):
        good_once = world.gone[-1] is not Way.MQTT
        world.takes[Way.MQTT] = 0.2 if good_once else 7.0
        world.carry()
    assert world.used() is Way.HTTPS


def test_a_way_lost_soon_after_it_came_back_is_probed_as_rarely_as_before() -> None:
    """Good with nothing on it and poor under load: it must not be left and taken for ever."""
    world = World()
    for _ in range(900):
        world.takes[Way.MQTT] = 7.0 if world.mqtt.health.is_used else 0.2
        world.carry()
    assert world.mqtt.health.uses <= 12
    assert world.gone.count(Way.HTTPS) > 700


def test_the_other_way_is_left_again_when_it_is_no_better() -> None:
    world = World(takes={Way.MQTT: 7.0, Way.HTTPS: 6.0})
    world.carry(12)
    assert world.used() is Way.MQTT
    assert world.mqtt.health.used_because == "https is no better"
    before = world.gone.count(Way.HTTPS)
    world.carry(100)
    assert world.gone.count(Way.HTTPS) - before <= 20, "tried again, ever more rarely"


def test_the_other_way_is_kept_when_it_is_slow_and_clearly_better() -> None:
    world = World(takes={Way.MQTT: 20.0, Way.HTTPS: 6.0})
    world.carry(40)
    assert world.used() is Way.HTTPS


def test_a_poor_way_is_used_while_the_other_is_down_or_vain() -> None:
    world = World(takes={Way.MQTT: 7.0, Way.HTTPS: 0.4})
    world.carry(10)
    world.https.turn(is_up=False)
    world.carry(3)
    assert world.used() is Way.MQTT
    assert world.mqtt.health.used_because == "https is down"
    world.https.turn(is_up=True)
    world.carry(3)
    assert world.used() is Way.HTTPS
    world.takes[Way.HTTPS] = None
    world.carry(8)
    assert world.used() is Way.MQTT
    assert world.mqtt.health.used_because == "https acknowledges nothing"


def test_a_poor_way_that_falls_silent_is_vain() -> None:
    world = World(takes={Way.MQTT: 7.0, Way.HTTPS: 0.4})
    world.carry(10)
    world.takes[Way.MQTT] = None
    world.carry(200)
    assert world.mqtt.health.vain_since is not None
    assert world.mqtt.health.poor_because == ""
    assert world.used() is Way.HTTPS


def test_https_may_be_the_preferred_one_that_is_left() -> None:
    world = World(prefer=Way.HTTPS, takes={Way.MQTT: 0.2, Way.HTTPS: 9.0})
    world.carry(10)
    assert world.used() is Way.MQTT


def test_a_single_way_is_used_however_poor_it_is() -> None:
    only = Path(Way.HTTPS)
    choice = LinkChoice((only,), ChoicePolicy(), SYSTEM_CLOCK)
    only.turn(is_up=True)
    for turn in range(10):
        assert choice.choose(now=turn * 9) is only
        choice.begin(only, now=turn * 9)
        only.health.learn(
            UplinkAck(batch_id=UUID(int=1), stored=1, repeated=0),
            began=turn * 9,
            now=turn * 9 + 9,
            octets=100,
        )
        choice.note_acknowledged(only, began=turn * 9, now=turn * 9 + 9)
    assert only.health.window.measure(now=90).is_poor
    assert only.health.used_because == "it is the only way"
    assert only.health.uses == 1


@pytest.mark.parametrize(
    "wrong",
    [{"slow_seconds": 0}, {"window_seconds": 0}, {"better_by": 0.9}, {"distrust_after": 0}],
)
def test_a_policy_that_cannot_work_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"above 0|at least 1"):
        ChoicePolicy(**wrong)  # type: ignore[arg-type]  # one number a name
