"""Captures as PCAP: octets laid down by hand, and back again whatever they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.captures import AGENT_TO_MANAGER, MANAGER_TO_AGENT, Capture, CapturedMessage
from protocols.captures.pcap import CONTENT_OTHER, PCAP_MAGIC, format_pcap, parse_pcap
from protocols.errors import DecodeError, EncodeError

# By hand: magic, version 2.4, zone 0, accuracy 0, 262,144 octets a packet, link type 147; then a
# packet at 1.5 s with 4 + 2 octets, from the agent.
FILE = bytes.fromhex("d4c3b2a10200040000000000000000000000040093000000")
PACKET = bytes.fromhex("0100000020a10700060000000600000001000000abcd")

messages = st.builds(
    CapturedMessage,
    direction=st.sampled_from([AGENT_TO_MANAGER, MANAGER_TO_AGENT]),
    seconds=st.none() | st.integers(0, 10**12).map(lambda microseconds: microseconds / 1_000_000),
    octets=st.binary(max_size=40),
)


def test_the_octets_are_those_of_the_format() -> None:
    capture = Capture("one", (CapturedMessage(AGENT_TO_MANAGER, 1.5, b"\xab\xcd"),))
    assert format_pcap(capture) == FILE + PACKET
    assert parse_pcap(FILE + PACKET, "one") == capture


def test_a_time_goes_to_the_nearest_microsecond() -> None:
    # 1.001 as a float lies a little below.
    packet = format_pcap(Capture("one", (CapturedMessage(AGENT_TO_MANAGER, 1.001, b""),)))[24:]
    assert packet[:8] == (1).to_bytes(4, "little") + (1000).to_bytes(4, "little")


@given(st.lists(messages, max_size=5).map(tuple))
def test_what_is_written_is_read_back(items: tuple[CapturedMessage, ...]) -> None:
    capture = Capture("any", items)
    assert parse_pcap(format_pcap(capture), "any") == capture


def test_an_unknown_time_repeats_the_last_stamp_and_stays_unknown() -> None:
    items = (
        CapturedMessage(AGENT_TO_MANAGER, 2.0, b"a"),
        CapturedMessage(MANAGER_TO_AGENT, None, b"b"),
    )
    octets = format_pcap(Capture("c", items))
    second = octets[len(FILE) + 16 + 5 :]
    assert int.from_bytes(second[:4], "little") == 2
    assert second[16:20] == bytes((1, 1, 0, 1))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        FILE[:20],
        b"\xa1\xb2\xc3\xd4" + FILE[4:],
        FILE[:20] + b"\x01\0\0\0",
        FILE + PACKET[:10],
        FILE + PACKET[:-1],
        FILE + PACKET[:16] + b"\x02" + PACKET[17:],
        FILE + PACKET[:16] + b"\x01\x02" + PACKET[18:],
        FILE + PACKET[:16] + b"\x01\x00\x02" + PACKET[19:],
        FILE + PACKET[:8] + b"\x03" + PACKET[9:],
    ],
)
def test_other_octets_are_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_pcap(octets, "x")


@pytest.mark.parametrize(
    "message",
    [
        CapturedMessage(AGENT_TO_MANAGER, float(1 << 32), b""),
        CapturedMessage(AGENT_TO_MANAGER, 0.0, bytes(262_144)),
    ],
)
def test_what_has_no_room_is_refused(message: CapturedMessage) -> None:
    with pytest.raises(EncodeError):
        format_pcap(Capture("x", (message,)))


def test_the_magic_is_that_of_a_little_endian_file() -> None:
    assert FILE.startswith(PCAP_MAGIC)


def test_what_is_no_20601_message_says_so_in_its_header() -> None:
    capture = Capture("one", (CapturedMessage(AGENT_TO_MANAGER, 1.5, b"\xab\xcd"),))
    octets = format_pcap(capture, content=CONTENT_OTHER)
    assert octets == FILE + PACKET[:18] + b"\x01" + PACKET[19:]
    assert parse_pcap(octets, "one") == capture
