"""Certificates an application proves itself by (RFC 8705)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import AppsRead, AppsWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictModel, StrictRoute
from cloud.core.authorization import application_certificates, client_certificates
from cloud.core.authorization.applications import application
from cloud.core.authorization.credential_tables import ClientCertificateRow

router = APIRouter(
    prefix="/v1/platform/apps/{client_id}/certificates",
    tags=["Platform"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

_MOST: Final = 2 * client_certificates.LONGEST_PEM
_Ends = Annotated[bool, Query(description="Whether the tokens it was given before end at once.")]


class ApplicationCertificateRequest(StrictModel):
    """One certificate as PEM, without its key."""

    certificate_pem: Annotated[str, StringConstraints(min_length=1, max_length=_MOST)]
    label: Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class ApplicationCertificateModel(BaseModel):
    """A certificate; `certificate_only` says how the application proves itself from now on."""

    id: str
    label: str
    subject: str
    serial: str
    not_before: datetime
    not_after: datetime
    x5t_s256: str
    status: str
    last_used_at: datetime | None
    certificate_only: bool | None = None


class ApplicationCertificatesModel(BaseModel):
    """Every certificate that was registered, those that were revoked too."""

    certificates: list[ApplicationCertificateModel]
    certificate_only: bool


@router.post(
    "",
    status_code=201,
    response_model=ApplicationCertificateModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Register a certificate",
)
def add_certificate(
    request: Request,
    client_id: str,
    body: ApplicationCertificateRequest,
    caller: AppsWrite,
    work: Work,
) -> Response:
    """With the first one the application proves itself by certificate and in no other way."""

    def produce() -> tuple[int, BaseModel]:
        made = application_certificates.add_certificate(
            work, caller, client_id, pem=body.certificate_pem, label=body.label
        )
        return 201, _model(made, certificate_only=True)

    return answer_once(request, work, caller, body, produce)


@router.get(
    "",
    response_model=ApplicationCertificatesModel,
    responses=errors(404, 429),
    summary="An application's certificates",
)
def list_certificates(client_id: str, caller: AppsRead, work: Work) -> Response:
    """Oldest first, those that were revoked too."""
    row = application(work, caller, client_id)
    document = ApplicationCertificatesModel(
        certificates=[_model(one) for one in client_certificates.certificates_of(work, row)],
        certificate_only=client_certificates.is_certificate_only(work, row),
    )
    return exact_json(
        document.model_dump(exclude={"certificates": {"__all__": {"certificate_only"}}})
    )


@router.delete(
    "/{certificate_id}",
    response_model=ApplicationCertificateModel,
    responses=errors(404, 409, 422, 429),
    summary="Revoke a certificate",
)
def revoke_certificate(
    client_id: str, certificate_id: str, caller: AppsWrite, work: Work, revoke: _Ends = False
) -> Response:
    """At once; without its last one the application's secrets speak for it again, as the answer
    says.
    """
    row, ended = application_certificates.revoke_certificate(
        work, caller, client_id, certificate_id, ends_tokens=revoke
    )
    is_only = client_certificates.is_certificate_only(work, row)
    return exact_json(_model(ended, certificate_only=is_only).model_dump())


def _model(
    row: ClientCertificateRow, *, certificate_only: bool | None = None
) -> ApplicationCertificateModel:
    return ApplicationCertificateModel(
        id=row.certificate_id,
        label=row.label,
        subject=row.subject,
        serial=row.serial,
        not_before=row.not_before,
        not_after=row.not_after,
        x5t_s256=row.thumbprint,
        status=row.status,
        last_used_at=row.last_used_at,
        certificate_only=certificate_only,
    )
