"""Spans of batches in OpenTelemetry; loaded by `cloud.app.tracing`, and only where it is wished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from cloud.core.kernel.traces import ERROR, Span
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.trace_ids import context_of

_EXPORT_MILLISECONDS: Final = 500


class CloudTracing:
    """Writes `cloud.ingest` and under it decode and commit, into the batch's trace."""

    def __init__(self, provider: TracerProvider, processor: SpanProcessor | None = None) -> None:
        self._provider = provider
        self._processor = processor
        self._tracer = provider.get_tracer("vitalwire.cloud")

    def recorded(
        self, way: str, batch: UplinkBatch, *, came_ns: int, decoded_ns: int, committed_ns: int
    ) -> None:
        """One batch, committed."""
        above = context_of(batch.batch_id, batch.traceparent)
        sampled = TraceFlags.SAMPLED if above.is_sampled else TraceFlags.DEFAULT
        root = SpanContext(
            above.trace_id, above.span_id, is_remote=True, trace_flags=TraceFlags(sampled)
        )
        ingest = self._tracer.start_span(
            "cloud.ingest",
            context=set_span_in_context(NonRecordingSpan(root)),
            attributes={
                "vitalwire.gateway": batch.gateway_id,
                "vitalwire.batch": str(batch.batch_id),
                "vitalwire.way": way,
                "vitalwire.rows": batch.count,
            },
            start_time=came_ns,
        )
        inside = set_span_in_context(ingest)
        for name, began, ended in (
            ("cloud.decode", came_ns, decoded_ns),
            ("cloud.commit", decoded_ns, committed_ns),
        ):
            span = self._tracer.start_span(name, context=inside, start_time=began)
            span.end(end_time=ended)
        ingest.end(end_time=committed_ns)

    def export(self, spans: Sequence[Span]) -> None:
        """Spans of calls, under the ids that their answers bore."""
        if self._processor is None:
            return
        for span in spans:
            began = int(span.started_at.timestamp() * 1_000_000) * 1000
            self._processor.on_end(
                ReadableSpan(
                    f"cloud.{span.kind} {span.name}",
                    context=_context(span.trace_id, span.span_id),
                    parent=_context(span.trace_id, span.parent_id) if span.parent_id else None,
                    resource=self._provider.resource,
                    attributes={f"vitalwire.{name}": fact for name, fact in span.facts.items()},
                    start_time=began,
                    end_time=began + span.microseconds * 1000,
                    status=Status(StatusCode.ERROR if span.status == ERROR else StatusCode.UNSET),
                )
            )

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(
        int(trace_id, 16),
        int(span_id, 16),
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def spans_to(url: str) -> CloudTracing:
    """Tracing to the collector at `url`, by OTLP over HTTP."""
    provider = TracerProvider(resource=Resource.create({"service.name": "vitalwire-cloud"}))
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=5)
    processor = BatchSpanProcessor(exporter, schedule_delay_millis=_EXPORT_MILLISECONDS)
    provider.add_span_processor(processor)
    return CloudTracing(provider, processor)
