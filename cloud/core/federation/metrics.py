"""How sign-ins over identity providers end, counted."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class FederationMetrics:
    """One set a process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.logins = Counter(
            "vitalwire_saml_logins",
            "Sign-ins over identity providers, by how they ended.",
            ("outcome",),
            registry=registry,
        )
