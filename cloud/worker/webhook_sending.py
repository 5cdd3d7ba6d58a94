"""A portion of webhooks: claimed in one unit, sent over one connection, each settled in its own.

Nothing of the network happens inside a transaction.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from secrets import SystemRandom
from typing import Final

from cloud.core.kernel.outbound import EXCERPT_OCTETS, Call, Line, OutboundError, OutboundPolicy
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database
from cloud.core.webhooks import claiming, signing
from cloud.core.webhooks.claiming import Claim
from cloud.core.webhooks.dialects import Signing, headers_of
from cloud.core.webhooks.judging import Attempt
from cloud.core.webhooks.signing import Secret
from cloud.core.webhooks.tables import DeliveryRow
from cloud.core.webhooks.webhook_metrics import WebhookMetrics

LOG: Final = logging.getLogger("vitalwire.webhooks")
PORTION_SECONDS: Final = 5.0
"""After so long another endpoint has its turn."""
_ABORTED: Final = "abort-message"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingDesk:
    """What senders work with; `outbound` says which addresses are called, and for how long."""

    database: Database
    vault: Vault
    clock: Clock
    outbound: OutboundPolicy
    metrics: WebhookMetrics
    draw: Callable[[], float] = SystemRandom().random

    def claim(self, *, may_be_slow: bool) -> Claim | None:
        """The endpoint whose turn it is, leased; None where nothing is due."""
        with self.database.reading(now=self.clock()) as work:
            if not claiming.is_any_due(work, may_be_slow=may_be_slow):
                return None
        with self.database.begin(now=self.clock()) as work:
            return claiming.claim(work, may_be_slow=may_be_slow)

    def send(self, held: Claim, is_stopping: Callable[[], bool]) -> None:
        """Send the portion in order, until one fails or the time is over."""
        ends_at = time.monotonic() + PORTION_SECONDS
        endpoint = held.endpoint
        secrets = signing.opened(
            self.vault, endpoint.endpoint_id, endpoint.sealed_secrets, now=self.clock()
        )
        with Line(self.outbound) as line:
            for delivery in held.deliveries:
                attempt = self._attempt(line, held, delivery, secrets)
                is_last = (
                    delivery is held.deliveries[-1] or is_stopping() or time.monotonic() > ends_at
                )
                if not self._settle(held, delivery, attempt, is_last=is_last):
                    return

    def keep(self, leases: Collection[str]) -> None:
        """Let leases in hand go on."""
        with self.database.begin(now=self.clock()) as work:
            claiming.keep(work, leases)

    def set_aside(self, held: Claim) -> None:
        """Let an endpoint rest that cannot be served."""
        with self.database.begin(now=self.clock()) as work:
            claiming.set_aside(work, held)

    def _attempt(
        self, line: Line, held: Claim, delivery: DeliveryRow, secrets: tuple[Secret, ...]
    ) -> Attempt:
        at, began = self.clock(), time.monotonic()
        signed = Signing(
            message_id=delivery.message_id,
            delivery_id=delivery.delivery_id,
            event_type=delivery.event_type,
            body=delivery.body,
            at=at,
            secrets=secrets,
            trace_id=delivery.trace_id,
        )
        call = Call(
            "POST",
            held.endpoint.url,
            {
                "Content-Type": "application/json",
                **delivery.headers,
                **headers_of(held.endpoint.dialect, signed),
            },
            delivery.body,
            most_octets=EXCERPT_OCTETS,
            is_excerpt=True,
            may_repeat=True,
        )
        try:
            answer = line.send(call)
        except OutboundError as exc:
            took = timedelta(seconds=time.monotonic() - began)
            return Attempt(at=at, took=took, cause=exc.cause)
        return Attempt(
            at=at,
            took=timedelta(seconds=time.monotonic() - began),
            status=answer.status,
            asked=answer.retry_after(at),
            is_aborted=answer.headers.get("webhook-delivery", "").strip().lower() == _ABORTED,
            answer=answer.body,
        )

    def _settle(
        self, held: Claim, delivery: DeliveryRow, attempt: Attempt, *, is_last: bool
    ) -> bool:
        with self.database.begin(now=self.clock()) as work:
            settled = claiming.settle(
                work, self.vault, held, delivery, attempt, self.draw(), is_last=is_last
            )
        self.metrics.attempts.labels(attempt.word or "taken").inc()
        LOG.log(
            logging.INFO if attempt.is_taken else logging.WARNING,
            "event=webhook_attempt id=%s webhook=%s number=%d status=%s cause=%s state=%s",
            delivery.delivery_id,
            delivery.endpoint_id,
            delivery.attempts + 1,
            attempt.status,
            attempt.word or None,
            settled.state or "lease_lost",
        )
        return settled.goes_on
