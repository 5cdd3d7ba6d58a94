"""Carries events from the outbox to whoever registered for them, at least once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from cloud.core.kernel import outbox
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.work import Clock, Database, UnitOfWork

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
) -> int:
    """Hand on one portion of waiting events; how many left the outbox.

    A subscriber that fails keeps the event for the next round, up to ten times; after that the
    event stays in the outbox for an operator.
    """
    with database.begin(now=clock()) as work:
        rows = outbox.claim(work, limit=BATCH, max_attempts=MAX_ATTEMPTS)
        relayed = 0
        for row in rows:
            event = outbox.event_of(row)
            try:
                for subscriber in subscribers:
                    subscriber(event)
            except RelayError as exc:
                row.attempts += 1
                LOG.warning(
                    "event=relay_failed id=%s attempt=%d cause=%s", row.event_id, row.attempts, exc
                )
            else:
                for follower in followers:
                    follower(event, work)
                row.relayed_at = work.now
                relayed += 1
        return relayed
