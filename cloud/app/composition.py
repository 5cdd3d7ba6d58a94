"""The composition root of the API: settings in, application out."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final

from fastapi import FastAPI
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
from cloud.api.shared.sandbox_room import SandboxRoom
from cloud.api.shared.seen_proofs import SeenProofs
from cloud.api.shared.services import Services
from cloud.api.shared.trusted_proxies import TrustedProxies
from cloud.app.parts import Parts, retention_policy, trace_policy
from cloud.core.authorization.authorization_server import put_together
from cloud.core.authorization.client_keys import FetchError
from cloud.core.authorization.tokens import TokenPolicy
from cloud.core.devices.certificates import gateway_of_certificate
from cloud.core.devices.joining import Offer
from cloud.core.federation.logins import SamlLogins
from cloud.core.kernel.outbound import (
    OutboundError,
    OutboundPolicy,
    get_json,
)
from cloud.core.kernel.paging import CursorSigner
from cloud.core.kernel.work import UnitOfWork
from cloud.settings import CloudSettings

TITLE: Final = "Vitalwire"
VERSION: Final = "0.1.0"


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
        # The router's redirect to an address with or without its last slash goes to whatever host
        # the caller named, and a 307 takes the body with it.
        redirect_slashes=False,
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
        sandbox_room=SandboxRoom(parts.database, parts.clock),
        probes=parts.probes,
    )
    app.state.proxies = TrustedProxies.of(
        parts.settings.trusted_proxies, parts.settings.client_certificate_header
    )
    app.state.registry = parts.registry
    app.state.http_metrics = HttpMetrics(parts.registry)
    app.state.live_feed = LiveFeed(parts.database, parts.clock)


def _spelled_limits(settings: CloudSettings) -> dict[str, str]:
    return {
        rate_limits.TOKENS_BY_ADDRESS: settings.limit_tokens_by_address,
        rate_limits.TOKENS_BY_CLIENT: settings.limit_tokens_by_client,
        rate_limits.ADMINISTRATION: settings.limit_administration,
        rate_limits.OPERATIONS: settings.limit_operations,
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
