"""The file's form goes up and comes back with rows inside, and an older gateway reads it again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from edge.buffer.database import connect
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import FILE_NAME, open_store
from edge.buffer.repeats import Recent
from edge.buffer.schema import FORM, downgrade, form_of, upgrade
from edge.buffer.store import ObservationStore
from edge.errors import BufferFaultError
from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.observation import NumericObservation
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.messages import UplinkRow
from tests.unit.edge.buffer import form_1
from tests.unit.edge.making import NOON, ack_of, alarm, device_info, ecg, spo2

POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)
BY_HAND = (
    CrewEvent(event_id=UUID(int=5), kind="shock", at=NOON, by="crew-11", vehicle_id="now"),
    AttachmentPart(attachment_id=UUID(int=8), part=0, parts=2, octets=b"\xff\xd8"),
)
CONTENTS = (device_info(), spo2(1), ecg(1), spo2(2), alarm(3))


def opened(folder: Path) -> ObservationStore:
    return open_store(folder, policy=POLICY, vehicle_id="now", now=NOON).store


def rows_of(store: ObservationStore) -> dict[tuple[str, int, int], UplinkRow]:
    found = {}
    while (claim := store.claim(limit=100, octets=1 << 20, now=NOON)) is not None:
        for row in claim.rows:
            found[claim.stream.label, claim.boot_epoch, row.sequence] = row
    return found


def lead_back(folder: Path) -> None:
    with closing(connect(folder / FILE_NAME)) as database:
        downgrade(database, to=1)


def change(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as database:
        database.execute(statement, values)


def test_rows_of_the_first_form_are_read_under_the_keys_they_had(tmp_path: Path) -> None:
    form_1.write(tmp_path / FILE_NAME, CONTENTS, epoch=7)
    store = opened(tmp_path)
    rows = rows_of(store)
    assert {key: row.content for key, row in rows.items()} == {
        ("numerics", 7, 1): device_info(),
        ("numerics", 7, 2): spo2(1),
        ("waveforms", 7, 1): ecg(1),
        ("numerics", 7, 3): spo2(2),
        ("numerics", 7, 4): alarm(3),
    }
    assert store.boot_epoch > 7
    store.close()


def test_an_older_gateway_reads_sends_and_empties_a_file_led_back(tmp_path: Path) -> None:
    form_1.write(tmp_path / FILE_NAME, CONTENTS, epoch=7)
    store = opened(tmp_path)
    with store.transaction():
        store.append(pack_rows([alarm(10), spo2(11)], captured_at=NOON, octets="line@0+9"))
        store.append(pack_rows([alarm(12), device_info()], captured_at=NOON))
    epoch = store.boot_epoch
    store.close()
    lead_back(tmp_path)
    found = form_1.read(tmp_path / FILE_NAME)
    assert [item.row.content for item in found if item.stream == 0] == [
        device_info(),
        spo2(1),
        spo2(2),
        alarm(3),
        spo2(11),
        device_info(),
        alarm(10),
        alarm(12),
    ], "events go behind the numbers in their order"
    assert len({item.key for item in found}) == len(found) == 9
    assert {item.boot_epoch for item in found} == {7, epoch, epoch + 1}
    assert {item.vehicle_id for item in found} == {"vehicle-7", "now"}
    form_1.write(tmp_path / FILE_NAME, [spo2(20)], epoch=epoch + 2)
    assert form_1.read(tmp_path / FILE_NAME)[-2].row.content == spo2(20)
    form_1.settle_all(tmp_path / FILE_NAME)
    again = opened(tmp_path)
    assert rows_of(again) == {}
    assert again.boot_epoch > epoch + 2
    again.close()


def test_a_file_led_back_has_the_columns_of_the_first_form(tmp_path: Path) -> None:
    form_1.write(tmp_path / "old.db", CONTENTS, epoch=1)
    opened(tmp_path).close()
    lead_back(tmp_path)
    assert form_1.columns(tmp_path / FILE_NAME) == form_1.columns(tmp_path / "old.db")


def test_what_the_first_form_cannot_read_waits_for_the_way_up(tmp_path: Path) -> None:
    store = opened(tmp_path)
    epoch = store.boot_epoch
    with store.transaction():
        store.append(pack_rows([alarm(1)], captured_at=NOON))
        store.append(pack_rows(BY_HAND, captured_at=NOON))
    store.close()
    lead_back(tmp_path)
    assert [item.row.content for item in form_1.read(tmp_path / FILE_NAME)] == [alarm(1)]
    form_1.settle_all(tmp_path / FILE_NAME)
    again = open_store(tmp_path, policy=POLICY, vehicle_id="other", now=NOON).store
    claims = [again.claim(limit=9, octets=1 << 20, now=NOON) for _ in range(2)]
    assert [claim and claim.vehicle_id for claim in claims] == ["now", "now"]
    again.close()
    found = rows_of(opened(tmp_path))
    assert {key: row.content for key, row in found.items()} == {
        ("events", epoch, 2): BY_HAND[0],
        ("waveforms", epoch, 1): BY_HAND[1],
    }


def test_corrected_times_are_written_into_the_rows_on_the_way_back(tmp_path: Path) -> None:
    live = replace(spo2(1), observed_at=ObservedTime(NOON, TimeQuality.RECEIVED))
    store = opened(tmp_path)
    with store.transaction():
        store.append(pack_rows([live, alarm(2)], captured_at=NOON))
    store.close()
    hour = timedelta(hours=1)
    clock = "INSERT INTO clocks SELECT epoch, 0, '', 0, 'proven', ? FROM boots"
    change(tmp_path, clock, 3_600_000_000)
    lead_back(tmp_path)
    number, event = (item.row for item in form_1.read(tmp_path / FILE_NAME))
    assert number.captured_at == event.captured_at == NOON + hour
    assert isinstance(number.content, NumericObservation)
    assert number.content.observed_at.at == NOON + hour
    assert event.content == alarm(2), "a synchronised device's own time is not ours to move"
    again = opened(tmp_path)
    assert {row.captured_at for row in rows_of(again).values()} == {NOON + hour}, "moved once"
    again.close()


def test_damaged_rows_stay_damaged_on_the_way_back(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with store.transaction():
        store.append(pack_rows([alarm(1), spo2(2)], captured_at=NOON, octets="line@0+9"))
    store.close()
    change(tmp_path, "UPDATE held SET body = zeroblob(length(body))")
    change(tmp_path, "INSERT INTO clocks SELECT epoch, 0, '', 0, 'proven', 1000000 FROM boots")
    lead_back(tmp_path)
    with pytest.raises(ValueError, match="damaged"):
        form_1.read(tmp_path / FILE_NAME)
    again = opened(tmp_path)
    assert rows_of(again) == {}
    assert again.counts().quarantine == 2
    again.close()


def test_going_up_and_back_and_up_loses_nothing(tmp_path: Path) -> None:
    form_1.write(tmp_path / FILE_NAME, CONTENTS, epoch=7)
    for _ in range(3):
        opened(tmp_path).close()
        lead_back(tmp_path)
    store = opened(tmp_path)
    contents = [row.content for row in rows_of(store).values()]
    assert sorted(map(str, contents)) == sorted(map(str, CONTENTS))
    store.close()


def test_a_step_that_fails_leaves_the_form_before(tmp_path: Path) -> None:
    form_1.write(tmp_path / FILE_NAME, CONTENTS, epoch=7)
    change(tmp_path, "CREATE TABLE marks (other TEXT)")
    with closing(connect(tmp_path / FILE_NAME)) as database:
        with pytest.raises(sqlite3.OperationalError):
            upgrade(database)
        assert form_of(database) == 1
    assert len(form_1.read(tmp_path / FILE_NAME)) == len(CONTENTS)


@pytest.mark.parametrize("to", [0, FORM + 1])
def test_forms_that_are_none_are_refused(tmp_path: Path, to: int) -> None:
    opened(tmp_path).close()
    with (
        closing(connect(tmp_path / FILE_NAME)) as database,
        pytest.raises(BufferFaultError, match=f"no form {to}"),
    ):
        downgrade(database, to=to)


def test_a_bundle_is_rows_again_on_the_way_back_without_those_that_left(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with store.transaction():
        store.append(pack_rows(map(spo2, range(100)), captured_at=NOON, octets="line@0+9"))
    claim = store.claim(limit=40, octets=1 << 20, now=NOON)
    assert claim is not None
    with store.transaction():
        store.settle(ack_of(claim), now=NOON)
    store.close()
    lead_back(tmp_path)
    found = form_1.read(tmp_path / FILE_NAME)
    assert [item.row.content for item in found] == [spo2(number) for number in range(40, 100)]
    assert [item.sequence for item in found] == list(range(41, 101))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        rows = database.execute("SELECT observation_id, measured FROM held ORDER BY id").fetchall()
    assert rows[0][0] == spo2(40).observation_id.bytes
    assert [row[1] for row in rows] == sorted({row[1] for row in rows})


def test_a_reading_that_is_held_twice_is_held_once_again_on_the_way_back(tmp_path: Path) -> None:
    form_1.write(tmp_path / FILE_NAME, [spo2(1), ecg(2)], epoch=7)
    store = opened(tmp_path)
    store._recent = Recent(store._database)
    with store.transaction():
        store.append(pack_rows([spo2(1), spo2(3)], captured_at=NOON))
    store.close()
    lead_back(tmp_path)
    contents = [item.row.content for item in form_1.read(tmp_path / FILE_NAME)]
    assert contents == [spo2(1), spo2(3), ecg(2)]


def test_settled_rows_of_the_running_epoch_do_not_come_back(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with store.transaction():
        store.append(pack_rows([alarm(1)], captured_at=NOON))
    claim = store.claim(limit=1, octets=1000, now=NOON)
    assert claim is not None
    with store.transaction():
        store.settle(ack_of(claim), now=NOON)
    store.close()
    lead_back(tmp_path)
    assert form_1.read(tmp_path / FILE_NAME) == []
