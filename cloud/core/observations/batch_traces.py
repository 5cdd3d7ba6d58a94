"""What became of a batch, told to whoever traces it; nobody does unless the settings say so."""

from __future__ import annotations

from typing import Protocol

from cloud.core.kernel.traces import Trace, TraceContext
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.trace_ids import context_of, named_context


def trace_of_batch(batch: UplinkBatch) -> Trace:
    """The trace that what follows from a batch belongs to: the gateway's own where it names one,
    and recorded only then, for batches come all the time.
    """
    context = context_of(batch.batch_id, batch.traceparent)
    named = named_context(batch.traceparent)
    return Trace(
        TraceContext(
            trace_id=f"{context.trace_id:032x}",
            span_id=f"{context.span_id:016x}",
            is_recorded=named is not None and named.is_sampled,
        )
    )


class BatchTracer(Protocol):
    """Takes the times of a batch that was committed, in nanoseconds since 1970."""

    def recorded(
        self, way: str, batch: UplinkBatch, *, came_ns: int, decoded_ns: int, committed_ns: int
    ) -> None:
        """One batch, committed."""
        ...


class BatchTraces:
    """The tracer of this process, if it has one."""

    def __init__(self) -> None:
        self._tracer: BatchTracer | None = None

    def set(self, tracer: BatchTracer) -> None:
        """From now on batches are traced."""
        self._tracer = tracer

    def recorded(
        self, way: str, batch: UplinkBatch, *, came_ns: int, decoded_ns: int, committed_ns: int
    ) -> None:
        """As `BatchTracer.recorded`; nothing without a tracer."""
        if self._tracer is not None:
            self._tracer.recorded(
                way, batch, came_ns=came_ns, decoded_ns=decoded_ns, committed_ns=committed_ns
            )
