"""Which trace the work at hand belongs to, and what of it is noted on the way.

The context is that of W3C Trace Context. It goes with the thread of control: what is published,
written down or logged inside bears its id without being told.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

MOST_SPANS: Final = 64
"""How many spans of one piece of work are noted; what comes after is counted."""
TRACEPARENT: Final = "traceparent"
"""The header a context travels in (W3C Trace Context, 3.2)."""
MOST_SHOWN: Final = 500
"""How many rows of each kind a trace is shown with."""
OK: Final = "ok"
ERROR: Final = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """A place in a trace: 128-bit trace, 64-bit span and the span above it, as lower-case hex.

    `state` is the tracestate that came along. Only where it `is_recorded` are spans noted.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    is_recorded: bool = True
    state: str = ""

    @property
    def traceparent(self) -> str:
        """The header that makes a call a child of this span (W3C Trace Context, 3.2)."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_recorded else '00'}"


def span_of_delivery(delivery_id: str) -> str:
    """The id of a delivery's span: it has one id all its life, and is known by half of it."""
    return delivery_id[-16:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One thing that was done, in microseconds. `facts` are ids and numbers of ours only."""

    trace_id: str
    span_id: str
    parent_id: str
    kind: str
    name: str
    started_at: datetime
    microseconds: int
    status: str = OK
    facts: Mapping[str, str | int] = field(default_factory=dict)


class Trace:
    """What is noted of one piece of work; `left_out` counts what there was no room for."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.spans: list[Span] = []
        self.left_out = 0

    def add(
        self,
        kind: str,
        name: str,
        *,
        started_at: datetime,
        microseconds: int,
        status: str = OK,
        facts: Mapping[str, str | int] | None = None,
    ) -> None:
        """Note something that was done under this piece of work."""
        if not self.context.is_recorded:
            return
        if len(self.spans) >= MOST_SPANS:
            self.left_out += 1
            return
        self.spans.append(
            Span(
                trace_id=self.context.trace_id,
                span_id=new_span_id(),
                parent_id=self.context.span_id,
                kind=kind,
                name=name,
                started_at=started_at,
                microseconds=microseconds,
                status=status,
                facts=facts or {},
            )
        )


_CURRENT: Final[ContextVar[Trace | None]] = ContextVar("trace", default=None)


def current_trace() -> Trace | None:
    """The trace of the work at hand, None outside of any."""
    return _CURRENT.get()


@contextmanager
def in_trace(trace: Trace) -> Iterator[Trace]:
    """Inside, the work at hand belongs to this trace."""
    token = _CURRENT.set(trace)
    try:
        yield trace
    finally:
        _CURRENT.reset(token)


def new_trace_id() -> str:
    """Random, never zero."""
    return f"{secrets.randbits(128) or 1:032x}"


def new_span_id() -> str:
    """Random, never zero."""
    return f"{secrets.randbits(64) or 1:016x}"
