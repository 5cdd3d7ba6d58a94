"""The one place where the database's errors become ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from edge.errors import BufferDamagedError, BufferFaultError, BufferFullError

DISK_FULL_MEND: Final = "Free space on the disk that holds the data folder"
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}
# Room for the shared index of the log: sqlite tells a full disk here as an I/O error.
_FULL: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_PRIMARY: Final = 0xFF


@contextmanager
def translated() -> Iterator[None]:
    """Let no `sqlite3` error out."""
    try:
        yield
    except sqlite3.Error as exc:
        raise fault_of(exc) from exc


def fault_of(exc: sqlite3.Error) -> BufferFaultError:
    """Our error for one of the database's."""
    code = getattr(exc, "sqlite_errorcode", None) or 0
    primary = code & _PRIMARY
    if code in _FULL:
        return BufferFullError("the disk has no room for the buffer", mend=DISK_FULL_MEND)
    if primary in _DAMAGED or (not primary and isinstance(exc, sqlite3.DatabaseError)):
        return BufferDamagedError(f"the buffer's file is damaged ({exc})")
    if primary in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return BufferFaultError(
            f"the buffer's file cannot be opened for writing ({exc})",
            mend="Give the gateway's user the data folder",
        )
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return BufferFaultError(
            "the buffer's file is in use by another program", mend="Stop the other one"
        )
    return BufferFaultError(f"the buffer failed ({exc})")
