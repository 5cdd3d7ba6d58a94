"""Which batches wait for the cloud's word, what came too late, and when silence means death."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from edge.errors import UplinkUnreachableError
from protocols.uplink.messages import UplinkAck

_MOST_LATE: Final = 64
DEAD_AFTER: Final = 2
"""Turns of silence after which a connection is given up: TCP would take minutes to notice."""


@dataclass(slots=True)
class Answers:
    """The acknowledgements of one way, by the batch they name.

    One that comes after we gave up waiting is kept: the batch need not go again.
    """

    _waiting: dict[UUID, asyncio.Future[UplinkAck]] = field(default_factory=dict)
    _late: OrderedDict[UUID, UplinkAck] = field(default_factory=OrderedDict)

    def came_late(self, batch_id: UUID) -> UplinkAck | None:
        """The answer to an earlier attempt, once."""
        return self._late.pop(batch_id, None)

    def expect(self, batch_id: UUID) -> asyncio.Future[UplinkAck]:
        """The answer to come."""
        answer = self._waiting[batch_id] = asyncio.get_running_loop().create_future()
        return answer

    def give_up(self, batch_id: UUID) -> None:
        """Nobody waits for this one any more."""
        self._waiting.pop(batch_id, None)

    def take(self, ack: UplinkAck) -> None:
        """An answer came."""
        answer = self._waiting.get(ack.batch_id)
        if answer is None:
            self._late[ack.batch_id] = ack
            while len(self._late) > _MOST_LATE:
                self._late.popitem(last=False)
        elif not answer.done():
            answer.set_result(ack)

    def fail_all(self, error: UplinkUnreachableError) -> None:
        """The way broke: none of them will come."""
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)


@dataclass(slots=True)
class Silence:
    """Turns in which nothing came back; batches side by side are one turn. Monotonic seconds."""

    turns: int = 0
    _counted_at: float = 0.0

    def note(self, *, began: float, now: float) -> bool:
        """A batch sent at `began` got no answer; True when that makes one turn more."""
        if began < self._counted_at:
            return False
        self._counted_at = now
        self.turns += 1
        return True

    def end(self) -> None:
        """Something came back."""
        self.turns = 0
