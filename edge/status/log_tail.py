"""The last lines of the log, kept in memory for whoever looks at the running gateway."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

MOST_LINES: Final = 200
_MOST_CHARACTERS: Final = 300


class LogTail(logging.Handler):
    """Keeps lines as they are logged; they hold identifiers, never values or secrets."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=MOST_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        at = datetime.fromtimestamp(record.created, UTC)
        text = record.getMessage().replace("\n", " ")
        line = f"{at:%H:%M:%S} {record.levelname.lower()} {text}"
        self._lines.append(line[:_MOST_CHARACTERS])

    def lines(self, count: int = MOST_LINES) -> list[str]:
        """The last ones, oldest first."""
        return list(self._lines)[-count:] if count > 0 else []

    @contextmanager
    def listening(self, name: str = "edge") -> Iterator[None]:
        """Keep what the program logs meanwhile."""
        logger = logging.getLogger(name)
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)
