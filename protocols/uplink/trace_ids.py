"""One trace a batch: both ends work its ids out of the batch's own, so that they cost no octet.

The trace id is the batch id; the span both ends hang theirs under is the first eight octets of the
SHA-256 of it (W3C Trace Context, 3.2).
"""

from __future__ import annotations

import hashlib
from uuid import UUID


def trace_id_of(batch_id: UUID) -> int:
    """The 128-bit trace id of a batch."""
    return batch_id.int


def root_span_id_of(batch_id: UUID) -> int:
    """The 64-bit id of the span that gateway and cloud hang theirs under; never 0."""
    return int.from_bytes(hashlib.sha256(batch_id.bytes).digest()[:8]) or 1


def traceparent_of(batch_id: UUID) -> str:
    """The header of W3C Trace Context, 3.2, sampled."""
    return f"00-{trace_id_of(batch_id):032x}-{root_span_id_of(batch_id):016x}-01"
