"""One line's life, as its driver tells it: what came, what went, what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.recorder.decoded import pack_made
from edge.recorder.records import MOST_PAYLOAD, Kind, Record, to_us, utc_to_us
from edge.recorder.references import OctetRange
from protocols.model.observation import Observation

Entry = Record | Callable[[], Record]
"""A record, or how it is made: what costs work is made by the recorder's thread."""
MADE_OCTETS: Final = 128
"""What an observation is counted as while it waits."""


@dataclass(slots=True, kw_only=True)
class Recording:
    """Every call returns at once. `name` is empty where nothing is recorded.

    `received`: octets that came so far; a reference counts from the first of them.
    """

    name: str = ""
    number: int = 0
    put: Callable[[Entry, int], None] | None = None
    received: int = 0
    sent: int = 0

    def take(self, octets: bytes, *, monotonic: float, utc: datetime, channel: int = 0) -> None:
        """The device said `octets`; on a radio link `channel` is the attribute's handle."""
        self._pass(Kind.RECEIVED, octets, self.received, monotonic, utc, channel)
        self.received += len(octets)

    def give(self, octets: bytes, *, monotonic: float, utc: datetime, channel: int = 0) -> None:
        """We said `octets`."""
        self._pass(Kind.SENT, octets, self.sent, monotonic, utc, channel)
        self.sent += len(octets)

    def decoded(self, reference: str, observations: Sequence[Observation]) -> None:
        """The octets of `reference` became these, and they are durable."""
        if self.put is None or not reference or not observations:
            return
        number, kept = self.number, tuple(observations)

        def make() -> Record:
            place = OctetRange.parse(reference)
            payload = pack_made(place.length, kept)[:MOST_PAYLOAD]
            return Record(Kind.DECODED, number, 0, place.offset, payload=payload)

        self.put(make, MADE_OCTETS * len(kept))

    def learnt(self, system_id: str, *, config_id: int = 0, configuration: bytes = b"") -> None:
        """Who it is; and its configuration, where it was known and is not in the octets."""
        facts = {"system_id": system_id}
        known = {"config_id": config_id, "configuration": configuration.hex()}
        self._tell(Kind.LEARNT, json.dumps(facts | known if configuration else facts).encode())

    def begin_again(self) -> None:
        """The association ended; what follows is understood without what was before."""
        self._tell(Kind.RELEASED, b"")

    def close(self) -> None:
        """The line ended."""
        self._tell(Kind.CLOSED, b"")

    def _tell(self, kind: Kind, payload: bytes) -> None:
        if self.put is not None:
            self.put(Record(kind, self.number, payload=payload), len(payload))

    def _pass(
        self,
        kind: Kind,
        octets: bytes,
        offset: int,
        monotonic: float,
        utc: datetime,
        channel: int,
    ) -> None:
        if self.put is None:
            return
        times = to_us(monotonic), utc_to_us(utc)
        for start in range(0, len(octets), MOST_PAYLOAD):
            part = octets[start : start + MOST_PAYLOAD]
            record = Record(kind, self.number, channel, offset + start, *times, part)
            self.put(record, len(part))
