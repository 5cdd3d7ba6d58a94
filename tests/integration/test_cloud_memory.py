"""Ingest keeps nothing of a batch, and the allocator little of what a batch needed."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from cloud.core.observations.ingest_metrics import IngestMetrics
from cloud.ingest.batches import BatchRecorder
from protocols.uplink.channels import UP
from protocols.uplink.codec import encode_batch
from tests.fixtures.brokers import topic
from tests.fixtures.cloud import Installation
from tests.fixtures.vehicle_rows import Vehicle, batch_of
from tests.postgres import PROJECT_ENVIRONMENT

ARENAS = """
import ctypes, sys, threading
from cloud.app.memory import bound_memory
if sys.argv[1] == "bound":
    assert bound_memory()
here, libc = threading.Barrier(12), ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def work():
    here.wait()
    kept = [libc.malloc(1000) for _ in range(200)]
    here.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, out)
libc.fclose(out)
"""


def arenas(how: str) -> int:
    said = subprocess.run(
        [sys.executable, "-c", ARENAS, how],
        check=True,
        capture_output=True,
        text=True,
        env=PROJECT_ENVIRONMENT,
    )
    return said.stdout.count("<heap nr=")


def test_threads_share_two_arenas() -> None:
    assert arenas("bound") <= 2 < arenas("as it is")


def live_objects() -> int:
    """What the collector knows of, but for dead weak references: a connection of SQLite forgets
    those of its cursors by the two hundred.
    """
    return sum(1 for one in gc.get_objects() if type(one) is not weakref.ref or one() is not None)


@pytest.mark.parametrize("stream", ["numerics", "waveforms"])
def test_nothing_is_kept_of_a_batch(embedded: Installation, stream: str) -> None:
    metrics = IngestMetrics(CollectorRegistry())
    recorder = BatchRecorder(embedded.database, metrics, embedded.clock, max_octets=1 << 20)
    mine, vehicle = embedded.mine, Vehicle(3)
    if stream == "numerics":
        rows = [row for second in vehicle.numerics(70) for row in second]
    else:
        rows = vehicle.twelve_leads(12)
    lots = [rows[first : first + 2] for first in range(0, 144, 2)]
    octets = [
        encode_batch(replace(batch_of(lot, stream), gateway_id=mine.gateway_id), 2) for lot in lots
    ]
    counts = []
    for first in range(0, len(octets), 24):
        for one in octets[first : first + 24]:
            (reply,) = recorder.accept([(topic(mine, UP), one)])
            assert reply is not None
        gc.collect()
        counts.append(live_objects())
    assert counts[2] - counts[1] < 24 * 2
