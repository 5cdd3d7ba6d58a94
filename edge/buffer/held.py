"""The table of what waits: rows by their ids, in the bundles they lie in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from edge.buffer.bundles import COLUMNS, SPAN, Bundle, Record, Row
from edge.buffer.database import Database
from edge.buffer.lanes import Span

_PAGE: Final = 64
_NO_BODY: Final = COLUMNS.replace("body", "x''")
_INSERT: Final = (
    f"INSERT INTO held (rows, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
)
_CHANGE: Final = "UPDATE held SET rows = ?, crc = ?, head = ?, body = ? WHERE id = ?"
_DELETE: Final = "DELETE FROM held WHERE id = ?"
# The record that an id lies in is the last one that begins at or before it.
_LAST_BEFORE: Final = "SELECT id FROM held WHERE id <= ? ORDER BY id DESC LIMIT 1"
_AMONG: Final = (
    f"FROM held WHERE id >= coalesce(({_LAST_BEFORE}), ?)"
    f" AND id + {SPAN} > ? AND id <= ? AND stream = ?"
)
_PAGE_OF: Final = (
    f"SELECT {COLUMNS} {_AMONG} AND captured_us >= ? AND captured_us < ? ORDER BY id LIMIT ?"
)
_HEADS: Final = f"SELECT rows, {_NO_BODY} {_AMONG} ORDER BY id"
_WHOLE: Final = f"SELECT {COLUMNS} FROM held WHERE id = ?"  # noqa: S608 - a constant
_FIRST: Final = (
    f"SELECT {_NO_BODY} FROM held"  # noqa: S608 - constants
    " WHERE id > ? AND id <= ? AND stream = ? ORDER BY id LIMIT 1"
)
_BACK: Final = (
    f"SELECT {COLUMNS} FROM held WHERE id > ? AND id < ? AND stream = ? ORDER BY id DESC LIMIT ?"  # noqa: S608 - constants
)
_COVERED: Final = "FROM held WHERE id > ? AND id <= ? AND stream = ? AND boot_epoch = ?"
_WHOLLY: Final = f"{_COVERED} AND sequence + {SPAN} - 1 <= ?"
_COUNT_WHOLLY: Final = f"SELECT coalesce(sum(rows), 0) {_WHOLLY}"
_DELETE_WHOLLY: Final = f"DELETE {_WHOLLY}"
_INSIDE: Final = f"FROM held WHERE id >= ? AND id <= ? AND stream = ? AND id + {SPAN} - 1 <= ?"
_COUNT_INSIDE: Final = f"SELECT coalesce(sum(rows), 0) {_INSIDE}"
_DELETE_INSIDE: Final = f"DELETE {_INSIDE}"
_PARTLY: Final = f"SELECT {COLUMNS} {_COVERED} AND sequence <= ? AND sequence + {SPAN} - 1 > ?"


EVER: Final = (-(1 << 62), 1 << 62)


class First(NamedTuple):
    """The oldest row of a stretch of ids."""

    row_id: int
    captured_us: int


def insert_records(database: Database, records: Sequence[Record]) -> None:
    """Write new bundles."""
    database.executemany(_INSERT, records)


def insert(database: Database, bundle: Bundle, *, rows: int) -> None:
    """Write a bundle of so many rows."""
    database.execute(_INSERT, (rows, *bundle))


def rows_after(
    database: Database,
    after: int,
    through: int,
    stream: int,
    *,
    most: int = _PAGE,
    captured: tuple[int, int] = EVER,
) -> Iterator[tuple[Bundle, Row]]:
    """Every row of a lane with an id above `after` up to `through`, with its bundle.

    `most`: how many are wanted at most. `captured`: only those from the one time, in
    microseconds, up to before the other.
    """
    pieces = pieces_after(database, after, through, stream, most=most, captured=captured)
    return ((bundle, row) for bundle, rows in pieces for row in rows)


def pieces_after(
    database: Database,
    after: int,
    through: int,
    stream: int,
    *,
    most: int = _PAGE,
    captured: tuple[int, int] = EVER,
) -> Iterator[tuple[Bundle, list[Row]]]:
    """As `rows_after`, the rows of a bundle together; none without rows."""
    while True:
        begin = after + 1
        values = (begin, begin, begin, through, stream, *captured, min(most, _PAGE))
        page = list(map(Bundle._make, database.execute(_PAGE_OF, values).fetchall()))
        for bundle in page:
            rows = bundle.rows()
            if rows and not (after < rows[0].row_id and rows[-1].row_id <= through):
                rows = [row for row in rows if after < row.row_id <= through]
            if rows:
                yield bundle, rows
        if not page:
            return
        after = page[-1].last


def rows_of(database: Database, row_ids: Sequence[int], stream: int) -> list[tuple[Bundle, Row]]:
    """Those of these rows that are there; the ids are in order."""
    wanted = frozenset(row_ids)
    found = []
    for head, _ in _heads(database, row_ids, stream):
        bundle = bundle_at(database, head.row_id)
        if bundle is not None:
            found += [(bundle, row) for row in bundle.rows() if row.row_id in wanted]
    return found


def bundle_at(database: Database, row_id: int) -> Bundle | None:
    """The bundle that begins at this id."""
    record = database.execute(_WHOLE, (row_id,)).fetchone()
    return None if record is None else Bundle(*record)


def newest_first(database: Database, spans: Sequence[Span], stream: int) -> Iterator[Bundle]:
    """The bundles of a lane from the last one back, its runs being in order."""
    for span in reversed(spans):
        end = span.through + 1
        while page := database.execute(_BACK, (span.after, end, stream, _PAGE)).fetchall():
            yield from (Bundle(*record) for record in page)
            end = page[-1][0]


def first_in(database: Database, span: Span, stream: int) -> First | None:
    """The oldest row of a lane in a run of ids that no bundle reaches into."""
    record = database.execute(_FIRST, (*span, stream)).fetchone()
    if record is None:
        return None
    bundle = Bundle(*record)
    return First(bundle.ids()[0], bundle.captured_us)


def remove(database: Database, row_ids: Sequence[int], stream: int) -> int:
    """Delete these rows of a lane, the ids being in order; how many there were."""
    gone, removed, whole = frozenset(row_ids), 0, []
    if len(row_ids) > 1 and row_ids[-1] - row_ids[0] + 1 == len(row_ids):
        # No gap: what lies wholly between them leaves at once, and a bundle at either end is left.
        inside = (row_ids[0], row_ids[-1], stream, row_ids[-1])
        removed += database.execute(_COUNT_INSIDE, inside).fetchone()[0]
        database.execute(_DELETE_INSIDE, inside)
    for head, rows in _heads(database, row_ids, stream):
        left = [row_id for row_id in head.ids() if row_id not in gone]
        if left:
            removed += shrink(database, head.row_id, gone, rows=rows)
        else:
            whole.append((head.row_id,))
            removed += rows
    database.executemany(_DELETE, whole)
    return removed


def shrink(database: Database, row_id: int, gone: frozenset[int], *, rows: int) -> int:
    """Take some of its `rows` out of the bundle that begins here; how many that were."""
    bundle = bundle_at(database, row_id)
    left = None if bundle is None else bundle.without(gone)
    if left is None:
        database.execute(_DELETE, (row_id,))
        return rows
    if left is bundle:
        return 0
    count = len(left.ids())
    database.execute(_CHANGE, (count, left.crc, left.head, left.body, row_id))
    return rows - count


def remove_through(
    database: Database, span: Span, stream: int, boot_epoch: int, sequence: int
) -> int:
    """Delete what a run of ids holds of a lane and epoch up to a sequence; how many rows."""
    values = (*span, stream, boot_epoch, sequence)
    removed: int = database.execute(_COUNT_WHOLLY, values).fetchone()[0]
    database.execute(_DELETE_WHOLLY, values)
    for record in database.execute(_PARTLY, (*values, sequence)).fetchall():
        bundle = Bundle(*record)
        ids = bundle.ids()
        gone = frozenset(
            row_id for row_id in ids if bundle.sequence + row_id - bundle.row_id <= sequence
        )
        removed += shrink(database, bundle.row_id, gone, rows=len(ids))
    return removed


def _heads(database: Database, row_ids: Sequence[int], stream: int) -> Iterator[tuple[Bundle, int]]:
    """The bundles these rows lie in, without their bodies, and how many rows each has left."""
    if not row_ids:
        return
    begin, end = row_ids[0], row_ids[-1]
    for rows, *record in database.execute(_HEADS, (begin, begin, begin, end, stream)).fetchall():
        yield Bundle(*record), rows
