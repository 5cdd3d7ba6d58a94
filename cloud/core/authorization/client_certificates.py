"""Certificates clients prove themselves with (RFC 8705, 2.2): registered, listed, revoked.

While a client has one that is active it proves itself so and in no other way, from the moment of
the first to that of the last; certificates are a set, so the next one can be there before the old
one goes.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from cloud.core.authorization import profiles
from cloud.core.authorization.client_secrets import valid_secrets
from cloud.core.authorization.credential_tables import ACTIVE, REVOKED, ClientCertificateRow
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.tokens import thumbprint
from cloud.core.kernel.errors import ConflictError, DuplicateError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.names import checked_label
from cloud.core.kernel.work import UnitOfWork

MOST: Final = 20
LONGEST_PEM: Final = 16_384
MIN_RSA_BITS: Final = 2048
_AT_ONCE: Final = 500
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")


def add_certificate(
    work: UnitOfWork, application: ApplicationRow, *, pem: str, label: str = ""
) -> ClientCertificateRow:
    """Register a certificate; the first one makes the client prove itself by certificate only.

    InvalidError `private_key_rejected`, `invalid_certificate`, `certificate_expired`, `weak_key`
    or `invalid_name`, for the label; DuplicateError `certificate_exists`; ConflictError
    `public_client`, `too_many_certificates`, or `secret_only_profile` for a client of a door that
    takes no certificates: it could not get in any more.
    """
    if application.is_public:
        raise ConflictError("public_client", "A public client holds no credential.")
    doors = [profiles.BY_NAME[name] for name in application.profiles]
    if not all(profiles.SELF_SIGNED_TLS in door.auth_methods for door in doors):
        raise ConflictError(
            "secret_only_profile",
            "Partners and applications of the patient portal cannot show certificates.",
        )
    certificate = read_certificate(pem, now=work.now)
    label = checked_label(label)
    shown = thumbprint(certificate.public_bytes(Encoding.DER))
    known = {row.thumbprint: row for row in certificates_of(work, application)}
    row = known.get(shown)
    if row is not None and row.status == ACTIVE:
        raise DuplicateError("certificate_exists", "The client has this certificate already.")
    if len([one for one in known.values() if one.status == ACTIVE]) >= MOST:
        raise ConflictError("too_many_certificates", f"Revoke one of the {MOST} first.")
    if row is None:
        row = ClientCertificateRow(
            certificate_id=new_id("crt"),
            client_id=application.client_id,
            thumbprint=shown,
            label=label,
            pem=certificate.public_bytes(Encoding.PEM).decode(),
            subject=certificate.subject.rfc4514_string()[:500],
            serial=f"{certificate.serial_number:x}",
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            status=ACTIVE,
            created_at=work.now,
        )
        work.session.add(row)
    row.status, row.label = ACTIVE, label or row.label
    work.session.flush()
    return row


def revoke_certificate(
    work: UnitOfWork, application: ApplicationRow, certificate_id: str
) -> ClientCertificateRow:
    """End one; without the last the client's secrets speak for it again.

    NotFoundError `certificate_not_found`; ConflictError `last_credential` when it has none.
    """
    rows = {row.certificate_id: row for row in certificates_of(work, application)}
    row = rows.get(certificate_id)
    if row is None or row.status != ACTIVE:
        raise NotFoundError("certificate_not_found", "Use a certificate of this client.")
    others = [one for one in rows.values() if one is not row and one.status == ACTIVE]
    has_keys = bool(application.jwks or application.jwks_uri)
    if not others and not has_keys and not valid_secrets(work, application):
        raise ConflictError(
            "last_credential", "Give the client a secret or another certificate first."
        )
    row.status = REVOKED
    work.session.flush()
    return row


def revoke_all(work: UnitOfWork, application: ApplicationRow) -> int:
    """End every one: the way back for a client that locked itself out; how many."""
    active = [row for row in certificates_of(work, application) if row.status == ACTIVE]
    for row in active:
        row.status = REVOKED
    return len(active)


def certificates_of(work: UnitOfWork, application: ApplicationRow) -> list[ClientCertificateRow]:
    """All that were ever registered, oldest first."""
    return certificates_of_all(work, [application.client_id])[application.client_id]


def certificates_of_all(
    work: UnitOfWork, client_ids: Collection[str]
) -> dict[str, list[ClientCertificateRow]]:
    """The same for several clients at once, by client id."""
    statement = (
        select(ClientCertificateRow)
        .where(ClientCertificateRow.client_id.in_(client_ids))
        .order_by(ClientCertificateRow.created_at, ClientCertificateRow.certificate_id)
    )
    found: dict[str, list[ClientCertificateRow]] = {client_id: [] for client_id in client_ids}
    for row in work.session.scalars(statement):
        found[row.client_id].append(row)
    return found


def active_thumbprints(work: UnitOfWork) -> set[str]:
    """What stands for every certificate that is good for some client, of every tenant."""
    # every tenant: one server's handshake knows no tenant yet.
    statement = select(ClientCertificateRow.thumbprint).where(
        ClientCertificateRow.status == ACTIVE, ClientCertificateRow.not_after > work.now
    )
    return set(work.session.scalars(statement))


def pems_of(work: UnitOfWork, thumbprints: Collection[str]) -> set[str]:
    """The certificates behind these, as PEM."""
    wanted = sorted(thumbprints)
    found: set[str] = set()
    for start in range(0, len(wanted), _AT_ONCE):
        # every tenant: as above.
        statement = select(ClientCertificateRow.pem).where(
            ClientCertificateRow.thumbprint.in_(wanted[start : start + _AT_ONCE])
        )
        found.update(work.session.scalars(statement))
    return found


def read_certificate(pem: str, *, now: datetime) -> x509.Certificate:
    """One certificate that may be registered; InvalidError as `add_certificate` says."""
    if "PRIVATE KEY" in pem.upper():
        raise InvalidError(
            "private_key_rejected",
            "A private key was sent, which we did not keep: make a new pair and send the "
            "certificate alone.",
        )
    if len(pem) > LONGEST_PEM or pem.count("-----BEGIN") != 1:
        raise _unreadable()
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
        certificate.subject.rfc4514_string()
    except ValueError as exc:
        raise _unreadable() from exc
    if certificate.not_valid_after_utc <= now:
        raise InvalidError("certificate_expired", "Send a certificate that is still valid.")
    is_strong = (
        isinstance(key, ed25519.Ed25519PublicKey)
        or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS)
        or (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES)
    )
    if not is_strong:
        raise InvalidError(
            "weak_key", "Use RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519."
        )
    return certificate


def _unreadable() -> InvalidError:
    return InvalidError("invalid_certificate", "Send one certificate as PEM.")
