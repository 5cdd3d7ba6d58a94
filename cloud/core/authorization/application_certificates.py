"""Certificates of platform applications: registered, listed, revoked."""

from __future__ import annotations

from typing import Final

from cloud.core.authorization import client_certificates
from cloud.core.authorization.applications import note, to_change
from cloud.core.authorization.credential_tables import ClientCertificateRow
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

CHANGED: Final = "app.updated"


def add_certificate(
    work: UnitOfWork, principal: Principal, client_id: str, *, pem: str, label: str = ""
) -> ClientCertificateRow:
    """Register one; from the first on the application proves itself by certificate only.

    NotFoundError and ForbiddenError as `to_change`, and what `client_certificates` refuses.
    """
    row = to_change(work, principal, client_id)
    made = client_certificates.add_certificate(work, row, pem=pem, label=label)
    note(work, principal, row, "app.certificate_added", event=CHANGED, status=row.status)
    return made


def revoke_certificate(
    work: UnitOfWork,
    principal: Principal,
    client_id: str,
    certificate_id: str,
    *,
    ends_tokens: bool = False,
) -> tuple[ApplicationRow, ClientCertificateRow]:
    """End one, with the tokens from before when told so; errors as `add_certificate`."""
    row = to_change(work, principal, client_id)
    ended = client_certificates.revoke_certificate(work, row, certificate_id)
    row.epoch += ends_tokens
    note(work, principal, row, "app.certificate_revoked", event=CHANGED, status=row.status)
    return row, ended
