"""What the store answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Appended:
    """What a durable write held: rows that were new, rows that were waiting already."""

    stored: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What an acknowledgement freed; both 0 for a batch that is not out."""

    settled: int
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferCounts:
    """How the store stands. `totals` survive restarts; the rest is now.

    `prepared`: how many of the rows that wait are written already and need only be sent.
    """

    waiting: dict[str, int]
    claimed: int
    quarantine: int
    oldest_captured_at: datetime | None
    octets_used: int
    octets_most: int
    is_full: bool
    boot_epoch: int
    totals: dict[str, int]
    quarantine_reasons: dict[str, int] = field(default_factory=dict)
    prepared: int = 0
