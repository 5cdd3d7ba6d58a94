"""The verbs both roles have, and how a state table is followed: one trigger, one row, one answer.

A role says which table it follows (`_row`) and what its rows do (`_carry_out`). How an association
ends is the same for both: they choose among the endings below.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from enum import Enum
from typing import Final, Generic, TypeVar

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.ieee20601.apdus import Abrt, Rlre, Rlrq
from protocols.ieee20601.association import AbortReason, ReleaseReason
from protocols.ieee20601.connection import Connection, EventT, RequestT, TimerT
from protocols.ieee20601.framing import StreamLimits
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.received import Received
from protocols.ieee20601.states import Row, State, Trigger

LARGEST_REASON: Final = 0xFFFF
"""Abort reasons are numbers of 16 bits."""

RowActionT = TypeVar("RowActionT", bound=Enum)


class TableDriven(
    Connection[EventT, RequestT, TimerT], Generic[EventT, RequestT, TimerT, RowActionT]
):
    """A connection whose every transition is a row of a table."""

    def __init__(
        self,
        *,
        limits: StreamLimits,
        framing: Framing | None,
        first_invoke_id: int,
        release_seconds: float,
    ) -> None:
        super().__init__(limits=limits, framing=framing, first_invoke_id=first_invoke_id)
        self._release_seconds = release_seconds
        self._requested_reason = int(AbortReason.UNDEFINED)

    def transport_connected(self, *, now: float) -> None:
        """A transport is there; an association may follow."""
        self._fire(now, Received(trigger=Trigger.TRANSPORT_CONNECTED))

    def transport_closed(self, *, now: float) -> None:
        """The transport is gone; reports that nobody confirmed will be sent again."""
        self._fire(now, Received(trigger=Trigger.TRANSPORT_CLOSED))

    def release(self, *, now: float) -> None:
        """End the association in good order; LocalProtocolError without a transport."""
        self._requested_reason = int(AbortReason.UNDEFINED)
        self._fire(now, Received(trigger=Trigger.REQ_RELEASE))

    def abort(self, reason: int = AbortReason.UNDEFINED, *, now: float) -> None:
        """End the association at once; LocalProtocolError without a transport.

        `reason`: see `AbortReason`, or any other number of 16 bits.
        """
        if not 0 <= reason <= LARGEST_REASON:
            raise LocalProtocolError(f"{reason} is no reason of 16 bits")
        self._requested_reason = int(reason)
        self._fire(now, Received(trigger=Trigger.REQ_ABORT))

    @abstractmethod
    def _row(self, trigger: Trigger) -> Row[RowActionT]:
        """The row of the present state and this trigger."""

    @abstractmethod
    def _carry_out(self, action: RowActionT, received: Received, now: float) -> Trigger | None:
        """Do what a row says; the trigger of a decision that follows at once, else None."""

    def _fire(self, now: float, received: Received) -> None:
        row = self._row(received.trigger)
        next_trigger = self._carry_out(row.action, received, now)
        self._state = row.next_state
        if next_trigger is not None:
            self._fire(now, replace(received, trigger=next_trigger))

    def _refuse(self, received: Received) -> None:
        asked = received.trigger.value
        raise LocalProtocolError(f"{asked} is not possible in state {self._state.value}")

    def _require_transport(self) -> None:
        if self._state is State.DISCONNECTED:
            raise LocalProtocolError("octets without a transport")

    # How an association ends.

    @abstractmethod
    def _end(self, cause: Exception | None, *, released: bool) -> None:
        """The association is no more: what waits is void, the caller is told."""

    def _close(self) -> None:
        """The transport is gone."""
        self._begin_afresh()
        self._end(None, released=False)

    def _ask_release(self, reason: ReleaseReason) -> None:
        """Ask for the end; requests on their way may still be answered, none is waited for."""
        self._invocations.stop_timers()
        self._timers.clear()
        self._send(Rlrq(int(reason)))

    def _answer_release(self) -> None:
        self._send(Rlre(int(ReleaseReason.NORMAL)))

    def _abort_as_asked(self, now: float) -> None:
        """The caller wants the end at once."""
        self._answer_abort(self._requested_reason, now)
        self._end(None, released=False)

    def _aborted_by(self, peer: str, received: Received, now: float) -> None:
        self._drain(now)
        reason = received.apdu.reason if isinstance(received.apdu, Abrt) else 0
        cause = RemoteProtocolError(f"the {peer} aborted, reason {reason}")
        self._end(cause, released=False)

    def _abort_for(self, reason: AbortReason, received: Received, now: float) -> None:
        """What was received, or never came, ends the association."""
        self._answer_abort(reason, now)
        what = received.why or received.trigger.value
        self._end(RemoteProtocolError(f"{what} in state {self._state.value}"), released=False)

    def _answer_abort(self, reason: int, now: float) -> None:
        """Abort, whether or not there is an association to end."""
        self._send(Abrt(int(reason)))
        self._drain(now)

    def _drain(self, now: float) -> None:
        """What is still on its way belongs to an association that is no more."""
        self._drain_until = now + self._release_seconds
