"""Topics say whose they are, and nothing else passes for one."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError
from protocols.uplink.channels import ACK, Channel, parse_topic


def test_a_topic_is_taken_apart_as_it_was_put_together() -> None:
    channel = Channel("ten_1", "gw_2", ACK)
    assert channel.topic == "vw/1/ten_1/gw_2/ack"
    assert parse_topic(channel.topic) == channel


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "vw/1/t/g",
        "vw/1/t/g/up/more",
        "vw/2/t/g/up",
        "xx/1/t/g/up",
        "vw/1/t/g/sideways",
        "vw/1/+/g/up",
        "vw/1/t/#/up",
        "vw/1//g/up",
        f"vw/1/{'t' * 65}/g/up",
    ],
)
def test_anything_else_is_refused(topic: str) -> None:
    with pytest.raises(DecodeError):
        parse_topic(topic)
