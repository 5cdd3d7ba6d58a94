"""Couriers: threads that carry what is due, each one delivery at a time.

Nothing of the network happens inside a transaction. Whatever kills a courier, its lease runs out
and another one sends the very same octets again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from secrets import SystemRandom
from typing import Final, Protocol

from cloud.core.exchange import claiming
from cloud.core.exchange.claiming import Claim
from cloud.core.exchange.tables import PartRow
from cloud.core.exchange.traced import trace_of
from cloud.core.exchange.verdicts import Outcome, Verdict
from cloud.core.kernel.traces import Trace, in_trace
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, StorageError, UnitOfWork
from cloud.exchange.composing import Part, part_rows

LOG: Final = logging.getLogger("vitalwire.exchange")
COURIERS: Final = 4
LOOK_EVERY: Final = 0.5
_MARGIN: Final = timedelta(seconds=5)
_LATE_SECONDS: Final = 30.0


class Carrier(Protocol):
    """How one kind of connection is served."""

    def compose(self, work: UnitOfWork, held: Claim) -> Callable[[], list[Part]]:
        """What makes the parts, out of what this unit gathered."""
        ...

    def carry(self, held: Claim, part: PartRow) -> Verdict:
        """Send one part and say what came of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What couriers work with. `longest` bounds one call over the network."""

    database: Database
    vault: Vault
    clock: Clock
    carriers: dict[str, Carrier]
    longest: timedelta
    draw: Callable[[], float] = SystemRandom().random

    @property
    def lease_life(self) -> timedelta:
        """A token, a call and a call to read again, and time to write it down."""
        return 3 * self.longest + _MARGIN


def deliver_next(rounds: Rounds) -> bool:
    """Carry one delivery as far as it goes; False when nothing is due."""
    with rounds.database.reading(now=rounds.clock()) as work:
        if not claiming.is_any_due(work):
            return False
    with rounds.database.begin(now=rounds.clock()) as work:
        held = claiming.claim(work, life=rounds.lease_life)
        if held is None:
            return False
        parts = claiming.parts_of(work, held.delivery.delivery_id)
        trace = trace_of(work, held.delivery)
    try:
        verdict = _carry(rounds, held, parts, trace)
    except StorageError:
        raise
    except Exception as exc:  # noqa: BLE001 - one record that cannot be told must stop no other
        # Its words may quote the record: the class is all that is logged.
        facts = (held.delivery.delivery_id, type(exc).__name__)
        LOG.error("event=delivery_broken id=%s cause=%s", *facts)  # noqa: TRY400 - as above
        verdict = Verdict(outcome=Outcome.FAULT, reason="not_made")
    with rounds.database.begin(now=rounds.clock()) as work:
        state = claiming.settle(work, rounds.vault, held, verdict, rounds.draw())
    _tell(held, verdict, state)
    return True


def _carry(rounds: Rounds, held: Claim, parts: Sequence[PartRow], trace: Trace | None) -> Verdict:
    ready = parts or _prepare(rounds, held)
    carrier = rounds.carriers[held.connection.kind]
    verdict = Verdict(outcome=Outcome.TAKEN)
    for part in ready:
        if part.taken_at is not None:
            continue
        # What the hospital does with it is of the trace; what we write down is no unit of it.
        with nullcontext() if trace is None else in_trace(trace):
            verdict = carrier.carry(held, part)
        if verdict.outcome is not Outcome.TAKEN:
            break
        with rounds.database.begin(now=rounds.clock()) as work:
            if not claiming.note_taken(work, held, part, verdict, life=rounds.lease_life):
                break
    return verdict


def _prepare(rounds: Rounds, held: Claim) -> list[PartRow]:
    carrier = rounds.carriers[held.connection.kind]
    with rounds.database.begin(now=rounds.clock()) as work:
        make = carrier.compose(work, held)
    rows = part_rows(rounds.vault, held.delivery.delivery_id, make())
    with rounds.database.begin(now=rounds.clock()) as work:
        # Who lost the lease sends nothing: what it made is not what the next one will send.
        return rows if claiming.prepare(work, held, rows) else []


def _tell(held: Claim, verdict: Verdict, state: str) -> None:
    facts = (held.delivery.delivery_id, held.connection.connection_id, state, verdict.reason)
    if verdict.outcome is Outcome.TAKEN:
        LOG.info("event=delivered id=%s connection=%s state=%s reason=%s", *facts)
    else:
        LOG.warning("event=not_delivered id=%s connection=%s state=%s reason=%s", *facts)


class Couriers:
    """Several of them between `start` and `stop`."""

    def __init__(self, rounds: Rounds, *, count: int = COURIERS) -> None:
        self._rounds = rounds
        self._stopping = threading.Event()
        self._looked_at = [0.0] * count
        self._threads = [
            threading.Thread(target=self._run, args=(place,), name=f"courier-{place}", daemon=True)
            for place in range(count)
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        self._looked_at = [time.monotonic()] * len(self._threads)
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End after what is in hand; what takes longer is sent again by the next ones."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout)

    @property
    def are_working(self) -> bool:
        """Whether every thread runs, and none is longer away than a delivery may take."""
        longest = self._rounds.lease_life.total_seconds() + _LATE_SECONDS
        now = time.monotonic()
        return all(thread.is_alive() for thread in self._threads) and all(
            now - at < longest for at in self._looked_at
        )

    def _run(self, place: int) -> None:
        while not self._stopping.is_set():
            is_any = False
            try:
                is_any = deliver_next(self._rounds)
            except StorageError as exc:
                LOG.warning("event=courier_failed cause=%s", exc)
            self._looked_at[place] = time.monotonic()
            if not is_any:
                self._stopping.wait(LOOK_EVERY)
