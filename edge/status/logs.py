"""Log lines as `key=value` on standard error; they hold identifiers, never values or secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final

_PAIR: Final = re.compile(r"(\w+)=('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)")
_FIRST_KEY: Final = re.compile(r"(?:^| )(?=\w+=)")


class KeyValueFormatter(logging.Formatter):
    """`at=... level=... room=... event="..."`, then the keys of the message itself."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows on lines of its own."""
        message = record.getMessage().replace("\n", "\\n")
        event, *rest = _FIRST_KEY.split(message, maxsplit=1)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f'at={at} level={record.levelname.lower()} room={record.name} event="{event}"'
        if rest:
            line += f" {rest[0]}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `at`, `level`, `room`, `event`, then the message's own keys."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback is a member of its own."""
        event, *rest = _FIRST_KEY.split(record.getMessage(), maxsplit=1)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, str] = {
            "at": at,
            "level": record.levelname.lower(),
            "room": record.name,
            "event": event,
        }
        for name, value in _PAIR.findall(rest[0] if rest else ""):
            line.setdefault(name, value.strip("'\""))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def start_logging(level: str, form: str = "text") -> None:
    """Send the log to standard error, as `text` or `json`; libraries speak only of trouble."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else KeyValueFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("edge").setLevel(level.upper())
