"""Captures as PCAP files, for tools that read those, and back.

The classic file format with microsecond stamps, written little-endian, link type 147
(LINKTYPE_USER0). Every packet is one message behind a header of four octets of ours:

    octet 0   version, 1
    octet 1   direction: 0 from agent to manager, 1 from manager to agent
    octet 2   content: 0 a 20601 APDU or a read of its stream, 1 another item (a GATT value ...)
    octet 3   flags: bit 0 the message's time is unknown; its stamp repeats the last known one

A capture counts seconds from its own beginning, so the stamps do too: packets lie in 1970.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from protocols.captures.capture import (
    AGENT_TO_MANAGER,
    MANAGER_TO_AGENT,
    Capture,
    CapturedMessage,
)
from protocols.errors import DecodeError, EncodeError

LINKTYPE_USER0: Final = 147
PCAP_MAGIC: Final = b"\xd4\xc3\xb2\xa1"
HEADER_VERSION: Final = 1
CONTENT_20601: Final = 0
CONTENT_OTHER: Final = 1
TIME_UNKNOWN: Final = 0x01

_CLAUSE: Final = "PCAP"
_FILE: Final = struct.Struct("<4sHHiIII")
_PACKET: Final = struct.Struct("<IIII")
_OURS: Final = struct.Struct("BBBB")
_SNAPLEN: Final = 262_144
_DIRECTIONS: Final = (AGENT_TO_MANAGER, MANAGER_TO_AGENT)
_U32: Final = 1 << 32


def format_pcap(capture: Capture, *, content: int = CONTENT_20601) -> bytes:
    """The octets of a PCAP file; EncodeError for a time or a message that has no room in one.

    `content` says what the messages are: `CONTENT_20601` or `CONTENT_OTHER`.
    """
    head = _FILE.pack(PCAP_MAGIC, 2, 4, 0, 0, _SNAPLEN, LINKTYPE_USER0)
    return b"".join((head, *_packets(capture, content)))


def _packets(capture: Capture, content: int) -> Iterator[bytes]:
    stamp = 0.0
    for message in capture.messages:
        unknown = message.seconds is None
        stamp = stamp if message.seconds is None else message.seconds
        microseconds = round(stamp * 1_000_000)
        seconds, fraction = divmod(microseconds, 1_000_000)
        size = _OURS.size + len(message.octets)
        if not 0 <= seconds < _U32 or size > _SNAPLEN:
            raise EncodeError("a message has no room in a PCAP file")
        yield _PACKET.pack(seconds, fraction, size, size)
        yield _OURS.pack(
            HEADER_VERSION,
            _DIRECTIONS.index(message.direction),
            content,
            TIME_UNKNOWN if unknown else 0,
        )
        yield message.octets


def parse_pcap(octets: bytes, name: str) -> Capture:
    """The capture of a PCAP file that `format_pcap` wrote; DecodeError for any other."""
    if len(octets) < _FILE.size:
        raise DecodeError(f"{len(octets)} octets are no PCAP file", clause=_CLAUSE)
    magic, *_, link_type = _FILE.unpack_from(octets)
    if magic != PCAP_MAGIC or link_type != LINKTYPE_USER0:
        raise DecodeError(
            f"not a little-endian PCAP file of link type {LINKTYPE_USER0}", clause=_CLAUSE
        )
    return Capture(name, tuple(_messages(octets)))


def _messages(octets: bytes) -> Iterator[CapturedMessage]:
    at = _FILE.size
    while at < len(octets):
        if len(octets) - at < _PACKET.size + _OURS.size:
            raise DecodeError("the file ends within a packet's header", clause=_CLAUSE, offset=at)
        seconds, fraction, size, _ = _PACKET.unpack_from(octets, at)
        version, direction, content, flags = _OURS.unpack_from(octets, at + _PACKET.size)
        if version != HEADER_VERSION or content > CONTENT_OTHER or direction >= len(_DIRECTIONS):
            raise DecodeError("a packet without our header", clause=_CLAUSE, offset=at)
        at += _PACKET.size
        if size < _OURS.size or at + size > len(octets):
            raise DecodeError("the file ends within a packet", clause=_CLAUSE, offset=at)
        stamp = None if flags & TIME_UNKNOWN else (seconds * 1_000_000 + fraction) / 1_000_000
        yield CapturedMessage(_DIRECTIONS[direction], stamp, octets[at + _OURS.size : at + size])
        at += size
