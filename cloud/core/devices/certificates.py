"""Gateways' certificates: issued, recognised, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import func, select, update

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.devices.authority import (
    AUTHORITY,
    fleet_key,
    issue,
    key_hash,
    read_request,
    serial_of,
)
from cloud.core.devices.fleet_tables import CertificateRow
from cloud.core.kernel import audit
from cloud.core.kernel.principal import Principal, gateway_principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

LIFE: Final = timedelta(days=90)


def issue_certificate(
    work: UnitOfWork, vault: Vault, gateway: Principal, request_pem: str, *, life: timedelta = LIFE
) -> CertificateRow:
    """A certificate of the gateway for its request; the same key again gets the same one.

    InvalidError for a request that is none.
    """
    request = read_request(request_pem)
    certificate = issue(
        fleet_key(work, vault, AUTHORITY),
        request,
        tenant_id=gateway.tenant_id,
        gateway_id=str(gateway.gateway_id),
        now=work.now,
        life=life,
    )
    known = _of_key(work, gateway, key_hash(certificate))
    if known is not None:
        return known
    row = CertificateRow(
        serial=serial_of(certificate),
        tenant_id=gateway.tenant_id,
        gateway_id=str(gateway.gateway_id),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key_hash=key_hash(certificate),
        pem=certificate.public_bytes(Encoding.PEM).decode(),
    )
    work.session.add(row)
    work.session.flush()
    audit.record(work, gateway, "issue-certificate", "gateway", row.gateway_id)
    return row


def gateway_of_certificate(work: UnitOfWork, der: bytes) -> Principal | None:
    """The gateway whose certificate this is: one of ours, in its time, not revoked.

    The octets are compared with what was issued, so that a name alone convinces nobody.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        row = work.session.get(CertificateRow, serial_of(certificate))
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return None
    if row is None or row.revoked_at is not None or not row.not_before <= work.now < row.not_after:
        return None
    if certificate.public_bytes(Encoding.PEM).decode() != row.pem:
        return None
    if [name.value for name in names] != [row.gateway_id]:
        return None
    application = work.session.get(ApplicationRow, row.gateway_id)
    if application is None or not application.is_approved:
        return None
    return gateway_principal(tenant_id=row.tenant_id, gateway_id=row.gateway_id)


def newest_expiry(work: UnitOfWork, principal: Principal) -> dict[str, CertificateRow]:
    """The certificate of each gateway of the tenant that is valid longest."""
    newest: dict[str, CertificateRow] = {}
    statement = (
        select(CertificateRow)
        .where(CertificateRow.tenant_id == principal.tenant_id, CertificateRow.revoked_at.is_(None))
        .order_by(CertificateRow.not_after)
    )
    for row in work.session.scalars(statement):
        newest[row.gateway_id] = row
    return newest


def revoke_certificates(work: UnitOfWork, gateway: Principal) -> None:
    """None of the gateway's certificates is good any more."""
    work.session.execute(
        update(CertificateRow)
        .where(
            CertificateRow.tenant_id == gateway.tenant_id,
            CertificateRow.gateway_id == gateway.gateway_id,
            CertificateRow.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
        .execution_options(synchronize_session=False)
    )


def revoked_serials(work: UnitOfWork) -> list[tuple[int, CertificateRow]]:
    """Every revoked certificate whose time is not over, for a revocation list. All tenants."""
    # every tenant: the list is the service's own.
    statement = (
        select(CertificateRow)
        .where(CertificateRow.revoked_at.is_not(None), CertificateRow.not_after > work.now)
        .order_by(CertificateRow.serial)
    )
    return [(int(row.serial, 16), row) for row in work.session.scalars(statement)]


def first_expiry(work: UnitOfWork) -> float | None:
    """Seconds until the first gateway's newest certificate ends, None without any."""
    newest = (
        # every tenant: a figure for the operator of the service.
        select(func.max(CertificateRow.not_after).label("ends"))
        .where(CertificateRow.revoked_at.is_(None))
        .group_by(CertificateRow.gateway_id)
        .subquery()
    )
    # every tenant: as above.
    ends = work.session.scalar(select(func.min(newest.c.ends)))
    return None if ends is None else float((ends - work.now).total_seconds())


def _of_key(work: UnitOfWork, gateway: Principal, hashed: str) -> CertificateRow | None:
    statement = select(CertificateRow).where(
        CertificateRow.tenant_id == gateway.tenant_id,
        CertificateRow.gateway_id == gateway.gateway_id,
        CertificateRow.key_hash == hashed,
        CertificateRow.revoked_at.is_(None),
        CertificateRow.not_after > work.now,
    )
    return work.session.scalars(statement).first()
