"""When there is no more room: which waveforms go, so that numbers and events need not.

The waveform lane alone gives way, and of it only stretches of samples. In two stages:

1. **Thinning.** In the older half of the lane every second stretch of each waveform goes, oldest
   first. What is left of the past is whole stretches with gaps that can be seen.
2. **The oldest.** When the older half is thinned out, its oldest stretches go.

"Half" is counted in rows as they were captured, from the oldest that waits to the newest: what was
thinned once is not thinned again.
Rows that are on their way to the cloud stay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from edge.buffer.database import Database
from edge.buffer.lanes import Span
from edge.buffer.rows import Stream

log = logging.getLogger(__name__)

_ROWS_A_LOOK: Final = 32
_COLUMNS: Final = (
    "id, stream, boot_epoch, sequence, observation_id, measured, captured_us, octets, clock, crc,"
    " body"
)
_LOOK: Final = (
    f"SELECT {_COLUMNS} FROM held WHERE id > ? AND id <= ? AND stream = ? ORDER BY id LIMIT ?"  # noqa: S608 - a constant
)
_AGAIN: Final = f"INSERT INTO held ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
_DELETE: Final = "DELETE FROM held WHERE id = ?"
_KEEP: Final = "INSERT INTO marks VALUES (?, ?) ON CONFLICT DO UPDATE SET place = excluded.place"
_MARK: Final = "thinned_to"
_SAMPLES: Final = "w"

_Row = tuple[Any, ...]
_CAPTURED_US: Final = 6
_BODY: Final = -1


@dataclass(slots=True)
class Dropped:
    """Waveform rows that gave way. `is_thinned`: every second one, else the oldest."""

    is_thinned: bool
    rows: int = 0
    octets: int = 0
    first_us: int = 0
    last_us: int = 0

    def add(self, row: _Row) -> None:
        """One more row."""
        if not self.rows:
            self.first_us = row[_CAPTURED_US]
        self.last_us = row[_CAPTURED_US]
        self.rows += 1
        self.octets += len(row[_BODY])


@dataclass(slots=True)
class Places:
    """How far both stages have come, as row ids."""

    thinned_to: int = 0
    dropped_to: int = 0

    def copy(self) -> Places:
        """The same, to go back to."""
        return Places(self.thinned_to, self.dropped_to)


@dataclass(slots=True)
class Thinning:
    """Makes room in one open store, inside its transaction."""

    database: Database
    places: Places = field(default_factory=Places)
    _keep_next: dict[tuple[Any, ...], bool] = field(default_factory=dict)

    def free(
        self, spans: list[Span], *, is_enough: Callable[[], bool], on_their_way: Collection[int]
    ) -> list[Dropped]:
        """Let rows go until it is enough, or until nothing is left that may go."""
        thinned, oldest = Dropped(is_thinned=True), Dropped(is_thinned=False)
        middle = middle_of(spans)
        while not is_enough():
            rows = self._look(self.places.thinned_to, middle)
            if not rows:
                break
            self._thin(rows, on_their_way, thinned)
            self.places.thinned_to = rows[-1][0]
        while not is_enough():
            rows = self._look(self.places.dropped_to, spans[-1].through)
            if not rows:
                break
            self._drop(rows, on_their_way, oldest)
            self.places.dropped_to = rows[-1][0]
        return [_logged(dropped) for dropped in (thinned, oldest) if dropped.rows]

    def find_places(self) -> None:
        """How far an earlier run came."""
        row = self.database.execute("SELECT place FROM marks WHERE name = ?", (_MARK,)).fetchone()
        self.places = Places(thinned_to=row[0] if row else 0)

    def keep_places(self, *, before: Places) -> None:
        """Write down how far thinning has come, in the same commit as the rows that went."""
        if self.places.thinned_to != before.thinned_to:
            self.database.execute(_KEEP, (_MARK, self.places.thinned_to))

    def _look(self, after: int, through: int) -> list[_Row]:
        values = (after, through, Stream.WAVEFORMS.value, _ROWS_A_LOOK)
        return self.database.execute(_LOOK, values).fetchall()

    def _thin(self, rows: list[_Row], on_their_way: Collection[int], dropped: Dropped) -> None:
        kept = []
        for row in rows:
            waveform = waveform_of(row[_BODY])
            if waveform is None or row[0] in on_their_way:
                continue
            # Gone and come again: so that what is left of a page's rows shares pages, and the
            # others are free. Holes in a page would only serve rows of the past.
            self.database.execute(_DELETE, (row[0],))
            if self._keep_next.pop(waveform, True):
                kept.append(row)
                self._keep_next[waveform] = False
            else:
                dropped.add(row)
        self.database.executemany(_AGAIN, kept)

    def _drop(self, rows: list[_Row], on_their_way: Collection[int], dropped: Dropped) -> None:
        for row in rows:
            if row[0] not in on_their_way and waveform_of(row[_BODY]) is not None:
                self.database.execute(_DELETE, (row[0],))
                dropped.add(row)


def _logged(dropped: Dropped) -> Dropped:
    log.warning(
        "waveforms gave way rows=%d octets=%d thinned=%s",
        dropped.rows,
        dropped.octets,
        dropped.is_thinned,
    )
    return dropped


def still_held(spans: list[Span], first: int, last: int) -> list[Span]:
    """The spans from the oldest row that waits to the newest."""
    return [
        Span(max(span.after, first - 1), min(span.through, last))
        for span in spans
        if span.through >= first and span.after < last
    ]


def middle_of(spans: list[Span]) -> int:
    """The id up to which half of the rows that were captured into these spans lie."""
    left = sum(span.through - span.after for span in spans) // 2
    for span in spans:
        width = span.through - span.after
        if left <= width:
            return span.after + left
        left -= width
    return 0


def waveform_of(body: bytes) -> tuple[Any, ...] | None:
    """Which waveform a row is a stretch of; None for anything else, and for what is no row."""
    try:
        content = msgspec.msgpack.decode(body)[2]
        common = content[1]
        return (common[1], common[3], *common[5]) if content[0] == _SAMPLES else None
    except (msgspec.DecodeError, IndexError, TypeError):
        return None
