"""What a gateway that had to stop early still holds, kept before its small file system goes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.buffer.rows import identity_in
from tests.fixtures.kept_rows import rows_in

_FILE: Final = "buffer.db"
_SET_APART: Final = "SELECT observation_id FROM quarantine WHERE observation_id IS NOT NULL"
_GAVE_WAY: Final = (
    "SELECT coalesce(sum(amount), 0) FROM totals WHERE name IN ('thinned', 'dropped')"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """The copy of a buffer: ids of the readings that wait in it, and of those set apart.

    `gave_way`: stretches of waveform that made room for numbers on a full disk.
    """

    folder: Path
    waiting: frozenset[str] = frozenset()
    set_apart: frozenset[str] = frozenset()
    gave_way: int = 0

    @property
    def ids(self) -> frozenset[str]:
        """All that is here."""
        return self.waiting | self.set_apart

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.ids:
            yield (
                f"kept in {self.folder}: {len(self.waiting):,} readings that wait for the cloud, "
                f"{len(self.set_apart):,} in quarantine"
            )


def keep(gateway: Path, copy: Path) -> Kept:
    """Copy a stopped gateway's folder, and read what lies in its buffer."""
    if not (gateway / _FILE).exists():
        return Kept(copy)
    shutil.copytree(gateway, copy, ignore=shutil.ignore_patterns("*.sock"), dirs_exist_ok=True)
    with closing(sqlite3.connect(copy / _FILE)) as buffer:
        waiting = frozenset(
            identity.hex()
            for _, row in rows_in(buffer)
            if (identity := identity_in(row.body)) is not None
        )
        set_apart = frozenset(one.hex() for (one,) in buffer.execute(_SET_APART))
        (gave_way,) = buffer.execute(_GAVE_WAY).fetchone()
    return Kept(copy, waiting, set_apart, gave_way)
