"""What a request did, by the trace its answer named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from cloud.api.platform.administration import counted
from cloud.api.shared.authentication import require
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.exchange.traced import hospital_spans
from cloud.core.kernel.errors import InvalidError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import OBSERVABILITY_READ
from cloud.core.kernel.traces import Span
from cloud.core.tracing.lookup import EVENT, spans_of
from cloud.core.webhooks.traced import delivery_spans

router = APIRouter(
    prefix="/v1/observability",
    tags=["Platform"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

ObservabilityRead = Annotated[Principal, Depends(require(OBSERVABILITY_READ))]
_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}")


class SpanModel(BaseModel):
    """One thing that was done under another."""

    span_id: str = Field(examples=["00f067aa0ba902b7"])
    parent_span_id: str | None = Field(description="Null for what was done under nothing we know.")
    kind: str = Field(
        description="request, unit, event, follower, delivery, hospital or notification."
    )
    name: str = Field(examples=["POST /api/v1/devices/enrol"])
    started_at: datetime
    duration_ms: float
    status: str = Field(examples=["ok"])
    facts: dict[str, str | int] = Field(description="Ids and numbers, never of a patient.")


class TraceModel(BaseModel):
    """A trace in the caller's tenant, in the order of time."""

    trace_id: str = Field(examples=["4bf92f3577b34da6a3ce929d0e0e4736"])
    started_at: datetime
    duration_ms: float
    spans: list[SpanModel]


@router.get(
    "/traces/{trace_id}",
    response_model=TraceModel,
    responses=errors(404, 422, 429),
    summary="What a request did",
)
def read_trace(trace_id: str, caller: ObservabilityRead, services: AllServices) -> TraceModel:
    """By the `X-Argus-Trace-ID` of an answer: the request, what it wrote, the events that came of
    it, who followed them, and the deliveries. It is kept for days, and only in the tenant it was.
    """
    if not _TRACE_ID.fullmatch(trace_id):
        raise InvalidError(
            "invalid_trace_id", "Send 32 lower-case hexadecimal digits, as X-Argus-Trace-ID has."
        )
    # What this very process did a moment ago is there to be read.
    services.spans.flush()
    with services.database.reading(now=services.clock()) as work:
        spans = spans_of(work, caller, trace_id)
        if spans:
            spans += delivery_spans(work, caller, trace_id)
            spans += hospital_spans(work, caller, trace_id)
    if not spans:
        raise NotFoundError("trace_not_found", "Nothing is kept of such a trace in this tenant.")
    return _model(trace_id, _under_events(spans))


def _under_events(spans: Sequence[Span]) -> list[Span]:
    """Deliveries under the events they tell of."""
    events = {span.facts["event_id"]: span.span_id for span in spans if span.kind == EVENT}
    return [
        span
        if span.parent_id
        else replace(span, parent_id=events.get(span.facts.get("message_id", ""), ""))
        for span in spans
    ]


def _model(trace_id: str, spans: Sequence[Span]) -> TraceModel:
    ordered = sorted(spans, key=lambda span: span.started_at)
    begun = ordered[0].started_at
    ended = max(span.started_at + timedelta(microseconds=span.microseconds) for span in ordered)
    return TraceModel(
        trace_id=trace_id,
        started_at=begun,
        duration_ms=(ended - begun).total_seconds() * 1000,
        spans=[
            SpanModel(
                span_id=span.span_id,
                parent_span_id=span.parent_id or None,
                kind=span.kind,
                name=span.name,
                started_at=span.started_at,
                duration_ms=span.microseconds / 1000,
                status=span.status,
                facts=dict(span.facts),
            )
            for span in ordered
        ],
    )
