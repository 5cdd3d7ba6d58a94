"""Counters and histograms of one process, in Prometheus' text form."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


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


def exposition(registry: CollectorRegistry) -> bytes:
    """The registry's text form."""
    return generate_latest(registry)
