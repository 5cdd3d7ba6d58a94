"""W3C Trace Context at the door: what a caller says of its trace, read strictly."""

from __future__ import annotations

import re
from typing import Final

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import Scope

from cloud.core.kernel.traces import (
    TRACEPARENT,
    Trace,
    TraceContext,
    new_span_id,
    new_trace_id,
)
from cloud.core.tracing.policy import TracePolicy
from protocols.uplink.trace_ids import TraceContext as SentContext
from protocols.uplink.trace_ids import named_context

STATE: Final = "trace"
TRACE_HEADER: Final = "x-argus-trace-id"
SPAN_HEADER: Final = "x-argus-span-id"
UNASKED: Final = ("/v1/uplink/", "/board/", "/health", "/metrics")
"""What comes all the time: traced for a caller who wishes it, and not otherwise."""
_MOST_MEMBERS: Final = 32
_MOST_OCTETS: Final = 512
_KEY: Final = r"[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}"
_VALUE: Final = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER: Final = re.compile(f"(?P<key>{_KEY})=(?:{_VALUE})")


def trace_from(scope: Scope, headers: Headers, policy: TracePolicy) -> Trace:
    """The trace of a request: its caller's, or a new one where that names none it can be."""
    sent = headers.getlist(TRACEPARENT)
    named = named_context(sent[0]) if len(sent) == 1 else None
    if named is None:
        trace_id = new_trace_id()
        is_asked = not scope["path"].startswith(UNASKED)
        return Trace(
            TraceContext(
                trace_id=trace_id,
                span_id=new_span_id(),
                is_recorded=is_asked and policy.picks(trace_id),
            )
        )
    return Trace(_under(named, state_from(headers.getlist("tracestate"))))


def _under(named: SentContext, state: str) -> TraceContext:
    return TraceContext(
        trace_id=f"{named.trace_id:032x}",
        span_id=new_span_id(),
        parent_id=f"{named.span_id:016x}",
        is_recorded=named.is_sampled,
        state=state,
    )


def trace_of(request: Request) -> str:
    """The trace a request belongs to."""
    trace = getattr(request.state, STATE, None)
    return trace.context.trace_id if isinstance(trace, Trace) else ""


def state_from(sent: list[str]) -> str:
    """The tracestate headers as one; empty when any of it is not as it should be (3.3)."""
    members = [one.strip(" \t") for one in ",".join(sent).split(",")]
    told = [one for one in members if one]
    found = [_MEMBER.fullmatch(one) for one in told]
    keys = [one["key"] for one in found if one is not None]
    is_good = (
        len(keys) == len(told) == len(set(keys))
        and len(told) <= _MOST_MEMBERS
        and sum(map(len, told)) <= _MOST_OCTETS
    )
    return ",".join(told) if is_good else ""
