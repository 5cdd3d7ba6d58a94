"""Who captured an observation and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureContext:
    """The gateway and vehicle an observation was captured in."""

    gateway_id: str
    vehicle_id: str
