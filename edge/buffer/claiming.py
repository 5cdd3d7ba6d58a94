"""Takes rows out of an open store for batches: live ones, a backlog, what was written ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from edge.buffer.ahead import Ahead, span_of
from edge.buffer.claims import Claim, ClaimBook
from edge.buffer.clocks import ClockLines, Line
from edge.buffer.database import Database
from edge.buffer.lanes import Part, Queue, Span, Turns
from edge.buffer.layout import Layout
from edge.buffer.memory import Memory
from edge.buffer.reading import Found, Reader, lowest_sequence
from edge.buffer.rows import Stream, to_microseconds
from protocols.uplink.prepared import PreparedRows

SetApart = Callable[[Stream, list[int]], None]
"""Takes rows whose octets changed on the disk out of a lane."""


class Queues(NamedTuple):
    """From which lanes a claim may be, and whether from their backlog too."""

    streams: Iterable[Stream]
    backlog: bool = True


@dataclass(slots=True, kw_only=True)
class Claiming:
    """What is on its way, and what goes next. Nothing is written but what a `SetApart` writes.

    `vehicles` says for each boot epoch where its rows were captured; `memory` is the store's own.
    It holds nothing of the store that would keep one alive that nobody holds any more.
    """

    database: Database
    layout: Layout
    clocks: ClockLines
    vehicles: Mapping[int, str]
    memory: Memory
    book: ClaimBook = field(default_factory=ClaimBook)
    ahead: Ahead = field(default_factory=Ahead)
    _turns: Turns = field(default_factory=Turns)

    def last(self, stream: Stream) -> int:
        """The highest id given out in a lane."""
        return self.layout.bases[stream] + self.memory.next_sequence[stream] - 1

    def reader(self, *, limit: int, octets: int, now: datetime, waits: bool) -> Reader:
        """For one claim of up to so many rows or octets."""
        now_us = to_microseconds(now) - self.clocks.difference_us()
        return Reader(self.database, limit, octets, now_us, self.clocks, waits)

    def claim(self, reader: Reader, queues: Queues, set_apart: SetApart) -> Claim | None:
        """The next rows of some lanes' parts, by their turns; None when nothing waits."""
        claim = self._next_claim(reader, queues, set_apart)
        if claim is None and reader.has_cut:
            claim = self._next_claim(reader, queues, set_apart)
        return claim

    def claim_behind(
        self, reader: Reader, stream: Stream, set_apart: SetApart, *, least: int
    ) -> Claim | None:
        """The next rows of a lane's backlog, to be written ahead (see `prepare`).

        None when fewer than `least` wait there, when enough is ready, and where the clock that
        stamped them was not right: what is known of it may still change.
        """
        lane = self.layout.lanes[stream]
        reader.cut(stream, lane, last=self.last(stream))
        if lane.behind < least or self.ahead.is_full:
            return None
        found = self._read(reader, Queue(stream, Part.BACKLOG), set_apart)
        if found is None:
            return None
        if not found.is_straight:
            lane.unread(Span(found.row_ids[0] - 1, found.row_ids[-1]))
            return None
        claim = self._claimed(Queue(stream, Part.BACKLOG), found)
        self.ahead.drafts.add(claim.batch_id)
        return claim

    def prepare(self, batch_ids: Sequence[UUID], rows: PreparedRows) -> bool:
        """Keep these rows, which are those of some claims behind one another, until they are sent.

        False when that came too late: one of the claims is not out any more, or more is known of
        their times. They are backlog again.
        """
        is_right = self.ahead.drafts.issuperset(batch_ids)
        claim = self.book.merge(batch_ids, rows) if is_right else None
        if claim is None:
            for batch_id in batch_ids:
                self.unread(batch_id)
            return False
        self.ahead.drafts.difference_update(batch_ids)
        self.ahead.add(claim)
        return True

    def give_back(self, batch_id: UUID) -> bool:
        """A claim to be sent again; False when it is not out."""
        if batch_id not in self.ahead.drafts:
            return self.book.give_back(batch_id)
        self.unread(batch_id)
        return True

    def unread(self, batch_id: UUID) -> None:
        """Nothing came of a claim, and nobody saw it: its rows are backlog."""
        self.ahead.drafts.discard(batch_id)
        claim = self.book.claimed.get(batch_id)
        if claim is not None:
            self.book.forget(batch_id)
            self.layout.lanes[claim.stream].unread(span_of(claim))

    def note_lines(self, lines: Iterable[Line]) -> None:
        """More is known of some clock lines: rows written ahead may have wrong times."""
        if not all(line.is_right for line in lines):
            for stream, span in self.ahead.give_up():
                self.layout.lanes[stream].unread(span)

    def drop_covered(self, stream: Stream, boot_epoch: int, sequence: int) -> None:
        """A receipt covers rows that wait to be sent: they need not be."""
        self.book.drop_returned(stream, boot_epoch, sequence)
        self.ahead.drop_covered(stream, boot_epoch, sequence)

    def _next_claim(self, reader: Reader, queues: Queues, set_apart: SetApart) -> Claim | None:
        for queue in self._turns.order(queues.streams):
            if queue.part is Part.BACKLOG and not queues.backlog:
                continue
            claim = self.book.take_returned(queue.stream) or self._new(reader, queue, set_apart)
            if claim is not None:
                out = self.book.out(queue.stream)
                return replace(claim, left=max(0, self.memory.held[queue.stream] - out))
        return None

    def _new(self, reader: Reader, queue: Queue, set_apart: SetApart) -> Claim | None:
        claim = self._ready(queue, limit=reader.limit)
        if claim is None and (found := self._read(reader, queue, set_apart)) is not None:
            claim = self._claimed(queue, found)
        if claim is not None:
            self._turns.took(queue, claim.octets)
        return claim

    def _ready(self, queue: Queue, *, limit: int) -> Claim | None:
        """What was written ahead, when it is its turn."""
        if queue.part is not Part.BACKLOG:
            return None
        claim = self.ahead.take(queue.stream, self.layout.lanes[queue.stream], limit=limit)
        if claim is None:
            return None
        claim = replace(claim, floor=self._floor(queue.stream, claim.row_ids[0]))
        self.book.add(claim)
        return claim

    def _read(self, reader: Reader, queue: Queue, set_apart: SetApart) -> Found | None:
        """The queue's next rows; those whose octets changed on the disk leave it at once."""
        stream, part = queue
        while True:
            found = reader.read(stream, self.layout.lanes[stream], part, last=self.last(stream))
            if found is None:
                return None
            if found.damaged:
                set_apart(stream, found.damaged)
            if found.row_ids:
                return found

    def _claimed(self, queue: Queue, found: Found) -> Claim:
        stream = queue.stream
        claim = Claim(
            batch_id=uuid4(),
            stream=stream,
            boot_epoch=found.boot_epoch,
            vehicle_id=self.vehicles.get(found.boot_epoch, ""),
            rows=found.gatherer.rows(),
            row_ids=tuple(found.row_ids),
            octets=found.octets,
            floor=self._floor(stream, found.row_ids[0]),
            is_backlog=queue.part is Part.BACKLOG,
        )
        self.book.add(claim)
        return claim

    def _floor(self, stream: Stream, row_id: int) -> int:
        return lowest_sequence(self.database, stream, row_id)
