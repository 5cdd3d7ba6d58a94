"""Traces by the name surfaces and programs know them (they may not see the database room)."""

from __future__ import annotations

from cloud.db.traces import (
    ERROR,
    MOST_SPANS,
    OK,
    Span,
    Trace,
    TraceContext,
    current_trace,
    in_trace,
    new_span_id,
    new_trace_id,
)

__all__ = [
    "ERROR",
    "MOST_SPANS",
    "OK",
    "Span",
    "Trace",
    "TraceContext",
    "current_trace",
    "in_trace",
    "new_span_id",
    "new_trace_id",
]
