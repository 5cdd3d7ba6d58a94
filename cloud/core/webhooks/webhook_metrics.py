"""What the service counts of webhooks."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from cloud.core.webhooks.standing import Standing


class WebhookMetrics:
    """Attempts of this process, and what is read from the store when asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "vitalwire_webhook_attempts",
            "Attempts to deliver, by what they came to",
            ["outcome"],
            registry=registry,
        )
        self.waiting = Gauge(
            "vitalwire_webhook_waiting", "Deliveries that were not settled yet", registry=registry
        )
        self.overdue = Gauge(
            "vitalwire_webhook_oldest_due_seconds",
            "Since when the delivery that is due for longest is, of endpoints that are served",
            registry=registry,
        )
        self.endpoints = Gauge(
            "vitalwire_webhook_endpoints",
            "Endpoints: active, resting after failures, slow, paused, disabled",
            ["state"],
            registry=registry,
        )

    def look(self, standing: Standing) -> None:
        """Set what was read from the store."""
        self.waiting.set(standing.waiting)
        self.overdue.set(standing.overdue.total_seconds())
        self.endpoints.clear()
        for state, count in standing.endpoints.items():
            self.endpoints.labels(state).set(count)
