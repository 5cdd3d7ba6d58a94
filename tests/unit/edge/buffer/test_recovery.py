"""Opening the store after bad days: damage, a newer form, no room, a second start at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edge.buffer.packing import pack_rows
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.recovery import FILE_NAME, RESERVE_NAME, held_rows, open_store
from edge.buffer.store import ObservationStore
from edge.errors import BufferFaultError
from tests.unit.edge.making import NOON, spo2

POLICY = BufferPolicy(disk_reserve_bytes=64 << 10)


def filled(folder: Path, rows: int) -> ObservationStore:
    store = open_store(folder, policy=POLICY, vehicle_id="v", now=NOON).store
    with store.transaction():
        store.append(pack_rows(map(spo2, range(rows)), captured_at=NOON))
    return store


def values_of(store: ObservationStore) -> set[object]:
    found: set[object] = set()
    while (claim := store.claim(limit=1000, octets=1 << 24, now=NOON)) is not None:
        found.update(row.content for row in claim.rows)
    return found


def test_a_broken_page_costs_its_rows_only(tmp_path: Path) -> None:
    store = filled(tmp_path, 2000)
    epoch = store.boot_epoch
    store.close()
    path = tmp_path / FILE_NAME
    database = sqlite3.connect(path)
    root = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'held'").fetchone()[0]
    pages = path.stat().st_size // PAGE_OCTETS
    database.close()
    octets = bytearray(path.read_bytes())
    middle = (root + pages) // 2
    for page in (middle, middle + 1):
        octets[(page - 1) * PAGE_OCTETS : page * PAGE_OCTETS] = bytes(PAGE_OCTETS)
    path.write_bytes(octets)
    opened = open_store(tmp_path, policy=POLICY, vehicle_id="v", now=NOON)
    assert opened.recovery is not None
    assert opened.recovery.set_aside.is_file(), "the broken file is kept"
    found = values_of(opened.store)
    assert len(found) == opened.recovery.salvaged
    assert found < {spo2(number) for number in range(2000)}, "nothing invented"
    assert len(found) > 1800
    assert opened.store.boot_epoch > epoch
    opened.store.close()


def test_a_file_that_is_no_database_is_set_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\x00garbage" * 4000)
    opened = open_store(tmp_path, policy=POLICY, vehicle_id="v", now=NOON)
    assert opened.recovery is not None
    assert opened.recovery.salvaged == 0
    assert values_of(opened.store) == set()
    opened.store.close()


def test_a_truncated_file_gives_what_is_left(tmp_path: Path) -> None:
    filled(tmp_path, 2000).close()
    path = tmp_path / FILE_NAME
    octets = path.read_bytes()
    path.write_bytes(octets[: len(octets) // 2 // PAGE_OCTETS * PAGE_OCTETS])
    opened = open_store(tmp_path, policy=POLICY, vehicle_id="v", now=NOON)
    assert opened.recovery is not None
    found = values_of(opened.store)
    assert len(found) == opened.recovery.salvaged > 0
    opened.store.close()


def test_epochs_never_repeat_even_when_the_clock_goes_back(tmp_path: Path) -> None:
    epochs = []
    for now in (NOON, NOON, NOON.replace(year=2001)):
        opened = open_store(tmp_path, policy=POLICY, vehicle_id="v", now=now)
        epochs.append(opened.store.boot_epoch)
        opened.store.close()
    assert epochs == sorted(set(epochs))


def test_a_store_made_anew_takes_epochs_above_the_lost_one(tmp_path: Path) -> None:
    first = open_store(tmp_path, policy=POLICY, vehicle_id="v", now=NOON)
    first.store.close()
    (tmp_path / FILE_NAME).unlink()
    later = NOON.replace(minute=5)
    second = open_store(tmp_path, policy=POLICY, vehicle_id="v", now=later)
    assert second.store.boot_epoch > first.store.boot_epoch
    second.store.close()


def test_a_store_of_a_newer_gateway_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path, 1).close()
    database = sqlite3.connect(tmp_path / FILE_NAME)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(BufferFaultError, match="newer gateway"):
        open_store(tmp_path, policy=POLICY, vehicle_id="v", now=NOON)
    assert held_rows(tmp_path) == 1


def test_the_reserve_takes_real_room_beside_the_store(tmp_path: Path) -> None:
    filled(tmp_path, 1).close()
    status = (tmp_path / RESERVE_NAME).stat()
    assert status.st_size == 64 << 10
    assert status.st_blocks * 512 >= 64 << 10


def test_a_folder_without_a_store_holds_nothing(tmp_path: Path) -> None:
    assert held_rows(tmp_path) == 0
