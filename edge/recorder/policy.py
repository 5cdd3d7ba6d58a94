"""How much the recorder keeps, and how soon it is safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

_LEAST_SEGMENT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderPolicy:
    """Octets, hours and seconds. What is recorded is patient data, for the gateway's user alone."""

    enabled: Annotated[bool, "keep the raw octets of every device in a ring on disk"] = True
    max_bytes: Annotated[int, "octets of the whole ring; the oldest give way"] = 512 << 20
    max_age_hours: Annotated[float, "hours after which octets are removed"] = 72.0
    segment_bytes: Annotated[int, "octets of one file of the ring"] = 4 << 20
    sync_seconds: Annotated[
        float, "after this a power cut costs nothing of what was recorded; 0 leaves it to the disk"
    ] = 10.0
    queue_bytes: Annotated[
        int, "octets that may wait for the disk; more are counted and let go"
    ] = 8 << 20
    keep_free_bytes: Annotated[
        int, "octets of the disk left to others: the recorder gives way before they are used"
    ] = 256 << 20

    def __post_init__(self) -> None:
        if self.segment_bytes < _LEAST_SEGMENT or self.max_bytes < 2 * self.segment_bytes:
            raise ValueError(
                f"segment_bytes is at least {_LEAST_SEGMENT} and max_bytes at least twice that"
            )
        if self.max_age_hours <= 0 or self.queue_bytes < 1:
            raise ValueError("max_age_hours and queue_bytes are above 0")
        if min(self.sync_seconds, self.keep_free_bytes) < 0:
            raise ValueError("sync_seconds and keep_free_bytes are not negative")
