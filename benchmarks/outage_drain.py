"""A time without a link: how soon the first row is in the cloud again, how fast the rest follows.

Device rows -> buffer -> batches -> HTTPS -> the cloud in a process of its own -> PostgreSQL with
fsync -> acknowledgement -> delete. The link is a proxy of ours that refuses. Ceilings of the same
run: the buffer alone (claim and delete) and PostgreSQL alone, taking bare rows (`staged_copy.py`).
Both sides and the database share this machine's cores; take figures as ratios. Processor time a row
says what a side costs, whoever else is at work on the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_drain import CaptureTime, fill
from staged_copy import rows_per_second
from uplink_ingest import server_seconds

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from edge.clock import SYSTEM_CLOCK
from edge.uplink.ahead import WriterAhead
from edge.uplink.choice import LinkChoice
from edge.uplink.credentials import Credentials
from edge.uplink.https import HttpsLink
from edge.uplink.policy import ChoicePolicy, HttpsPolicy, SenderPolicy
from edge.uplink.sender import Sender
from protocols.uplink.messages import UplinkAck, UplinkRow
from simulators.network import shaped_link
from tests.fixtures.vehicle_rows import Vehicle
from tests.postgres import PostgresServer, running_server

ROWS = 40_000
OUTAGE_SECONDS = 5.0
FIRST = 600
"""So many go up before the link is lost: both ends know each other then."""


def readings(count: int) -> list[UplinkRow]:
    """So many readings of one vehicle's devices, and when the gateway had each of them."""
    kept: list[UplinkRow] = []
    for second in Vehicle(21).numerics(count):
        kept += second
        if len(kept) >= count:
            break
    return kept[:count]


@contextmanager
def cloud(folder: Path, database_url: str) -> Iterator[tuple[str, Credentials, int]]:
    """A cloud as its own process; its address, a gateway's credentials there, its process id."""
    where = ["--data", str(folder), "--database-url", database_url, "--log-level", "WARNING"]
    program = [sys.executable, "-m", "cloud"]
    said = subprocess.run(  # noqa: S603 - our own program
        [*program, "bootstrap", *where, "--json"], check=True, capture_output=True, text=True
    )
    words = json.loads(said.stdout)
    parts = ["--port", "0", "--no-broker", "--no-ingest"]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*program, "serve", *where, *parts], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        secret = words["gateway_secret"]
        yield (
            str(ready["http"]),
            Credentials(
                tenant_id=words["tenant_id"], gateway_id=words["gateway_id"], secret=secret
            ),
            process.pid,
        )
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True, slots=True)
class Drained:
    """Seconds to the first row after the link is back, and to the last; octets a row.

    `prepared`: how many rows were written already when the link came back.
    `edge`, `cloud` and `database` are seconds of processor time from the one to the other.
    """

    first: float
    total: float
    prepared: int
    octets: float
    edge: float
    cloud: float
    database: float


def processor_seconds(pid: int) -> float:
    """What a process has used up to now (proc(5), utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def drain(
    folder: Path, url: str, credentials: Credentials, pid: int, server: PostgresServer
) -> Drained:
    """One outage."""
    host, _, port = url.removeprefix("http://").partition(":")
    captured, rows = CaptureTime(), readings(ROWS + FIRST)
    buffer = ObservationBuffer(clock=captured.clock)
    await buffer.open(folder, policy=BufferPolicy(), vehicle_id="AMB-7")
    async with shaped_link(host, int(port)) as (shaped, near):
        policy = HttpsPolicy(url=f"http://127.0.0.1:{near}", timeout_seconds=30.0)
        async with HttpsLink(policy, credentials, SYSTEM_CLOCK) as link:
            sender = Sender(
                buffer=buffer,
                choice=LinkChoice((link,), ChoicePolicy(), SYSTEM_CLOCK),
                gateway_id=credentials.gateway_id,
                clock=SYSTEM_CLOCK,
                policy=SenderPolicy(drain_rows=5_000, ack_timeout_seconds=30.0),
            )
            ahead = WriterAhead(buffer=buffer, choice=sender.choice, clock=SYSTEM_CLOCK)
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(work()) for work in (link.run, sender.run, ahead.run)]
                await fill(buffer, captured, rows[:FIRST])
                await sender.wait_until_drained()
                shaped.refuse()
                await fill(buffer, captured, rows[FIRST:])
                del rows  # a gateway holds what waits on its disk only
                prepared = await until_ready(buffer)
                shaped.release()
                began, before = time.perf_counter(), sender.counts.rows
                octets = link.health.octets
                while sender.counts.rows == before:  # noqa: ASYNC110 - a look costs nothing
                    await asyncio.sleep(0.005)
                first_row = time.perf_counter() - began
                spent = time.process_time(), processor_seconds(pid), server_seconds(server)
                await sender.wait_until_drained()
                total = time.perf_counter() - began
                edge, there = time.process_time() - spent[0], processor_seconds(pid) - spent[1]
                database = server_seconds(server) - spent[2]
                for task in running:
                    task.cancel()
    await buffer.close()
    return Drained(
        first_row, total, prepared, (link.health.octets - octets) / ROWS, edge, there, database
    )


async def until_ready(buffer: ObservationBuffer) -> int:
    """Wait out the outage: until the gateway has done what it does in one. How many rows."""
    prepared = -1
    while (now := (await buffer.counts()).prepared) != prepared or now == 0:
        prepared = now
        await asyncio.sleep(OUTAGE_SECONDS)
    return prepared


async def buffer_alone(folder: Path) -> float:
    """Seconds to claim and settle as many rows, with nobody in between."""
    captured = CaptureTime()
    buffer = ObservationBuffer(clock=captured.clock)
    await buffer.open(folder, policy=BufferPolicy(), vehicle_id="AMB-7")
    await fill(buffer, captured, readings(ROWS))
    began = time.perf_counter()
    while claim := await buffer.claim(limit=5_000, octets=1 << 20):
        await buffer.settle(UplinkAck(batch_id=claim.batch_id, stored=len(claim.rows), repeated=0))
    spent = time.perf_counter() - began
    await buffer.close()
    return spent


def main() -> None:
    """One outage, and what the buffer can do alone."""
    with running_server(durable=True) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("cloud", "edge", "alone"):
            (folder / part).mkdir()
        with cloud(folder / "cloud", server.new_database()) as (url, credentials, pid):
            found = asyncio.run(drain(folder / "edge", url, credentials, pid, server))
        ceiling = rows_per_second(server)
        alone = asyncio.run(buffer_alone(folder / "alone"))
    rest = found.total - found.first
    print(f"first row in the cloud {found.first:.2f} s after the link was back")
    print(f"{found.prepared} rows were written ahead")
    print(f"{ROWS} rows drained at {ROWS / rest:.0f} rows/s, {found.octets:.2f} octets a row")
    sides = (("gateway", found.edge), ("cloud", found.cloud), ("PostgreSQL", found.database))
    for side, seconds in sides:
        print(f"  {side:11}{seconds / ROWS * 1e6:6.1f} us of processor a row")
    print(
        f"PostgreSQL alone, bare rows: {ceiling:.0f} rows/s;"
        f" share of it {ROWS / rest / ceiling:.2f}"
    )
    print(f"the buffer alone: {ROWS / alone:.0f} rows/s; share of it {alone / rest:.2f}")


if __name__ == "__main__":
    main()
