"""What routers reach: the objects `create_app` built, by request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from cloud.api.shared.attempts import AttemptLimit
from cloud.api.shared.metrics import OperationMetrics, StoreMetrics
from cloud.api.shared.rate_limits import RateLimits
from cloud.api.shared.sandbox_host import SandboxHost
from cloud.api.shared.sandbox_room import SandboxRoom
from cloud.api.shared.seen_proofs import SeenProofs
from cloud.core.authorization.authorization_server import AuthorizationServer
from cloud.core.authorization.tokens import TokenService
from cloud.core.devices.fleet_metrics import FleetMetrics
from cloud.core.devices.joining import Offer
from cloud.core.federation.logins import SamlLogins
from cloud.core.kernel.health import Health
from cloud.core.kernel.outbound import OutboundPolicy
from cloud.core.kernel.paging import CursorSigner
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, UnitOfWork
from cloud.core.observations.batch_traces import BatchTraces
from cloud.core.observations.ingest_metrics import IngestMetrics
from cloud.core.retention.policies import RetentionPolicy
from cloud.core.tracing.policy import TracePolicy
from cloud.core.tracing.recorder import SpanRecorder
from cloud.core.webhooks.webhook_metrics import WebhookMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Built once by the composition root. `probes` tell the health of each part by name, and
    `outbound` says which addresses of others are called.
    """

    database: Database
    authorization: AuthorizationServer
    seen_proofs: SeenProofs
    vault: Vault
    cursors: CursorSigner
    clock: Clock
    ingest_metrics: IngestMetrics
    fleet_metrics: FleetMetrics
    webhook_metrics: WebhookMetrics
    traces: BatchTraces
    store_metrics: StoreMetrics
    operation_metrics: OperationMetrics
    offer: Offer
    attempts: AttemptLimit
    limits: RateLimits
    outbound: OutboundPolicy
    retention: RetentionPolicy
    tracing: TracePolicy
    spans: SpanRecorder
    saml: SamlLogins
    sandbox: SandboxHost
    sandbox_room: SandboxRoom
    probes: dict[str, Callable[[], Health]]

    @property
    def tokens(self) -> TokenService:
        """Issues and verifies access tokens."""
        return self.authorization.tokens


def services_of(request: Request) -> Services:
    """The services behind a request."""
    return cast("Services", request.app.state.services)


def unit_of_work(request: Request) -> Iterator[UnitOfWork]:
    """One writing transaction; it commits before the answer leaves."""
    services = services_of(request)
    with services.database.begin(now=services.clock()) as work:
        yield work


AllServices = Annotated[Services, Depends(services_of)]
Work = Annotated[UnitOfWork, Depends(unit_of_work, scope="function")]
