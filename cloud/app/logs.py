"""Log lines of the cloud: keys and values, or one JSON object a line. Ids only, never values."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final

from cloud.core.kernel.traces import current_trace

_FORMAT: Final = "time=%(asctime)s level=%(levelname)s source=%(name)s%(trace)s %(message)s"
_NOISY: Final = ("amqtt", "transitions", "alembic", "uvicorn", "asyncio")
_PAIR: Final = re.compile(r"(\w+)=('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)")


class InTrace(logging.Filter):
    """Gives each line the trace it was written in."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every line passes."""
        trace = current_trace()
        record.trace = "" if trace is None else f" trace_id={trace.context.trace_id}"
        return True


class JsonFormatter(logging.Formatter):
    """`{"at", "level", "room", ...}` and the keys of the message itself."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback is a member of its own."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "at": at,
            "level": record.levelname.lower(),
            "room": record.name,
        }
        message = record.getMessage()
        pairs = {name: value.strip("'\"") for name, value in _PAIR.findall(message)}
        trace = getattr(record, "trace", "")
        if trace:
            line["trace_id"] = trace.rpartition("=")[2]
        line |= {name: value for name, value in pairs.items() if name not in line}
        if "event" not in pairs:
            line["event"] = message
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_to_stderr(level: str, form: str = "text") -> None:
    """Structured lines on stderr, `text` or `json`; libraries speak up only for warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(InTrace())
    handler.setFormatter(JsonFormatter() if form == "json" else logging.Formatter(_FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
