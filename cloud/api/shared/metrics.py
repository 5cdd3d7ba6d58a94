"""Counters and histograms of one process, in Prometheus' text form."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

DELAY_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)


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


class StoreMetrics:
    """What is read from the store when asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.outbox_depth = Gauge(
            "vitalwire_outbox_depth", "Events that wait for the relay", registry=registry
        )


def exposition(registry: CollectorRegistry) -> bytes:
    """The registry's text form."""
    return generate_latest(registry)
