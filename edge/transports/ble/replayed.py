"""A recorded radio link as a device: what it said then, in that order and with those times.

The first value of what can be read is the answer to a read. Everything else was sent, or is
given as if it had been: later reads too, for nobody knows when they would be asked for again. What
answers a request to a record access control point waits until as many requests were made as then;
a gateway that asks less often is waited for a little. Behind the last value the link ends.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from edge.clock import Clock
from edge.errors import AttributeRefusedError, TransportClosedError
from edge.transports.ble.base import Attribute, ReceivedValue
from protocols.captures import AGENT_TO_MANAGER
from protocols.gatt.base import Property
from protocols.gatt.racp_codec import RECORD_ACCESS
from protocols.model.codes import SystemId

PATIENCE_SECONDS: Final = 1.0
OVER: Final = "the recording is over"
_A_TURN: Final = 64


@dataclass(frozen=True, slots=True)
class RecordedValue:
    """One value: of the characteristic at `handle`, at `utc`, after so many record requests."""

    handle: int
    octets: bytes
    utc: datetime
    after: int


@dataclass(frozen=True, slots=True)
class RecordedDevice:
    """What a capture of a radio link holds. `quirk`: how the device was treated."""

    attributes: tuple[Attribute, ...]
    values: tuple[RecordedValue, ...]
    quirk: str
    known_as: SystemId


def read_recorded(header: dict[str, Any], lines: Sequence[dict[str, Any]]) -> RecordedDevice:
    """The capture of this header; KeyError, TypeError or ValueError when something is missing."""
    attributes = tuple(
        Attribute(UUID(service), UUID(uuid), int(handle), Property(properties))
        for handle, uuid, service, properties in header["attributes"]
    )
    return RecordedDevice(
        attributes,
        tuple(_values({item.handle: item for item in attributes}, lines)),
        str(header["quirk"]),
        SystemId.parse(str(header["known_as"])),
    )


def _values(
    known: dict[int, Attribute], lines: Sequence[dict[str, Any]]
) -> Iterator[RecordedValue]:
    requests = 0
    for line in lines:
        handle = int(line.get("handle", -1))
        if handle not in known:
            continue
        if line["dir"] == AGENT_TO_MANAGER:
            utc = datetime.fromisoformat(line["utc"])
            if utc.tzinfo is None:
                raise ValueError("a time without a zone")
            yield RecordedValue(handle, bytes.fromhex(line["hex"]), utc, requests)
        elif known[handle].uuid == RECORD_ACCESS.uuid:
            requests += 1


class ReplayedLink:
    """The link being played; a `GattTransport`. Its clock stands at what comes next."""

    def __init__(
        self, device: RecordedDevice, clock: Clock, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.attributes: Sequence[Attribute] = device.attributes
        self.values_lost = 0
        self._by_handle = {item.handle: item for item in device.attributes}
        self._left = deque(device.values)
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._unread = {
            item.handle for item in device.attributes if item.properties & Property.READ
        }
        self._utc = device.values[0].utc if device.values else clock.utc()
        self._requests = 0
        self._requested = asyncio.Event()
        self._end = ""

    @property
    def is_over(self) -> bool:
        """Whether everything was said."""
        return not self._left

    def utc(self) -> datetime:
        """When the next value came then; behind the last one, when that came."""
        return self._left[0].utc if self._left else self._utc

    async def receive(self) -> Sequence[ReceivedValue]:
        """As `GattTransport`; only what was asked for, where it has to be."""
        if not self._left or self._end:
            raise TransportClosedError(self._end or OVER)
        while self._requests < self._left[0].after:
            self._requested.clear()
            try:
                async with asyncio.timeout(self._patience_seconds):
                    await self._requested.wait()
            except TimeoutError:
                self._requests = self._left[0].after
        ready = list(islice(self._left, _A_TURN))
        count = next(
            (place for place, item in enumerate(ready) if item.after > self._requests), len(ready)
        )
        return [self._given(self._left.popleft()) for _ in range(count)]

    async def read(self, attribute: Attribute) -> ReceivedValue:
        """As `GattTransport`: what it said first; it refuses what was not read then."""
        if attribute.handle in self._unread:
            self._unread.discard(attribute.handle)
            for place, item in enumerate(self._left):
                if item.handle == attribute.handle:
                    del self._left[place]
                    return self._given(item)
        raise AttributeRefusedError("the recording has no such value")

    async def write(self, attribute: Attribute, octets: bytes) -> None:
        """Count the requests; what is written is judged by nobody here."""
        del octets
        if attribute.uuid == RECORD_ACCESS.uuid:
            self._requests += 1
            self._requested.set()

    async def subscribe(self, attribute: Attribute) -> None:
        """Everything is sent anyway."""

    async def pair(self) -> None:
        """It was."""

    def end(self, reason: str) -> None:
        """As `GattTransport`."""
        self._end = self._end or reason

    async def close(self) -> None:
        """Nothing is held."""

    def _given(self, item: RecordedValue) -> ReceivedValue:
        self._utc = item.utc
        attribute = self._by_handle[item.handle]
        return ReceivedValue(attribute, item.octets, self._clock.monotonic(), item.utc)


def lines_of(text: str, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Header and messages of one capture of a file that is known to be one."""
    header: dict[str, Any] = {}
    messages: list[dict[str, Any]] = []
    for line in text.splitlines():
        try:
            said = json.loads(line) if line.strip() else {}
        except ValueError:
            break  # the last line was torn off
        if "capture" in said:
            if header:
                break
            header = said if said.get("id") == name else {}
        elif header and said:
            messages.append(said)
    return header, messages
