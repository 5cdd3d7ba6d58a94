"""What follows from events in our own store, in the unit that takes them from the outbox: exactly
once, and never by halves.

Most followers take one event after another. Those that would ask the store the same for every
event take a portion together, and those whose work for the last of several events is the work for
all of them are called once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.work import UnitOfWork

EventFollower = Callable[[DomainEvent, UnitOfWork], None]


@dataclass(frozen=True, slots=True)
class Latest:
    """A follower that is called for the last event of a portion about each thing.

    `about` names the thing; an event about "" is not the follower's affair.
    """

    follow: EventFollower
    about: Callable[[DomainEvent], str]

    def last_of(self, events: Sequence[DomainEvent]) -> frozenset[str]:
        """The ids of the events it is called for."""
        last = {self.about(event): event.event_id for event in events}
        return frozenset(event_id for thing, event_id in last.items() if thing)


@dataclass(frozen=True, slots=True)
class Together:
    """A follower that takes a whole portion, in order, once every other follower has its events.

    What it locks it locks in one order: two relays at once do not wait for each other in a ring.
    """

    follow: Callable[[Sequence[DomainEvent], UnitOfWork], None]


Follower = EventFollower | Latest | Together
