"""Traces by the name surfaces and programs know them (they may not see the database room)."""

from __future__ import annotations

from cloud.db.traces import (
    ERROR,
    MOST_SHOWN,
    MOST_SPANS,
    OK,
    TRACEPARENT,
    Span,
    Trace,
    TraceContext,
    current_trace,
    in_trace,
    new_span_id,
    new_trace_id,
    span_of_delivery,
)

__all__ = [
    "ERROR",
    "MOST_SHOWN",
    "MOST_SPANS",
    "OK",
    "TRACEPARENT",
    "Span",
    "Trace",
    "TraceContext",
    "current_trace",
    "in_trace",
    "new_span_id",
    "new_trace_id",
    "span_of_delivery",
]
