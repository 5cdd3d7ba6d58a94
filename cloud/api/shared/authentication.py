"""Who calls and whether they may: `Depends(require(scope))` in a router's signature.

Use the aliases (`EpcrRead`, `DevicesWrite`, ...) or `Annotated[Principal, Depends(require(X))]`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from cloud.api.shared.peer import caller_address, client_certificate, sent_path
from cloud.api.shared.sandbox_host import check_host
from cloud.api.shared.services import AllServices, Services
from cloud.api.shared.tracing import trace_of
from cloud.core.authorization.dpop import Proof, ProofError, read_proof
from cloud.core.authorization.profiles import PLATFORM
from cloud.core.authorization.proofs import use_once
from cloud.core.authorization.tokens import SANDBOX, thumbprint
from cloud.core.devices.certificates import gateway_of_certificate
from cloud.core.kernel import audit
from cloud.core.kernel.errors import (
    ForbiddenError,
    InvalidError,
    MalformedError,
    ProofRefusedError,
    UnauthenticatedError,
)
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import (
    ACQI_READ,
    APPS_READ,
    APPS_WRITE,
    DEVICES_READ,
    DEVICES_WRITE,
    EPCR_HANDOVER,
    EPCR_READ,
    EPCR_WRITE,
    GATEWAY_UPLINK,
    PLATFORM_ADMIN,
    WEBHOOKS_READ,
    WEBHOOKS_WRITE,
    check_required,
)

TENANT_HEADER: Final = "x-tenant-id"
SAFE: Final = ("GET", "HEAD", "OPTIONS")
"""What changes nothing (RFC 9110, 9.2.1)."""


class Authentication:
    """A dependency that gives the verified caller of a surface: UnauthenticatedError, or
    ForbiddenError `tenant_mismatch`. `audiences` are whom its tokens are made out to.
    """

    def __init__(self, audiences: tuple[str, ...]) -> None:
        self.audiences = audiences

    def __call__(self, request: Request, services: AllServices) -> Principal:
        """The caller; no database is read for a token of real data."""
        if "\x00" in request.url.path or any(
            "\x00" in value for value in request.query_params.values()
        ):
            raise MalformedError("malformed_address", "Leave NUL out of the address.")
        if "access_token" in request.query_params:
            raise MalformedError(
                "token_in_query", "Send the token in the Authorization header only."
            )
        principal = _of_certificate(request, services) or self._of_token(request, services)
        check_host(request, principal)
        services.sandbox_room.check(request, principal)
        claimed = request.headers.getlist(TENANT_HEADER)
        if not all(principal.is_of(one) for one in claimed):
            raise ForbiddenError(
                "tenant_mismatch", "Send the X-Tenant-ID of the token's own tenant, or none."
            )
        caller = replace(
            principal,
            request_id=str(request.state.request_id),
            address=caller_address(request),
            trace_id=trace_of(request),
        )
        request.state.caller = caller
        return caller

    def _of_token(self, request: Request, services: Services) -> Principal:
        scheme, token = sent_token(request)
        principal = services.tokens.verify(token, audiences=(*self.audiences, SANDBOX))
        binding = principal.binding
        if binding.certificate:
            certificate = client_certificate(request)
            if certificate is None or thumbprint(certificate) != binding.certificate:
                raise UnauthenticatedError(token_sent=True)
        # RFC 9449 7.1: a bound token comes under its own scheme, with a proof, and no other does.
        if (scheme == "dpop") != bool(binding.key):
            raise UnauthenticatedError(token_sent=True)
        if binding.key:
            _check_proof(request, services, token, binding.key)
        return principal


def _check_proof(request: Request, services: Services, token: str, key: str) -> None:
    proofs = request.headers.getlist("dpop")
    if len(proofs) != 1:
        raise ProofRefusedError
    now = services.clock()
    try:
        proof = read_proof(
            proofs[0],
            method=request.method,
            url=f"{services.tokens.policy.issuer}{sent_path(request)}",
            now=now,
            access_token=token,
        )
    except ProofError as exc:
        raise ProofRefusedError from exc
    if proof.thumbprint != key:
        raise ProofRefusedError
    is_first = services.seen_proofs.is_first(
        f"{key} {proof.proof_id}", made_at=proof.made_at, now=now, until=proof.fresh_until
    )
    if not is_first or not (request.method in SAFE or _is_first_anywhere(services, proof, now)):
        raise ProofRefusedError


def _is_first_anywhere(services: Services, proof: Proof, now: datetime) -> bool:
    """Whether no process of the installation has seen it at a resource."""
    with services.database.begin(now=now) as work:
        parts = ("resource", proof.thumbprint, proof.proof_id)
        return use_once(work, *parts, expires_at=proof.fresh_until)


def _of_certificate(request: Request, services: Services) -> Principal | None:
    """The gateway whose certificate the connection shows, None where a token has to speak."""
    certificate = client_certificate(request)
    if certificate is None or "authorization" in request.headers:
        return None
    with services.database.reading(now=services.clock()) as work:
        gateway = gateway_of_certificate(work, certificate)
    if gateway is None:
        raise ForbiddenError(
            "certificate_refused", "The gateway was revoked, or has to be enrolled anew."
        )
    return gateway


def sent_token(request: Request) -> tuple[str, str]:
    """Scheme (`bearer` or `dpop`) and token of the one Authorization header;
    UnauthenticatedError when there is none.
    """
    values = request.headers.getlist("authorization")
    if not values:
        raise UnauthenticatedError(token_sent=False)
    scheme, _, token = values[0].partition(" ")
    scheme = scheme.lower()
    if len(values) > 1 or scheme not in ("bearer", "dpop") or not token or " " in token:
        raise UnauthenticatedError(token_sent=True)
    return scheme, token


def bearer_token(request: Request) -> str:
    """The token of the one Authorization header; UnauthenticatedError when there is none."""
    return sent_token(request)[1]


on_platform = Authentication((PLATFORM.audience,))
"""Who calls the platform's surfaces."""


class Requirement:
    """A dependency that lets callers pass who hold any one of `any_of`; a refusal is audited."""

    def __init__(self, any_of: tuple[str, ...]) -> None:
        self.any_of = any_of

    def __call__(
        self,
        request: Request,
        services: AllServices,
        principal: Annotated[Principal, Depends(on_platform)],
    ) -> Principal:
        """The caller, or ForbiddenError `insufficient_scope`; InvalidError for a stray query."""
        if self.allows(principal):
            self.check_query(request)
            return principal
        audit_refusal(services, principal, request)
        raise ForbiddenError(
            "insufficient_scope",
            "Ask an administrator of the tenant for one of the scopes in details.required.",
            details={"required": list(self.any_of)},
        )

    def allows(self, principal: Principal) -> bool:
        """Whether the caller may pass."""
        return any(principal.may(scope) for scope in self.any_of)

    def check_query(self, request: Request) -> None:
        """InvalidError for a parameter the route does not know, or one that comes twice."""
        _check_query(request)


def _check_query(request: Request) -> None:
    """InvalidError for a parameter the route does not know, or one that comes twice."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = _query_names(route.dependant)
    given = [name for name, _ in request.query_params.multi_items()]
    wrong = {name: "repeated" for name in given if given.count(name) > 1}
    wrong |= {name: "unknown_parameter" for name in given if name not in known}
    if wrong:
        # An unknown name is the caller's text: it comes back shortened, values never do.
        raise InvalidError(
            "invalid_request",
            "Correct the fields in details.fields.",
            details={
                "fields": [
                    {"field": f"query.{name[:40]}", "rule": rule} for name, rule in wrong.items()
                ]
            },
        )


def _query_names(dependant: Dependant) -> set[str]:
    """The query parameters of an endpoint and of what it depends on."""
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_query_names(inner) for inner in dependant.dependencies))


def audit_refusal(services: Services, principal: Principal, request: Request) -> None:
    """Write down who was refused at which route."""
    route = request.scope.get("route")
    template = str(getattr(route, "path", request.url.path))
    with services.database.begin(now=services.clock()) as work:
        audit.record(work, principal, request.method.lower(), "route", template, outcome="denied")


def require(*any_of: str) -> Callable[..., Principal]:
    """A dependency for endpoints: the caller must hold one of these concrete scopes."""
    return Requirement(tuple(check_required(scope) for scope in any_of))


DevicesRead = Annotated[Principal, Depends(require(DEVICES_READ, DEVICES_WRITE))]
DevicesWrite = Annotated[Principal, Depends(require(DEVICES_WRITE))]
EpcrRead = Annotated[Principal, Depends(require(EPCR_READ))]
EpcrSee = Annotated[Principal, Depends(require(EPCR_READ, EPCR_HANDOVER))]
EpcrHandover = Annotated[Principal, Depends(require(EPCR_HANDOVER))]
EpcrTell = Annotated[Principal, Depends(require(EPCR_WRITE, EPCR_HANDOVER))]
EpcrWrite = Annotated[Principal, Depends(require(EPCR_WRITE))]
PlatformAdmin = Annotated[Principal, Depends(require(PLATFORM_ADMIN))]
AcqiRead = Annotated[Principal, Depends(require(ACQI_READ))]
AppsRead = Annotated[Principal, Depends(require(PLATFORM_ADMIN, APPS_READ, APPS_WRITE))]
AppsWrite = Annotated[Principal, Depends(require(PLATFORM_ADMIN, APPS_WRITE))]
WebhooksRead = Annotated[Principal, Depends(require(WEBHOOKS_READ, WEBHOOKS_WRITE))]
WebhooksWrite = Annotated[Principal, Depends(require(WEBHOOKS_WRITE))]
GatewayUplink = Annotated[Principal, Depends(require(GATEWAY_UPLINK))]
