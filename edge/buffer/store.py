"""The store itself, synchronous and for one thread: append, claim, settle over one SQLite file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from edge.buffer.answers import Appended, BufferCounts, Settled
from edge.buffer.bundles import Record, record_of
from edge.buffer.claiming import Claiming, Queues, SetApart
from edge.buffer.claims import Claim
from edge.buffer.clocks import ClockLines
from edge.buffer.database import Database
from edge.buffer.faults import translated
from edge.buffer.held import insert_records, remove
from edge.buffer.layout import Layout
from edge.buffer.memory import STORED, Memory
from edge.buffer.packing import Packed, pack_rows
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.quarantine import DAMAGED_REASON, Quarantine
from edge.buffer.repeats import Recent
from edge.buffer.reserve import DiskReserve
from edge.buffer.room import Room
from edge.buffer.rows import (
    Stream,
    from_microseconds,
    to_microseconds,
)
from edge.buffer.thinning import Dropped, Thinning, still_held
from edge.buffer.window import WaveformWindow, WindowPart, read_window
from edge.clock import ClockReading
from edge.errors import BufferFullError
from protocols.uplink.messages import Content, UplinkAck
from protocols.uplink.prepared import PreparedRows

log = logging.getLogger(__name__)

SETTLED = "settled"
QUARANTINED = "quarantined"
QUARANTINE_DROPPED = "quarantine_dropped"
CONFLICTING = "conflicting"
THINNED = "thinned"
DROPPED = "dropped"

Tell = Callable[[Dropped, datetime], Content]


class ObservationStore:
    """One open store.

    `vehicles` says for each boot epoch where its rows were captured. `tell` makes what is said of
    waveforms that gave way. `is_refusing` is set by the store's owner: the last rows found no room.
    """

    def __init__(
        self,
        database: Database,
        *,
        policy: BufferPolicy,
        reserve: DiskReserve,
        boot_epoch: int,
        vehicles: dict[int, str],
        tell: Tell | None = None,
        machine_boot: str = "",
    ) -> None:
        self._database = database
        self._policy = policy
        self.room = Room(database, policy, reserve)
        self.boot_epoch = boot_epoch
        self.is_refusing = False
        self._vehicles = vehicles
        self.clocks = ClockLines(database, boot_epoch, machine_boot)
        self._quarantine = Quarantine(database, policy.quarantine_rows)
        self._thinning = Thinning(database)
        self._recent = Recent(database)
        self._tell = tell
        self._memory = Memory()
        self._grown: set[Stream] = set()
        self._after_commit: list[Callable[[], None]] = []
        with translated():
            self._layout, self._memory.held = Layout.of(
                database, boot_epoch=boot_epoch, live_seconds=policy.live_seconds
            )
            self._recent.load(self._layout.spans)
            self._thinning.find_places()
            self.clocks.load()
            self._memory.load_totals(database)
        self._claiming = Claiming(
            database=database,
            layout=self._layout,
            clocks=self.clocks,
            vehicles=vehicles,
            memory=self._memory,
        )

    # ---- writing, inside `transaction`

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One commit, synced to disk at its end; on any error nothing of it happened."""
        before, places = self._memory.copy(), self._thinning.places.copy()
        self._after_commit.clear()
        try:
            with translated():
                self._database.execute("BEGIN IMMEDIATE")
                yield
                self._memory.write_totals(self._database, before=before, last_of=self._last)
                self._thinning.keep_places(before=places)
                self._database.execute("COMMIT")
        except BaseException:
            self._memory.go_back(before)
            self._thinning.places = places
            if self._database.in_transaction:
                with translated():
                    self._database.execute("ROLLBACK")
            raise
        for act in self._after_commit:
            act()

    def append(self, packed: Packed, reading: ClockReading | None = None) -> Appended:
        """Write rows under their keys; one that waits already is not written twice.

        `reading`: how the clock stood that stamped them.
        """
        self.clocks.current(reading)
        self.room.refuse_full_disk()
        if not self.room.takes(packed.size):
            self._make_room(packed)
        fresh, conflicting = packed, 0
        if not self._recent.knows_none(packed.identities):
            fresh, conflicting = self._recent.without_known(packed)
        self._memory.count(CONFLICTING, conflicting)
        self._write(fresh)
        return Appended(len(fresh), len(packed) - len(fresh))

    def settle(self, ack: UplinkAck, *, now: datetime) -> Settled:
        """Free what the cloud has; keep in quarantine what it refuses."""
        claim = self._claiming.book.claimed.get(ack.batch_id)
        if claim is None:
            return Settled(0, 0)
        moved = self._set_apart(claim, ack, now) if ack.rejected else 0
        settled = self._remove(claim) - moved
        self._memory.count(SETTLED, settled)
        return Settled(settled, moved)

    def settle_through(self, stream: Stream, boot_epoch: int, sequence: int) -> Settled:
        """Free what the cloud has of a lane and epoch: every row up to and with `sequence`."""
        settled = self._layout.reach.remove(self._database, stream, boot_epoch, sequence)
        self._memory.held[stream] -= settled
        self._memory.count(SETTLED, settled)
        act = partial(self._claiming.drop_covered, stream, boot_epoch, sequence)
        self._after_commit.append(act)
        return Settled(settled, 0)

    def quarantine(self, batch_id: UUID, reason: str, *, now: datetime) -> Settled:
        """Take a whole claim out of the way, with the reason."""
        claim = self._claiming.book.claimed.get(batch_id)
        if claim is None:
            return Settled(0, 0)
        moved = self._move_to_quarantine(claim.stream, claim.row_ids, reason, now)
        self._remove(claim)
        return Settled(0, moved)

    def thin(self, *, now: datetime) -> bool:
        """The disk is full: let waveforms go; False when there are none left that may."""
        before = self.room.pages_used()
        octets = -self.room.pages_over(0) * PAGE_OCTETS
        return self._thin(octets, now) and self.room.pages_used() < before

    # ---- reading and claiming

    def note_clock(self, reading: ClockReading, *, now: datetime) -> bool:
        """Learn how the clock stands; True when the times of rows that wait are known better."""
        self.clocks.current(reading)
        with translated():
            lines = self.clocks.learnt(reading)
        is_proven = self.clocks.is_proof(reading)
        if not lines and not is_proven:
            return False
        proof_us = to_microseconds(now) if is_proven else None
        try:
            with self.transaction():
                self.clocks.change(lines, proof_us=proof_us)
        except BufferFullError as exc:
            log.warning("clock not written down reason=%r", str(exc))
        self.clocks.changed(lines, is_proven=is_proven)
        self._claiming.note_lines(lines)
        return bool(lines)

    def claim(
        self,
        *,
        limit: int,
        octets: int,
        now: datetime,
        streams: Iterable[Stream] = Stream,
        backlog: bool = True,
        waits: bool = False,
    ) -> Claim | None:
        """Up to `limit` rows or `octets` of one lane and epoch, by the lanes' turns; or None.

        `backlog`: also what an outage left behind. `waits`: not those whose times will be known
        only when the clock is set.
        """
        with translated():
            reader = self._claiming.reader(limit=limit, octets=octets, now=now, waits=waits)
            return self._claiming.claim(reader, Queues(streams, backlog), self._damaged_at(now))

    def claim_behind(
        self,
        stream: Stream,
        *,
        limit: int,
        octets: int,
        least: int,
        now: datetime,
        waits: bool = False,
    ) -> Claim | None:
        """Rows of a lane's backlog, to be written ahead: see `Claiming.claim_behind`."""
        with translated():
            reader = self._claiming.reader(limit=limit, octets=octets, now=now, waits=waits)
            set_apart = self._damaged_at(now)
            return self._claiming.claim_behind(reader, stream, set_apart, least=least)

    def prepare(self, batch_ids: Sequence[UUID], rows: PreparedRows) -> bool:
        """Keep what was written ahead of some claims: see `Claiming.prepare`."""
        return self._claiming.prepare(batch_ids, rows)

    def unread(self, batch_id: UUID) -> None:
        """Nothing came of a claim, and nobody saw it."""
        self._claiming.unread(batch_id)

    def take_grown(self) -> frozenset[Stream]:
        """The lanes that were written to since the last call."""
        grown = frozenset(self._grown)
        self._grown.clear()
        return grown

    def read_window(self, window: WaveformWindow, *, after: int, limit: int) -> WindowPart:
        """Waveforms of a window above the id `after`, whatever their turn; nothing is claimed."""
        stream = Stream.WAVEFORMS
        with translated():
            part = read_window(
                self._database,
                self.clocks,
                self._layout.spans[stream],
                window=window,
                after=after,
                last=self._last(stream),
                limit=limit,
            )
        return replace(part, vehicle_id=self._vehicles.get(part.boot_epoch, ""))

    def requeue(self, batch_id: UUID) -> bool:
        """A claim to be sent again, under the same name; False when it is not out."""
        return self._claiming.give_back(batch_id)

    def split(self, batch_id: UUID) -> bool:
        """A claim to be sent again as two batches; False when it has one row only."""
        return self._claiming.book.split(batch_id)

    def counts(self) -> BufferCounts:
        """How the store stands."""
        with translated():
            reasons = self._quarantine.reasons()
            firsts = [self._layout.first(self._database, lane) for lane in Stream]
            used, is_full = self.room.pages_used(), self.room.is_full()
        oldest = min((row.captured_us for row in firsts if row is not None), default=None)
        return BufferCounts(
            waiting={stream.label: self._memory.held[stream] for stream in Stream},
            claimed=sum(len(claim.row_ids) for claim in self._claiming.book.claimed.values()),
            prepared=self._claiming.ahead.rows,
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

    def _thin(self, octets: int, now: datetime) -> bool:
        """Let waveforms go until these octets fit and some more, and tell of it in EVENTS."""
        stream = Stream.WAVEFORMS
        first = self._layout.first(self._database, stream)
        if first is None:
            return False
        spans = still_held(self._layout.spans[stream], first.row_id, self._last(stream))
        dropped = self._thinning.free(
            spans,
            is_enough=lambda: self.room.pages_over(octets) <= -self._policy.thinned_pages,
            on_their_way=self._claiming.book.row_ids(stream),
        )
        for item in dropped:
            self._memory.held[stream] -= item.rows
            self._memory.count(THINNED if item.is_thinned else DROPPED, item.rows)
            if self._tell is not None:
                self._write(pack_rows([self._tell(item, now)], captured_at=now))
        return bool(dropped)

    def _make_room(self, packed: Packed) -> None:
        if self.room.pages_over(packed.size) > 0:
            self._thin(packed.size, from_microseconds(packed.captured_us))
            self.room.refuse_over_quota(packed.size)

    def _write(self, packed: Packed) -> None:
        """Write rows with the next sequences of their lanes."""
        line, next_sequence = self.clocks.current(None), self._memory.next_sequence
        if self.clocks.write_current():
            self._after_commit.append(self.clocks.wrote_current)
        epoch, captured_us, octets = self.boot_epoch, packed.captured_us, packed.octets
        records: list[Record] = []
        for portion in packed.portions:
            stream, count = portion.stream, len(portion.rows)
            after, sequence = self._last(stream), next_sequence[stream]
            key = (after + 1, portion.lane, epoch, sequence)
            records.append(record_of(portion, key, captured_us, octets, line))
            self._recent.note(portion.identities, after + 1)
            next_sequence[stream] = sequence + count
            self._grow(stream, count, captured_us, after=after)
        insert_records(self._database, records)
        self._memory.count(STORED, len(packed))

    def _grow(self, stream: Stream, count: int, captured_us: int, *, after: int) -> None:
        self._grown.add(stream)
        self._memory.held[stream] += count
        lane, captured_us = self._layout.lanes[stream], captured_us - self.clocks.difference_us()
        self._after_commit.append(lambda: lane.grew(after=after, captured_us=captured_us))

    def _last(self, stream: Stream) -> int:
        return self._claiming.last(stream)

    def _damaged_at(self, now: datetime) -> SetApart:
        return partial(self._quarantine_damaged, now)

    def _quarantine_damaged(self, now: datetime, stream: Stream, row_ids: list[int]) -> None:
        try:
            with self.transaction():
                self._move_to_quarantine(stream, row_ids, DAMAGED_REASON, now)
                self._delete(stream, row_ids)
        except BufferFullError:
            # They are passed over all the same, and found again at the next start.
            log.warning("damaged rows not set apart rows=%d reason=no room", len(row_ids))

    def _move_to_quarantine(
        self, stream: Stream, row_ids: Sequence[int], reason: str, now: datetime
    ) -> int:
        self.room.look_again()
        moved, dropped = self._quarantine.copy(stream, row_ids, reason, now=now)
        self._memory.count(QUARANTINED, moved)
        self._memory.count(QUARANTINE_DROPPED, dropped)
        return moved

    def _set_apart(self, claim: Claim, ack: UplinkAck, now: datetime) -> int:
        """Copy what the cloud refuses of a claim into the quarantine; how many rows that are."""
        refused = {row.sequence: row.reason for row in ack.rejected}
        return sum(
            self._move_to_quarantine(claim.stream, [row_id], refused[row.sequence], now)
            for row_id, row in zip(claim.row_ids, claim.rows, strict=True)
            if row.sequence in refused
        )

    def _remove(self, claim: Claim) -> int:
        removed = self._delete(claim.stream, claim.row_ids)
        self._after_commit.append(lambda: self._claiming.book.forget(claim.batch_id))
        return removed

    def _delete(self, stream: Stream, row_ids: Sequence[int]) -> int:
        removed = remove(self._database, row_ids, stream.value)
        self._memory.held[stream] -= removed
        return removed
