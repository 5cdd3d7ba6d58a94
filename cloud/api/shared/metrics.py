"""Counters and histograms of one process, in Prometheus' text form."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from cloud.core.devices.certificates import first_expiry
from cloud.core.devices.commands import open_by_kind
from cloud.core.devices.fleet import totals
from cloud.core.devices.fleet_metrics import FleetMetrics
from cloud.core.exchange.deliveries import STATES, backlog
from cloud.core.jobs.claiming import backlog as job_backlog
from cloud.core.kernel.outbox import depth
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.receipts import gaps
from cloud.core.webhooks.standing import standing
from cloud.core.webhooks.webhook_metrics import WebhookMetrics


class HttpMetrics:
    """What the API counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "vitalwire_http_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "vitalwire_http_seconds", "Time to answer", ["route"], registry=registry
        )


class OperationMetrics:
    """What the GraphQL door counts: operations by name, or `any` and `unknown`, and their codes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answered = Counter(
            "vitalwire_graphql_operations",
            "GraphQL operations answered",
            ["operation", "code"],
            registry=registry,
        )


class StoreMetrics:
    """What is read from the store when asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.outbox_depth = Gauge(
            "vitalwire_outbox_depth", "Events that wait for the relay", registry=registry
        )
        self.jobs = Gauge(
            "vitalwire_jobs", "Jobs under way by status", ["status"], registry=registry
        )
        self.job_wait = Gauge(
            "vitalwire_job_wait_seconds", "How long the oldest job waits", registry=registry
        )
        self.uplink_gaps = Gauge(
            "vitalwire_uplink_gaps", "Gaps in gateways' streams, still open", registry=registry
        )
        self.uplink_missing = Gauge(
            "vitalwire_uplink_missing_rows",
            "Rows of gateways' streams that never came and never will",
            registry=registry,
        )
        self.deliveries = Gauge(
            "vitalwire_exchange_deliveries",
            "Deliveries to hospitals by state",
            ["state"],
            registry=registry,
        )
        self.delivery_wait = Gauge(
            "vitalwire_exchange_oldest_waiting_seconds",
            "Age of the oldest delivery that waits",
            registry=registry,
        )
        self.closed_connections = Gauge(
            "vitalwire_exchange_closed_connections",
            "Connections to hospitals that rest after failures",
            registry=registry,
        )

    def look(self, work: UnitOfWork, webhooks: WebhookMetrics, fleet: FleetMetrics) -> None:
        """Set every gauge that is read from the store, those of webhooks and the fleet too."""
        self.outbox_depth.set(depth(work))
        open_gaps, missing = gaps(work)
        self.uplink_gaps.set(open_gaps)
        self.uplink_missing.set(missing)
        self._look_at_exchange(work)
        self._look_at_jobs(work)
        webhooks.look(standing(work))
        fleet.look(open_commands=open_by_kind(work), totals=totals(work), expiry=first_expiry(work))

    def _look_at_exchange(self, work: UnitOfWork) -> None:
        found = backlog(work)
        for state in STATES:
            self.deliveries.labels(state).set(found.by_state.get(state, 0))
        oldest = found.oldest_waiting
        self.delivery_wait.set(0 if oldest is None else (work.now - oldest).total_seconds())
        self.closed_connections.set(found.closed_connections)

    def _look_at_jobs(self, work: UnitOfWork) -> None:
        counts, oldest = job_backlog(work)
        for status, count in counts.items():
            self.jobs.labels(status).set(count)
        waited = 0 if oldest is None else (work.now - oldest).total_seconds()
        self.job_wait.set(waited)


def exposition(registry: CollectorRegistry) -> bytes:
    """The registry's text form."""
    return generate_latest(registry)
