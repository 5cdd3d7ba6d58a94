"""Spans of OpenTelemetry: a report's way to the disk, and its batch's to the cloud, in one trace.

Loaded by `edge.app.tracing` alone, and only where tracing is wished.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span, Tracer, set_span_in_context

from edge.pipeline.traces import ReportTraces
from protocols.model.observation import Observation
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.trace_ids import root_span_id_of, trace_id_of, traceparent_of

MOST_REPORTS: Final = 16
_NANOSECONDS: Final = 1_000_000_000
_EXPORT_MILLISECONDS: Final = 500


class _BatchIds(RandomIdGenerator):
    """Gives the span that has none above it the ids which the cloud works out too."""

    def __init__(self) -> None:
        self.root: UUID | None = None

    def generate_trace_id(self) -> int:
        """The batch's own, while its root begins."""
        return super().generate_trace_id() if self.root is None else trace_id_of(self.root)

    def generate_span_id(self) -> int:
        """The batch's own, while its root begins."""
        return super().generate_span_id() if self.root is None else root_span_id_of(self.root)


@dataclass(slots=True, kw_only=True)
class EdgeTracing:
    """Writes a batch's spans once the cloud has acknowledged it.

    `processor` takes them where they go.
    """

    processor: SpanProcessor
    monotonic: Callable[[], float]
    reports: ReportTraces = field(default_factory=ReportTraces)
    _zero: int = 0
    _ids: _BatchIds = field(default_factory=_BatchIds)
    _provider: TracerProvider = field(init=False)
    _tracer: Tracer = field(init=False)

    def __post_init__(self) -> None:
        resource = Resource.create({"service.name": "vitalwire-edge"})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids)
        self._provider.add_span_processor(self.processor)
        self._tracer = self._provider.get_tracer("vitalwire.edge")

    def traceparent(self, batch_id: UUID) -> str:
        """What a batch says of its trace."""
        return traceparent_of(batch_id)

    def delivered(self, batch: UplinkBatch, began: float) -> None:
        """The batch that was sent at monotonic `began` is acknowledged."""
        now = self.monotonic()
        # The wall clock may have been set since: what counts is how long ago it was.
        self._zero = time.time_ns() - int(now * _NANOSECONDS)
        ids = [
            row.content.observation_id for row in batch.rows if isinstance(row.content, Observation)
        ]
        reports = self.reports.take(ids)[:MOST_REPORTS]
        first = min([began, *(times.received for times in reports)])
        self._ids.root = batch.batch_id
        root = self._begin("batch", Context(), first, {})
        self._ids.root = None
        context = set_span_in_context(root)
        for times in reports:
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
        root.end(end_time=self._nanoseconds(now))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    def _span(
        self,
        name: str,
        context: Context,
        began: float,
        ended: float,
        attributes: dict[str, str | int] | None = None,
    ) -> None:
        span = self._begin(name, context, began, attributes or {})
        span.end(end_time=self._nanoseconds(ended))

    def _begin(
        self, name: str, context: Context, began: float, attributes: dict[str, str | int]
    ) -> Span:
        return self._tracer.start_span(
            name, context=context, attributes=attributes, start_time=self._nanoseconds(began)
        )

    def _nanoseconds(self, at: float) -> int:
        return self._zero + int(at * _NANOSECONDS)


def spans_to(url: str, *, monotonic: Callable[[], float]) -> EdgeTracing:
    """Tracing to the collector at `url`, by OTLP over HTTP."""
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=5)
    processor = BatchSpanProcessor(exporter, schedule_delay_millis=_EXPORT_MILLISECONDS)
    return EdgeTracing(processor=processor, monotonic=monotonic)
