"""A radio link whose writes are recorded; what the device says is recorded where it is heard."""

from __future__ import annotations

from collections.abc import Sequence

from edge.clock import Clock
from edge.recorder.recording import Recording
from edge.transports.ble.base import Attribute, GattTransport, ReceivedValue
from edge.transports.ble.quirks import Quirk
from protocols.model.device import DeviceInfo


def facts_of(link: GattTransport, *, quirk: Quirk, known_as: DeviceInfo) -> dict[str, object]:
    """What one must know to read the values of a link again."""
    return {
        "kind": "gatt",
        "quirk": quirk.model,
        "known_as": str(known_as.system_id),
        "attributes": [
            [item.handle, str(item.uuid), str(item.service), item.properties.value]
            for item in link.attributes
        ],
    }


class RecordedLink:
    """The same link."""

    def __init__(self, link: GattTransport, recording: Recording, clock: Clock) -> None:
        self._link = link
        self._recording = recording
        self._clock = clock

    @property
    def attributes(self) -> Sequence[Attribute]:
        """As the link's."""
        return self._link.attributes

    @property
    def values_lost(self) -> int:
        """As the link's."""
        return self._link.values_lost

    async def receive(self) -> Sequence[ReceivedValue]:
        """As the link receives."""
        return await self._link.receive()

    async def read(self, attribute: Attribute) -> ReceivedValue:
        """As the link reads."""
        return await self._link.read(attribute)

    async def write(self, attribute: Attribute, octets: bytes) -> None:
        """As the link writes; recorded once it is taken."""
        await self._link.write(attribute, octets)
        self._recording.give(
            octets,
            monotonic=self._clock.monotonic(),
            utc=self._clock.utc(),
            channel=attribute.handle,
        )

    async def subscribe(self, attribute: Attribute) -> None:
        """As the link subscribes."""
        await self._link.subscribe(attribute)

    async def pair(self) -> None:
        """As the link pairs."""
        await self._link.pair()

    def end(self, reason: str) -> None:
        """As the link ends."""
        self._link.end(reason)

    async def close(self) -> None:
        """As the link closes."""
        await self._link.close()
