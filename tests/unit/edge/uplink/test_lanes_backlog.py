"""How many batches of a lane may be of what an outage left behind."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import UUID

from edge.buffer.claims import Claim
from edge.buffer.rows import Stream
from edge.uplink.lanes import Lane
from edge.uplink.link import LinkHealth
from edge.uplink.policy import Way
from edge.uplink.quality import Pace
from protocols.uplink.messages import UplinkAck

OLD = Claim(
    batch_id=UUID(int=1),
    stream=Stream.NUMERICS,
    boot_epoch=1,
    vehicle_id="v",
    rows=(),
    row_ids=(),
    is_backlog=True,
)


class Link:
    """A way that took half a second at best."""

    def __init__(self) -> None:
        self.health = LinkHealth(Way.MQTT, "url")
        self.health.quality.note(0.5)

    async def run(self) -> None:
        raise AssertionError

    async def send(self, batch: object, *, timeout_seconds: float) -> UplinkAck:
        raise AssertionError(batch, timeout_seconds)


def numbers(in_flight: int = 4) -> Lane:
    return Lane(Stream.NUMERICS, in_flight, 0.0, rows=Pace(200, 50, 2000))


def out(lane: Lane) -> int:
    """How many old batches go before the lane takes no more."""
    with ExitStack() as stack:
        while lane.takes_backlog and lane.backlog_out < 9:
            stack.enter_context(lane.on_its_way(OLD))
        return lane.backlog_out


def test_one_place_is_kept_free_for_what_is_new() -> None:
    assert out(numbers()) == 3


def test_a_lane_of_one_place_sends_what_is_old_too() -> None:
    assert out(numbers(1)) == 1


def test_while_answers_are_late_one_at_a_time_is_enough() -> None:
    lane = numbers()
    lane.note(OLD, Link(), 1.1)
    assert out(lane) == 1
    lane.note(OLD, Link(), 0.6)
    assert out(lane) == 3


def test_curves_are_never_urgent() -> None:
    assert out(Lane(Stream.WAVEFORMS, 3, 0.0, octets=Pace(1, 1, 1))) == 9


def test_who_waits_for_what_is_new_looks_again_when_an_old_one_has_arrived() -> None:
    lane = numbers()
    with lane.on_its_way(OLD):
        assert not lane.news.is_set()
    assert lane.news.is_set()
