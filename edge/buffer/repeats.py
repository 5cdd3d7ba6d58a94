"""Which of some rows wait already: the same reading is held once.

The identities of the readings that came last are kept in memory, with the bundle each lies in, and
found again when the file is opened. An index over all that waits would say it of any reading, but
costs more than all the rest of a commit. A repeat of what came before that, sent by a device while
the first is still waiting, is stored once more; the cloud knows it for a repeat.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from edge.buffer.database import Database
from edge.buffer.held import bundle_at, newest_first
from edge.buffer.lanes import Span
from edge.buffer.packing import Packed, PackedRow
from edge.buffer.rows import Stream, identity_in, says_the_same

log = logging.getLogger(__name__)

REMEMBERED: Final = 8_192
"""Identities at least; at most twice as many, at some 130 octets each."""


@dataclass(slots=True)
class Recent:
    """The last readings of one open store. What it says is a hint: the file has the last word."""

    database: Database
    most: int = REMEMBERED
    _young: dict[bytes, int] = field(default_factory=dict)
    _old: dict[bytes, int] = field(default_factory=dict)

    def note(self, identities: Iterable[bytes], row_id: int) -> None:
        """Readings were written in the bundle that begins at this id."""
        self._young.update(dict.fromkeys(identities, row_id))
        if len(self._young) >= self.most:
            self._old, self._young = self._young, {}

    def knows_none(self, identities: Sequence[bytes]) -> bool:
        """Whether all of them are new, and none is there twice."""
        return (
            self._young.keys().isdisjoint(identities)
            and self._old.keys().isdisjoint(identities)
            and len(set(identities)) == len(identities)
        )

    def load(self, spans: dict[Stream, list[Span]]) -> None:
        """Find the last readings of every lane again in a file just opened."""
        share = self.most // len(spans)
        for stream, held in spans.items():
            left = share
            for bundle in newest_first(self.database, held, stream.value):
                found = [identity_in(row.body) for row in bundle.rows() if row.is_whole]
                self._old.update((one, bundle.row_id) for one in found if one is not None)
                left -= len(found)
                if left <= 0:
                    break

    def place_of(self, identity: bytes) -> int | None:
        """The bundle in which a reading waited when it was last seen."""
        row_id = self._young.get(identity)
        return self._old.get(identity) if row_id is None else row_id

    def without_known(self, packed: Packed) -> tuple[Packed, int]:
        """The rows that are new, and how many say something else under an identity known."""
        fresh: list[PackedRow] = []
        conflicting = 0
        for row, known in self._with_known(packed.rows):
            if known is None:
                fresh.append(row)
            elif not says_the_same(known, row.body):
                conflicting += 1
                log.warning(
                    "another reading under a known identity dropped observation_id=%s",
                    row.identity and UUID(bytes=row.identity),
                )
        return packed.only(fresh), conflicting

    def _with_known(self, rows: Sequence[PackedRow]) -> Iterator[tuple[PackedRow, bytes | None]]:
        """Each row with the octets of the one before it under its identity."""
        seen: dict[bytes, bytes] = {}
        looked: dict[int, dict[bytes, bytes]] = {}
        for row in rows:
            known, identity = None, row.identity
            if identity is not None:
                place = self.place_of(identity)
                if place is not None and place not in looked:
                    looked[place] = self._readings_at(place)
                held = {} if place is None else looked[place]
                known = held.get(identity) or seen.get(identity)
                seen.setdefault(identity, row.body)
            yield row, known

    def _readings_at(self, row_id: int) -> dict[bytes, bytes]:
        """The readings of a bundle by their identities; none when it has left."""
        bundle = bundle_at(self.database, row_id)
        rows = [] if bundle is None else bundle.rows()
        found = ((identity_in(row.body), row.body) for row in rows if row.is_whole)
        return {identity: body for identity, body in found if identity is not None}
