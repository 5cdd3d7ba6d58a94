"""Rows that were set apart wait again: when the cloud has learnt to read what it had refused.

A released row gets a key of its own, in a boot epoch that no start had: the cloud has counted the
old key among those that need not come any more. Its vehicle and its clock stay those it had.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from edge.buffer.bundles import record_of
from edge.buffer.database import Database, connect
from edge.buffer.faults import translated
from edge.buffer.held import insert_records
from edge.buffer.lanes import base_of
from edge.buffer.memory import RELEASED, STORED, mark_counted, uncounted
from edge.buffer.packing import Packed, PackedRow, pack_rows, portion_of
from edge.buffer.policy import BufferPolicy
from edge.buffer.quarantine import DAMAGED_REASON
from edge.buffer.recovery import FILE_NAME
from edge.buffer.repairing import repair
from edge.buffer.rows import LANES, Stream
from protocols.errors import DecodeError
from protocols.uplink.codec import decode_row
from protocols.uplink.messages import Content

_ADD: Final = (
    "INSERT INTO totals VALUES (?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount"
)
_HIGHEST: Final = "SELECT coalesce(max(id), 0) FROM held"
_NEXT_EPOCH: Final = (
    "SELECT 1 + max((SELECT coalesce(max(epoch), 0) FROM boots),"
    " (SELECT coalesce(max(boot_epoch), 0) FROM held))"
)
_SET_APART: Final = (
    "SELECT id, stream, boot_epoch, captured_us, octets, clock, body, reason FROM quarantine"
    " ORDER BY boot_epoch, stream, sequence"
)
_LIKE: Final = (
    "INSERT INTO boots SELECT ?, coalesce(max(started_us), 0), coalesce(max(vehicle_id), '')"
    " FROM boots WHERE epoch = ?"
)
_SAME_CLOCKS: Final = (
    "INSERT INTO clocks SELECT ?, number, machine_boot, difference_us, state, correction_us"
    " FROM clocks WHERE boot_epoch = ?"
)


@dataclass(slots=True)
class Released:
    """How many rows wait again, and how many stay because their octets are damaged."""

    rows: int = 0
    damaged: int = 0


Tell = Callable[[Released], Content]


def release(
    folder: Path,
    *,
    reasons: Collection[str] | None,
    policy: BufferPolicy,
    vehicle_id: str,
    now: datetime,
    tell: Tell | None = None,
) -> Released:
    """Let rows out of the quarantine of a stopped gateway, those of some reasons or all.

    `tell` makes what is said of it, in the lane of events. One transaction; the file is led up
    and mended before, as at a start.
    """
    repair(folder, policy=policy, now=now)
    with translated(), closing(connect(folder / FILE_NAME)) as database:
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN IMMEDIATE")
        try:
            # What came before is counted before it can be taken for what comes now.
            database.execute(_ADD, (STORED, uncounted(database)))
            released = _let_out(database, reasons)
            if released.rows and tell is not None:
                _say(database, pack_rows([tell(released)], captured_at=now), vehicle_id)
            highest = database.execute(_HIGHEST).fetchone()[0]
            mark_counted(database, dict.fromkeys(Stream, highest))
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
    return released


def _let_out(database: Database, reasons: Collection[str] | None) -> Released:
    released = Released()
    epochs: dict[int, _Epoch] = {}
    for row_id, lane, old, captured_us, octets, clock, body, reason in database.execute(
        _SET_APART
    ).fetchall():
        if reasons is not None and reason not in reasons:
            continue
        if reason == DAMAGED_REASON or not _is_readable(body):
            released.damaged += 1
            continue
        if old not in epochs:
            epochs[old] = _Epoch.begin(database)
            database.execute(_LIKE, (epochs[old].number, old))
            database.execute(_SAME_CLOCKS, (epochs[old].number, old))
        row = PackedRow(Stream(lane), None, body)
        epochs[old].write(database, row, captured_us, octets, clock)
        database.execute("DELETE FROM quarantine WHERE id = ?", (row_id,))
        released.rows += 1
    database.execute(_ADD, (RELEASED, released.rows))
    return released


def _say(database: Database, packed: Packed, vehicle_id: str) -> None:
    epoch = _Epoch.begin(database)
    values = (epoch.number, packed.captured_us, vehicle_id)
    database.execute("INSERT INTO boots VALUES (?, ?, ?)", values)
    for row in packed.rows:
        epoch.write(database, row, packed.captured_us, packed.octets, 0)
    database.execute(_ADD, (STORED, len(packed)))


@dataclass(slots=True)
class _Epoch:
    """A boot epoch without a start."""

    number: int
    bases: dict[Stream, int]
    next_sequence: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 1))

    @classmethod
    def begin(cls, database: Database) -> _Epoch:
        """Above every one before, with ids above every one before."""
        highest = database.execute(_HIGHEST).fetchone()[0]
        bases = {stream: base_of(stream, highest=highest) for stream in Stream}
        return cls(database.execute(_NEXT_EPOCH).fetchone()[0], bases)

    def write(
        self, database: Database, row: PackedRow, captured_us: int, octets: str | None, clock: int
    ) -> None:
        """A row with the next sequence of its lane."""
        sequence = self.next_sequence[row.stream]
        self.next_sequence[row.stream] = sequence + 1
        key = (self.bases[row.stream] + sequence, LANES[row.stream], self.number, sequence)
        portion = portion_of(row.stream, [row])
        insert_records(database, [record_of(portion, key, captured_us, octets, clock)])


def _is_readable(body: bytes) -> bool:
    try:
        decode_row(body)
    except DecodeError:
        return False
    return True
