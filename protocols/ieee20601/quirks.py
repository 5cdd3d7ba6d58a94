"""Known devices that deviate from 20601, as data: who, what, and what we do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.ieee20601.tolerances import TICKS_OF_SECONDS, Tolerances
from protocols.mder.times import TICK_US


@dataclass(frozen=True, slots=True)
class TickQuirk:
    """A device whose relative time does not count steps of 125 us.

    It applies when manufacturer text and relative resolution (MDS-Time-Info) are both as given.
    """

    manufacturer: str
    relative_resolution: int
    tick_us: int


TICK_QUIRKS: Final = (
    # NovoPen 6 and Echo Plus: resolution 8000 (x 125 us = 1 s), and the count itself is seconds.
    TickQuirk("Novo Nordisk A/S", 8000, 1_000_000),
)


def tick_us(
    manufacturer: str, relative_resolution: int | None, notes: list[str], tolerances: Tolerances
) -> int:
    """Microseconds in one step of a device's relative time; see TICKS_OF_SECONDS."""
    for quirk in TICK_QUIRKS:
        is_it = (manufacturer, relative_resolution) == (
            quirk.manufacturer,
            quirk.relative_resolution,
        )
        if is_it and tolerances.allow(TICKS_OF_SECONDS):
            tolerances.forgive(TICKS_OF_SECONDS, notes)
            return quirk.tick_us
    return TICK_US
