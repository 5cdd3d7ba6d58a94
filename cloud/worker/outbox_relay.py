"""Carries events from the outbox to whoever registered for them, at least once."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cloud.core.kernel import outbox
from cloud.core.kernel.outbox import DomainEvent, OutboxRow
from cloud.core.kernel.traces import Trace, TraceContext, in_trace, new_span_id, new_trace_id
from cloud.core.kernel.work import (
    Clock,
    Database,
    StorageFaultError,
    StorageUnreachableError,
    UnitOfWork,
)
from cloud.core.tracing.lookup import FOLLOWER
from cloud.core.tracing.recorder import SpanRecorder
from cloud.worker.followers import EventFollower, Follower, Latest, Together
from cloud.worker.set_aside import SetAside

LOG: Final = logging.getLogger("vitalwire.worker")
BATCH: Final = 500
MAX_ATTEMPTS: Final = 10


class RelayError(Exception):
    """A subscriber could not take an event now; it will be offered again."""


class Subscriber(Protocol):
    """Something that wants to know. It may see an event twice: `event_id` tells."""

    def __call__(self, event: DomainEvent) -> None:
        """Take one event; RelayError to be asked again later."""
        ...


def log_event(event: DomainEvent) -> None:
    """The subscriber every service has: what happened, by ids."""
    LOG.info("event=%s resource=%s id=%s", event.type, event.resource_type, event.resource_id)


def relay_once(
    database: Database,
    clock: Clock,
    subscribers: Sequence[Subscriber],
    followers: Sequence[Follower] = (),
    spans: SpanRecorder | None = None,
    *,
    limit: int = BATCH,
    aside: SetAside | None = None,
) -> int:
    """Hand on one portion of waiting events; how many left the outbox.

    A subscriber that fails keeps the event for the next round, up to ten times; after that the
    event stays in the outbox for an operator. When a follower fails with an event nothing of its
    portion is kept, each of its events is handed on in a unit of its own, and the one that fails is
    set `aside` for a while. Followers work in the trace of their event; `spans` takes what they did
    once it is committed. StorageError where it is the store that gave up.
    """
    aside = SetAside() if aside is None else aside
    relay = _Relay(database, clock, tuple(subscribers), tuple(followers), spans, aside)
    resting = aside.resting(clock())
    if aside.is_full(clock()):
        return 0
    with database.reading(now=clock()) as work:
        waiting = outbox.waiting(work, limit=limit, max_attempts=MAX_ATTEMPTS, but=resting)
    if not waiting:
        return 0
    try:
        return relay.together(limit, but=resting)
    except StorageUnreachableError:
        raise
    except Exception as exc:  # noqa: BLE001 - whatever one of them failed with, the others go on
        # Its words may quote what was to be written: the class is all that is logged.
        LOG.warning(
            "event=portion_not_relayed events=%d cause=%s", len(waiting), type(exc).__name__
        )
    return relay.one_by_one(waiting)


@dataclass(frozen=True, slots=True)
class _Relay:
    database: Database
    clock: Clock
    subscribers: tuple[Subscriber, ...]
    followers: tuple[Follower, ...]
    spans: SpanRecorder | None
    aside: SetAside

    def together(self, limit: int, *, but: Collection[int]) -> int:
        """Hand on what waits in one unit; how many."""
        with self.database.begin(now=self.clock()) as work:
            rows = outbox.claim(work, limit=limit, max_attempts=MAX_ATTEMPTS, but=but)
            relayed = self._hand_on(work, rows)
        return self._note(relayed)

    def one_by_one(self, waiting: Sequence[int]) -> int:
        """Hand on each of a portion that failed in a unit of its own; how many left. Those that
        fail are set aside, unless it is the store that fails with one after another.
        """
        left, faults = 0, list[int]()
        for row_id in waiting:
            try:
                left += self._alone(row_id)
            except StorageUnreachableError:
                raise
            except StorageFaultError:
                if len(faults) > left:
                    raise
                faults.append(row_id)
            except Exception as exc:  # noqa: BLE001 - as above
                self._set_aside(row_id, type(exc).__name__)
        if faults and not left:
            raise StorageFaultError("the store gave up on every event it was asked for")
        for row_id in faults:
            self._set_aside(row_id, StorageFaultError.__name__)
        return left

    def _alone(self, row_id: int) -> int:
        with self.database.begin(now=self.clock()) as work:
            rows = outbox.claim(work, limit=1, max_attempts=MAX_ATTEMPTS, row_id=row_id)
            relayed = self._hand_on(work, rows)
        return self._note(relayed)

    def _hand_on(
        self, work: UnitOfWork, rows: Sequence[OutboxRow]
    ) -> list[tuple[OutboxRow, Trace]]:
        taken = [(row, event) for row in rows if self._is_taken(row, event := outbox.event_of(row))]
        events = [event for _, event in taken]
        followers = [_calls(one, events) for one in self.followers if not isinstance(one, Together)]
        relayed = []
        for row, event in taken:
            with in_trace(_trace_of(row)) as trace:
                for follow, only in followers:
                    if only is None or event.event_id in only:
                        _follow(follow, event, work, trace)
            relayed.append((row, trace))
        for one in self.followers:
            if events and isinstance(one, Together):
                one.follow(events, work)
        outbox.mark_relayed(work, [row for row, _ in taken])
        return relayed

    def _is_taken(self, row: OutboxRow, event: DomainEvent) -> bool:
        """Whether every subscriber took it."""
        with in_trace(_trace_of(row)):
            try:
                for subscriber in self.subscribers:
                    subscriber(event)
            except RelayError as exc:
                row.attempts += 1
                facts = (row.event_id, row.attempts, exc)
                LOG.warning("event=relay_failed id=%s attempt=%d cause=%s", *facts)
                return False
        return True

    def _note(self, relayed: Sequence[tuple[OutboxRow, Trace]]) -> int:
        """Committed: what followers did goes to the traces; how many events left."""
        if self.spans is not None:
            for row, trace in relayed:
                self.spans.take(row.tenant_id, trace)
        for row, _ in relayed:
            self.aside.taken(row.row_id)
        return len(relayed)

    def _set_aside(self, row_id: int, cause: str) -> None:
        failures = self.aside.add(row_id, self.clock())
        LOG.error("event=event_set_aside row=%d failures=%d cause=%s", row_id, failures, cause)


def _calls(
    follower: EventFollower | Latest, events: Sequence[DomainEvent]
) -> tuple[EventFollower, frozenset[str] | None]:
    """What is called, and for which events; None for each of them."""
    if isinstance(follower, Latest):
        return follower.follow, follower.last_of(events)
    return follower, None


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


def _follow(follower: EventFollower, event: DomainEvent, work: UnitOfWork, trace: Trace) -> None:
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
