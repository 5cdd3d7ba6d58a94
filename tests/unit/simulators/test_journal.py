"""Journals: what a device did can be read back, line by line, while it still writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import NumericObservation, SampleArrayObservation
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from simulators.errors import JournalError
from simulators.journal import DeviceRecord, Journal, read_lines
from simulators.value_texts import value_text

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DEVICE = SystemId(bytes(8))
READING, STRIP = UUID(int=1), UUID(int=2)


def when() -> ObservedTime:
    return ObservedTime(NOW, TimeQuality.DEVICE, DeviceTime("absolute", "2026-03-01T10:00:00.00"))


def saturation(value: Decimal | SpecialValue) -> NumericObservation:
    return NumericObservation(
        observation_id=READING,
        type=MdcCode(2, 19384),
        observed_at=when(),
        device=DEVICE,
        value=Quantity(value, UnitCode(544)),
    )


def strip() -> SampleArrayObservation:
    return SampleArrayObservation(
        observation_id=STRIP,
        type=MdcCode(2, 258),
        observed_at=when(),
        device=DEVICE,
        samples=bytes(8),
        scale=Decimal("0.0025"),
        offset=Decimal(0),
        period_us=4000,
        unit=UnitCode(4274),
    )


def test_a_journal_tells_what_was_made_sent_confirmed_and_unheard(tmp_path: Path) -> None:
    path = tmp_path / "oximeter.jsonl"
    journal = Journal.open(path)
    journal.note("associated", at=NOW)
    journal.made(saturation(Decimal("97")), live=False, at=NOW)
    journal.made(strip(), live=True, at=NOW)
    journal.about("sent", [READING], at=NOW)
    journal.about("unheard", [STRIP], at=NOW)
    journal.about("confirmed", [READING], at=NOW + timedelta(milliseconds=7))
    journal.close()

    record = DeviceRecord.read("oximeter", path)
    (made,), (live,) = record.readings(live=False), record.readings(live=True)
    assert (made.observation_id, made.value) == (READING, "97 %")
    assert made.device_time == "2026-03-01T10:00:00.00"
    assert live.samples == 2
    assert record.sent == {READING}
    assert record.unheard == {STRIP}
    assert record.confirmed_at == {READING: NOW + timedelta(milliseconds=7)}
    assert record.associations == 1


def test_a_line_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event":"ready","at":"2026-03-01T12:00:00+00:00"}\n{"event":"ma')
    assert [line["event"] for line in read_lines(path)] == ["ready"]


def test_a_journal_that_is_not_there_yet_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "absent.jsonl")) == []


def test_one_reading_made_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal.open(path)
    journal.made(saturation(Decimal(97)), live=False, at=NOW)
    journal.made(saturation(Decimal(98)), live=False, at=NOW)
    journal.close()
    with pytest.raises(JournalError, match="twice"):
        DeviceRecord.read("oximeter", path)


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text("oops\n")
    with pytest.raises(JournalError, match="line 1"):
        list(read_lines(path))


def test_value_texts_keep_digits_and_tell_specials_apart() -> None:
    texts = {
        value_text(saturation(value))
        for value in (Decimal("36.6"), Decimal("36.60"), SpecialValue.NAN, SpecialValue.NRES)
    }
    assert texts == {"36.6 %", "36.60 %", "NaN", "NRes"}


def test_one_changed_sample_changes_the_text_of_a_strip() -> None:
    changed = SampleArrayObservation(
        observation_id=STRIP,
        type=MdcCode(2, 258),
        observed_at=when(),
        device=DEVICE,
        samples=b"\x01" + bytes(7),
        scale=Decimal("0.0025"),
        offset=Decimal(0),
        period_us=4000,
        unit=UnitCode(4274),
    )
    assert value_text(strip()) != value_text(changed)
