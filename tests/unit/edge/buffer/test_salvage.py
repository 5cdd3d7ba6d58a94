"""What can be read from a broken file is read, to the end, however often power or room run out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from edge.buffer.database import connect
from edge.buffer.packing import pack_rows
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.recovery import FILE_NAME, OpenedStore, open_store
from edge.buffer.salvage import finish_setting_aside, salvage, set_aside, unread_files
from edge.buffer.schema import create, upgrade
from edge.buffer.store import ObservationStore
from protocols.uplink.messages import Content
from tests.unit.edge.buffer import form_1
from tests.unit.edge.buffer.breaking import break_side_page
from tests.unit.edge.making import NOON, ack_of, alarm, device_info, ecg, spo2

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)
SMALL = BufferPolicy(
    max_bytes=64 * PAGE_OCTETS, quota_reserve_bytes=8 * PAGE_OCTETS, disk_reserve_bytes=0
)


def opened(folder: Path, policy: BufferPolicy = POLICY) -> OpenedStore:
    return open_store(folder, policy=policy, vehicle_id="v", now=NOON)


def filled(folder: Path, *contents: Content) -> ObservationStore:
    store = opened(folder).store
    with store.transaction():
        store.append(pack_rows(contents, captured_at=NOON, octets="line-1@0+58"))
    return store


def contents_of(store: ObservationStore) -> list[Content]:
    found: list[Content] = []
    while (claim := store.claim(limit=1000, octets=1 << 24, now=NOON)) is not None:
        found += [row.content for row in claim.rows]
        assert {row.octets for row in claim.rows} <= {"line-1@0+58", ""}
        with store.transaction():
            store.settle(ack_of(claim), now=NOON)
    return found


def test_rows_totals_quarantine_and_clocks_are_read(tmp_path: Path) -> None:
    store = filled(tmp_path, device_info(), spo2(1), ecg(2), alarm(3), spo2(4))
    epoch = store.boot_epoch
    claim = store.claim(limit=2, octets=1 << 20, now=NOON)
    assert claim is not None
    with store.transaction():
        store.quarantine(claim.batch_id, "poison", now=NOON)
    store.close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        database.execute("INSERT INTO clocks SELECT epoch, 0, 'boot', 5, 'proven', 9 FROM boots")
        database.commit()
    break_side_page(tmp_path / FILE_NAME)
    again = opened(tmp_path)
    assert again.recovery is not None
    assert (again.recovery.salvaged, again.recovery.is_complete) == (4, True)
    counts = again.store.counts()
    assert counts.quarantine_reasons == {"poison": 1}
    assert counts.totals["stored"] == 5
    assert again.store.clocks.line_of(epoch, 0).correction_us == 9
    assert set(contents_of(again.store)) == {device_info(), spo2(1), ecg(2), spo2(4)}
    again.store.close()
    assert [path.name[:15] for path in tmp_path.glob("buffer-*.db")] == ["buffer-damaged-"]


def test_a_broken_file_of_the_first_form_is_read_too(tmp_path: Path) -> None:
    form_1.write(tmp_path / FILE_NAME, [spo2(1), ecg(2), alarm(3)], epoch=7)
    break_side_page(tmp_path / FILE_NAME)
    again = opened(tmp_path)
    assert again.recovery is not None
    assert set(contents_of(again.store)) == {spo2(1), ecg(2), alarm(3)}
    again.store.close()


def test_a_file_for_which_there_is_no_room_is_read_on_at_a_later_start(tmp_path: Path) -> None:
    many = [spo2(number) for number in range(3000)]
    filled(tmp_path, *many).close()
    break_side_page(tmp_path / FILE_NAME)
    first = opened(tmp_path, SMALL)
    assert first.recovery is not None
    assert not first.recovery.is_complete
    assert 0 < first.recovery.salvaged < 3000
    indexes = "SELECT count(*) FROM sqlite_schema WHERE type = 'index'"
    assert first.store._database.execute(indexes).fetchone() == (0,), "no row pays for it later"
    found = contents_of(first.store)
    assert len(found) == first.recovery.salvaged
    first.store.close()
    assert len(unread_files(tmp_path)) == 1
    second = opened(tmp_path)
    assert second.recovery is not None
    assert second.recovery.is_complete
    assert set(found) | set(contents_of(second.store)) == set(many)
    second.store.close()
    assert unread_files(tmp_path) == []


def test_a_start_that_ended_in_the_middle_of_setting_aside_is_finished(tmp_path: Path) -> None:
    store = filled(tmp_path, spo2(1), spo2(2))
    path = tmp_path / FILE_NAME
    aside = tmp_path / "buffer-salvage-20260301T120000000000.db"
    log = (tmp_path / f"{FILE_NAME}-wal").read_bytes()
    octets = path.read_bytes()
    store.close()
    path.unlink()
    aside.write_bytes(octets)
    (tmp_path / f"{FILE_NAME}-wal").write_bytes(log)
    again = opened(tmp_path)
    assert again.recovery is not None
    assert set(contents_of(again.store)) == {spo2(1), spo2(2)}, "the log followed its file"
    again.store.close()


def test_nothing_is_moved_when_nothing_was_set_aside(tmp_path: Path) -> None:
    (tmp_path / f"{FILE_NAME}-wal").write_bytes(b"a log alone")
    finish_setting_aside(tmp_path / FILE_NAME)
    assert (tmp_path / f"{FILE_NAME}-wal").exists()


def test_a_row_whose_columns_hold_something_else_is_left_out(tmp_path: Path) -> None:
    filled(tmp_path, spo2(1), spo2(2)).close()
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DROP TABLE boots")
        database.execute("CREATE TABLE boots (epoch INTEGER PRIMARY KEY, started_us, vehicle_id)")
        database.execute("INSERT INTO boots VALUES (1, 'noon', 'v'), (2, 3, 'v')")
    aside = set_aside(path, NOON)
    with closing(connect(tmp_path / "fresh.db")) as database:
        create(database)
        upgrade(database)
        result = salvage(aside, database)
        assert (result.salvaged, result.is_complete) == (2, True)
        assert database.execute("SELECT epoch FROM boots").fetchall() == [(2,)]
