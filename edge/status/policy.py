"""How often the status is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPolicy:
    """A snapshot every `interval_seconds`."""

    interval_seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.interval_seconds <= 0:
            raise ValueError("interval_seconds is above 0")
