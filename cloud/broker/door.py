"""The door before the broker: a client is known before any session of the broker is touched.

amqtt looks up, takes over and clears sessions by client id before it checks who asks; behind this
door only a client with a right of its own gets that far. A CONNECT is bounded in size and time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from amqtt.adapters import BufferReader, ReaderAdapter
from amqtt.errors import AMQTTError, MQTTError, NoDataError
from amqtt.mqtt.connect import ConnectPacket

CONNECT_SECONDS: Final = 10.0
MOST_OCTETS: Final = 8192
UNSUPPORTED_VERSION: Final = b"\x20\x02\x00\x01"
NOT_AUTHORISED: Final = b"\x20\x02\x00\x05"
_CONNECT: Final = 0x10
_MQTT: Final = b"\x00\x04MQTT"
_LEVEL_3_1_1: Final = 4
_MOST_LENGTH_OCTETS: Final = 4


class DoorError(Exception):
    """What came first is no CONNECT; `answer` is what the client is told before the end."""

    def __init__(self, cause: str, *, answer: bytes = b"") -> None:
        self.answer = answer
        super().__init__(cause)


@dataclass(frozen=True, slots=True)
class Knock:
    """A CONNECT as it was read (`octets`) and what it says."""

    octets: bytes
    user: str
    secret: str
    client_id: str
    will_topic: str | None


async def read_knock(reader: asyncio.StreamReader) -> Knock:
    """The first packet; DoorError for anything but a CONNECT of MQTT 3.1.1, TimeoutError late."""
    async with asyncio.timeout(CONNECT_SECONDS):
        octets = await _packet(reader)
    body = octets[-_body_length(octets) :]
    if not body.startswith(_MQTT) or len(body) <= len(_MQTT):
        raise DoorError("not MQTT")
    if body[len(_MQTT)] != _LEVEL_3_1_1:
        raise DoorError("another version of MQTT", answer=UNSUPPORTED_VERSION)
    try:
        packet = await ConnectPacket.from_stream(BufferReader(octets))
    except (AMQTTError, MQTTError, NoDataError, ValueError) as exc:
        raise DoorError("a malformed CONNECT") from exc
    return Knock(
        octets=octets,
        user=packet.username or "",
        secret=packet.password or "",
        client_id=packet.client_id or "",
        will_topic=packet.will_topic,
    )


class PrefixedReader(ReaderAdapter):  # type: ignore[misc]  # amqtt ships no types
    """A connection whose first octets were read before."""

    def __init__(self, octets: bytes, reader: asyncio.StreamReader) -> None:
        self._octets = octets
        self._reader = reader

    async def read(self, n: int = -1) -> bytes:
        """Exactly `n` octets, or with -1 whatever comes up to the end."""
        first, self._octets = (self._octets, b"") if n < 0 else (self._octets[:n], self._octets[n:])
        if n < 0:
            return first + await self._reader.read(n)
        missing = n - len(first)
        return first + await self._reader.readexactly(missing) if missing else first

    def feed_eof(self) -> None:
        """Say that nothing more will come."""
        self._reader.feed_eof()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(1)
    if head[0] != _CONNECT:
        raise DoorError("not a CONNECT")
    length = shift = 0
    while True:
        octet = await reader.readexactly(1)
        head += octet
        length |= (octet[0] & 0x7F) << shift
        shift += 7
        if not octet[0] & 0x80:
            break
        if len(head) > _MOST_LENGTH_OCTETS:
            raise DoorError("a malformed length")
    if length > MOST_OCTETS:
        raise DoorError("a CONNECT too large")
    return head + await reader.readexactly(length)


def _body_length(octets: bytes) -> int:
    """How many octets follow the packet's length field."""
    field = 1
    while octets[field] & 0x80:
        field += 1
    return len(octets) - field - 1
