"""How often the status is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPolicy:
    """How often."""

    interval_seconds: Annotated[float, "seconds between two looks at everything"] = 1.0

    def __post_init__(self) -> None:
        if self.interval_seconds <= 0:
            raise ValueError("interval_seconds is above 0")
