"""The store itself, synchronous and for one thread: append, claim, settle over one SQLite file."""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from edge.buffer.answers import Appended, BufferCounts, Settled
from edge.buffer.claims import Claim, ClaimBook
from edge.buffer.database import Database
from edge.buffer.faults import translated
from edge.buffer.lanes import Lane, Queue, Span, Turns, base_of, run_of
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.reading import Found, Reader, oldest_captured_us
from edge.buffer.receipts import Reach
from edge.buffer.reserve import DiskReserve
from edge.buffer.room import Room
from edge.buffer.rows import (
    PackedRow,
    Stream,
    check_of,
    from_microseconds,
    says_the_same,
    to_microseconds,
)
from protocols.uplink.messages import UplinkAck

log = logging.getLogger(__name__)

STORED = "stored"
SETTLED = "settled"
QUARANTINED = "quarantined"
QUARANTINE_DROPPED = "quarantine_dropped"
CONFLICTING = "conflicting"
DAMAGED_REASON = "damaged_in_store"

_INSERT: Final = (
    "INSERT INTO held (id, stream, boot_epoch, sequence, observation_id, measured, captured_us,"
    " octets, crc, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_KEPT: Final = "stream, boot_epoch, sequence, observation_id, captured_us, octets, body"
_TO_QUARANTINE: Final = (
    f"INSERT INTO quarantine ({_KEPT}, reason, moved_us) SELECT {_KEPT}, ?, ? FROM held"  # noqa: S608 - constants
    " WHERE id = ?"
)


@dataclass(slots=True)
class _Memory:
    """What a rollback must put back."""

    next_sequence: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 1))
    held: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    totals: dict[str, int] = field(default_factory=dict)

    def copy(self) -> _Memory:
        return _Memory(dict(self.next_sequence), dict(self.held), dict(self.totals))


class ObservationStore:
    """One open store.

    `vehicles` says for each boot epoch where its rows were captured. `is_refusing` is set by
    the store's owner: the last rows found no room.
    """

    def __init__(
        self,
        database: Database,
        *,
        policy: BufferPolicy,
        reserve: DiskReserve,
        boot_epoch: int,
        vehicles: dict[int, str],
    ) -> None:
        self._database = database
        self._policy = policy
        self.room = Room(database, policy, reserve)
        self.boot_epoch = boot_epoch
        self.is_refusing = False
        self._vehicles = vehicles
        self._claims = ClaimBook()
        self._reach = Reach()
        self._turns = Turns()
        self._lanes: dict[Stream, Lane] = {}
        self._bases: dict[Stream, int] = {}
        self._spans: dict[Stream, list[Span]] = {stream: [] for stream in Stream}
        self._memory = _Memory()
        self._after_commit: list[Callable[[], None]] = []
        with translated():
            self._look_around()

    # ---- writing, inside `transaction`

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One commit, synced to disk at its end; on any error nothing of it happened."""
        before = self._memory.copy()
        self._after_commit.clear()
        try:
            with translated():
                self._database.execute("BEGIN IMMEDIATE")
                yield
                self._write_totals(before.totals)
                self._database.execute("COMMIT")
        except BaseException:
            self._memory = before
            if self._database.in_transaction:
                with translated():
                    self._database.execute("ROLLBACK")
            raise
        for act in self._after_commit:
            act()

    def append(self, rows: Sequence[PackedRow]) -> Appended:
        """Write rows under their keys; one that waits already is not written twice."""
        self.room.refuse_full_disk()
        self.room.refuse_over_quota(sum(len(row.body) for row in rows))
        self._database.execute("SAVEPOINT before_rows")
        try:
            self._insert(rows)
            fresh = rows
        except sqlite3.IntegrityError:
            # Rare: one of them waits already, so look which.
            self._database.execute("ROLLBACK TO before_rows")
            fresh = self._without_known(rows)
            self._insert(fresh)
        self._database.execute("RELEASE before_rows")
        for stream, count in Counter(row.stream for row in fresh).items():
            self._grow(stream, count, fresh[0].captured_us)
        self._count(STORED, len(fresh))
        return Appended(len(fresh), len(rows) - len(fresh))

    def settle(self, ack: UplinkAck, *, now: datetime) -> Settled:
        """Free what the cloud has; keep in quarantine what it refuses."""
        claim = self._claims.claimed.get(ack.batch_id)
        if claim is None:
            return Settled(0, 0)
        refused = {row.sequence: row.reason for row in ack.rejected}
        moved = sum(
            self._move_to_quarantine(row_id, refused[row.sequence], now)
            for row_id, row in zip(claim.row_ids, claim.rows, strict=True)
            if row.sequence in refused
        )
        settled = self._remove(claim) - moved
        self._count(SETTLED, settled)
        return Settled(settled, moved)

    def settle_through(self, stream: Stream, boot_epoch: int, sequence: int) -> Settled:
        """Free what the cloud has of a lane and epoch: every row up to and with `sequence`."""
        settled = self._reach.remove(self._database, stream, boot_epoch, sequence)
        self._memory.held[stream] -= settled
        self._count(SETTLED, settled)
        self._after_commit.append(lambda: self._claims.drop_returned(stream, boot_epoch, sequence))
        return Settled(settled, 0)

    def quarantine(self, batch_id: UUID, reason: str, *, now: datetime) -> Settled:
        """Take a whole claim out of the way, with the reason."""
        claim = self._claims.claimed.get(batch_id)
        if claim is None:
            return Settled(0, 0)
        moved = sum(self._move_to_quarantine(row_id, reason, now) for row_id in claim.row_ids)
        self._remove(claim)
        return Settled(0, moved)

    # ---- reading and claiming

    def claim(
        self, *, limit: int, octets: int, now: datetime, streams: Iterable[Stream] = Stream
    ) -> Claim | None:
        """Up to `limit` rows or `octets` of one lane and epoch, by the lanes' turns; or None."""
        with translated():
            reader = Reader(self._database, limit, octets, to_microseconds(now))
            for queue in self._turns.order(streams):
                claim = self._claims.take_returned(queue.stream)
                if claim is None and (found := self._read(reader, queue, now)) is not None:
                    claim = self._claimed(queue.stream, found)
                    self._turns.took(queue, found.octets)
                if claim is not None:
                    return claim
        return None

    def requeue(self, batch_id: UUID) -> bool:
        """A claim to be sent again, under the same name; False when it is not out."""
        return self._claims.give_back(batch_id)

    def split(self, batch_id: UUID) -> bool:
        """A claim to be sent again as two batches; False when it has one row only."""
        return self._claims.split(batch_id)

    def counts(self) -> BufferCounts:
        """How the store stands."""
        with translated():
            reasons = dict(
                self._database.execute("SELECT reason, count(*) FROM quarantine GROUP BY reason")
            )
            ages = [
                oldest_captured_us(self._database, stream, self._spans[stream]) for stream in Stream
            ]
            used, is_full = self.room.pages_used(), self.room.is_full()
        oldest = min((age for age in ages if age is not None), default=None)
        return BufferCounts(
            waiting={stream.label: self._memory.held[stream] for stream in Stream},
            claimed=sum(len(claim.rows) for claim in self._claims.claimed.values()),
            quarantine=sum(reasons.values()),
            quarantine_reasons=reasons,
            oldest_captured_at=None if oldest is None else from_microseconds(oldest),
            octets_used=used * PAGE_OCTETS,
            octets_most=self._policy.max_bytes,
            is_full=self.is_refusing or is_full,
            boot_epoch=self.boot_epoch,
            totals=dict(self._memory.totals),
        )

    def close(self) -> None:
        """Fold the log into the file and let go."""
        with translated():
            self._database.close()

    # ---- inside

    def _look_around(self) -> None:
        """What the file holds as it is opened: all of it is backlog."""
        query = "SELECT coalesce(max(id), 0) FROM held"
        highest: int = self._database.execute(query).fetchone()[0]
        for number, epoch, first, last, count in self._database.execute(
            "SELECT stream, boot_epoch, min(id), max(id), count(*) FROM held"
            " GROUP BY stream, boot_epoch ORDER BY min(id)"
        ):
            stream, span = Stream(number), Span(first - 1, last)
            self._memory.held[stream] += count
            self._spans[stream].append(span)
            self._reach.learn(stream, epoch, span)
        live_us = round(self._policy.live_seconds * 1_000_000)
        for stream in Stream:
            run = run_of(base_of(stream, highest=highest))
            self._lanes[stream] = Lane(run.after, live_us)
            self._lanes[stream].add_backlog(self._spans[stream])
            self._bases[stream] = run.after
            self._spans[stream].append(run)
            self._reach.learn(stream, self.boot_epoch, run)
        self._memory.totals.update(self._database.execute("SELECT name, amount FROM totals"))

    def _insert(self, rows: Sequence[PackedRow]) -> None:
        """Write rows with the next sequences of their lanes; nothing is counted yet."""
        next_sequence = dict(self._memory.next_sequence)
        values = []
        for row in rows:
            sequence = next_sequence[row.stream]
            next_sequence[row.stream] = sequence + 1
            key = (row.stream.value, self.boot_epoch, sequence)
            identity, body, octets = row.observation_id, row.body, row.octets
            check = check_of(*key, identity, body, octets)
            row_id = self._bases[row.stream] + sequence
            values.append(
                (row_id, *key, identity, row.measured, row.captured_us, octets, check, body)
            )
        self._database.executemany(_INSERT, values)

    def _grow(self, stream: Stream, count: int, captured_us: int) -> None:
        after = self._last(stream)
        self._memory.next_sequence[stream] += count
        self._memory.held[stream] += count
        lane = self._lanes[stream]
        self._after_commit.append(lambda: lane.grew(after=after, captured_us=captured_us))

    def _last(self, stream: Stream) -> int:
        return self._bases[stream] + self._memory.next_sequence[stream] - 1

    def _without_known(self, rows: Sequence[PackedRow]) -> list[PackedRow]:
        fresh: list[PackedRow] = []
        seen: dict[bytes, bytes] = {}
        for row in rows:
            if row.observation_id is not None:
                held = self._database.execute(
                    "SELECT body FROM held WHERE measured = ? AND observation_id = ?",
                    (row.measured, row.observation_id),
                ).fetchone()
                known = held[0] if held else seen.get(row.observation_id)
                if known is not None:
                    if not says_the_same(known, row.body):
                        log.warning(
                            "another reading under a known identity dropped observation_id=%s",
                            UUID(bytes=row.observation_id),
                        )
                        self._count(CONFLICTING, 1)
                    continue
                seen[row.observation_id] = row.body
            fresh.append(row)
        return fresh

    def _read(self, reader: Reader, queue: Queue, now: datetime) -> Found | None:
        """The queue's next rows; those whose octets changed on the disk leave it at once."""
        stream, part = queue
        while True:
            found = reader.read(stream, self._lanes[stream], part, last=self._last(stream))
            if found is None:
                return None
            if found.damaged:
                self._quarantine_damaged(stream, found.damaged, now)
            if found.rows:
                return found

    def _claimed(self, stream: Stream, found: Found) -> Claim:
        claim = Claim(
            batch_id=uuid4(),
            stream=stream,
            boot_epoch=found.boot_epoch,
            vehicle_id=self._vehicles.get(found.boot_epoch, ""),
            rows=tuple(found.rows),
            row_ids=tuple(found.row_ids),
        )
        self._claims.add(claim)
        return claim

    def _quarantine_damaged(self, stream: Stream, row_ids: list[int], now: datetime) -> None:
        with self.transaction():
            for row_id in row_ids:
                self._move_to_quarantine(row_id, DAMAGED_REASON, now)
            self._delete(stream, row_ids)

    def _move_to_quarantine(self, row_id: int, reason: str, now: datetime) -> int:
        """Copy one row there, the oldest ones giving way; how many rows were copied."""
        values = (reason, to_microseconds(now), row_id)
        moved = self._database.execute(_TO_QUARANTINE, values).rowcount
        self._count(QUARANTINED, moved)
        dropped = self._database.execute(
            "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?",
            (self._policy.quarantine_rows,),
        ).rowcount
        self._count(QUARANTINE_DROPPED, dropped)
        return moved

    def _remove(self, claim: Claim) -> int:
        removed = self._delete(claim.stream, claim.row_ids)
        self._after_commit.append(lambda: self._claims.forget(claim.batch_id))
        return removed

    def _delete(self, stream: Stream, row_ids: Sequence[int]) -> int:
        removed = self._database.executemany(
            "DELETE FROM held WHERE id = ?", [(row_id,) for row_id in row_ids]
        ).rowcount
        self._memory.held[stream] -= removed
        return removed

    def _count(self, name: str, amount: int) -> None:
        if amount:
            self._memory.totals[name] = self._memory.totals.get(name, 0) + amount

    def _write_totals(self, before: dict[str, int]) -> None:
        changed = [item for item in self._memory.totals.items() if before.get(item[0]) != item[1]]
        if changed:
            self._database.executemany(
                "INSERT INTO totals VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET amount = excluded.amount",
                changed,
            )
