"""How big the store may grow and what it keeps back for bad days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

PAGE_OCTETS = 4096
_LEAST_PAGES = 64
_MOST_LOG_PAGES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferPolicy:
    """Octets, rows and seconds."""

    max_bytes: Annotated[int, "octets; the store's file never grows beyond"] = 1 << 30
    quota_reserve_bytes: Annotated[
        int, "octets of it that take no new rows, so that settling works when it is full"
    ] = 256 << 10
    disk_reserve_bytes: Annotated[
        int, "octets of a file given up when the disk itself is full, for the same purpose"
    ] = 8 << 20
    live_seconds: Annotated[
        float, "seconds; rows younger than this are sent ahead of what an outage left behind"
    ] = 10.0
    clock_patience_seconds: Annotated[
        float, "seconds that rows stamped by a clock never set wait for the right time"
    ] = 600.0
    quarantine_rows: Annotated[
        int, "rows the cloud refused that are kept for a person to look at"
    ] = 10_000

    def __post_init__(self) -> None:
        if self.max_bytes < _LEAST_PAGES * PAGE_OCTETS:
            raise ValueError(f"max_bytes must be at least {_LEAST_PAGES * PAGE_OCTETS}")
        if not 8 * PAGE_OCTETS <= self.quota_reserve_bytes <= self.max_bytes // 2:
            raise ValueError(
                f"quota_reserve_bytes must be at least {8 * PAGE_OCTETS} and at most half max_bytes"
            )
        if self.live_seconds <= 0:
            raise ValueError("live_seconds is above 0")
        if self.disk_reserve_bytes < 0 or self.quarantine_rows < 0:
            raise ValueError("disk_reserve_bytes and quarantine_rows are not negative")

    @property
    def max_pages(self) -> int:
        """The cap in pages of the file."""
        return self.max_bytes // PAGE_OCTETS

    @property
    def thinned_pages(self) -> int:
        """How many pages more than needed are freed when waveforms give way: not for every row."""
        return max(4, min(256, self.max_pages // 256))

    @property
    def log_pages(self) -> int:
        """Pages of the log before it is written into the file: half of what the reserve can give.

        When the disk is full the log has to find room in the file before it can begin anew.
        """
        return max(64, min(_MOST_LOG_PAGES, self.disk_reserve_bytes // 2 // PAGE_OCTETS))

    @property
    def reserve_pages(self) -> int:
        """Pages that take no new rows."""
        return self.quota_reserve_bytes // PAGE_OCTETS
