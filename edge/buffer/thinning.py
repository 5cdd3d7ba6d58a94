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
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from edge.buffer.bundles import COLUMNS, Bundle, Row
from edge.buffer.database import Database
from edge.buffer.held import insert
from edge.buffer.lanes import Span
from edge.buffer.rows import Stream

log = logging.getLogger(__name__)

_BUNDLES_A_LOOK: Final = 32
_OCTETS_A_LOOK: Final = 64 << 10
_LOOK: Final = (
    f"SELECT {COLUMNS} FROM held WHERE id > ? AND id <= ? AND stream = ? ORDER BY id LIMIT ?"  # noqa: S608 - a constant
)
_DELETE: Final = "DELETE FROM held WHERE id = ?"
_KEEP: Final = "INSERT INTO marks VALUES (?, ?) ON CONFLICT DO UPDATE SET place = excluded.place"
_MARK: Final = "thinned_to"
_SAMPLES: Final = "w"


@dataclass(slots=True)
class Dropped:
    """Waveform rows that gave way. `is_thinned`: every second one, else the oldest."""

    is_thinned: bool
    rows: int = 0
    octets: int = 0
    first_us: int = 0
    last_us: int = 0

    def add(self, bundle: Bundle, row: Row) -> None:
        """One more row."""
        if not self.rows:
            self.first_us = bundle.captured_us
        self.last_us = bundle.captured_us
        self.rows += 1
        self.octets += len(row.body)


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
            bundles = self._look(self.places.thinned_to, middle)
            if not bundles:
                break
            self._thin(bundles, on_their_way, thinned)
            self.places.thinned_to = bundles[-1].last
        while not is_enough():
            bundles = self._look(self.places.dropped_to, spans[-1].through)
            if not bundles:
                break
            self._drop(bundles, on_their_way, oldest)
            self.places.dropped_to = bundles[-1].last
        return [_logged(dropped) for dropped in (thinned, oldest) if dropped.rows]

    def find_places(self) -> None:
        """How far an earlier run came."""
        row = self.database.execute("SELECT place FROM marks WHERE name = ?", (_MARK,)).fetchone()
        self.places = Places(thinned_to=row[0] if row else 0)

    def keep_places(self, *, before: Places) -> None:
        """Write down how far thinning has come, in the same commit as the rows that went."""
        if self.places.thinned_to != before.thinned_to:
            self.database.execute(_KEEP, (_MARK, self.places.thinned_to))

    def _look(self, after: int, through: int) -> list[Bundle]:
        values = (after, through, Stream.WAVEFORMS.value, _BUNDLES_A_LOOK)
        bundles: list[Bundle] = []
        octets = 0
        for record in self.database.execute(_LOOK, values).fetchall():
            bundle = Bundle(*record)
            octets += len(bundle.body)
            if bundles and octets > _OCTETS_A_LOOK:
                break
            bundles.append(bundle)
        return bundles

    def _thin(self, bundles: list[Bundle], on_their_way: Collection[int], dropped: Dropped) -> None:
        kept = []
        for bundle in bundles:
            gone = []
            for row, waveform in _stretches(bundle, on_their_way):
                if self._keep_next.pop(waveform, True):
                    self._keep_next[waveform] = False
                else:
                    gone.append(row)
            # Gone and come again: so that what is left of a page's rows shares pages, and the
            # others are free. Holes in a page would only serve rows of the past.
            kept.append(self._taken_out(bundle, gone, dropped))
        for left in kept:
            if left is not None:
                insert(self.database, left, rows=len(left.ids()))

    def _drop(self, bundles: list[Bundle], on_their_way: Collection[int], dropped: Dropped) -> None:
        for bundle in bundles:
            gone = [row for row, _ in _stretches(bundle, on_their_way)]
            left = self._taken_out(bundle, gone, dropped) if gone else None
            if left is not None:
                insert(self.database, left, rows=len(left.ids()))

    def _taken_out(self, bundle: Bundle, gone: list[Row], dropped: Dropped) -> Bundle | None:
        """Delete a bundle; what of it is to be written again."""
        self.database.execute(_DELETE, (bundle.row_id,))
        for row in gone:
            dropped.add(bundle, row)
        return bundle.without(frozenset(row.row_id for row in gone)) if gone else bundle


def _stretches(
    bundle: Bundle, on_their_way: Collection[int]
) -> Iterator[tuple[Row, tuple[Any, ...]]]:
    """The rows of a bundle that may go, each with its waveform."""
    for row in bundle.rows():
        if row.is_whole and row.row_id not in on_their_way:
            waveform = waveform_of(row.body)
            if waveform is not None:
                yield row, waveform


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
