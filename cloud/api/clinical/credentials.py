"""Secrets and certificates of API clients."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.clinical.callers import ClientsAdmin
from cloud.api.clinical.client_models import SecretModel, SecretRequest, secret_model
from cloud.api.clinical.identifiers import ClientPath, client_id_of
from cloud.api.shared.certificates import (
    CertificateModel,
    CertificateRequest,
    CertificatesModel,
    Ends,
    all_certificates,
    certificate_model,
    ended_certificate,
)
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.authorization import api_clients, client_certificates, client_secrets
from cloud.core.authorization.applications import note

router = APIRouter(
    prefix="/v1/auth/admin/api-clients/{id}", tags=["Clinical auth"], route_class=StrictRoute
)

_SECRET: Final = frozenset({"client_secret"})


@router.post(
    "/secrets",
    status_code=201,
    response_model=SecretModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Make one more secret",
)
def add_secret(
    request: Request,
    given: ClientPath,
    caller: ClientsAdmin,
    work: Work,
    body: SecretRequest | None = None,
) -> Response:
    """Shown in this answer and in no other; those before it stay good."""
    row = api_clients.find(work, caller, client_id_of(given), to_change=True)

    def produce() -> tuple[int, BaseModel]:
        made, secret = client_secrets.add_secret(
            work, row, expires_at=None if body is None else body.expires_at
        )
        note(work, caller, row, "client.secret_added", event=api_clients.UPDATED)
        return 201, secret_model(made, secret=secret)

    return answer_once(request, work, caller, body, produce, shown_once=_SECRET)


@router.delete(
    "/secrets/{secret_id}",
    status_code=204,
    responses=errors(404, 409, 422, 429),
    summary="Revoke a secret",
)
def revoke_secret(
    given: ClientPath, secret_id: str, caller: ClientsAdmin, work: Work, revoke: Ends = False
) -> None:
    """At once; the last one of a client without a certificate stays."""
    row = api_clients.find(work, caller, client_id_of(given), to_change=True)
    client_secrets.revoke_secret(work, row, secret_id)
    api_clients.revoked(work, caller, row, secret_id, ends_tokens=revoke)


@router.post(
    "/certificates",
    status_code=201,
    response_model=CertificateModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Register a certificate",
)
def add_certificate(
    request: Request, given: ClientPath, body: CertificateRequest, caller: ClientsAdmin, work: Work
) -> Response:
    """With the first one the client proves itself by certificate and in no other way."""
    row = api_clients.find(work, caller, client_id_of(given), to_change=True)

    def produce() -> tuple[int, BaseModel]:
        made = client_certificates.add_certificate(
            work, row, pem=body.certificate_pem, label=body.label
        )
        note(work, caller, row, "client.certificate_added", event=api_clients.UPDATED)
        return 201, certificate_model(made, certificate_only=True)

    return answer_once(request, work, caller, body, produce)


@router.get(
    "/certificates",
    response_model=CertificatesModel,
    responses=errors(404, 429),
    summary="A client's certificates",
)
def list_certificates(given: ClientPath, caller: ClientsAdmin, work: Work) -> Response:
    """Oldest first, those that were revoked too."""
    return all_certificates(work, api_clients.find(work, caller, client_id_of(given)))


@router.delete(
    "/certificates/{certificate_id}",
    response_model=CertificateModel,
    responses=errors(404, 409, 422, 429),
    summary="Revoke a certificate",
)
def revoke_certificate(
    given: ClientPath, certificate_id: str, caller: ClientsAdmin, work: Work, revoke: Ends = False
) -> Response:
    """At once; without its last one the client's secrets speak for it again, as the answer says."""
    row = api_clients.find(work, caller, client_id_of(given), to_change=True)
    ended = client_certificates.revoke_certificate(work, row, certificate_id)
    api_clients.revoked(work, caller, row, certificate_id, ends_tokens=revoke)
    return ended_certificate(work, row, ended)
