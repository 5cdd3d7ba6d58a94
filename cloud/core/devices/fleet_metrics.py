"""What the service counts of its fleet."""

from __future__ import annotations

import math

from prometheus_client import CollectorRegistry, Counter, Gauge


class FleetMetrics:
    """Commands sent and answered, and what could not be read of gateways."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter(
            "vitalwire_commands_sent",
            "Commands handed to a way, repeats included",
            ["way"],
            registry=registry,
        )
        self.answers = Counter(
            "vitalwire_gateway_answers",
            "What came over the answers channel, by what became of it",
            ["way", "outcome"],
            registry=registry,
        )
        self.open_commands = Gauge(
            "vitalwire_commands_open", "Commands without an answer", ["kind"], registry=registry
        )
        self.gateways = Gauge(
            "vitalwire_gateways",
            "Over all gateways: reporting, online, backlog_rows, oldest_backlog_seconds",
            ["what"],
            registry=registry,
        )
        self.first_expiry = Gauge(
            "vitalwire_certificate_seconds_left",
            "Until the first gateway's newest certificate ends; NaN without any",
            registry=registry,
        )

    def look(
        self, *, open_commands: dict[str, int], totals: dict[str, float], expiry: float | None
    ) -> None:
        """Set what is read from the store when asked."""
        self.open_commands.clear()
        for kind, count in open_commands.items():
            self.open_commands.labels(kind).set(count)
        for what, value in totals.items():
            self.gateways.labels(what).set(value)
        self.first_expiry.set(math.nan if expiry is None else expiry)
