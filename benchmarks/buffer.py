"""The durable buffer against bare sqlite3 on the same disk in the same run: rows/s and waits."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from edge.buffer.rows import pack_rows
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
BODY = pack_rows([READING], captured_at=NOW)[0].body
TICK = timedelta(milliseconds=10)
POLICY = BufferPolicy(max_bytes=4 << 30)


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


def bare(folder: Path, rows_a_commit: int) -> tuple[float, list[float]]:
    """The least any buffer on SQLite must do: insert and commit, WAL, synchronous=FULL."""
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as database:
        database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE rows (id INTEGER PRIMARY KEY, a INT, b INT, c INT, body BLOB);"
        )
        waits, rows, begin = [], 0, time.perf_counter()
        while time.perf_counter() - begin < SECONDS:
            before = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT INTO rows (a, b, c, body) VALUES (?, ?, ?, ?)",
                [(1, 2, rows + index, BODY) for index in range(rows_a_commit)],
            )
            database.execute("COMMIT")
            waits.append(time.perf_counter() - before)
            rows += rows_a_commit
        return rows / (time.perf_counter() - begin), waits


def store_alone(folder: Path, rows_a_commit: int) -> tuple[float, list[float]]:
    """Our store: keys, CRC, identity index, room check; octets made before."""
    store = open_store(folder, policy=POLICY, vehicle_id="v", now=NOW).store
    fresh = readings()
    waits, rows, begin = [], 0, time.perf_counter()
    while time.perf_counter() - begin < SECONDS:
        batch = pack_rows([next(fresh) for _ in range(rows_a_commit)], captured_at=NOW)
        before = time.perf_counter()
        with store.transaction():
            store.append(batch)
        waits.append(time.perf_counter() - before)
        rows += rows_a_commit
    rate = rows / sum(waits)
    store.close()
    return rate, waits


async def whole(folder: Path, rows_a_append: int, devices: int) -> tuple[float, list[float]]:
    """As drivers use it: observations in, asyncio, worker thread, group commit."""
    buffer = ObservationBuffer()
    await buffer.open(folder, policy=POLICY, vehicle_id="v")
    waits: list[float] = []
    begin = time.perf_counter()

    async def device() -> None:
        fresh = readings()
        while time.perf_counter() - begin < SECONDS:
            batch = [next(fresh) for _ in range(rows_a_append)]
            before = time.perf_counter()
            await buffer.append(batch)
            waits.append(time.perf_counter() - before)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(devices):
            tasks.create_task(device())
    rate = len(waits) * rows_a_append / (time.perf_counter() - begin)
    await buffer.close()
    return rate, waits


async def drain(folder: Path, rows: int, limit: int) -> float:
    """Claim and settle rows a second with nobody on the other side."""
    buffer = ObservationBuffer()
    await buffer.open(folder, policy=POLICY, vehicle_id="v")
    fresh = readings()
    for _ in range(rows // 1000):
        await buffer.append([next(fresh) for _ in range(1000)])
    begin = time.perf_counter()
    while (claim := await buffer.claim(limit=limit, octets=1 << 20)) is not None:
        await buffer.settle(UplinkAck(batch_id=claim.batch_id, stored=len(claim.rows), repeated=0))
    seconds = time.perf_counter() - begin
    await buffer.close()
    return rows / seconds


def sync_wait(folder: Path) -> float:
    """What one 4 kB append and fdatasync costs here, microseconds, median."""
    waits = []
    with (folder / "sync").open("wb") as file:
        for _ in range(200):
            before = time.perf_counter()
            file.write(struct.pack("4096s", b""))
            file.flush()
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - before)
    return statistics.median(waits) * 1e6


def show(label: str, outcome: tuple[float, list[float]], reference: float | None = None) -> None:
    """One line of the table."""
    rate, waits = outcome
    ratio = f"{rate / reference:5.2f}" if reference else "    -"
    print(
        f"{label:34} {rate:10,.0f} {percentile(waits, 0.5):10,.0f}"
        f" {percentile(waits, 0.99):10,.0f} {ratio}"
    )


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)

        def fresh(label: str) -> Path:
            folder = root / label
            folder.mkdir()
            return folder

        print(
            f"fdatasync of 4 kB here: {sync_wait(root):,.0f} us (median); body {len(BODY)} octets"
        )
        print(f"{'':34} {'rows/s':>10} {'p50 us':>10} {'p99 us':>10} of bare")
        for rows in (1, 10, 100, 1000):
            reference = bare(fresh(f"bare{rows}"), rows)
            show(f"bare sqlite3, {rows}/commit", reference)
            show(f"store, {rows}/commit", store_alone(fresh(f"s{rows}"), rows), reference[0])
            outcome = asyncio.run(whole(fresh(f"w{rows}"), rows, devices=1))
            show(f"buffer, 1 device, {rows}/append", outcome, reference[0])
        single = bare(fresh("bare"), 1)[0]
        for devices in (4, 32):
            outcome = asyncio.run(whole(fresh(f"d{devices}"), 1, devices))
            show(f"buffer, {devices} devices, 1/append", outcome, single)
        rate = asyncio.run(drain(fresh("drain"), 20_000, 200))
        print(f"claim and settle, 200 a batch: {rate:,.0f} rows/s")


if __name__ == "__main__":
    main()
