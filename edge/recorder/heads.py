"""What the head of every segment repeats, so that a segment is understood without those before it.

Of each living recording: which device it is of, the configurations known from before, and the
first octets of its association, up to the reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from edge.recorder.records import Kind, Record

MOST_OCTETS: Final = 64 << 10
_RECORDS_AFTER_REPORTS: Final = 16
"""A device is asked about itself while its first reports come."""


@dataclass(slots=True)
class _Head:
    opened: Record
    learnt: list[Record] = field(default_factory=list)
    first: list[Record] = field(default_factory=list)
    octets: int = 0
    left: int | None = None

    def take(self, record: Record) -> None:
        if self.left == 0 or self.octets + len(record.payload) > MOST_OCTETS:
            self.left = 0
            return
        self.octets += len(record.payload)
        self.first.append(record)
        if self.left is not None:
            self.left -= 1


@dataclass(slots=True)
class Heads:
    """Those of all living recordings."""

    _heads: dict[int, _Head] = field(default_factory=dict)

    def note(self, record: Record) -> None:
        """A record was written."""
        if record.kind is Kind.OPENED:
            self._heads[record.recording] = _Head(record)
            return
        head = self._heads.get(record.recording)
        if head is None:
            return
        match record.kind:
            case Kind.RECEIVED | Kind.SENT:
                head.take(record)
            case Kind.LEARNT:
                head.learnt.append(record)
            case Kind.DECODED if head.left is None:
                head.left = _RECORDS_AFTER_REPORTS
            case Kind.RELEASED:
                self._heads[record.recording] = _Head(head.opened)
            case Kind.CLOSED:
                del self._heads[record.recording]
            case _:
                pass

    def __iter__(self) -> Iterator[Record]:
        for head in self._heads.values():
            yield head.opened
            yield from head.learnt
            yield from head.first
