"""What a program opens once. Whatever only the API needs is not loaded here: most programs, and
every command, start without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from cloud.core.devices.fleet_metrics import FleetMetrics
from cloud.core.federation.metrics import FederationMetrics
from cloud.core.kernel.health import Health
from cloud.core.kernel.outbound import Ear, OutboundMetrics, OutboundPolicy, read_proxy
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, utc_now
from cloud.core.observations.batch_traces import BatchTraces
from cloud.core.observations.ingest_metrics import IngestMetrics
from cloud.core.retention.policies import RetentionPolicy
from cloud.core.tracing.policy import TracePolicy
from cloud.core.tracing.recorder import SpanRecorder
from cloud.core.webhooks.webhook_metrics import WebhookMetrics
from cloud.settings import CloudSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a program opens once and everything in it shares."""

    settings: CloudSettings
    database: Database
    vault: Vault
    clock: Clock = utc_now
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    probes: dict[str, Callable[[], Health]] = field(default_factory=dict)
    ingest_metrics: IngestMetrics = field(init=False)
    fleet_metrics: FleetMetrics = field(init=False)
    outbound: OutboundPolicy = field(init=False)
    federation_metrics: FederationMetrics = field(init=False)
    webhook_metrics: WebhookMetrics = field(init=False)
    traces: BatchTraces = field(default_factory=BatchTraces)
    spans: SpanRecorder = field(init=False)

    def __post_init__(self) -> None:
        """Register what is counted: one set a process, whichever way it comes or goes."""
        object.__setattr__(self, "ingest_metrics", IngestMetrics(self.registry))
        object.__setattr__(self, "fleet_metrics", FleetMetrics(self.registry))
        ear = OutboundMetrics(self.registry).hear
        object.__setattr__(self, "outbound", outbound_policy(self.settings, ear))
        object.__setattr__(self, "spans", SpanRecorder(self.database, self.clock, self.registry))
        object.__setattr__(self, "federation_metrics", FederationMetrics(self.registry))
        object.__setattr__(self, "webhook_metrics", WebhookMetrics(self.registry))


def outbound_policy(settings: CloudSettings, ear: Ear) -> OutboundPolicy:
    """Which addresses of others are called."""
    return OutboundPolicy(
        allowed=tuple(settings.outbound_networks.split()),
        ear=ear,
        proxy=read_proxy(settings.outbound_proxy) if settings.outbound_proxy else None,
    )


def retention_policy(settings: CloudSettings) -> RetentionPolicy:
    """How long what is kept where a tenant says nothing."""
    return RetentionPolicy(
        waveform_days=settings.retention_waveform_days,
        reading_days=settings.retention_reading_days,
        record_days=settings.retention_record_days,
    )


def trace_policy(settings: CloudSettings) -> TracePolicy:
    """How much of what is done is kept as traces."""
    return TracePolicy(
        share=settings.trace_share, days=settings.trace_days, most_spans=settings.trace_spans
    )
