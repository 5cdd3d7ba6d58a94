"""How a way stands: up or down, since when, and what its acknowledgements taught."""

from __future__ import annotations

from uuid import UUID

from edge.uplink.link import LinkHealth
from edge.uplink.policy import Way
from protocols.uplink.messages import UplinkAck
from tests.unit.edge.making import NOON


def test_since_is_when_it_went_up_or_down() -> None:
    health = LinkHealth(Way.MQTT, "url")
    health.move(is_up=False, at=NOON, reason="no route")
    later = NOON.replace(hour=13)
    health.move(is_up=False, at=later, reason="refused")
    assert (health.since, health.reason) == (NOON, "refused")
    health.move(is_up=True, at=later)
    assert (health.since, health.reason) == (later, "")


def test_an_acknowledgement_is_measured() -> None:
    health = LinkHealth(Way.MQTT, "url")
    ack = UplinkAck(batch_id=UUID(int=1), stored=1, repeated=0)
    health.learn(ack, began=10.0, now=10.5, octets=4000)
    assert health.acknowledged == 1
    assert health.quality.delay == 0.5
    measured = health.window.measure(now=11.0)
    assert (measured.round_trip, measured.octets_per_second) == (0.5, 8000)
