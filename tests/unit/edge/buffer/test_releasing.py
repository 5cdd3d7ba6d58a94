"""Rows that were set apart wait again, under new keys, as they were captured."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.quarantine import DAMAGED_REASON
from edge.buffer.recovery import FILE_NAME, open_store
from edge.buffer.releasing import release
from edge.buffer.rows import Stream
from edge.buffer.store import ObservationStore
from edge.status.file import sole_use
from protocols.model.observation import TextObservation
from protocols.uplink.messages import Content
from tests.unit.edge.making import NOON, ack_of, alarm, ecg, spo2

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)
CONTENTS = (spo2(1), ecg(2), alarm(3), spo2(4))


def opened(folder: Path, vehicle: str = "now") -> ObservationStore:
    return open_store(folder, policy=POLICY, vehicle_id=vehicle, now=NOON).store


def set_apart(folder: Path, *contents: Content, reason: str = "unknown_kind") -> int:
    """A start in another vehicle whose rows were all refused; its boot epoch."""
    store = opened(folder, "before")
    with store.transaction():
        store.append(pack_rows(contents, captured_at=NOON, octets="line-1@0+58"))
    while (claim := store.claim(limit=100, octets=1 << 20, now=NOON)) is not None:
        with store.transaction():
            store.quarantine(claim.batch_id, reason, now=NOON)
    store.close()
    return store.boot_epoch


def let_out(folder: Path, *reasons: str) -> tuple[int, int]:
    released = release(folder, reasons=reasons or None, policy=POLICY, vehicle_id="now", now=NOON)
    return released.rows, released.damaged


def test_released_rows_are_sent_as_they_were_under_keys_that_never_were(tmp_path: Path) -> None:
    old = set_apart(tmp_path, *CONTENTS)
    assert let_out(tmp_path) == (4, 0)
    assert let_out(tmp_path) == (0, 0)
    store = opened(tmp_path)
    assert store.counts().waiting == {"events": 1, "numerics": 2, "waveforms": 1}
    found = []
    while (claim := store.claim(limit=100, octets=1 << 20, now=NOON)) is not None:
        assert old < claim.boot_epoch < store.boot_epoch
        assert claim.vehicle_id == "before"
        assert [row.sequence for row in claim.rows] == list(range(1, len(claim.rows) + 1))
        assert {row.octets for row in claim.rows} == {"line-1@0+58"}
        found += [row.content for row in claim.rows]
        with store.transaction():
            store.settle(ack_of(claim), now=NOON)
    assert set(found) == set(CONTENTS)
    totals = store.counts().totals
    assert (totals["stored"], totals["quarantined"], totals["released"]) == (4, 4, 4)
    assert (totals["settled"], store.counts().quarantine) == (4, 0)
    store.close()


def test_only_rows_of_the_reasons_named_are_let_out(tmp_path: Path) -> None:
    set_apart(tmp_path, spo2(1), reason="poison")
    set_apart(tmp_path, spo2(2), spo2(3), reason="unknown_kind")
    assert let_out(tmp_path, "unknown_kind", "never heard of") == (2, 0)
    store = opened(tmp_path)
    assert store.counts().quarantine_reasons == {"poison": 1}
    store.close()


def test_damaged_rows_stay_whatever_is_asked(tmp_path: Path) -> None:
    set_apart(tmp_path, spo2(1), reason=DAMAGED_REASON)
    set_apart(tmp_path, spo2(2), spo2(3))
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as database:
        database.execute("UPDATE quarantine SET body = x'ff' WHERE sequence = 2")
    assert let_out(tmp_path) == (1, 2)


def test_times_are_corrected_by_the_clock_they_were_stamped_by(tmp_path: Path) -> None:
    old = set_apart(tmp_path, spo2(1))
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as database:
        values = (old, 3_600_000_000)
        database.execute("INSERT INTO clocks VALUES (?, 0, '', 0, 'proven', ?)", values)
    assert let_out(tmp_path) == (1, 0)
    store = opened(tmp_path)
    claim = store.claim(limit=9, octets=1 << 20, now=NOON)
    assert claim is not None
    assert claim.rows[0].captured_at == NOON + timedelta(hours=1)
    store.close()


def test_what_fails_in_the_middle_lets_nothing_out(tmp_path: Path) -> None:
    set_apart(tmp_path, *CONTENTS)

    def fail(_: object) -> Content:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        release(tmp_path, reasons=None, policy=POLICY, vehicle_id="v", now=NOON, tell=fail)
    store = opened(tmp_path)
    assert store.counts().quarantine == 4
    assert sum(store.counts().waiting.values()) == 0
    store.close()


def test_the_command_says_what_it_did_here_and_in_the_lane_of_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    config = tmp_path / "edge.toml"
    config.write_text(
        f'gateway_id = "gw-1"\ntenant_id = "t-1"\nvehicle_id = "medic-7"\ndata = "{data}"\n'
    )
    set_apart(data, spo2(1), spo2(2))
    set_apart(data, spo2(3), reason=DAMAGED_REASON)
    with sole_use(data):
        assert main(["buffer", "release", "--data", str(data), "--all"]) == 2
    assert main(["buffer", "release", "--config", str(config), "--reason", "unknown_kind"]) == 0
    assert "2 rows wait again" in capsys.readouterr().out
    assert main(["buffer", "release", "--data", str(data), "--all"]) == 0
    assert "1 rows stay in quarantine" in capsys.readouterr().out
    store = opened(data)
    claim = store.claim(limit=9, octets=1 << 20, now=NOON, streams=[Stream.EVENTS])
    assert claim is not None
    assert claim.vehicle_id == "medic-7"
    (told,) = (row.content for row in claim.rows)
    assert isinstance(told, TextObservation)
    assert told.text == "2 rows released from quarantine by hand"
    assert store.counts().totals["stored"] == 4
    store.close()
