"""Takes finished spans of this process and writes them down a second later, in portions.

Nothing waits for it: what there is no room for is dropped and counted. The room is shared fairly,
so that one tenant's calls do not push out another's traces.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from cloud.core.kernel.traces import Span, Trace
from cloud.core.kernel.work import Clock, Database, StorageError
from cloud.core.tracing.tables import NAME_LENGTH, SpanRow

LOG: Final = logging.getLogger("vitalwire.traces")
MOST_WAITING: Final = 5000
MOST_OF_ONE: Final = 1000

Exporter = Callable[[Sequence[Span]], None]


class SpanRecorder:
    """Between `take` and `flush` a span is in memory only, and lost when the process dies."""

    def __init__(self, database: Database, clock: Clock, registry: CollectorRegistry) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Span]] = {}
        self._count = 0
        self._exporter: Exporter | None = None
        self._is_writing = True
        self._spans = Counter(
            "vitalwire_trace_spans", "Spans by what became of them", ["result"], registry=registry
        )

    def export_to(self, exporter: Exporter) -> None:
        """From now on spans go there too."""
        self._exporter = exporter

    def take(self, tenant_id: str, trace: Trace, *also: Span) -> None:
        """What was noted of a piece of work of this tenant, and the spans around it."""
        if not trace.context.is_recorded:
            return
        spans = [*also, *trace.spans]
        with self._lock:
            waiting = self._waiting.setdefault(tenant_id, [])
            room = max(0, min(MOST_OF_ONE - len(waiting), MOST_WAITING - self._count))
            taken = spans[:room]
            waiting += taken
            self._count += len(taken)
        dropped = len(spans) - len(taken) + trace.left_out
        if dropped:
            self._spans.labels("dropped").inc(dropped)
        if self._exporter is not None:
            self._exporter(spans)

    def flush(self) -> None:
        """Write down what waits; what the store refuses is dropped."""
        with self._lock:
            waiting, self._waiting, self._count = self._waiting, {}, 0
        count = sum(map(len, waiting.values()))
        if not count:
            return
        try:
            with self._database.begin(now=self._clock()) as work:
                work.session.add_all(
                    _row(tenant_id, span) for tenant_id, spans in waiting.items() for span in spans
                )
        except StorageError as exc:
            self._is_writing = False
            self._spans.labels("dropped").inc(count)
            LOG.warning("event=spans_dropped count=%d cause=%s", count, exc)
        else:
            self._is_writing = True
            self._spans.labels("kept").inc(count)

    @property
    def is_writing(self) -> bool:
        """Whether the store took what was written last."""
        return self._is_writing

    def details(self) -> dict[str, object]:
        """How much waits, for the health page."""
        return {"waiting": self._count}


def _row(tenant_id: str, span: Span) -> SpanRow:
    return SpanRow(
        tenant_id=tenant_id,
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id,
        kind=span.kind,
        name=span.name[:NAME_LENGTH],
        started_at=span.started_at,
        microseconds=span.microseconds,
        status=span.status,
        facts=dict(span.facts),
    )
