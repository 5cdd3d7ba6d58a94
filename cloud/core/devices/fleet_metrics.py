"""What the service counts of its fleet."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


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
