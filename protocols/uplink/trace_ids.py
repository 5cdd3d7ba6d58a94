"""One trace a batch: both ends can work its ids out of the batch's own.

The trace id is the batch id; the span both ends hang theirs under is the first eight octets of the
SHA-256 of it (W3C Trace Context, 3.2). A gateway that traces also says so in `traceparent`: then a
cloud follows the gateway's own context, and its wish not to be sampled.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_SAMPLED: Final = 0x01
_FORM: Final = re.compile(
    "(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    "(?P<more>-.*)?"
)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Where a span hangs: the 128-bit trace, the 64-bit span above it, whether it is recorded."""

    trace_id: int
    span_id: int
    is_sampled: bool = True


def trace_id_of(batch_id: UUID) -> int:
    """The 128-bit trace id of a batch."""
    return batch_id.int


def root_span_id_of(batch_id: UUID) -> int:
    """The 64-bit id of the span that gateway and cloud hang theirs under; never 0."""
    return int.from_bytes(hashlib.sha256(batch_id.bytes).digest()[:8]) or 1


def traceparent_of(batch_id: UUID) -> str:
    """The header of W3C Trace Context, 3.2, sampled."""
    return f"00-{trace_id_of(batch_id):032x}-{root_span_id_of(batch_id):016x}-01"


def context_of(batch_id: UUID, traceparent: str = "") -> TraceContext:
    """The context `traceparent` names, the batch's own where it is empty or none."""
    named = named_context(traceparent)
    return named or TraceContext(trace_id_of(batch_id), root_span_id_of(batch_id))


def named_context(traceparent: str) -> TraceContext | None:
    """The context `traceparent` names, None where it names none.

    W3C Trace Context, 3.2: lower-case hex, no zero ids, no version ff; what a newer version has
    behind the flags is passed over.
    """
    found = _FORM.fullmatch(traceparent)
    if found is not None and found["version"] != "ff" and not (found["more"] and _is_first(found)):
        trace_id, span_id = int(found["trace"], 16), int(found["span"], 16)
        if trace_id and span_id:
            return TraceContext(trace_id, span_id, bool(int(found["flags"], 16) & _SAMPLED))
    return None


def _is_first(found: re.Match[str]) -> bool:
    return found["version"] == "00"
