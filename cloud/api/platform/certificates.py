"""Certificates an application proves itself by (RFC 8705)."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.shared.authentication import AppsRead, AppsWrite
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
from cloud.core.authorization import application_certificates
from cloud.core.authorization.applications import application

router = APIRouter(
    prefix="/v1/platform/apps/{client_id}/certificates",
    tags=["Platform"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)


@router.post(
    "",
    status_code=201,
    response_model=CertificateModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Register a certificate",
)
def add_certificate(
    request: Request,
    client_id: str,
    body: CertificateRequest,
    caller: AppsWrite,
    work: Work,
) -> Response:
    """With the first one the application proves itself by certificate and in no other way."""

    def produce() -> tuple[int, BaseModel]:
        made = application_certificates.add_certificate(
            work, caller, client_id, pem=body.certificate_pem, label=body.label
        )
        return 201, certificate_model(made, certificate_only=True)

    return answer_once(request, work, caller, body, produce)


@router.get(
    "",
    response_model=CertificatesModel,
    responses=errors(404, 429),
    summary="An application's certificates",
)
def list_certificates(client_id: str, caller: AppsRead, work: Work) -> Response:
    """Oldest first, those that were revoked too."""
    return all_certificates(work, application(work, caller, client_id))


@router.delete(
    "/{certificate_id}",
    response_model=CertificateModel,
    responses=errors(404, 409, 422, 429),
    summary="Revoke a certificate",
)
def revoke_certificate(
    client_id: str, certificate_id: str, caller: AppsWrite, work: Work, revoke: Ends = False
) -> Response:
    """At once; without its last one the application's secrets speak for it again, as the answer
    says.
    """
    row, ended = application_certificates.revoke_certificate(
        work, caller, client_id, certificate_id, ends_tokens=revoke
    )
    return ended_certificate(work, row, ended)
