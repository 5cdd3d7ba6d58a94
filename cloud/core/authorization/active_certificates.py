"""Certificates that are good for a client now: while there is one, nothing else is."""

from __future__ import annotations

from sqlalchemy import Select, select

from cloud.core.authorization.credential_tables import ACTIVE, ClientCertificateRow
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.work import UnitOfWork


def active_certificates(application: ApplicationRow) -> Select[ClientCertificateRow]:
    """The query for those that were registered and not revoked."""
    return select(ClientCertificateRow).where(
        ClientCertificateRow.client_id == application.client_id,
        ClientCertificateRow.status == ACTIVE,
    )


def is_certificate_only(work: UnitOfWork, application: ApplicationRow) -> bool:
    """Whether the client proves itself by certificate and in no other way."""
    return work.session.scalar(active_certificates(application).limit(1)) is not None
