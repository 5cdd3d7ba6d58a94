"""A file that only takes up room: given up when the disk is full, so that the store can shrink."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class DiskReserve:
    """`octets` of really allocated disk at `path`; 0 octets is no reserve at all."""

    path: Path
    octets: int
    _was_held: bool = False

    @property
    def is_held(self) -> bool:
        """Whether the room is ours."""
        try:
            self._was_held = self.octets == 0 or self.path.stat().st_size >= self.octets
        except OSError:
            self._was_held = False
        return self._was_held

    def hold(self) -> bool:
        """Allocate the room unless we have it; False when the disk has none.

        Asked before every commit: the file is looked at when `is_held` is asked, and else believed
        to be where it was left.
        """
        if self._was_held or self.is_held:
            return True
        try:
            with self.path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self.octets)
        except OSError:
            self.give_up()
            return False
        return True

    def give_up(self) -> bool:
        """Free the room; False when there was none to free."""
        if self.octets == 0:
            return False
        self._was_held = False
        try:
            self.path.unlink()
        except OSError:
            return False
        return True
