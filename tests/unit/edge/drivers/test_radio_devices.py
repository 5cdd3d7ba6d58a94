"""Enrolled devices, marks and addresses, over restarts and damage."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from edge.drivers.radio_devices import (
    FILE_NAME,
    MOST_PAIRED,
    RadioDevice,
    RadioDevices,
    address_identity,
)
from edge.drivers.record_marks import FILE_NAME as MARKS_NAME
from edge.drivers.record_marks import RecordMark, RecordMarks
from protocols.model.codes import SystemId

CUFF = RadioDevice("F0:00:00:00:00:02", "Cuff", "and_medical")
OXI = RadioDevice("F0:00:00:00:00:01", "Oxi")
METER = SystemId(bytes.fromhex("0102030405060708"))
GLS = UUID(int=0x1808)
MARK = RecordMark(7, UUID(int=1))


def test_a_paired_device_is_still_enrolled_after_a_restart(tmp_path: Path) -> None:
    devices = RadioDevices(tmp_path, [OXI])
    devices.add(CUFF)
    devices.add(OXI)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    again = RadioDevices(tmp_path, [OXI])
    assert list(again) == [OXI, CUFF]
    assert again.find(CUFF.address) == CUFF
    assert again.remove(CUFF.address)
    assert list(RadioDevices(tmp_path, [OXI])) == [OXI]


def test_a_device_of_the_settings_cannot_be_forgotten(tmp_path: Path) -> None:
    devices = RadioDevices(tmp_path, [OXI])
    assert not devices.remove(OXI.address)
    assert devices.find(OXI.address) == OXI
    assert devices.find("F0:00:00:00:00:99") is None


def test_the_device_paired_longest_ago_gives_way(tmp_path: Path) -> None:
    devices = RadioDevices(tmp_path, [])
    for number in range(MOST_PAIRED + 1):
        devices.add(RadioDevice(f"F0:00:00:00:01:{number:02X}", str(number)))
    assert len(list(devices)) == MOST_PAIRED
    assert devices.find("F0:00:00:00:01:00") is None


@pytest.mark.parametrize("text", ["", "[[1]]", "{", "7", '["x"]'])
def test_a_damaged_file_is_told_and_begins_anew(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    (tmp_path / MARKS_NAME).write_text(text, encoding="utf-8")
    assert list(RadioDevices(tmp_path, [])) == []
    assert RecordMarks(tmp_path).find(METER, GLS) is None
    assert "not read" in caplog.text


def test_a_folder_that_cannot_be_written_costs_only_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    devices, marks = RadioDevices(tmp_path, []), RecordMarks(tmp_path)
    for name in (FILE_NAME, MARKS_NAME):
        (tmp_path / name).with_suffix(".draft").mkdir()
    devices.add(OXI)
    marks.keep(METER, GLS, MARK)
    assert "not written" in caplog.text
    assert devices.find(OXI.address) == OXI
    assert marks.find(METER, GLS) == MARK


def test_marks_survive_a_restart_unless_what_they_say_is_gone(tmp_path: Path) -> None:
    RecordMarks(tmp_path).keep(METER, GLS, MARK)
    assert RecordMarks(tmp_path).find(METER, GLS) == MARK
    assert RecordMarks(tmp_path, forget=True).find(METER, GLS) is None
    assert RecordMarks(tmp_path).find(METER, GLS) is None


def test_a_mark_can_be_dropped_and_the_oldest_give_way(tmp_path: Path) -> None:
    marks = RecordMarks(tmp_path, most=2)
    for number in range(3):
        marks.keep(SystemId(bytes((number + 1,))), GLS, MARK)
    assert marks.find(SystemId(b"\1"), GLS) is None
    marks.drop(SystemId(b"\2"), GLS)
    marks.drop(SystemId(b"\2"), GLS)
    assert marks.find(SystemId(b"\2"), GLS) is None
    assert RecordMarks(tmp_path).find(SystemId(b"\3"), GLS) == MARK


def test_an_address_becomes_an_eui_64() -> None:
    assert str(address_identity("F0:F1:F2:F3:F4:F5")) == "F0-F1-F2-FF-FE-F3-F4-F5"
