"""Marks of pages that are durable: kept over a restart, bounded, harmless when lost."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from edge.drivers.stored_pages import FILE_NAME, StoredPages
from edge.errors import StartError
from protocols.model.codes import SystemId
from tests.unit.edge.making import OXIMETER

OTHER = SystemId(b"ecg-0001")


def mark(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_a_mark_is_known_for_its_device_also_after_a_restart(tmp_path: Path) -> None:
    pages = StoredPages(tmp_path)
    assert not pages.is_kept(OXIMETER, mark(1))
    pages.keep(OXIMETER, mark(1))
    again = StoredPages(tmp_path)
    for known in (pages, again):
        assert known.is_kept(OXIMETER, mark(1))
        assert not known.is_kept(OTHER, mark(1))
        assert not known.is_kept(OXIMETER, mark(2))
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_marks_are_forgotten_with_the_buffer_they_speak_of(tmp_path: Path) -> None:
    StoredPages(tmp_path).keep(OXIMETER, mark(1))
    assert len(StoredPages(tmp_path, forget=True)) == 0
    assert len(StoredPages(tmp_path)) == 0
    assert len(StoredPages(tmp_path, forget=True)) == 0


def test_the_oldest_marks_give_way_and_one_in_use_stays(tmp_path: Path) -> None:
    pages = StoredPages(tmp_path, most=3)
    for number in (1, 2, 3):
        pages.keep(OXIMETER, mark(number))
    assert pages.is_kept(OXIMETER, mark(1))
    pages.keep(OXIMETER, mark(4))
    kept = [number for number in range(1, 5) if pages.is_kept(OXIMETER, mark(number))]
    assert kept == [1, 3, 4]
    assert len(StoredPages(tmp_path, most=3)) == 3


def test_the_file_does_not_grow_without_end(tmp_path: Path) -> None:
    pages = StoredPages(tmp_path, most=4)
    for number in range(50):
        pages.keep(OXIMETER, mark(number))
    assert len((tmp_path / FILE_NAME).read_text().splitlines()) <= 8
    again = StoredPages(tmp_path, most=4)
    assert all(again.is_kept(OXIMETER, mark(number)) for number in range(46, 50))


@pytest.mark.parametrize(
    "line", ["6f78", "zz 00", f"6f78696d65746572 {'00' * 15}", f"6f78696d65746572 {'0g' * 16}"]
)
def test_a_torn_line_is_no_mark_and_spoils_no_other(tmp_path: Path, line: str) -> None:
    first = StoredPages(tmp_path)
    first.keep(OXIMETER, mark(1))
    with (tmp_path / FILE_NAME).open("a") as file:
        file.write(line)  # the power went
    second = StoredPages(tmp_path)
    assert len(second) == 1
    second.keep(OXIMETER, mark(2))
    third = StoredPages(tmp_path)
    assert third.is_kept(OXIMETER, mark(1))
    assert third.is_kept(OXIMETER, mark(2))


def test_a_full_disk_costs_a_repeat_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pages = StoredPages(tmp_path / "away")
    with caplog.at_level(logging.WARNING):
        pages.keep(OXIMETER, mark(1))
    assert pages.is_kept(OXIMETER, mark(1))
    assert "page not marked" in caplog.text


def test_a_file_that_cannot_be_read_is_a_reason_not_to_start(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StartError, match="cannot be used"):
        StoredPages(tmp_path, forget=True)
