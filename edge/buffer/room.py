"""How much room is left, under the quota and on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.buffer.database import Database
from edge.buffer.faults import DISK_FULL_MEND, translated
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.reserve import DiskReserve
from edge.errors import BufferFullError

_PAGES_GIVEN_BACK: Final = 512
_SPARE_PAGES: Final = 2
_LEAST_OF_A_PAGE: Final = PAGE_OCTETS // 2
"""Octets that a page holds at least, when what does not fit into the one before begins it."""


@dataclass(slots=True)
class Room:
    """The room of one open store."""

    database: Database
    policy: BufferPolicy
    reserve: DiskReserve
    _known_left: int = 0

    def pages_used(self) -> int:
        """Pages of the file that hold something."""
        total: int = self.database.execute("PRAGMA page_count").fetchone()[0]
        free: int = self.database.execute("PRAGMA freelist_count").fetchone()[0]
        return total - free

    def pages_over(self, octets: int) -> int:
        """By how many pages rows of this size would go over the quota; 0 or less: they fit."""
        wanted = self.pages_used() + octets // PAGE_OCTETS + _SPARE_PAGES
        return wanted - (self.policy.max_pages - self.policy.reserve_pages)

    def takes(self, octets: int) -> bool:
        """Whether rows of this size surely fit under the quota.

        The file is asked again only when what was left at the last look may have been written
        full: rows that leave in between make more room, never less.
        """
        wanted = octets // _LEAST_OF_A_PAGE + _SPARE_PAGES
        if self._known_left < wanted:
            self._known_left = -self.pages_over(0)
        self._known_left -= wanted
        return self._known_left >= 0

    def look_again(self) -> None:
        """Something else is being written."""
        self._known_left = 0

    def refuse_full_disk(self) -> None:
        """BufferFullError while the disk has no room for the reserve."""
        if not self.reserve.hold():
            raise BufferFullError("the disk has no room for the buffer", mend=DISK_FULL_MEND)

    def refuse_over_quota(self, octets: int) -> None:
        """BufferFullError when rows of this size do not fit under the quota."""
        if self.pages_over(octets) > 0:
            raise BufferFullError(
                "the buffer has reached its size (buffer.max_bytes)",
                mend="Restore the way to the cloud, or give the buffer more room",
            )

    def is_full(self) -> bool:
        """Whether the next row would be refused."""
        return self.pages_over(0) > 0 or not self.reserve.is_held

    def make(self) -> bool:
        """The disk is full and rows must leave: give up the reserve; False when that is done."""
        if not self.reserve.give_up():
            return False
        with translated():
            self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return True

    def reuse_log(self) -> None:
        """The disk is full: write the log into the file, so that it begins anew where it lies."""
        with translated():
            self.database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def regain_reserve(self) -> bool:
        """After rows left: give free pages back to the disk until the reserve fits again."""
        if self.reserve.hold():
            return True
        with translated():
            give_back = f"PRAGMA incremental_vacuum({_PAGES_GIVEN_BACK})"
            self.database.execute(give_back).fetchall()
            self.database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            if self.reserve.hold():
                return True
            self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return self.reserve.hold()
