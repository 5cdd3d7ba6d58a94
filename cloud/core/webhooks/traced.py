"""Deliveries as spans of the trace their event happened in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.traces import (
    MOST_SHOWN,
    TRACEPARENT,
    Span,
    TraceContext,
    span_of_delivery,
)
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.tables import DeliveryRow

DELIVERY: Final = "delivery"


def traced_headers(delivery_id: str, trace_id: str, *, is_recorded: bool) -> dict[str, str]:
    """What makes the receiver's work part of the trace (W3C Trace Context): every attempt bears
    the span of its delivery. Nothing outside a trace.
    """
    if not trace_id:
        return {}
    context = TraceContext(
        trace_id=trace_id, span_id=span_of_delivery(delivery_id), is_recorded=is_recorded
    )
    return {TRACEPARENT: context.traceparent}


def headers_again(headers: Mapping[str, Any], delivery_id: str) -> dict[str, Any]:
    """The headers of a delivery for another one of the same message."""
    former = str(headers.get(TRACEPARENT, ""))
    if not former:
        return dict(headers)
    _, trace_id, _, flags = former.split("-")
    own = traced_headers(delivery_id, trace_id, is_recorded=flags == "01")
    return {**headers, **own}


def delivery_spans(work: UnitOfWork, principal: Principal, trace_id: str) -> list[Span]:
    """From when each delivery was queued to when its last attempt ended; `message_id` among its
    facts is the event's id. Where it goes is not told.
    """
    statement = (
        scoped(principal, DeliveryRow)
        .where(DeliveryRow.trace_id == trace_id)
        .order_by(DeliveryRow.row_id)
        .limit(MOST_SHOWN)
    )
    return [_span(row) for row in work.session.scalars(statement)]


def _span(row: DeliveryRow) -> Span:
    until = row.created_at
    if row.attempted_at is not None:
        until = row.attempted_at + timedelta(milliseconds=row.duration_ms or 0)
    facts: dict[str, str | int] = {
        "delivery_id": row.delivery_id,
        "webhook_id": row.endpoint_id,
        "message_id": row.message_id,
        "attempts": row.attempts,
    }
    if row.response_status is not None:
        facts["response_status"] = row.response_status
    return Span(
        trace_id=row.trace_id,
        span_id=span_of_delivery(row.delivery_id),
        parent_id="",
        kind=DELIVERY,
        name=row.event_type,
        started_at=row.created_at,
        microseconds=max(0, int((until - row.created_at).total_seconds() * 1_000_000)),
        status=row.state,
        facts=facts,
    )
