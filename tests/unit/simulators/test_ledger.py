"""The ledger: three witnesses held against each other, reading by reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from simulators.incident.ledger import (
    BundledReading,
    DeviceLedger,
    Ledger,
    StoredReading,
    Witnesses,
    draw_up,
)
from simulators.incident.ledger_table import as_object, delay_lines, table
from simulators.journal import DeviceRecord, JsonLine

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SATURATION = (2 << 16) + 19384
LEAD_II = (2 << 16) + 258


def made(number: int, *, live: bool = False) -> JsonLine:
    return {
        "event": "made",
        "at": (START + timedelta(seconds=number)).isoformat(),
        "id": str(UUID(int=number)),
        "type": "2:258" if live else "2:19384",
        "device_time": f"2026-03-01T10:00:{number:02d}.00",
        "value": f"value {number}",
        "lane": "live" if live else "confirmed",
        "samples": 50 if live else 0,
    }


def confirmed(number: int) -> JsonLine:
    at = START + timedelta(seconds=number, milliseconds=number)
    return {"event": "confirmed", "at": at.isoformat(), "ids": [str(UUID(int=number))]}


def stored(number: int) -> StoredReading:
    return StoredReading(
        observation_id=UUID(int=number),
        type_cf=SATURATION,
        value=f"value {number}",
        received_at=START + timedelta(seconds=number + 1),
    )


def bundled(number: int, *, live: bool = False) -> BundledReading:
    type_cf = LEAD_II if live else SATURATION
    return BundledReading(UUID(int=number), type_cf, f"value {number}")


RECORD = DeviceRecord(
    "ecg",
    [made(1), made(2), made(11, live=True), made(12, live=True), confirmed(1), confirmed(2)],
)
GOOD = Witnesses(
    stored=(stored(1), stored(2)),
    bundled=(bundled(1), bundled(2), bundled(11, live=True), bundled(12, live=True)),
    live_stored=100,
)


def ledger(witness: Witnesses = GOOD, record: DeviceRecord = RECORD) -> Ledger:
    return draw_up([record], {"ecg": witness})


def only(drawn: Ledger) -> DeviceLedger:
    (line,) = drawn.devices
    return line


def test_what_agrees_in_every_witness_reconciles() -> None:
    line = only(ledger())
    assert (line.made, line.confirmed, line.stored, line.bundled) == (2, 2, 2, 2)
    assert (line.live_made, line.live_stored, line.live_bundled) == (100, 100, 100)
    assert ledger().reconciles
    assert line.differences == []


@pytest.mark.parametrize(
    ("witness", "sentence"),
    [
        (replace(GOOD, stored=GOOD.stored[1:]), "is not stored"),
        (replace(GOOD, bundled=GOOD.bundled[1:]), "is not in the bundle"),
        (
            replace(GOOD, stored=(replace(GOOD.stored[0], value="98"), *GOOD.stored[1:])),
            "was value 1, the store says 98",
        ),
        (
            replace(GOOD, bundled=(replace(GOOD.bundled[0], value="98"), *GOOD.bundled[1:])),
            "was value 1, the bundle says 98",
        ),
        (
            replace(GOOD, stored=(replace(GOOD.stored[0], type_cf=7), *GOOD.stored[1:])),
            "has type 7 in the store",
        ),
        (replace(GOOD, stored=(*GOOD.stored, stored(99))), "the device never made it"),
        (replace(GOOD, gap_samples=50), "shows a gap of 50"),
        (replace(GOOD, bundled=GOOD.bundled[:3]), "100 live samples are stored, 50 are in"),
    ],
)
def test_every_difference_is_found_and_said_in_words(witness: Witnesses, sentence: str) -> None:
    drawn = ledger(witness)
    assert not drawn.reconciles
    assert sentence in " ".join(only(drawn).differences)


@pytest.mark.parametrize("where", ["stored", "bundled"])
def test_a_reading_twice_is_a_duplicate(where: str) -> None:
    witness = (
        replace(GOOD, stored=(*GOOD.stored, stored(1)))
        if where == "stored"
        else replace(GOOD, bundled=(*GOOD.bundled, bundled(1)))
    )
    drawn = ledger(witness)
    assert only(drawn).duplicates == 1
    assert not drawn.reconciles


def test_a_reading_never_confirmed_is_named() -> None:
    record = DeviceRecord("ecg", [made(1), made(2), confirmed(1)])
    witness = Witnesses((stored(1), stored(2)), (bundled(1), bundled(2)))
    drawn = ledger(witness, record)
    assert "made but never confirmed" in " ".join(only(drawn).differences)
    assert not drawn.reconciles


def test_lost_live_samples_reconcile_only_with_the_gap_the_cloud_shows() -> None:
    lost = Witnesses(GOOD.stored, GOOD.bundled[:3], live_stored=50)
    assert not ledger(lost).reconciles
    assert ledger(replace(lost, gap_samples=50)).reconciles


def test_nothing_at_all_is_not_a_success() -> None:
    assert not draw_up([], {}).reconciles
    assert not draw_up([DeviceRecord("ecg", [])], {}).reconciles


def test_many_differences_of_one_kind_are_cut_short() -> None:
    record = DeviceRecord("ecg", [made(number) for number in range(1, 30)])
    differences = only(draw_up([record], {})).differences
    assert any("and 24 more of this kind" in line for line in differences)


def test_the_table_has_one_line_a_device_and_a_sum() -> None:
    lines = table(ledger())
    assert [line.split()[0] for line in lines if line.strip()][-1] == "all"
    assert lines[3].split() == ["ecg", "2", "2", "2", "2", "0", "100", "100", "100", "0", "0"]
    assert len({len(line) for line in lines[2:3]}) == 1


def test_delays_are_taken_from_making_to_confirm_and_to_the_cloud() -> None:
    delays = ledger().delays
    assert delays.to_confirm == (0.001, 0.002)
    assert delays.to_cloud == (1.0, 1.0)
    lines = delay_lines(delays)
    assert "2.0 ms" in lines[0]
    assert "1000.0 ms" in lines[1]


def test_the_ledger_as_an_object_carries_the_verdict() -> None:
    drawn = as_object(ledger())
    assert drawn["reconciles"] is True
    assert drawn["delay_seconds"] == {
        "made_to_confirmed": {"p50": 0.002, "p99": 0.002},
        "made_to_cloud_row": {"p50": 1.0, "p99": 1.0},
    }
