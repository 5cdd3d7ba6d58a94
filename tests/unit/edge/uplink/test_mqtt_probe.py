"""Which version a broker speaks, told by the first octets of its answer."""

from __future__ import annotations

import pytest

from edge.uplink.mqtt_probe import connect_packet, is_version_5


def test_the_question_is_a_plain_connect_of_version_5() -> None:
    """By hand from MQTT 5.0, 3.1: name, version 5, clean start, 10 s, no properties, client id."""
    assert connect_packet() == bytes.fromhex("1015 0004 4d515454 05 02 000a 00 0008") + b"vw-probe"


@pytest.mark.parametrize(
    ("answer", "is_5"),
    [
        ("20090000", True),  # accepted, with properties
        ("20030087", True),  # not authorized: a version 5 word
        ("20020001", False),  # 3.1.1: unacceptable protocol version
        ("20030084", False),  # 5 says: unsupported protocol version
        ("30030000", False),  # no CONNACK at all
        ("2009", False),
        ("", False),
    ],
)
def test_answers(answer: str, is_5: bool) -> None:
    assert is_version_5(bytes.fromhex(answer)) is is_5
