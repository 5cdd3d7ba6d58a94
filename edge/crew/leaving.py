"""The crew's folder when the box leaves its fleet."""

from __future__ import annotations

from pathlib import Path

from edge.crew.journal import EventJournal
from edge.crew.photographs import unsent_pictures
from edge.crew.pin import FILE_NAME as PIN


def is_waiting(folder: Path) -> bool:
    """Whether an event or a picture has not reached the buffer. The gateway must be stopped."""
    journal = EventJournal(folder)
    journal.read()
    return bool(journal.unkept) or bool(unsent_pictures(folder))


def forget_all(folder: Path) -> None:
    """Remove every file but the PIN."""
    for path in folder.iterdir():
        if path.name != PIN and path.is_file():
            path.unlink()
