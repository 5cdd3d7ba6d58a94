"""Clients' certificates on the wire, alike wherever clients are administered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from cloud.api.shared.answers import exact_json
from cloud.api.shared.strict_json import StrictModel
from cloud.api.shared.words import Label
from cloud.core.authorization import client_certificates
from cloud.core.authorization.active_certificates import is_certificate_only
from cloud.core.authorization.credential_tables import ClientCertificateRow
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.work import UnitOfWork

Ends = Annotated[bool, Query(description="Whether the tokens it was given before end at once.")]
_Pem = Annotated[
    str, StringConstraints(min_length=1, max_length=2 * client_certificates.LONGEST_PEM)
]


class CertificateRequest(StrictModel):
    """One certificate as PEM, without its key."""

    certificate_pem: _Pem
    label: Label = ""


class CertificateModel(BaseModel):
    """A certificate; `certificate_only` says how the client proves itself from now on."""

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


class CertificatesModel(BaseModel):
    """Every certificate that was registered, those that were revoked too."""

    certificates: list[CertificateModel]
    certificate_only: bool


def certificate_model(
    row: ClientCertificateRow, *, certificate_only: bool | None = None
) -> CertificateModel:
    """A certificate as the wire shows it."""
    return CertificateModel(
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


def all_certificates(work: UnitOfWork, client: ApplicationRow) -> Response:
    """A client's certificates, oldest first."""
    document = CertificatesModel(
        certificates=[
            certificate_model(one) for one in client_certificates.certificates_of(work, client)
        ],
        certificate_only=is_certificate_only(work, client),
    )
    return exact_json(
        document.model_dump(exclude={"certificates": {"__all__": {"certificate_only"}}})
    )


def ended_certificate(
    work: UnitOfWork, client: ApplicationRow, ended: ClientCertificateRow
) -> Response:
    """One that was revoked just now, and how the client proves itself without it."""
    is_only = is_certificate_only(work, client)
    return exact_json(certificate_model(ended, certificate_only=is_only).model_dump())
