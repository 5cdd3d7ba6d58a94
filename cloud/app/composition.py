"""The composition root of the API: settings in, application out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from cloud.api.console.feed import LiveFeed
from cloud.api.graphql.health import operations_health
from cloud.api.registry import BATCH_ROUTERS, ROUTERS
from cloud.api.shared import errors, rate_limits
from cloud.api.shared.attempts import AttemptLimit
from cloud.api.shared.metrics import HttpMetrics, OperationMetrics, StoreMetrics
from cloud.api.shared.middleware import RequestFrame
from cloud.api.shared.rate_limits import RateLimits
from cloud.api.shared.sandbox_host import SandboxHost
from cloud.api.shared.seen_proofs import SeenProofs
from cloud.api.shared.services import Health, Services
from cloud.api.shared.trusted_proxies import TrustedProxies
from cloud.core.authorization.authorization_server import put_together
from cloud.core.authorization.client_keys import FetchError
from cloud.core.authorization.tokens import TokenPolicy
from cloud.core.devices.certificates import gateway_of_certificate
from cloud.core.devices.fleet_metrics import FleetMetrics
from cloud.core.devices.joining import Offer
from cloud.core.federation.logins import SamlLogins
from cloud.core.federation.metrics import FederationMetrics
from cloud.core.kernel.outbound import (
    Ear,
    OutboundError,
    OutboundMetrics,
    OutboundPolicy,
    get_json,
    read_proxy,
)
from cloud.core.kernel.paging import CursorSigner
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, UnitOfWork, utc_now
from cloud.core.observations.batch_traces import BatchTraces
from cloud.core.observations.ingest_metrics import IngestMetrics
from cloud.core.retention.policies import RetentionPolicy
from cloud.core.tracing.policy import TracePolicy
from cloud.core.tracing.recorder import SpanRecorder
from cloud.core.webhooks.webhook_metrics import WebhookMetrics
from cloud.settings import CloudSettings

TITLE: Final = "Vitalwire"
VERSION: Final = "0.1.0"


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


class VitalwireApi(FastAPI):
    """FastAPI with our frame around everything, its own error and limit answers included."""

    def build_middleware_stack(self) -> ASGIApp:
        """The frame outermost."""
        return RequestFrame(super().build_middleware_stack())


def create_app(parts: Parts, *, issuer: str, offer: Offer | None = None) -> FastAPI:
    """The API over opened parts; `issuer` is the base URL that tokens name.

    `offer` is what gateways are told of how to reach it.
    """
    app = lay_out(parts.settings)
    equip(app, parts, issuer=issuer, offer=offer)
    return app


def lay_out(settings: CloudSettings) -> FastAPI:
    """Every surface at its address, with nothing behind it yet."""
    app = VitalwireApi(
        title=TITLE,
        version=VERSION,
        description="Devices, observations and encounters of an ambulance fleet.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        max_body_size=settings.max_body_octets,
    )
    app.state.surfaces = (*ROUTERS, *BATCH_ROUTERS)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    for router in BATCH_ROUTERS:
        app.include_router(router, max_body_size=settings.max_batch_octets)
    return app


def equip(app: FastAPI, parts: Parts, *, issuer: str, offer: Offer | None = None) -> None:
    """Put what a program opened behind the surfaces."""
    policy = TokenPolicy(issuer=issuer, lifetime_seconds=parts.settings.token_lifetime_seconds)
    authorization = put_together(
        parts.database,
        parts.vault,
        parts.clock,
        policy,
        fetch=partial(_fetch_keys, parts.outbound),
        fleet_certificate=_owner_of_certificate,
    )
    parts.probes["operations"] = partial(operations_health, parts.database, parts.clock)
    app.state.services = Services(
        database=parts.database,
        authorization=authorization,
        seen_proofs=SeenProofs(since=parts.clock()),
        vault=parts.vault,
        cursors=CursorSigner(parts.vault.derive("cursors")),
        clock=parts.clock,
        ingest_metrics=parts.ingest_metrics,
        fleet_metrics=parts.fleet_metrics,
        webhook_metrics=parts.webhook_metrics,
        traces=parts.traces,
        store_metrics=StoreMetrics(parts.registry),
        operation_metrics=OperationMetrics(parts.registry),
        offer=offer or Offer(http_url=issuer),
        attempts=AttemptLimit(),
        limits=RateLimits(_spelled_limits(parts.settings), parts.clock),
        outbound=parts.outbound,
        retention=retention_policy(parts.settings),
        tracing=trace_policy(parts.settings),
        spans=parts.spans,
        saml=SamlLogins(
            parts.database,
            parts.vault,
            parts.clock,
            authorization.sign_ins,
            parts.federation_metrics,
            issuer=issuer,
            skew=timedelta(seconds=parts.settings.saml_clock_skew_seconds),
        ),
        sandbox=SandboxHost.of(issuer, parts.settings.sandbox_host),
        probes=parts.probes,
    )
    app.state.proxies = TrustedProxies.of(
        parts.settings.trusted_proxies, parts.settings.client_certificate_header
    )
    app.state.registry = parts.registry
    app.state.http_metrics = HttpMetrics(parts.registry)
    app.state.live_feed = LiveFeed(parts.database, parts.clock)


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


def _spelled_limits(settings: CloudSettings) -> dict[str, str]:
    return {
        rate_limits.TOKENS_BY_ADDRESS: settings.limit_tokens_by_address,
        rate_limits.TOKENS_BY_CLIENT: settings.limit_tokens_by_client,
        rate_limits.ADMINISTRATION: settings.limit_administration,
        rate_limits.LOGIN_BY_ADDRESS: settings.limit_login_by_address,
    }


def _fetch_keys(policy: OutboundPolicy, uri: str) -> dict[str, Any]:
    try:
        return get_json(uri, policy)
    except OutboundError as exc:
        raise FetchError(str(exc)) from exc


def _owner_of_certificate(work: UnitOfWork, certificate: bytes) -> str | None:
    gateway = gateway_of_certificate(work, certificate)
    return None if gateway is None else gateway.client_id
