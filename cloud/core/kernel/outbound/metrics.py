"""What the service counts of its calls out."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter

from cloud.core.kernel.outbound.errors import CAUSES
from cloud.core.kernel.outbound.policy import DONE, KINDS

_HELP: Final = "Calls out and checks of addresses, by what came of them: done, or why not"


class OutboundMetrics:
    """Checks, calls and streams by outcome; `hear` is the ear of a policy."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.outcomes = Counter("vitalwire_outbound", _HELP, ["what", "outcome"], registry=registry)
        for what in KINDS:
            for outcome in (DONE, *CAUSES):
                self.outcomes.labels(what, outcome)

    def hear(self, what: str, outcome: str) -> None:
        """One more."""
        self.outcomes.labels(what, outcome).inc()
