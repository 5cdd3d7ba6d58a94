"""Devices known to count otherwise."""

from __future__ import annotations

import pytest

from protocols.ieee20601.quirks import TICK_QUIRKS, tick_us
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, STRICT_TOLERANCES

PEN = TICK_QUIRKS[0]


def test_a_known_device_counts_seconds_and_that_is_told() -> None:
    notes: list[str] = []
    assert tick_us("Novo Nordisk A/S", 8000, notes, DEFAULT_TOLERANCES) == 1_000_000
    assert notes == [
        "tolerated ticks-of-seconds: relative time counts seconds, not steps of 125 us"
    ]


@pytest.mark.parametrize(
    ("manufacturer", "resolution"),
    [(PEN.manufacturer, 1), (PEN.manufacturer, None), ("Acme", 8000)],
)
def test_the_same_resolution_of_another_device_is_no_reason_to_guess(
    manufacturer: str, resolution: int | None
) -> None:
    notes: list[str] = []
    assert tick_us(manufacturer, resolution, notes, DEFAULT_TOLERANCES) == 125
    assert notes == []


def test_a_strict_manager_takes_every_device_at_the_standards_word() -> None:
    assert tick_us(PEN.manufacturer, PEN.relative_resolution, [], STRICT_TOLERANCES) == 125
