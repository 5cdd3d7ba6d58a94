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
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.packing import Packed, pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.messages import UplinkAck

SECONDS = 1.0
SLICES = 8
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


class Outcome(NamedTuple):
    """Rows a second, every wait for a commit in seconds, seconds of processor a commit."""

    rate: float
    waits: list[float]
    spent: float


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


class Contender(Protocol):
    """Something that stores rows: `prepare` is not timed, `act` is one commit."""

    label: str

    def prepare(self) -> None:
        """Make the next rows ready."""

    def act(self) -> None:
        """Store them and commit."""

    def close(self) -> None:
        """Let go of the file."""


def race(contenders: Sequence[Contender], rows_a_commit: int) -> list[Outcome]:
    """Turn by turn, so that what else the machine does is borne by all alike."""
    waits: list[list[float]] = [[] for _ in contenders]
    spent = [0.0] * len(contenders)
    for _ in range(SLICES):
        for index, contender in enumerate(contenders):
            end = time.perf_counter() + SECONDS / SLICES
            while time.perf_counter() < end:
                contender.prepare()
                before, used = time.perf_counter(), time.process_time()
                contender.act()
                spent[index] += time.process_time() - used
                waits[index].append(time.perf_counter() - before)
    for contender in contenders:
        contender.close()
    return [
        Outcome(len(all_of) * rows_a_commit / sum(all_of), all_of, cpu / len(all_of))
        for all_of, cpu in zip(waits, spent, strict=True)
    ]


class Bare:
    """The least any buffer on SQLite must do: insert and commit, WAL, synchronous=FULL."""

    label = "bare sqlite3"

    def __init__(self, folder: Path, rows_a_commit: int) -> None:
        self._rows, self._first = rows_a_commit, 0
        self._database = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE rows (id INTEGER PRIMARY KEY, a INT, b INT, c INT, body BLOB);"
        )
        self.close = self._database.close

    def prepare(self) -> None:
        """Every row has the same octets."""

    def act(self) -> None:
        """A row is a record."""
        first = self._first
        self._first += self._rows
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT INTO rows (a, b, c, body) VALUES (?, ?, ?, ?)",
            [(1, 2, first + index, BODY) for index in range(self._rows)],
        )
        self._database.execute("COMMIT")


class BareOnce:
    """The same with the columns of a buffer's row, and an index that keeps each reading once."""

    label = "bare with columns and index"

    def __init__(self, folder: Path, rows_a_commit: int) -> None:
        self._rows, self._first = rows_a_commit, 0
        self._ids: list[bytes] = []
        self._database = sqlite3.connect(folder / "once.db", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE rows (id INTEGER PRIMARY KEY, stream INT, epoch INT, sequence INT,"
            " identity BLOB, measured INT, captured INT, octets TEXT, clock INT, crc INT,"
            " body BLOB);"
            "CREATE UNIQUE INDEX once ON rows (measured, identity) WHERE identity IS NOT NULL;"
        )
        self.close = self._database.close

    def prepare(self) -> None:
        """Identities spread as real ones are."""
        block = os.urandom(16 * self._rows)
        self._ids = [block[start : start + 16] for start in range(0, len(block), 16)]

    def act(self) -> None:
        """A row is a record."""
        first = self._first
        self._first += self._rows
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (None, 0, 7, n, self._ids[n - first], n * 10_000, 1 << 50, None, 0, 1 << 30, BODY)
                for n in range(first, first + self._rows)
            ],
        )
        self._database.execute("COMMIT")


class Ours:
    """Our store: keys, checks, repeats, room; octets made before."""

    label = "store"

    def __init__(self, folder: Path, rows_a_commit: int) -> None:
        self._rows, self._fresh = rows_a_commit, readings()
        self._store = open_store(folder, policy=POLICY, vehicle_id="v", now=NOW).store
        self._packed: deque[Packed] = deque()
        self._ahead = max(2, 6400 // rows_a_commit)
        self.close = self._store.close

    def prepare(self) -> None:
        """Readings as drivers give them, many commits ahead: bare SQLite has no such work."""
        if self._packed:
            return
        for _ in range(self._ahead):
            contents = [next(self._fresh) for _ in range(self._rows)]
            self._packed.append(pack_rows(contents, captured_at=NOW))

    def act(self) -> None:
        """A commit of the buffer's."""
        with self._store.transaction():
            self._store.append(self._packed.popleft())


async def whole(folder: Path, rows_a_append: int, devices: int, pause: float = 0.0) -> Outcome:
    """As drivers use it: observations in, asyncio, worker thread, group commit."""
    buffer = ObservationBuffer()
    await buffer.open(folder, policy=POLICY, vehicle_id="v")
    waits: list[float] = []
    begin, used = time.perf_counter(), time.process_time()

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
    return Outcome(rate, waits, (time.process_time() - used) / len(waits))


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


CONTENDERS: Final[tuple[type[Bare | BareOnce | Ours], ...]] = (Bare, BareOnce, Ours)


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


def show(label: str, outcome: Outcome, reference: Outcome | None = None) -> None:
    """One line of the table."""
    rate, waits, spent = outcome
    ratio = "    -        -"
    if reference is not None:
        ratio = f"{rate / reference.rate:5.2f} {reference.spent / spent:8.2f}"
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
        print(f"{'':38} {'rows/s':>10} {'p50 us':>10} {'p99 us':>10} of bare of its CPU")
        for rows in (1, 10, 100, 1000):
            contenders = [kind(fresh(f"{kind.__name__}{rows}"), rows) for kind in CONTENDERS]
            outcomes = race(contenders, rows)
            for contender, outcome in zip(contenders, outcomes, strict=True):
                reference = None if isinstance(contender, Bare) else outcomes[0]
                show(f"{contender.label}, {rows}/commit", outcome, reference)
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
