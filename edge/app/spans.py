"""Spans of OpenTelemetry: a report's way to the disk, and its batch's to the cloud, in one trace.

Loaded by `edge.app.tracing` alone, and only where tracing is wished.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from edge.pipeline.traces import ReportTraces
from protocols.model.observation import Observation
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.trace_ids import root_span_id_of, trace_id_of

MOST_REPORTS: Final = 16
_NANOSECONDS: Final = 1_000_000_000
_EXPORT_MILLISECONDS: Final = 500


@dataclass(slots=True, kw_only=True)
class EdgeTracing:
    """Writes a batch's spans once the cloud has acknowledged it."""

    provider: TracerProvider
    tracer: Tracer
    monotonic: Callable[[], float]
    reports: ReportTraces = field(default_factory=ReportTraces)

    def delivered(self, batch: UplinkBatch, began: float) -> None:
        """The batch that was sent at monotonic `began` is acknowledged."""
        now = self.monotonic()
        context = _context(batch)
        ids = [
            row.content.observation_id for row in batch.rows if isinstance(row.content, Observation)
        ]
        for times in self.reports.take(ids)[:MOST_REPORTS]:
            self._span("device.receive", context, times.received, times.decoded)
            self._span("buffer.append", context, times.decoded, times.durable)
            if times.confirmed:
                self._span("device.confirm", context, times.durable, times.confirmed)
        attributes: dict[str, str | int] = {
            "vitalwire.gateway": batch.gateway_id,
            "vitalwire.batch": str(batch.batch_id),
            "vitalwire.stream": batch.stream,
            "vitalwire.rows": len(batch.rows),
        }
        self._span("uplink.batch", context, began, now, attributes)

    def close(self) -> None:
        """Send what is left."""
        self.provider.shutdown()

    def _span(
        self,
        name: str,
        context: Context,
        began: float,
        ended: float,
        attributes: dict[str, str | int] | None = None,
    ) -> None:
        # The wall clock may have been set since: what counts is how long ago it was.
        zero = time.time_ns() - int(self.monotonic() * _NANOSECONDS)
        span = self.tracer.start_span(
            name,
            context=context,
            attributes=attributes or {},
            start_time=zero + int(began * _NANOSECONDS),
        )
        span.end(end_time=zero + int(ended * _NANOSECONDS))


def spans_to(url: str, *, monotonic: Callable[[], float]) -> EdgeTracing:
    """Tracing to the collector at `url`, by OTLP over HTTP."""
    provider = _provider(url)
    return EdgeTracing(
        provider=provider, tracer=provider.get_tracer("vitalwire.edge"), monotonic=monotonic
    )


def _provider(url: str) -> TracerProvider:
    provider = TracerProvider(resource=Resource.create({"service.name": "vitalwire-edge"}))
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(
        BatchSpanProcessor(exporter, schedule_delay_millis=_EXPORT_MILLISECONDS)
    )
    return provider


def _context(batch: UplinkBatch) -> Context:
    return set_span_in_context(
        NonRecordingSpan(
            SpanContext(
                trace_id=trace_id_of(batch.batch_id),
                span_id=root_span_id_of(batch.batch_id),
                is_remote=True,
                trace_flags=TraceFlags(TraceFlags.SAMPLED),
            )
        )
    )
