"""From a batch's octets to committed rows: the steps, and the store's own ceiling in the same run.

One thread, PostgreSQL with fsync on the same machine, the schema with all its indexes. The ceiling
is the staged COPY of rows that were made before. Run by `make bench`; take figures as ratios.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

from prometheus_client import CollectorRegistry

from cloud.core.observations import recording
from cloud.core.observations.ingest_metrics import IngestMetrics
from cloud.core.observations.tables import ObservationRow
from cloud.db.base import table_of
from cloud.db.staging import copy_new
from cloud.ingest.batches import BatchRecorder
from protocols.uplink.channels import UP, Channel
from protocols.uplink.codec import decode_batch, encode_batch
from protocols.uplink.derived_ids import CounterSearch
from protocols.uplink.messages import UplinkBatch
from tests.fixtures.served_cloud import ServedCloud, installed_cloud
from tests.fixtures.vehicle_rows import Vehicle, batch_of
from tests.postgres import running_server

ROWS = 20_000
SIZES = (100, 500, 2_000)


def main() -> None:
    """Every size of batch: decode, record, repeat, and what the store alone can do."""
    with running_server(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        for number, size in enumerate(SIZES):
            data = Path(folder) / str(size)
            data.mkdir()
            with installed_cloud(data, port=1, database_url=server.new_database()) as (cloud, _):
                measure(cloud, size, seed=100 + number)


def measure(cloud: ServedCloud, size: int, *, seed: int) -> None:
    """One size of batch against a fresh database."""
    batches = make_batches(str(cloud.gateway.gateway_id), size, seed)
    search = CounterSearch()
    octets = [encode_batch(batch, 2, search) for batch in batches]
    count = sum(len(batch.rows) for batch in batches)
    gateway = str(cloud.gateway.gateway_id)
    with timed() as decoding:
        for one in octets:
            decode_batch(one, gateway_id=gateway)
    topic = Channel(cloud.gateway.tenant_id, gateway, UP).topic
    recorder = BatchRecorder(
        cloud.parts.database,
        IngestMetrics(CollectorRegistry()),
        cloud.parts.clock,
        max_octets=1 << 22,
    )
    kept: list[list[dict[str, object]]] = []
    with keeping(kept), timed() as recorded:
        for one in octets:
            recorder.accept([(topic, one)])
    with timed() as repeated:
        for one in octets:
            recorder.accept([(topic, one)])
    ceiling = copy_again(cloud, kept)
    print(f"\nbatches of {size} rows, {count} rows")
    for name, seconds in (
        ("decode alone", decoding[0]),
        ("octets to committed rows", recorded[0]),
        ("the same again: repeats by key", repeated[0]),
        ("staged COPY alone (ceiling)", ceiling),
    ):
        share = ceiling / seconds
        print(f"  {name:34}{count / seconds:10.0f} rows/s {share:6.2f} of the ceiling")


def make_batches(gateway_id: str, size: int, seed: int) -> list[UplinkBatch]:
    """Enough seconds of one vehicle, cut into batches."""
    rows = []
    for second in Vehicle(seed).numerics(ROWS):
        rows += second
        if len(rows) >= ROWS:
            break
    cut = [batch_of(rows[first : first + size]) for first in range(0, ROWS, size)]
    return [
        UplinkBatch(
            batch_id=one.batch_id,
            gateway_id=gateway_id,
            vehicle_id=one.vehicle_id,
            stream=one.stream,
            boot_epoch=one.boot_epoch,
            sent_at=one.sent_at,
            rows=one.rows,
        )
        for one in cut
    ]


def copy_again(cloud: ServedCloud, kept: Sequence[list[dict[str, object]]]) -> float:
    """Seconds for the same rows under other ids, in the same transactions, by COPY alone."""
    for lot in kept:
        for row in lot:
            row["observation_id"] = UUID(int=UUID(str(row["observation_id"])).int ^ 1)
    table = table_of(ObservationRow)
    with timed() as spent:
        for lot in kept:
            with cloud.parts.database.begin(now=cloud.parts.clock()) as work:
                connection = work.session.connection()
                copy_new(connection, table, lot, ("observation_id", "tenant_id"))
    return spent[0]


@contextmanager
def keeping(kept: list[list[dict[str, object]]]) -> Iterator[None]:
    """Keep the rows as they go to the store."""
    insert = recording._insert

    def note(work: object, table: type, many: list[dict[str, object]]) -> int:
        if table is ObservationRow:
            kept.append(many)
        return insert(work, table, many)  # type: ignore[arg-type]  # handed on as it came

    with patch.object(recording, "_insert", note):
        yield


@contextmanager
def timed() -> Iterator[list[float]]:
    """Seconds of the block, in a list of one."""
    spent: list[float] = []
    began = time.perf_counter()
    yield spent
    spent.append(time.perf_counter() - began)


if __name__ == "__main__":
    main()
