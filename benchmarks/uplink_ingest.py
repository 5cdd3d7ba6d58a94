"""From a batch's octets to committed rows: the steps, and the store's own ceiling in the same run.

PostgreSQL with fsync on the same machine, and SQLite; the schema with all its indexes. The ceiling
is the COPY of the same rows, put together before, into the emptied table. Wall time tells what the
machine had to spare, processor time what a row costs. Run by `make bench`; take figures as ratios.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

from prometheus_client import CollectorRegistry
from sqlalchemy import text

from cloud.core.observations.ingest_metrics import IngestMetrics
from cloud.core.observations.tables import ObservationRow
from cloud.db.base import table_of
from cloud.db.copy_spelling import CopySpelling
from cloud.db.spelling import Identities, Insert
from cloud.ingest.batches import BatchRecorder
from protocols.uplink.channels import UP, Channel
from protocols.uplink.codec import encode_batch, read_batch
from protocols.uplink.messages import UplinkBatch
from tests.fixtures.served_cloud import ServedCloud, installed_cloud
from tests.fixtures.vehicle_rows import Vehicle, batch_of
from tests.postgres import PostgresServer, running_server

ROWS = 20_000
SIZES = (100, 500, 2_000, 5_000)
Kept = tuple[Sequence[str], Sequence[bytes], Identities]
"""Rows as they went to PostgreSQL."""
TOGETHER = 3
"""So many batches at once, as a gateway that drains its buffer sends them."""


@dataclass(slots=True)
class Spent:
    """Seconds of a block: on the clock, of our processor time, of the server's."""

    wall: float = 0.0
    ours: float = 0.0
    server: float = 0.0


def main() -> None:
    """Every size of batch, into both databases."""
    with running_server(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        for number, size in enumerate(SIZES):
            for store in (server, None):
                data = Path(folder) / f"{size}-{store is None}"
                data.mkdir()
                url = None if store is None else store.new_database()
                with installed_cloud(data, port=1, database_url=url) as (cloud, _):
                    measure(cloud, size, store, seed=100 + number)


def measure(cloud: ServedCloud, size: int, server: PostgresServer | None, *, seed: int) -> None:
    """One size of batch against a fresh database."""
    gateway = str(cloud.gateway.gateway_id)
    first, second, third = (make_batches(gateway, size, seed + 50 * lot) for lot in range(3))
    topic = Channel(cloud.gateway.tenant_id, gateway, UP).topic
    recorder = BatchRecorder(
        cloud.parts.database,
        IngestMetrics(CollectorRegistry()),
        cloud.parts.clock,
        max_octets=1 << 24,
    )

    def record(octets: bytes) -> None:
        (reply,) = recorder.accept([(topic, octets)])
        assert reply is not None

    compact, more = ([encode_batch(one, 2) for one in lot] for lot in (first, second))
    in_rows = [encode_batch(one) for one in third]
    record(compact.pop(0))
    kept: list[Kept] = []
    steps: list[tuple[str, Spent]] = []
    with measuring("read alone", steps, server):
        for one in compact:
            read_batch(one, gateway_id=gateway)
    with keeping(kept), measuring("octets to committed rows", steps, server):
        for one in compact:
            record(one)
    with measuring("the same again: repeats by key", steps, server):
        for one in compact:
            record(one)
    if server is not None:
        with measuring(f"{TOGETHER} at once", steps, server), ThreadPoolExecutor(TOGETHER) as pool:
            list(pool.map(record, more[1:]))
    with measuring("version 1: row by row", steps, server):
        for one in in_rows[1:]:
            record(one)
    if server is not None:
        copy_again(cloud, kept, steps, server)
    tell(size, ROWS - size, steps, "SQLite" if server is None else "PostgreSQL")


def tell(size: int, rows: int, steps: Sequence[tuple[str, Spent]], store: str) -> None:
    """One line a step."""
    print(f"\n{store}, batches of {size} rows; rows/s, us of processor a row: ours, the server's")
    for name, spent in steps:
        ours, theirs = spent.ours / rows * 1e6, spent.server / rows * 1e6
        print(f"  {name:34}{rows / spent.wall:10.0f} {ours:8.1f} {theirs:8.1f}")


def make_batches(gateway_id: str, size: int, seed: int) -> list[UplinkBatch]:
    """Enough seconds of one vehicle, cut into batches; each seed has a boot epoch of its own."""
    rows = []
    for second in Vehicle(seed).numerics(ROWS):
        rows += second
        if len(rows) >= ROWS:
            break
    cut = [batch_of(rows[begin : begin + size], boot_epoch=seed) for begin in range(0, ROWS, size)]
    # A floor of 1: what was not sent yet is still to come.
    return [replace(one, gateway_id=gateway_id, floor=1) for one in cut]


def copy_again(
    cloud: ServedCloud,
    kept: Sequence[Kept],
    steps: list[tuple[str, Spent]],
    server: PostgresServer,
) -> None:
    """The same rows in the same transactions, by COPY alone."""
    with cloud.parts.database.begin(now=cloud.parts.clock()) as work:
        work.session.execute(text("TRUNCATE observations, observations_keys"))
    with measuring("COPY alone (ceiling)", steps, server):
        for names, rows, identities in kept:
            with cloud.parts.database.begin(now=cloud.parts.clock()) as work:
                spelling = CopySpelling(work.session.connection(), table_of(ObservationRow))
                next(spelling.inserts(names, rows, identities))()


@contextmanager
def keeping(kept: list[Kept]) -> Iterator[None]:
    """Keep the rows as they go to PostgreSQL."""
    inserts = CopySpelling.inserts

    def note(
        spelling: CopySpelling, names: Sequence[str], rows: Sequence[bytes], identities: Identities
    ) -> Iterator[Insert]:
        kept.append((names, rows, identities))
        return inserts(spelling, names, rows, identities)

    with patch.object(CopySpelling, "inserts", note):
        yield


@contextmanager
def measuring(
    name: str, steps: list[tuple[str, Spent]], server: PostgresServer | None
) -> Iterator[None]:
    """Note what the block spends."""
    theirs = partial(server_seconds, server) if server is not None else float
    began = time.perf_counter(), time.process_time(), theirs()
    yield
    spent = Spent(
        time.perf_counter() - began[0], time.process_time() - began[1], theirs() - began[2]
    )
    steps.append((name, spent))


def server_seconds(server: PostgresServer) -> float:
    """The processor time of all processes of a server that are there now (proc(5))."""
    postmaster = (server.folder / "data" / "postmaster.pid").read_text().splitlines()[0]
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == postmaster:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
