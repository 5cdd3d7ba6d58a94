"""One part of a delivery to a FHIR server, and what the server said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from cloud.core.exchange.tables import ConnectionRow
from cloud.core.exchange.verdicts import Outcome, Verdict
from cloud.core.kernel.outbound import (
    AddressRefusedError,
    Answer,
    Call,
    OutboundError,
    OutboundPolicy,
    send,
)
from cloud.core.kernel.traces import TRACEPARENT, current_trace
from cloud.exchange.doors import Door, Doors, LockedOutError
from cloud.exchange.fhir_answers import judge

MOST_OCTETS: Final = 8_388_608
MEDIA_TYPE: Final = "application/fhir+json"
_UNAUTHORIZED: Final = 401


class FhirSender:
    """Posts to the servers of connections."""

    def __init__(self, doors: Doors, policy: OutboundPolicy, clock: Callable[[], datetime]) -> None:
        self._doors = doors
        self._policy = policy
        self._clock = clock

    def post(
        self, connection: ConnectionRow, octets: bytes, *, target: str, condition: str, entries: int
    ) -> Verdict:
        """Post a transaction to the base, or a resource to `target` unless `condition` is met."""
        headers = {"Content-Type": MEDIA_TYPE, "Prefer": "return=minimal"}
        if condition:
            headers["If-None-Exist"] = condition
        call = Call("POST", _url(connection, target), headers, octets)
        asked = self.ask(connection, call)
        return asked if isinstance(asked, Verdict) else judge(asked, entries, self._clock())

    def read(self, connection: ConnectionRow, location: str) -> Answer | None:
        """A resource as it lies there now; None when it cannot be had."""
        asked = self.ask(connection, Call("GET", _url(connection, location)))
        return asked if isinstance(asked, Answer) else None

    def ask(self, connection: ConnectionRow, call: Call) -> Answer | Verdict:
        """The server's answer, or the verdict where none came. An old token is renewed once."""
        asked = self._ask(connection, call)
        if isinstance(asked, Answer) and asked.status == _UNAUTHORIZED:
            self._doors.forget(connection.connection_id)
            if connection.access_kind in ("client_credentials", "private_key_jwt"):
                asked = self._ask(connection, call)
        return asked

    def _ask(self, connection: ConnectionRow, call: Call) -> Answer | Verdict:
        try:
            door = self._doors.open(connection)
            return send(_at(door, call), self._policy, trust=door.trust)
        except LockedOutError as exc:
            outcome = Outcome.BUSY if exc.is_passing else Outcome.LOCKED
            return Verdict(outcome=outcome, reason=exc.reason)
        except AddressRefusedError:
            return Verdict(outcome=Outcome.LOCKED, reason="address_refused")
        except OutboundError:
            return Verdict(outcome=Outcome.BUSY, reason="no_answer")


def _at(door: Door, call: Call) -> Call:
    trace = current_trace()
    traced = {} if trace is None else {TRACEPARENT: trace.context.traceparent}
    headers = {"Accept": MEDIA_TYPE, **traced, **call.headers, **door.headers}
    return replace(call, headers=headers, most_octets=MOST_OCTETS)


def _url(connection: ConnectionRow, target: str) -> str:
    # A server of R4 takes transactions at its base, with or without the last slash.
    base = connection.address.rstrip("/")
    return f"{base}/{target}" if target else connection.address
