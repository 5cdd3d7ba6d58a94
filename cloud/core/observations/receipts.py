"""How far each stream of a gateway is settled: what a repeat costs, and what is missing.

A row's key (gateway, stream, boot epoch, sequence) never comes with other content. What was
committed under a key is not looked at again, and the gateway is told up to where it need keep
nothing. A row that was refused counts as known only once the gateway no longer holds it: until
then it may come again, to be refused again and set aside there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.recording import LARGEST
from cloud.core.observations.sequences import Sequences
from cloud.core.observations.tables import StreamRow
from protocols.uplink.messages import Receipt, UplinkAck, UplinkBatch

LOG: Final = logging.getLogger("vitalwire.observations")
MOST_STRETCHES: Final = 2000
"""Of one stream; beyond it the latest gaps are forgotten, and rows in them are looked at again."""


@dataclass(slots=True)
class Progress:
    """One stream as this unit of work found it, and what the batch adds to it.

    Read without a lock, so that batches of one stream are stored beside each other; what they add
    is written one after the other, by `settle`.
    """

    gateway: Principal
    row: StreamRow
    known: Sequences
    refused: Sequences

    def fresh(self, batch: UplinkBatch) -> UplinkBatch:
        """The batch without the rows that were committed before."""
        rows = self.known.unknown([row.sequence for row in batch.rows])
        readings = self.known.unknown(batch.readings.sequences.tolist())
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
        self._read_again(work, batch)
        rejected = {one.sequence for one in ack.rejected}
        sequences = batch.sequences
        if rejected:
            sequences = [one for one in sequences if one not in rejected]
        self.known.add(sequences)
        self.refused.add(one for one in rejected if 0 < one <= LARGEST)
        self._close_below(batch)
        for kept in (self.known, self.refused):
            kept.stretches = kept.stretches[:MOST_STRETCHES]
        row = self.row
        row.known, row.refused = self.known.stretches, self.refused.stretches
        row.through, row.gaps = self.known.through, max(0, len(self.known.stretches) - 1)
        row.updated_at = work.now
        return Receipt(stream=row.stream, boot_epoch=row.boot_epoch, through=row.through)

    def _read_again(self, work: UnitOfWork, batch: UplinkBatch) -> None:
        """As other units left it, which is more than was known at first."""
        if not work.is_postgresql:
            # SQLite has one writer at a time: nobody else wrote since.
            return
        statement = _stream_of(self.gateway, batch).with_for_update()
        again = statement.execution_options(populate_existing=True)
        self.row = work.session.scalars(again).one()
        self.known, self.refused = _sequences(self.row.known), _sequences(self.row.refused)

    def _close_below(self, batch: UplinkBatch) -> None:
        """What the gateway no longer holds and we never had does not come any more."""
        floor = min([batch.floor, *batch.sequences, *batch.unreadable])
        if floor <= 1 or floor - 1 <= self.known.through:
            return
        here = Sequences([list(one) for one in self.known.stretches])
        for first, last in self.refused.stretches:
            here.add_stretch(first, last)
        missing = floor - 1 - here.known_below(floor)
        self.known.add_stretch(1, floor - 1)
        self.refused.stretches = [one for one in self.refused.stretches if one[1] >= floor]
        if missing:
            self.row.missing += missing
            LOG.warning(
                "event=rows_missing gateway=%s stream=%s boot_epoch=%d rows=%d below=%d",
                batch.gateway_id,
                batch.stream,
                batch.boot_epoch,
                missing,
                floor,
            )


def open_progress(work: UnitOfWork, gateway: Principal, batch: UplinkBatch) -> Progress:
    """The stream of a batch that was checked."""
    statement = _stream_of(gateway, batch)
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        insert = postgresql_insert if work.is_postgresql else sqlite_insert
        values: dict[str, object] = {
            "tenant_id": gateway.tenant_id,
            "gateway_id": gateway.gateway_id,
            "stream": batch.stream,
            "boot_epoch": batch.boot_epoch,
            "through": 0,
            "known": [],
            "refused": [],
            "gaps": 0,
            "missing": 0,
            "updated_at": work.now,
        }
        work.session.execute(insert(StreamRow).values(values).on_conflict_do_nothing())
        row = work.session.scalars(statement).one()
    return Progress(gateway, row, _sequences(row.known), _sequences(row.refused))


def _stream_of(gateway: Principal, batch: UplinkBatch) -> Select[StreamRow]:
    return scoped(gateway, StreamRow).where(
        StreamRow.gateway_id == gateway.gateway_id,
        StreamRow.stream == batch.stream,
        StreamRow.boot_epoch == batch.boot_epoch,
    )


def _sequences(stretches: list[list[int]]) -> Sequences:
    return Sequences([list(one) for one in stretches])


def gaps(work: UnitOfWork) -> tuple[int, int]:
    """Over all streams: how many gaps may still be filled, how many rows never came."""
    # every tenant: they are the service's own figures.
    statement = select(func.sum(StreamRow.gaps), func.sum(StreamRow.missing))
    found = work.session.execute(statement).one()
    return found[0] or 0, found[1] or 0
