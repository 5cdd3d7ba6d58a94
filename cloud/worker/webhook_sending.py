"""A portion of webhooks: claimed in one unit, sent over one connection, settled in others.

Nothing of the network happens inside a transaction.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import SystemRandom
from typing import Final

from cloud.core.kernel.outbound import EXCERPT_OCTETS, Call, Line, OutboundError, OutboundPolicy
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database
from cloud.core.webhooks import claiming, signing
from cloud.core.webhooks.claiming import Claim, Sent
from cloud.core.webhooks.dialects import Signing, headers_of
from cloud.core.webhooks.judging import Attempt
from cloud.core.webhooks.signing import Secret
from cloud.core.webhooks.tables import DeliveryRow
from cloud.core.webhooks.webhook_metrics import WebhookMetrics

LOG: Final = logging.getLogger("vitalwire.webhooks")
PORTION_SECONDS: Final = 5.0
"""After so long another endpoint has its turn."""
SETTLE_EVERY: Final = 0.25
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

    def is_any_due(self, *, may_be_slow: bool, but: Collection[str] = ()) -> bool:
        """Whether a claim would find something, without a lock."""
        with self.database.reading(now=self.clock()) as work:
            return claiming.is_any_due(work, may_be_slow=may_be_slow, but=but)

    def claim(self, *, may_be_slow: bool, but: Collection[str] = ()) -> Claim | None:
        """The endpoint whose turn it is, leased; None where nothing is due."""
        with self.database.begin(now=self.clock()) as work:
            return claiming.claim(work, may_be_slow=may_be_slow, but=but)

    def send(self, held: Claim, is_stopping: Callable[[], bool]) -> None:
        """Send the portion in order, until one fails or the time is over.

        What was taken is settled together, a quarter of a second after it was at the latest or
        with the message after that; a failure at once.
        """
        endpoint, sent = held.endpoint, list[Sent]()
        secrets = signing.opened(
            self.vault, endpoint.endpoint_id, endpoint.sealed_secrets, now=self.clock()
        )
        began = settled_at = time.monotonic()
        with Line(self.outbound) as line:
            for delivery in held.deliveries:
                attempt = self._attempt(line, held, delivery, secrets)
                sent.append(Sent(delivery, attempt))
                now = time.monotonic()
                is_over = is_stopping() or now - began > PORTION_SECONDS
                is_last = is_over or delivery is held.deliveries[-1]
                if attempt.is_taken and not is_last and now - settled_at < SETTLE_EVERY:
                    continue
                if not self._settle(held, sent, is_last=is_last):
                    return
                sent, settled_at = [], time.monotonic()

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

    def _settle(self, held: Claim, sent: Sequence[Sent], *, is_last: bool) -> bool:
        with self.database.begin(now=self.clock()) as work:
            settled = claiming.settle(work, self.vault, held, sent, self.draw(), is_last=is_last)
        states = settled.states or ("lease_lost",) * len(sent)
        for one, state in zip(sent, states, strict=True):
            self.metrics.attempts.labels(one.attempt.word or "taken").inc()
            LOG.log(
                logging.INFO if one.attempt.is_taken else logging.WARNING,
                "event=webhook_attempt id=%s webhook=%s number=%d status=%s cause=%s state=%s",
                one.delivery.delivery_id,
                one.delivery.endpoint_id,
                one.delivery.attempts + 1,
                one.attempt.status,
                one.attempt.word or None,
                state,
            )
        return settled.goes_on
