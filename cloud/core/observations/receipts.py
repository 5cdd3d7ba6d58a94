"""How far each stream of a gateway is settled: what a repeat costs, and what is missing.

A row's key (gateway, stream, boot epoch, sequence) never comes with other content. What was
committed under a key is not looked at again, and the gateway is told up to where it need keep
nothing. A row that was refused counts as known only once the gateway no longer holds it: until
then it may come again, to be refused again and set aside there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from json import loads
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Select, Text, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import LARGEST
from cloud.core.observations.sequences import Sequences
from cloud.core.observations.tables import StreamRow
from cloud.db.base import table_of
from protocols.uplink.messages import Receipt, UplinkAck, UplinkBatch

LOG: Final = logging.getLogger("vitalwire.observations")
MOST_STRETCHES: Final = 2000
"""Of one stream; beyond it the latest gaps are forgotten, and rows in them are looked at again."""
_TABLE: Final = table_of(StreamRow)
_KNOWN, _REFUSED = cast(_TABLE.c.known, Text), cast(_TABLE.c.refused, Text)
_IS_OF: Final = (
    _TABLE.c.gateway_id == bindparam("of_gateway_id"),
    _TABLE.c.stream == bindparam("of_stream"),
    _TABLE.c.boot_epoch == bindparam("of_boot_epoch"),
)
_STREAM: Final = select(_KNOWN, _REFUSED, _TABLE.c.missing).where(
    _TABLE.c.tenant_id == bindparam("of_tenant_id"), *_IS_OF
)
_STREAM_ALONE: Final = _STREAM.with_for_update()
_SETTLE: Final = (
    update(_TABLE)
    .where(
        _TABLE.c.tenant_id == bindparam("of_tenant_id"),
        *_IS_OF,
        bindparam("read_known") == _KNOWN,
        bindparam("read_refused") == _REFUSED,
        _TABLE.c.missing == bindparam("read_missing"),
    )
    .values(
        known=bindparam("new_known"),
        refused=bindparam("new_refused"),
        missing=bindparam("new_missing"),
        through=bindparam("new_through"),
        gaps=bindparam("new_gaps"),
        updated_at=bindparam("now"),
    )
    .returning(_TABLE.c.boot_epoch)
)


_Statement = Select[*tuple[Any, ...]]


class _Kept(NamedTuple):
    """What a stream's row says: stretches as they are spelled, and how many rows never came."""

    known: str
    refused: str
    missing: int


class Progress:
    """One stream as this unit of work found it, and what the batch adds to it.

    Read without a lock, so that batches of one stream are stored beside each other; what they add
    is written one after the other, by `settle`.
    """

    def __init__(self, key: Mapping[str, object], kept: _Kept) -> None:
        self._key = key
        self._take(kept)

    def fresh(self, batch: UplinkBatch) -> UplinkBatch:
        """The batch without the rows that were committed before."""
        rows = self._known.unknown([row.sequence for row in batch.rows])
        readings = self._known.unknown(batch.readings.sequences.tolist())
        if len(rows) + len(readings) == batch.count:
            return batch
        return replace(
            batch,
            rows=tuple(batch.rows[place] for place in rows),
            readings=batch.readings.only(np.array(readings, np.intp)),
        )

    def settle(self, work: UnitOfWork, batch: UplinkBatch, ack: UplinkAck) -> Receipt:
        """Keep what became of the batch; the receipt for its stream, due with the commit.

        Nobody else writes to the stream from here until the unit ends.
        """
        floor = min([batch.floor, *batch.sequences, *batch.unreadable])
        missing = self._add(batch, ack, floor)
        if not self._write(work):
            # Another unit wrote meanwhile: on top of what it left, which no third changes now.
            self._take(_read(work, _STREAM_ALONE, self._key))
            missing = self._add(batch, ack, floor)
            if not self._write(work):
                raise AssertionError("a stream's row was not written although it is locked")
        if missing:
            LOG.warning(
                "event=rows_missing gateway=%s stream=%s boot_epoch=%d rows=%d below=%d",
                batch.gateway_id,
                batch.stream,
                batch.boot_epoch,
                missing,
                floor,
            )
        through = self._known.through
        return Receipt(stream=batch.stream, boot_epoch=batch.boot_epoch, through=through)

    def _take(self, kept: _Kept) -> None:
        self._kept, self._missing = kept, kept.missing
        self._known, self._refused = Sequences(loads(kept.known)), Sequences(loads(kept.refused))

    def _add(self, batch: UplinkBatch, ack: UplinkAck, floor: int) -> int:
        """Add what became of a batch; how many rows turned out never to come."""
        rejected = {one.sequence for one in ack.rejected}
        sequences = batch.sequences
        if rejected:
            sequences = [one for one in sequences if one not in rejected]
        self._known.add(sequences)
        self._refused.add(one for one in rejected if 0 < one <= LARGEST)
        missing = self._close_below(floor)
        self._missing += missing
        for kept in (self._known, self._refused):
            kept.stretches = kept.stretches[:MOST_STRETCHES]
        return missing

    def _write(self, work: UnitOfWork) -> bool:
        """Write it, unless the row says something else than was read."""
        written = work.rows(
            _SETTLE,
            {
                **self._key,
                "new_known": self._known.stretches,
                "new_refused": self._refused.stretches,
                "new_missing": self._missing,
                "new_through": self._known.through,
                "new_gaps": max(0, len(self._known.stretches) - 1),
                "now": work.now,
                "read_known": self._kept.known,
                "read_refused": self._kept.refused,
                "read_missing": self._kept.missing,
            },
        )
        return bool(written)

    def _close_below(self, floor: int) -> int:
        """What the gateway no longer holds and we never had does not come any more: so many."""
        if floor <= 1 or floor - 1 <= self._known.through:
            return 0
        here = Sequences([list(one) for one in self._known.stretches])
        for first, last in self._refused.stretches:
            here.add_stretch(first, last)
        missing = floor - 1 - here.known_below(floor)
        self._known.add_stretch(1, floor - 1)
        self._refused.stretches = [one for one in self._refused.stretches if one[1] >= floor]
        return missing


def open_progress(work: UnitOfWork, gateway: Principal, batch: UplinkBatch) -> Progress:
    """The stream of a batch that was checked."""
    columns = {
        "tenant_id": gateway.tenant_id,
        "gateway_id": gateway.gateway_id,
        "stream": batch.stream,
        "boot_epoch": batch.boot_epoch,
    }
    key = {f"of_{name}": value for name, value in columns.items()}
    kept = _find(work, _STREAM, key)
    if kept is None:
        insert = postgresql_insert if work.is_postgresql else sqlite_insert
        values: dict[str, object] = {
            **columns,
            "through": 0,
            "known": [],
            "refused": [],
            "gaps": 0,
            "missing": 0,
            "updated_at": work.now,
        }
        work.session.execute(insert(StreamRow).values(values).on_conflict_do_nothing())
        kept = _read(work, _STREAM, key)
    return Progress(key, kept)


def _find(work: UnitOfWork, statement: _Statement, key: Mapping[str, object]) -> _Kept | None:
    found = work.rows(statement, key)
    return _Kept(*found[0]) if found else None


def _read(work: UnitOfWork, statement: _Statement, key: Mapping[str, object]) -> _Kept:
    (found,) = work.rows(statement, key)
    return _Kept(*found)


def gaps(work: UnitOfWork) -> tuple[int, int]:
    """Over all streams: how many gaps may still be filled, how many rows never came."""
    # every tenant: they are the service's own figures.
    statement = select(func.sum(StreamRow.gaps), func.sum(StreamRow.missing))
    found = work.session.execute(statement).one()
    return found[0] or 0, found[1] or 0
