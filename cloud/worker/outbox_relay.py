"""Carries events from the outbox to whoever registered for them, at least once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from cloud.core.kernel import outbox
from cloud.core.kernel.outbox import DomainEvent, OutboxRow
from cloud.core.kernel.traces import Trace, TraceContext, in_trace, new_span_id, new_trace_id
from cloud.core.kernel.work import Clock, Database, UnitOfWork
from cloud.core.tracing.lookup import FOLLOWER
from cloud.core.tracing.recorder import SpanRecorder

LOG: Final = logging.getLogger("vitalwire.worker")
BATCH: Final = 100
MAX_ATTEMPTS: Final = 10


class RelayError(Exception):
    """A subscriber could not take an event now; it will be offered again."""


class Subscriber(Protocol):
    """Something that wants to know. It may see an event twice: `event_id` tells."""

    def __call__(self, event: DomainEvent) -> None:
        """Take one event; RelayError to be asked again later."""
        ...


Follower = Callable[[DomainEvent, UnitOfWork], None]
"""What follows from an event in our own store, in the unit that takes it from the outbox: exactly
once, and never by halves."""


def log_event(event: DomainEvent) -> None:
    """The subscriber every service has: what happened, by ids."""
    LOG.info("event=%s resource=%s id=%s", event.type, event.resource_type, event.resource_id)


def relay_once(
    database: Database,
    clock: Clock,
    subscribers: Sequence[Subscriber],
    followers: Sequence[Follower] = (),
    spans: SpanRecorder | None = None,
) -> int:
    """Hand on one portion of waiting events; how many left the outbox.

    A subscriber that fails keeps the event for the next round, up to ten times; after that the
    event stays in the outbox for an operator. Followers work in the trace of their event; `spans`
    takes what they did once it is committed.
    """
    traces: list[tuple[str, Trace]] = []
    with database.begin(now=clock()) as work:
        rows = outbox.claim(work, limit=BATCH, max_attempts=MAX_ATTEMPTS)
        relayed = list[OutboxRow]()
        for row in rows:
            event = outbox.event_of(row)
            with in_trace(_trace_of(row)) as trace:
                try:
                    for subscriber in subscribers:
                        subscriber(event)
                except RelayError as exc:
                    row.attempts += 1
                    LOG.warning(
                        "event=relay_failed id=%s attempt=%d cause=%s",
                        row.event_id,
                        row.attempts,
                        exc,
                    )
                else:
                    for follower in followers:
                        _follow(follower, event, work, trace)
                    relayed.append(row)
                    traces.append((row.tenant_id, trace))
        outbox.mark_relayed(work, relayed)
    if spans is not None:
        for tenant_id, trace in traces:
            spans.take(tenant_id, trace)
    return len(relayed)


def _trace_of(row: OutboxRow) -> Trace:
    """The trace of an event, or one for it alone that nobody keeps."""
    return Trace(
        TraceContext(
            trace_id=row.trace_id or new_trace_id(),
            span_id=row.span_id or new_span_id(),
            parent_id=row.parent_span_id or "",
            is_recorded=bool(row.parent_span_id),
        )
    )


def _follow(follower: Follower, event: DomainEvent, work: UnitOfWork, trace: Trace) -> None:
    """Let one follow, and note it where it wrote anything."""
    before, began = work.written, time.perf_counter_ns()
    follower(event, work)
    rows = work.written - before
    if rows > 0:
        trace.add(
            FOLLOWER,
            getattr(follower, "__name__", "follower"),
            started_at=work.now,
            microseconds=(time.perf_counter_ns() - began) // 1000,
            facts={"rows": rows, "event_id": event.event_id},
        )
