"""The buffer against the real machine: processes killed without warning, disks without room."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.claims import Claim
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import RESERVE_NAME, open_store
from edge.buffer.store import ObservationStore
from edge.buffer.thinning import Dropped
from edge.errors import BufferFullError
from edge.pipeline.happenings import happening
from protocols.uplink.messages import Content
from tests.unit.edge.making import NOON, OXIMETER, ack_of, ecg, spo2

WRITER = """
import asyncio, pathlib, sys
from edge.buffer.buffer import ObservationBuffer
from edge.buffer.buffer import ObservationBuffer
from edge.buffer.claims import Claim
from edge.buffer.policy import BufferPolicy
from tests.unit.edge.making import spo2

async def device(buffer, first):
    for number in range(first, first + 1_000_000):
        await buffer.append([spo2(number)])
        print(number, flush=True)

async def main():
    buffer = ObservationBuffer()
    policy = BufferPolicy(disk_reserve_bytes=0)
    await buffer.open(pathlib.Path(sys.argv[1]), policy=policy, vehicle_id="v")
    await asyncio.gather(*(device(buffer, lane * 10_000_000) for lane in range(4)))

asyncio.run(main())
"""


def opened(folder: Path, policy: BufferPolicy) -> ObservationStore:
    return open_store(folder, policy=policy, vehicle_id="v", now=NOON).store


def drained(store: ObservationStore) -> set[object]:
    found: set[object] = set()
    while (claim := store.claim(limit=500, octets=1 << 20, now=NOON)) is not None:
        found.update(row.content for row in claim.rows)
        with store.transaction():
            store.settle(ack_of(claim), now=NOON)
    return found


def test_every_append_that_returned_survives_kill_9(tmp_path: Path) -> None:
    returned: set[int] = set()
    for round_number in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _ in range(150 + 70 * round_number):
            returned.add(int(writer.stdout.readline()))
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read()
        returned.update(int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n"))
        writer.stdout.close()
        writer.wait()
    store = opened(tmp_path, BufferPolicy(disk_reserve_bytes=0))
    held = drained(store)
    store.close()
    assert len(returned) > 250
    assert {spo2(number) for number in returned} <= held


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 12 MB; where none may be mounted, a folder (see `policy_for`)."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    subprocess.run(mount, check=False, capture_output=True)
    yield folder
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def policy_for(folder: Path) -> BufferPolicy:
    """On a small disk a cap above it, so that the disk is the limit; else the cap is."""
    return BufferPolicy(
        max_bytes=(64 << 20) if folder.is_mount() else (4 << 20), disk_reserve_bytes=2 << 20
    )


def fill(store: ObservationStore) -> int:
    """Append waveforms until the store refuses; how many it took."""
    for number in range(1_000_000):
        try:
            with store.transaction():
                store.append(pack_rows([ecg(number)], captured_at=NOON))
        except BufferFullError:
            return number
    raise AssertionError("the disk took everything")


def test_a_full_disk_confirms_nothing_and_drains(small_disk: Path) -> None:
    policy = policy_for(small_disk)
    store = opened(small_disk, policy)
    taken = fill(store)
    filler = small_disk / "filler"
    fill_disk(filler)
    with pytest.raises(BufferFullError):
        append_one(store, taken + 1)
    claim = store.claim(limit=50, octets=1 << 20, now=NOON)
    assert claim is not None
    settle_on_a_full_disk(store, claim)
    filler.unlink(missing_ok=True)
    drained(store)
    assert store.room.regain_reserve()
    append_one(store, taken + 2)
    assert store.counts().totals["stored"] == taken + 1
    store.close()


def append_one(store: ObservationStore, number: int) -> None:
    with store.transaction():
        store.append(pack_rows([ecg(number)], captured_at=NOON))


def settle_on_a_full_disk(store: ObservationStore, claim: Claim) -> None:
    """As the buffer's worker does: when there is no room to settle, the reserve goes."""
    try:
        with store.transaction():
            store.settle(ack_of(claim), now=NOON)
    except BufferFullError:
        assert store.room.make()
        with store.transaction():
            store.settle(ack_of(claim), now=NOON)


def _write_some(descriptor: int) -> int:
    try:
        return os.write(descriptor, bytes(65536))
    except OSError:
        return 0


def numbers(first: int) -> list[Content]:
    return [spo2(number) for number in range(first, first + 100)]


async def fill_with_numbers(buffer: ObservationBuffer) -> int:
    """Append numbers until they are refused; how many were taken."""
    taken = 0
    while await takes(buffer, *numbers(taken)):
        taken += 100
    return taken


async def test_the_running_buffer_gives_up_its_reserve_to_settle_on_a_full_disk(
    small_disk: Path,
) -> None:
    buffer = ObservationBuffer()
    await buffer.open(small_disk, policy=policy_for(small_disk), vehicle_id="v")
    number = await fill_with_numbers(buffer)
    filler = small_disk / "filler"
    await asyncio.to_thread(fill_disk, filler)
    assert not await takes(buffer, *numbers(number))
    assert (await buffer.counts()).is_full
    settled = 0
    while (claim := await buffer.claim(limit=1000, octets=1 << 20)) is not None:
        settled += (await buffer.settle(ack_of(claim))).settled
    assert settled == number, "a full disk does not keep rows from leaving"
    filler.unlink(missing_ok=True)
    again = await buffer.claim(limit=50, octets=1 << 20)
    assert again is None
    assert await takes(buffer, *numbers(number)), "room came back"
    await buffer.close()


async def test_on_a_full_disk_waveforms_go_first_and_numbers_are_still_taken(
    small_disk: Path,
) -> None:
    told: list[Dropped] = []

    def tell(dropped: Dropped, at: datetime) -> Content:
        told.append(dropped)
        return happening(str(len(told)), gateway=OXIMETER, at=at)

    buffer = ObservationBuffer()
    await buffer.open(small_disk, policy=policy_for(small_disk), vehicle_id="v", tell=tell)
    waves = 0
    while not told:
        assert await takes(buffer, *(ecg(number) for number in range(waves, waves + 20)))
        waves += 20
    number = await fill_with_numbers(buffer)
    counts = await buffer.counts()
    assert counts.waiting["numerics"] == number > 1000, "numbers took the waveforms' place"
    gone = waves - counts.waiting["waveforms"]
    assert gone > waves / 2
    assert sum(counts.totals.get(fate, 0) for fate in ("thinned", "dropped")) == gone
    assert 0 < counts.waiting["events"] <= len(told), "what a refused commit said is not kept"
    await buffer.close()


async def test_what_the_log_takes_up_on_a_full_disk_costs_no_waveforms(small_disk: Path) -> None:
    """Thousands of commits go through the log while others hold the rest of the disk."""
    buffer = ObservationBuffer()
    await buffer.open(
        small_disk,
        policy=policy_for(small_disk),
        vehicle_id="v",
        tell=lambda dropped, _at: happening(str(dropped), gateway=OXIMETER, at=NOON),
    )
    for first in range(0, 4000, 100):
        assert await takes(buffer, *(ecg(number) for number in range(first, first + 100)))
    await asyncio.to_thread(fill_disk, small_disk / "filler")
    for number in range(1500):
        assert await takes(buffer, spo2(number))
    counts = await buffer.counts()
    assert counts.waiting["numerics"] == 1500
    assert counts.waiting["waveforms"] > 2000, "a third of a megabyte came"
    assert counts.totals.get("dropped", 0) == 0, "every second one goes, before all of the oldest"
    await buffer.close()


async def takes(buffer: ObservationBuffer, *contents: Content) -> bool:
    try:
        await buffer.append(contents)
    except BufferFullError:
        return False
    return True


def fill_disk(filler: Path) -> None:
    """Leave not one octet, where the disk is one of our own."""
    if filler.parent.is_mount():
        with filler.open("wb") as file:
            while _write_some(file.fileno()) > 0:
                pass


def test_a_start_on_a_full_disk_is_refused_unless_rows_wait(small_disk: Path) -> None:
    if not small_disk.is_mount():
        policy = BufferPolicy(disk_reserve_bytes=1 << 50)
    else:
        policy = BufferPolicy(disk_reserve_bytes=64 << 20)
    with pytest.raises(BufferFullError, match="no room"):
        opened(small_disk, policy)
    assert not (small_disk / RESERVE_NAME).exists()
    store = opened(small_disk, BufferPolicy(disk_reserve_bytes=0))
    append_one(store, 1)
    store.close()
    again = opened(small_disk, policy)
    assert again.counts().is_full
    with pytest.raises(BufferFullError):
        append_one(again, 2)
    assert len(drained(again)) == 1
    again.close()


@pytest.mark.parametrize("closed", [True, False])
def test_a_start_on_a_disk_without_one_octet_drains_the_rows_that_wait(
    small_disk: Path, closed: bool
) -> None:
    """After a clean end the log has to be made anew, after a crash it has to be read."""
    policy = policy_for(small_disk)
    before = opened(small_disk, policy)
    for number in range(20):
        append_one(before, number)
    if closed:
        before.close()
    fill_disk(small_disk / "filler")
    again = opened(small_disk, policy)
    if small_disk.is_mount():
        assert again.counts().is_full
        with pytest.raises(BufferFullError):
            append_one(again, 20)
    assert drained(again) == {ecg(number) for number in range(20)}
    again.close()
    if not closed:
        before.close()
