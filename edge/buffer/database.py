"""What the store needs of SQLite, so that the same statements run through another binding.

The product uses the standard library. The power-cut proofs open the store through a binding whose
file system forgets what was not synced.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

BUSY_SECONDS: Final = 2


class Rows(Protocol):
    """What a statement gave."""

    @property
    def description(self) -> Any:  # noqa: ANN401 - the columns' names, each in a tuple
        """The columns, None for a statement that gives no rows."""
        ...

    @property
    def rowcount(self) -> int:
        """Rows changed, over all repeats of the statement."""
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 - a row is whatever the statement asked for
        """The next row, None at the end."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """One open file; its errors are those of `sqlite3`, with their codes."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows:
        """Run one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Rows:
        """Run one statement for each row of values."""
        ...

    def executescript(self, sql: str, /) -> object:
        """Run several statements."""
        ...

    def close(self) -> None:
        """Fold the log into the file and let go."""
        ...


Connect = Callable[[Path], Database]


def connect(path: Path) -> Database:
    """Open a file by the standard library; transactions are the caller's."""
    return sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)


def connect_to_read(path: Path) -> Database:
    """Open a file that is not to be changed."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_SECONDS)
