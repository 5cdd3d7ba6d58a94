"""Log lines of the cloud: keys and values, or one JSON object a line. Ids only, never values.

A fault is told by its classes and by the places in the code it came through. Its words stay away,
whoever logs it: those of a library quote what could not be read, and that may be a patient's.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from cloud.core.kernel.traces import current_trace

Fault = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
DEEPEST: Final = 40
"""Places of one fault that are told, the innermost."""
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


class TextFormatter(logging.Formatter):
    """Keys and values; a fault's places on lines of their own."""

    def __init__(self) -> None:
        super().__init__(_FORMAT, defaults={"trace": ""})

    def formatException(self, ei: Fault) -> str:  # noqa: N802 - as logging calls it
        """Classes and places."""
        return _places(ei[1])


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
            line["traceback"] = _places(record.exc_info[1])
        return json.dumps(line)


def _places(fault: BaseException | None) -> str:
    """The classes of a fault and of those behind and in it, and where each came through."""
    if fault is None:
        return ""
    lines: list[str] = []
    seen: set[int] = set()
    waiting = [fault]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        lines.append(type(one).__name__)
        frames = traceback.extract_tb(one.__traceback__, limit=-DEEPEST)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        behind = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        waiting += [] if behind is None else [behind]
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
    return "\n".join(lines)


def log_to_stderr(level: str, form: str = "text") -> None:
    """Structured lines on stderr, `text` or `json`; libraries speak up only for warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(InTrace())
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
