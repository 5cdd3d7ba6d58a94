"""Readings a device keeps until somebody confirmed them: cuffs, thermometers and scales do so.

They go out one after the other, oldest first, as soon as their indication is subscribed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from protocols.gatt.base import AnyCharacteristic, GattProfile, Property
from simulators.bluetooth.personalities.base import Personality

PLACES: Final = 200
SETTLE_SECONDS: Final = 0.3
"""A device waits so long after a subscription before it sends; see `hasty`."""


@dataclass(frozen=True, slots=True)
class KeptReading:
    """One value that waits for its confirmation."""

    uuid: UUID
    octets: bytes
    ids: tuple[UUID, ...]


class Backlog:
    """What `personality` keeps; the oldest goes when `places` are full.

    `hasty`: it sends the moment the link is encrypted, by the subscription of an earlier link,
    as some devices do; what nobody listens to yet is confirmed all the same, and lost.
    """

    def __init__(self, personality: Personality, *, places: int = PLACES) -> None:
        self._personality = personality
        self._places = places
        self._kept: deque[KeptReading] = deque()
        self._added = asyncio.Event()
        self.hasty = False

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, profile: GattProfile, characteristic: AnyCharacteristic, record: object) -> None:
        """A reading was made."""
        personality = self._personality
        now = personality.bedside.utc
        ids = personality.truth.made(profile, characteristic, record, at=now, kept=True)
        self._kept.append(KeptReading(characteristic.uuid, characteristic.encode(record), ids))
        if len(self._kept) > self._places:
            personality.truth.about("dropped", self._kept.popleft().ids, at=now)
        self._added.set()

    async def deliver(self) -> None:
        """Send what is kept, for ever."""
        peripheral = self._personality.peripheral
        while True:
            if not self._kept:
                self._added.clear()
                await self._added.wait()
            oldest = self._kept[0]
            if not peripheral.listeners(oldest.uuid, Property.INDICATE):
                await peripheral.next_change()
                if not self.hasty:
                    await asyncio.sleep(SETTLE_SECONDS)
                continue
            if await peripheral.indicate(oldest.uuid, oldest.octets):
                self._delivered(oldest)
            else:
                await peripheral.next_change()

    def _delivered(self, reading: KeptReading) -> None:
        if reading in self._kept:
            self._kept.remove(reading)
        truth, now = self._personality.truth, self._personality.bedside.utc
        truth.about("sent", reading.ids, at=now)
        truth.about("confirmed", reading.ids, at=now)
