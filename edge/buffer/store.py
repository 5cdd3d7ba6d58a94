"""The store itself, synchronous and for one thread: append, claim, settle over one SQLite file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from edge.buffer.answers import Appended, BufferCounts, Settled
from edge.buffer.claims import Claim, ClaimBook
from edge.buffer.database import Database
from edge.buffer.faults import DISK_FULL_MEND, translated
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.receipts import Reach
from edge.buffer.reserve import DiskReserve
from edge.buffer.rows import (
    PackedRow,
    Stream,
    check_of,
    from_microseconds,
    says_the_same,
    to_microseconds,
    unpack_row,
)
from edge.errors import BufferFullError
from protocols.errors import DecodeError
from protocols.uplink.messages import UplinkAck, UplinkRow

log = logging.getLogger(__name__)

STORED = "stored"
SETTLED = "settled"
QUARANTINED = "quarantined"
QUARANTINE_DROPPED = "quarantine_dropped"
CONFLICTING = "conflicting"
DAMAGED_REASON = "damaged_in_store"

_COLUMNS = "stream, boot_epoch, sequence, observation_id, measured, captured_us, octets"
_KEPT_COLUMNS = "stream, boot_epoch, sequence, observation_id, captured_us, octets, body"
_PAGES_GIVEN_BACK = 512


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
        self._reserve = reserve
        self.boot_epoch = boot_epoch
        self.is_refusing = False
        self._vehicles = vehicles
        self._claims = ClaimBook()
        self._reach = Reach(boot_epoch, 1)
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
        self._refuse_when_full(sum(len(row.body) for row in rows))
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
        for row in fresh:
            self._memory.next_sequence[row.stream] += 1
            self._memory.held[row.stream] += 1
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

    def claim(self, *, limit: int, octets: int, now: datetime) -> Claim | None:
        """Up to `limit` rows or `octets` of one lane and epoch, urgent lanes first; or None."""
        for stream in Stream:
            returned = self._claims.take_returned(stream)
            if returned is not None:
                return returned
            while (claim := self._read_claim(stream, limit, octets, now)) is not None:
                if claim.rows:
                    self._claims.add(claim)
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
            oldest = self._database.execute(
                "SELECT captured_us FROM held ORDER BY id LIMIT 1"
            ).fetchone()
            reasons = dict(
                self._database.execute("SELECT reason, count(*) FROM quarantine GROUP BY reason")
            )
            used = self._pages_used()
        return BufferCounts(
            waiting={stream.label: self._memory.held[stream] for stream in Stream},
            claimed=sum(len(claim.rows) for claim in self._claims.claimed.values()),
            quarantine=sum(reasons.values()),
            quarantine_reasons=reasons,
            oldest_captured_at=from_microseconds(oldest[0]) if oldest else None,
            octets_used=used * PAGE_OCTETS,
            octets_most=self._policy.max_bytes,
            is_full=self.is_refusing or self._is_over_quota(used, 0) or not self._reserve.is_held,
            boot_epoch=self.boot_epoch,
            totals=dict(self._memory.totals),
        )

    # ---- room

    def make_room(self) -> bool:
        """The disk is full and rows must leave: give up the reserve; False when that is done."""
        if not self._reserve.give_up():
            return False
        with translated():
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return True

    def regain_reserve(self) -> bool:
        """After rows left: give free pages back to the disk until the reserve fits again."""
        if self._reserve.hold():
            return True
        with translated():
            self._database.execute(f"PRAGMA incremental_vacuum({_PAGES_GIVEN_BACK})").fetchall()
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self._reserve.hold()

    def close(self) -> None:
        """Fold the log into the file and let go."""
        with translated():
            self._database.close()

    # ---- inside

    def _look_around(self) -> None:
        """What the file holds as it is opened."""
        ids = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'held'"
        self._reach = Reach(self.boot_epoch, self._database.execute(ids).fetchone()[0])
        for stream, epoch, first, last, count in self._database.execute(
            "SELECT stream, boot_epoch, min(id), max(id), count(*) FROM held"
            " GROUP BY stream, boot_epoch"
        ):
            self._memory.held[Stream(stream)] += count
            self._reach.learn(stream, epoch, (first, last))
        self._memory.totals.update(self._database.execute("SELECT name, amount FROM totals"))

    def _refuse_when_full(self, octets: int) -> None:
        if not self._reserve.hold():
            raise BufferFullError("the disk has no room for the buffer", mend=DISK_FULL_MEND)
        if self._is_over_quota(self._pages_used(), octets):
            raise BufferFullError(
                "the buffer has reached its size (buffer.max_bytes)",
                mend="Restore the way to the cloud, or give the buffer more room",
            )

    def _is_over_quota(self, pages_used: int, octets: int) -> bool:
        return pages_used + octets // PAGE_OCTETS + 2 > (
            self._policy.max_pages - self._policy.reserve_pages
        )

    def _pages_used(self) -> int:
        total: int = self._database.execute("PRAGMA page_count").fetchone()[0]
        free: int = self._database.execute("PRAGMA freelist_count").fetchone()[0]
        return total - free

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
            values.append((*key, identity, row.measured, row.captured_us, octets, check, body))
        self._database.executemany(
            f"INSERT INTO held ({_COLUMNS}, crc, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            values,
        )

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

    def _read_claim(self, stream: Stream, limit: int, octets: int, now: datetime) -> Claim | None:
        """The lane's next rows. No rows but a claim: all of them were damaged; read on."""
        rows: list[UplinkRow] = []
        row_ids: list[int] = []
        damaged: list[int] = []
        size, epoch, last = 0, None, 0
        with translated():
            cursor = self._database.execute(
                f"SELECT id, {_COLUMNS}, crc, body FROM held WHERE stream = ? AND id > ?"  # noqa: S608 - a constant
                " ORDER BY id LIMIT ?",
                (stream.value, self._claims.read_to[stream], limit),
            )
            for row_id, lane, boot_epoch, sequence, identity, _, _, where, crc, body in cursor:
                if epoch not in (None, boot_epoch) or (rows and size + len(body) > octets):
                    break
                epoch, last, size = boot_epoch, row_id, size + len(body)
                is_whole = check_of(lane, boot_epoch, sequence, identity, body, where) == crc
                row = _unpacked(sequence, identity, body, where) if is_whole else None
                if row is None:
                    damaged.append(row_id)
                else:
                    rows.append(row)
                    row_ids.append(row_id)
        if epoch is None:
            return None
        if damaged:
            self._quarantine_damaged(stream, damaged, now)
            self._claims.read_to[stream] = last
        return Claim(
            batch_id=uuid4(),
            stream=stream,
            boot_epoch=epoch,
            vehicle_id=self._vehicles.get(epoch, ""),
            rows=tuple(rows),
            row_ids=tuple(row_ids),
        )

    def _quarantine_damaged(self, stream: Stream, row_ids: list[int], now: datetime) -> None:
        with self.transaction():
            for row_id in row_ids:
                self._move_to_quarantine(row_id, DAMAGED_REASON, now)
            self._delete(stream, row_ids)

    def _move_to_quarantine(self, row_id: int, reason: str, now: datetime) -> int:
        """Copy one row there, the oldest ones giving way; how many rows were copied."""
        moved = self._database.execute(
            f"INSERT INTO quarantine ({_KEPT_COLUMNS}, reason, moved_us)"  # noqa: S608 - a constant
            f" SELECT {_KEPT_COLUMNS}, ?, ? FROM held WHERE id = ?",
            (reason, to_microseconds(now), row_id),
        ).rowcount
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


def _unpacked(
    sequence: int, identity: bytes | None, body: bytes, octets: str | None
) -> UplinkRow | None:
    try:
        return unpack_row(sequence, identity, body, octets)
    except DecodeError:
        return None
