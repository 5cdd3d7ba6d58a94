"""The first packet at the broker's door: a bounded CONNECT of MQTT 3.1.1 or nothing."""

from __future__ import annotations

import asyncio
import struct

import pytest

from cloud.broker.door import (
    MOST_OCTETS,
    UNSUPPORTED_VERSION,
    DoorError,
    Knock,
    PrefixedReader,
    read_knock,
)


def text(value: bytes) -> bytes:
    return struct.pack("!H", len(value)) + value


def connect(*, level: int = 4, flags: int = 0xC6, name: bytes = b"MQTT") -> bytes:
    """A CONNECT with clean session, will (QoS 0), user and password."""
    body = text(name) + bytes([level, flags]) + struct.pack("!H", 60)
    body += text(b"vw-gw_1") + text(b"vw/1/t/gw_1/status") + text(b"gone")
    body += text(b"gw_1") + text(b"secret")
    return bytes([0x10, len(body)]) + body


async def read(octets: bytes) -> Knock:
    reader = asyncio.StreamReader()
    reader.feed_data(octets)
    reader.feed_eof()
    return await read_knock(reader)


async def test_a_connect_says_who_knocks() -> None:
    octets = connect()
    assert await read(octets) == Knock(octets, "gw_1", "secret", "vw-gw_1", "vw/1/t/gw_1/status")


async def test_a_newer_version_is_told_so() -> None:
    with pytest.raises(DoorError) as caught:
        await read(connect(level=5))
    assert caught.value.answer == UNSUPPORTED_VERSION


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x30\x02\x00\x00",
        b"\x10\xff\xff\xff\xff\x7f",
        b"\x10" + b"\xff\xff\x7f" + bytes(100),
        b"\x10\x00",
        b"\x10\x06\x00\x04MQTT",
        connect(name=b"MQIsdp"),
    ],
)
async def test_anything_else_is_no_connect(octets: bytes) -> None:
    with pytest.raises(DoorError):
        await read(octets)


@pytest.mark.parametrize("length", [0, 1, 5, 20, 40])
async def test_a_client_that_leaves_early_is_not_let_in(length: int) -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await read(connect()[:length])


@pytest.mark.parametrize("length", range(11, 59))
async def test_a_connect_whose_fields_end_early_names_nobody_in_full(length: int) -> None:
    octets = connect()
    shorter = octets[2 : 2 + length]
    try:
        knock = await read(bytes([0x10, len(shorter)]) + shorter)
    except DoorError:
        return
    assert not (knock.user and knock.secret)


async def test_an_oversized_connect_is_not_even_read() -> None:
    reader = asyncio.StreamReader()
    length = MOST_OCTETS + 1
    reader.feed_data(bytes([0x10, length & 0x7F | 0x80, length >> 7]))
    with pytest.raises(DoorError, match="large"):
        await read_knock(reader)


async def test_what_was_read_is_read_again_by_the_broker() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(b"defgh")
    reader.feed_eof()
    prefixed = PrefixedReader(b"abc", reader)
    assert [await prefixed.read(2), await prefixed.read(3), await prefixed.read(-1)] == [
        b"ab",
        b"cde",
        b"fgh",
    ]
