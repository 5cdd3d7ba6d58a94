"""Outstanding remote operations: our requests by invoke id, and the agent's reports by theirs.

The two sides' invoke ids are independent name spaces (20601 7.5.4). Every id here belongs to
one association: when it ends all are void, so that a late answer matches nothing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final, Generic, TypeVar

from protocols.errors import LocalProtocolError
from protocols.ieee20601.timeouts import Deadlines
from protocols.model.table_keys import TableKey

INVOKE_IDS: Final = 0x10000

RequestT = TypeVar("RequestT")


class Invocations(Generic[RequestT]):
    """Requests of ours that wait for their answer, each with its own timer."""

    def __init__(self, first_invoke_id: int = 0) -> None:
        self._next_id = first_invoke_id % INVOKE_IDS
        self._open: dict[int, RequestT] = {}
        self._deadlines: Deadlines[int] = Deadlines()

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, invoke_id: int) -> bool:
        return invoke_id in self._open

    def open(self, request: RequestT, *, now: float, timeout_seconds: float) -> int:
        """Give the request an unused id and start its timer."""
        if len(self._open) == INVOKE_IDS:
            raise LocalProtocolError("every invoke id is in use")
        while self._next_id in self._open:
            self._advance()
        invoke_id = self._next_id
        self._advance()
        self._open[invoke_id] = request
        self._deadlines.start(invoke_id, now=now, seconds=timeout_seconds)
        return invoke_id

    def reopen(
        self, invoke_id: int, request: RequestT, *, now: float, timeout_seconds: float
    ) -> None:
        """Let a request wait again under the id it had: it is sent a second time."""
        self._open[invoke_id] = request
        self._deadlines.start(invoke_id, now=now, seconds=timeout_seconds)

    def take_unanswered_id(self) -> int:
        """An id for what nobody answers (an unconfirmed report): used up, never pending."""
        while self._next_id in self._open:
            self._advance()
        invoke_id = self._next_id
        self._advance()
        return invoke_id

    def peek(self, invoke_id: int) -> RequestT | None:
        """The request that waits under this id."""
        return self._open.get(invoke_id)

    def requests(self) -> tuple[RequestT, ...]:
        """All that wait, in no order."""
        return tuple(self._open.values())

    def close(self, invoke_id: int) -> RequestT | None:
        """Take the request that waits under this id and stop its timer."""
        self._deadlines.cancel(invoke_id)
        return self._open.pop(invoke_id, None)

    def void_all(self) -> None:
        """Forget every request: the association ended. Ids go on counting."""
        self._open.clear()
        self._deadlines.clear()

    def stop_timers(self) -> None:
        """Keep the ids known but wait for no answer (20601 state Disassociating)."""
        self._deadlines.clear()

    def next_deadline(self) -> float | None:
        """When the first answer is overdue."""
        return self._deadlines.next()

    def take_expired(self, now: float) -> RequestT | None:
        """The request whose answer is most overdue, forgotten; None when none is overdue."""
        invoke_id = self._deadlines.take_expired(now)
        return None if invoke_id is None else self._open.pop(invoke_id, None)

    def _advance(self) -> None:
        self._next_id = (self._next_id + 1) % INVOKE_IDS


class Repeat(TableKey):
    """What a confirmed report is to this association."""

    NEW = "new"
    WAITING = "received before, the driver has not confirmed it yet"
    ANSWERED = "received and answered before"


class ReceivedReports:
    """Confirmed reports of this association: which wait for our confirm, which had it.

    A report is a repeat when its invoke id and all its octets are those of an earlier one.
    Answers are remembered for the last `remembered` reports; `room` bounds those that wait.
    """

    def __init__(self, *, room: int = 64, remembered: int = 64) -> None:
        self._room = room
        self._remembered = remembered
        self._waiting: dict[int, tuple[bytes, bytes]] = {}
        self._answered: OrderedDict[int, tuple[bytes, bytes]] = OrderedDict()

    def has_room_for(self, invoke_id: int) -> bool:
        """Whether a new report may wait under this id: the id is free and room is left."""
        return invoke_id not in self._waiting and len(self._waiting) < self._room

    def judge(self, invoke_id: int, octets: bytes) -> Repeat:
        """Whether this report was received before in this association."""
        mark = _mark(octets)
        if self._waiting.get(invoke_id, (b"", b""))[0] == mark:
            return Repeat.WAITING
        if self._answered.get(invoke_id, (b"", b""))[0] == mark:
            return Repeat.ANSWERED
        return Repeat.NEW

    def is_waiting(self, invoke_id: int) -> bool:
        """Whether a report under this id waits for the driver's confirm."""
        return invoke_id in self._waiting

    @property
    def is_any_waiting(self) -> bool:
        """Whether a report waits for the driver's confirm."""
        return bool(self._waiting)

    def is_answered(self, invoke_id: int) -> bool:
        """Whether a report under this id was answered lately."""
        return invoke_id in self._answered

    def wait(self, invoke_id: int, octets: bytes, answer: bytes) -> None:
        """Remember a new report and the answer that confirms it."""
        self._waiting[invoke_id] = (_mark(octets), answer)

    def confirm(self, invoke_id: int) -> bytes | None:
        """Take the answer of a waiting report and remember it; None when none waits."""
        entry = self._waiting.pop(invoke_id, None)
        if entry is None:
            return None
        self._answered[invoke_id] = entry
        self._answered.move_to_end(invoke_id)
        while len(self._answered) > self._remembered:
            self._answered.popitem(last=False)
        return entry[1]

    def answer_again(self, invoke_id: int) -> bytes:
        """The answer a repeat gets once more."""
        return self._answered[invoke_id][1]

    def clear(self) -> None:
        """Forget all: the association ended."""
        self._waiting.clear()
        self._answered.clear()


def _mark(octets: bytes) -> bytes:
    return hashlib.blake2b(octets, digest_size=16).digest()
