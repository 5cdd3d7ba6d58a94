"""The durable buffer against bare sqlite3 on the same disk in the same run: rows/s and waits.

    python benchmarks/edge_buffer.py [--folder DIR] [--sync-ms 5]

`--sync-ms` makes every sync take that much longer, as on slow flash: a small library is compiled
and put between Python and the system. `--folder` on a file system in memory shows what is left
when the disk costs nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.messages import UplinkAck

SECONDS = 1.0
NOW = datetime(2026, 3, 1, tzinfo=UTC)
READING = NumericObservation(
    observation_id=UUID(int=0),
    type=MdcCode(2, 19384),
    observed_at=ObservedTime(NOW, TimeQuality.RECEIVED),
    device=SystemId(bytes(8)),
    value=Quantity(Decimal(97), UnitCode(544)),
)
BODY = pack_rows([READING], captured_at=NOW).rows[0].body
TICK = timedelta(milliseconds=10)
POLICY = BufferPolicy(max_bytes=4 << 30)
SLOW_SYNC = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static void wait_some(void) { usleep(1000 * atoi(getenv("SYNC_MS"))); }
int fsync(int file) { wait_some(); return ((int (*)(int)) dlsym(RTLD_NEXT, "fsync"))(file); }
int fdatasync(int file) {
    wait_some();
    return ((int (*)(int)) dlsym(RTLD_NEXT, "fdatasync"))(file);
}
"""
Outcome = tuple[float, list[float]]


def readings() -> Iterator[NumericObservation]:
    """One reading every 10 ms of device time, with ids as spread as real ones."""
    number = 0
    while True:
        block = os.urandom(16 * 1000)
        for start in range(0, len(block), 16):
            number += 1
            yield replace(
                READING,
                observation_id=UUID(bytes=block[start : start + 16]),
                observed_at=ObservedTime(NOW + number * TICK, TimeQuality.RECEIVED),
            )


def percentile(values: list[float], share: float) -> float:
    """Microseconds."""
    return statistics.quantiles(values, n=1000, method="inclusive")[int(share * 1000) - 1] * 1e6


def timed(act: Callable[[int], None], rows_a_commit: int, prepare: Callable[[], None]) -> Outcome:
    """Rows a second of the writing alone, and every wait for a commit."""
    waits: list[float] = []
    begin = time.perf_counter()
    while time.perf_counter() - begin < SECONDS:
        prepare()
        before = time.perf_counter()
        act(len(waits))
        waits.append(time.perf_counter() - before)
    return len(waits) * rows_a_commit / sum(waits), waits


def bare(folder: Path, rows_a_commit: int) -> Outcome:
    """The least any buffer on SQLite must do: insert and commit, WAL, synchronous=FULL."""
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as database:
        database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE rows (id INTEGER PRIMARY KEY, a INT, b INT, c INT, body BLOB);"
        )

        def act(number: int) -> None:
            first = number * rows_a_commit
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT INTO rows (a, b, c, body) VALUES (?, ?, ?, ?)",
                [(1, 2, first + index, BODY) for index in range(rows_a_commit)],
            )
            database.execute("COMMIT")

        return timed(act, rows_a_commit, lambda: None)


def bare_once(folder: Path, rows_a_commit: int) -> Outcome:
    """The same with what a buffer cannot do without: our columns, and each reading held once."""
    with closing(sqlite3.connect(folder / "once.db", isolation_level=None)) as database:
        database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE rows (id INTEGER PRIMARY KEY, stream INT, epoch INT, sequence INT,"
            " identity BLOB, measured INT, captured INT, octets TEXT, clock INT, crc INT,"
            " body BLOB);"
            "CREATE UNIQUE INDEX once ON rows (measured, identity) WHERE identity IS NOT NULL;"
        )
        ids: list[bytes] = []

        def prepare() -> None:
            block = os.urandom(16 * rows_a_commit)
            ids[:] = [block[start : start + 16] for start in range(0, len(block), 16)]

        def act(number: int) -> None:
            first = number * rows_a_commit
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (None, 0, 7, n, ids[n - first], n * 10_000, 1 << 50, None, 0, 1 << 30, BODY)
                    for n in range(first, first + rows_a_commit)
                ],
            )
            database.execute("COMMIT")

        return timed(act, rows_a_commit, prepare)


def store_alone(folder: Path, rows_a_commit: int) -> Outcome:
    """Our store: keys, check, identity index, room; octets made before."""
    store = open_store(folder, policy=POLICY, vehicle_id="v", now=NOW).store
    fresh, batch = readings(), []

    def prepare() -> None:
        packed = pack_rows([next(fresh) for _ in range(rows_a_commit)], captured_at=NOW)
        batch[:] = packed

    def act(_: int) -> None:
        with store.transaction():
            store.append(batch)

    outcome = timed(act, rows_a_commit, prepare)
    store.close()
    return outcome


async def whole(folder: Path, rows_a_append: int, devices: int, pause: float = 0.0) -> Outcome:
    """As drivers use it: observations in, asyncio, worker thread, group commit."""
    buffer = ObservationBuffer()
    await buffer.open(folder, policy=POLICY, vehicle_id="v")
    waits: list[float] = []
    begin = time.perf_counter()

    async def device() -> None:
        fresh = readings()
        while time.perf_counter() - begin < max(SECONDS, 3 * SECONDS * bool(pause)):
            batch = [next(fresh) for _ in range(rows_a_append)]
            before = time.perf_counter()
            await buffer.append(batch)
            waits.append(time.perf_counter() - before)
            if pause:
                await asyncio.sleep(pause)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(devices):
            tasks.create_task(device())
    rate = len(waits) * rows_a_append / (time.perf_counter() - begin)
    await buffer.close()
    return rate, waits


async def drain(folder: Path, rows: int, limit: int, in_flight: int) -> float:
    """Claim and settle rows a second with nobody on the other side."""
    buffer = ObservationBuffer()
    await buffer.open(folder, policy=POLICY, vehicle_id="v")
    fresh = readings()
    for _ in range(rows // 1000):
        await buffer.append([next(fresh) for _ in range(1000)])
    begin = time.perf_counter()

    async def lane() -> None:
        while (claim := await buffer.claim(limit=limit, octets=1 << 20)) is not None:
            ack = UplinkAck(batch_id=claim.batch_id, stored=len(claim.rows), repeated=0)
            await buffer.settle(ack)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(in_flight):
            tasks.create_task(lane())
    seconds = time.perf_counter() - begin
    await buffer.close()
    return rows / seconds


def sync_wait(folder: Path) -> float:
    """What one 4 kB append and fdatasync costs here, microseconds, median."""
    waits = []
    with (folder / "sync").open("wb") as file:
        for _ in range(100):
            before = time.perf_counter()
            file.write(struct.pack("4096s", b""))
            file.flush()
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - before)
    return statistics.median(waits) * 1e6


def show(label: str, outcome: Outcome, reference: float | None = None) -> None:
    """One line of the table."""
    rate, waits = outcome
    ratio = f"{rate / reference:5.2f}" if reference else "    -"
    print(
        f"{label:38} {rate:10,.0f} {percentile(waits, 0.5):10,.0f}"
        f" {percentile(waits, 0.99):10,.0f} {ratio}"
    )


def measure(parent: Path | None) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(dir=parent) as name:
        root = Path(name)

        def fresh(label: str) -> Path:
            folder = root / label
            folder.mkdir()
            return folder

        print(f"sync of 4 kB here: {sync_wait(root):,.0f} us (median); body {len(BODY)} octets")
        print(f"{'':38} {'rows/s':>10} {'p50 us':>10} {'p99 us':>10} of bare")
        for rows in (1, 10, 100, 1000):
            reference = bare(fresh(f"bare{rows}"), rows)
            show(f"bare sqlite3, {rows}/commit", reference)
            once = bare_once(fresh(f"once{rows}"), rows)
            show(f"bare with columns and index, {rows}/commit", once, reference[0])
            show(f"store, {rows}/commit", store_alone(fresh(f"s{rows}"), rows), reference[0])
        for rows, devices in ((1, 1), (100, 1), (1, 32), (100, 8)):
            outcome = asyncio.run(whole(fresh(f"w{rows}x{devices}"), rows, devices))
            show(f"buffer, {devices} devices flat out, {rows}/append", outcome)
        outcome = asyncio.run(whole(fresh("live"), 5, 8, pause=0.1))
        show("buffer, 8 devices, 5 readings, 10/s each", outcome)
        for limit in (200, 1000):
            rate = asyncio.run(drain(fresh(f"drain{limit}"), 40_000, limit, 4))
            print(f"claim and settle, {limit} a batch, 4 in flight: {rate:,.0f} rows/s")


def with_slow_sync(milliseconds: int, parent: Path | None) -> int:
    """Run again with every sync made slower; the exit code."""
    with tempfile.TemporaryDirectory() as name:
        source, library = Path(name) / "slow.c", Path(name) / "slow.so"
        source.write_text(SLOW_SYNC, encoding="ascii")
        compile_it = ["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(compile_it, check=True)  # noqa: S603 - our own source
        environment = {**os.environ, "LD_PRELOAD": str(library), "SYNC_MS": str(milliseconds)}
        command = [sys.executable, __file__, *(["--folder", str(parent)] if parent else [])]
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - this file


def main() -> int:
    """Measure here, or again with slow syncs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--sync-ms", type=int, default=0)
    options = parser.parse_args()
    if options.sync_ms:
        return with_slow_sync(options.sync_ms, options.folder)
    measure(options.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
