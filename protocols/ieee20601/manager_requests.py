"""Requests of ours to an agent, and what becomes of their answers.

A new kind of request is one call: `ask(message, RorsGet, what="...", seconds=..., answered=...,
refused=...)`. The class of the expected answer decides what `answered` is given, and what counts
as an answer to nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from protocols.errors import DecodeError
from protocols.ieee20601.events import (
    AttributesRead,
    AttributesSet,
    Event,
    ProtocolWarning,
    RequestRefused,
)
from protocols.ieee20601.manager_association import ManagerAssociation
from protocols.ieee20601.manager_table import ManagerAction
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    Message,
    RoivConfirmedSet,
    RoivGet,
    RorsConfirmedAction,
    RorsConfirmedSet,
    RorsGet,
)
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.table_driven import TableDriven
from protocols.ieee20601.timeouts import DataRequestTimer, Timer

AnswerT = TypeVar("AnswerT", RorsGet, RorsConfirmedSet, RorsConfirmedAction)


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits for its answer.

    `what` names it in warnings; `expected` is the class of its answer. `answered(message, now)`
    may raise DecodeError, which counts as a refusal; `refused(now)` goes on without.
    """

    what: str
    expected: type[Message]
    answered: Callable[[Message, float], None]
    refused: Callable[[float], None]


class ManagerRequests(TableDriven[Event, Pending, Timer | DataRequestTimer, ManagerAction]):
    """The asking part of a manager; the parts above it say what is asked for."""

    _policy: ManagerPolicy
    _association: ManagerAssociation | None
    _last_invoke_id: int

    def _associated(self) -> ManagerAssociation:
        """The association that goes on; AssertionError without one."""
        if self._association is None:
            raise AssertionError("no association")
        return self._association

    def _invoke(self, invoke: Callable[[float], int], now: float) -> int:
        """Let `invoke` send a request for the driver, where the table allows it; its invoke id."""
        self._fire(now, Received(trigger=Trigger.REQ_INVOKE, invoke=invoke))
        return self._last_invoke_id

    def _ask(
        self,
        message: Message,
        expected: type[AnswerT],
        *,
        what: str,
        seconds: float,
        answered: Callable[[AnswerT, float], None],
        refused: Callable[[float], None],
        now: float,
    ) -> int:
        """Send a request with its own timer; its invoke id."""
        pending = Pending(what, expected, narrowed(expected, answered), refused)
        invoke_id = self._invocations.open(pending, now=now, timeout_seconds=seconds)
        self._send_message(invoke_id, message)
        return invoke_id

    def _get(self, message: RoivGet, now: float) -> int:
        """Read attributes for the driver."""

        def answered(answer: RorsGet, _now: float) -> None:
            self._emit(AttributesRead(invoke_id, answer.handle, answer.attributes))

        def refused(_now: float) -> None:
            self._emit(RequestRefused(invoke_id))

        invoke_id = self._ask(
            message,
            RorsGet,
            what="Get",
            seconds=self._policy.timeouts.get,
            answered=answered,
            refused=refused,
            now=now,
        )
        return invoke_id

    def _set(self, message: RoivConfirmedSet, now: float) -> int:
        """Change attributes for the driver."""

        def answered(answer: RorsConfirmedSet, _now: float) -> None:
            self._emit(AttributesSet(invoke_id, answer.handle, answer.attributes))

        def refused(_now: float) -> None:
            self._emit(RequestRefused(invoke_id))

        invoke_id = self._ask(
            message,
            RorsConfirmedSet,
            what="Set",
            seconds=self._policy.timeouts.set,
            answered=answered,
            refused=refused,
            now=now,
        )
        return invoke_id

    def _expected_answer(self, invoke_id: int) -> type[Message] | None:
        pending = self._invocations.peek(invoke_id)
        return None if pending is None else pending.expected

    def _complete(self, received: Received, now: float) -> None:
        """The answer to a request of ours."""
        pending = self._take_pending(received)
        try:
            pending.answered(received.needed_message, now)
        except DecodeError as exc:
            self._emit(ProtocolWarning(f"the answer to {pending.what}: {exc}"))
            pending.refused(now)

    def _fail_request(self, received: Received, now: float) -> None:
        """The agent refused a request of ours, or its answer cannot be read."""
        pending = self._take_pending(received)
        self._emit(ProtocolWarning(f"the agent refused {pending.what}"))
        pending.refused(now)

    def _take_pending(self, received: Received) -> Pending:
        pending = self._invocations.close(received.needed_invoke_id)
        if pending is None:
            raise AssertionError("an answer is taken only when its request waits")
        return pending


def narrowed(
    expected: type[AnswerT], take: Callable[[AnswerT, float], None]
) -> Callable[[Message, float], None]:
    """`take` for any message; AssertionError for one that is not of the class `expected`."""

    def take_message(message: Message, now: float) -> None:
        if isinstance(message, expected):
            take(message, now)
            return
        raise AssertionError(f"a {type(message).__name__} is not the answer that was expected")

    return take_message
