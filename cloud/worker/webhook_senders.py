"""Senders of webhooks: threads that take turns to look for an endpoint, and send all at once.

Endpoints that keep a sender waiting have a quarter of them together at most, and those of one
tenant half of them while there is any other: whose receivers all begin to hang at once holds up
nobody else's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import Final

from cloud.core.kernel.work import StorageError
from cloud.core.webhooks import claiming
from cloud.core.webhooks.claiming import Claim
from cloud.worker.webhook_sending import PORTION_SECONDS, SendingDesk

LOG: Final = logging.getLogger("vitalwire.webhooks")
LOOK_EVERY: Final = 0.25
KEEP_EVERY: Final = claiming.LEASE_LIFE.total_seconds() / 3
_LATE_SECONDS: Final = 30.0


class Senders:
    """Several of them between `start` and `stop`, and one that keeps their leases."""

    def __init__(self, desk: SendingDesk, *, count: int) -> None:
        self._desk = desk
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._slow_places = threading.BoundedSemaphore(max(1, count // 4))
        self._share = max(1, count // 2)
        self._lock = threading.Lock()
        self._in_hand: dict[str, tuple[str, float]] = {}
        self._is_idle = True
        self._threads = [
            threading.Thread(target=self._run, name=f"webhooks-{place}", daemon=True)
            for place in range(count)
        ]
        keeper = threading.Thread(target=self._keep, name="webhooks-leases", daemon=True)
        self._threads.append(keeper)

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End after the message in hand; what takes longer is sent again by the next ones."""
        self._stopping.set()
        ends_at = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(ends_at - time.monotonic(), 0))

    @property
    def are_working(self) -> bool:
        """Whether every thread runs, and none has an endpoint for longer than a portion takes."""
        longest = PORTION_SECONDS + self._desk.outbound.timeout_seconds + _LATE_SECONDS
        now = time.monotonic()
        return all(thread.is_alive() for thread in self._threads) and all(
            now - since < longest for since in self._held_since()
        )

    def details(self) -> dict[str, object]:
        """How many senders there are, and how many have something to send."""
        return {"senders": len(self._threads) - 1, "sending": len(self._held_since())}

    def _held_since(self) -> list[float]:
        with self._lock:
            return [since for _, since in self._in_hand.values()]

    def _served_enough(self) -> frozenset[str]:
        """Tenants that have their share of the senders."""
        with self._lock:
            counts = Counter(tenant_id for tenant_id, _ in self._in_hand.values())
        return frozenset(one for one, count in counts.items() if count >= self._share)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._serve_next()
            except StorageError as exc:
                LOG.warning("event=webhook_sender_failed cause=%s", exc)
                self._stopping.wait(LOOK_EVERY)

    def _serve_next(self) -> None:
        held = self._found()
        if held is None:
            return
        try:
            self._desk.send(held, self._stopping.is_set)
        except StorageError:
            raise
        except Exception as exc:  # noqa: BLE001 - one endpoint that cannot be served stops no other
            # Its words may quote what is sent: the class is all that is logged.
            facts = (held.endpoint.endpoint_id, type(exc).__name__)
            LOG.error("event=webhook_broken webhook=%s cause=%s", *facts)  # noqa: TRY400 - as above
            self._desk.set_aside(held)
        finally:
            with self._lock:
                del self._in_hand[held.lease]
            if held.endpoint.is_slow:
                self._slow_places.release()

    def _found(self) -> Claim | None:
        """An endpoint to serve, its lease kept from now on; None after a while without any.

        One at a time looks, the others wait for their turn: however many senders there are, the
        store is asked no more often.
        """
        with self._turn:
            if self._stopping.is_set():
                return None
            has_place = self._slow_places.acquire(blocking=False)
            held, served = None, self._served_enough()
            try:
                # While nothing is due nobody takes the store's lock to see that.
                if not self._is_idle or self._desk.is_any_due(may_be_slow=has_place, but=served):
                    held = self._desk.claim(may_be_slow=has_place, but=served)
            finally:
                if has_place and (held is None or not held.endpoint.is_slow):
                    self._slow_places.release()
            self._is_idle = held is None
            if held is None:
                self._stopping.wait(LOOK_EVERY)
                return None
            with self._lock:
                self._in_hand[held.lease] = held.endpoint.tenant_id, time.monotonic()
            return held

    def _keep(self) -> None:
        while not self._stopping.wait(KEEP_EVERY):
            with self._lock:
                leases = list(self._in_hand)
            try:
                if leases:
                    self._desk.keep(leases)
            except StorageError as exc:
                LOG.warning("event=webhook_leases_not_kept cause=%s", exc)
