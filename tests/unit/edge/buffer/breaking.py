"""Files that are damaged in a place of one's choice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from edge.buffer.policy import PAGE_OCTETS


def break_side_page(path: Path) -> None:
    """Spoil a page that holds no row, so that the file is damaged and every row readable."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE aside (id INTEGER PRIMARY KEY)")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'aside'"
        page = database.execute(query).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_OCTETS)
        file.write(bytes(PAGE_OCTETS))
