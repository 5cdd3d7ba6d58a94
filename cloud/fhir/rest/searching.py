"""One search over a type's sources: a page of hits, and where the next one begins.

Without an order the sources are read one after the other; in an order they are merged by time, and
what stands at the same time by the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.fhir.rest.cursors import Cursor
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.kind import Hit, Kind, Since
from cloud.fhir.rest.query import Query


@dataclass(frozen=True, slots=True)
class Found:
    """Some hits in order and the cursor of what follows, None at the end."""

    hits: tuple[Hit, ...]
    following: Cursor | None


def find(desk: Desk, kind: Kind, query: Query, cursor: Cursor | None, limit: int) -> Found:
    """The page of a search behind a cursor, at most `limit` of it."""
    marked = (_merged if query.sort else _in_turn)(desk, kind, query, cursor, limit + 1)
    page = marked[:limit]
    if len(marked) <= limit or not page:
        return Found(tuple(hit for _, hit in page), None)
    number, last = page[-1]
    return Found(tuple(hit for _, hit in page), Cursor(query.sent, number, last.place))


def count(desk: Desk, kind: Kind, query: Query) -> int:
    """How many resources fit."""
    return sum(source.count(desk, query) for source in kind.sources)


Marked = tuple[int, Hit]


def _in_turn(
    desk: Desk, kind: Kind, query: Query, cursor: Cursor | None, limit: int
) -> Sequence[Marked]:
    begin = cursor.source if cursor is not None else 0
    found: list[Marked] = []
    for number, source in enumerate(kind.sources[begin:], start=begin):
        is_begun = cursor is not None and number == begin
        since = Since(cursor.place) if cursor is not None and is_begun else None
        hits = source.hits(desk, query, since, limit - len(found))
        found += [(number, hit) for hit in hits]
        if len(found) >= limit:
            break
    return found


def _merged(
    desk: Desk, kind: Kind, query: Query, cursor: Cursor | None, limit: int
) -> Sequence[Marked]:
    found: list[Marked] = []
    for number, source in enumerate(kind.sources):
        hits = source.hits(desk, query, _since(cursor, number, query), limit)
        found += [(number, hit) for hit in hits]
    # Stable, and each source is in its own order already: the time and the source decide.
    found.sort(key=lambda one: one[0], reverse=query.is_descending)
    found.sort(key=lambda one: one[1].place[0], reverse=query.is_descending)
    return found[:limit]


def _since(cursor: Cursor | None, number: int, query: Query) -> Since | None:
    if cursor is None:
        return None
    if number == cursor.source:
        return Since(cursor.place)
    is_later_source = number < cursor.source if query.is_descending else number > cursor.source
    return Since(cursor.place[:1], is_inclusive=is_later_source)
