"""The fleet's own certificate authority, and the key that signs configurations.

Both private keys are sealed by the vault and opened for the act alone. A certificate says who a
gateway is: common name its id, organisation its tenant; nothing else of it is believed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from cloud.core.devices.fleet_tables import FleetKeyRow
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

AUTHORITY: Final = "authority"
CONFIGURATION: Final = "configuration"
AUTHORITY_LIFE: Final = timedelta(days=20 * 365)
SERVER_LIFE: Final = timedelta(days=90)
BACKDATED: Final = timedelta(minutes=5)
MOST_REQUEST_OCTETS: Final = 8192


@dataclass(frozen=True, slots=True)
class FleetKey:
    """A key opened; `public` is the authority's certificate or the other key's public part."""

    key_id: str
    public: str
    private: ec.EllipticCurvePrivateKey


def fleet_key(work: UnitOfWork, vault: Vault, purpose: str) -> FleetKey:
    """The key of a purpose, made when there is none; VaultError under another master key."""
    row = _row(work, purpose)
    if row is None:
        try:
            with work.session.begin_nested():
                work.session.add(_make(work, vault, purpose))
        except IntegrityError:
            # Another process made it in this instant.
            work.session.expire_all()
        row = _row(work, purpose)
    if row is None:
        raise AssertionError("a key made a moment ago is there")
    private = load_der_private_key(
        vault.open(row.sealed_private_key, purpose=_sealed_for(row.key_id)), password=None
    )
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise AssertionError("only such keys are sealed here")  # noqa: TRY004 - a fault of ours
    return FleetKey(row.key_id, row.public, private)


def issue(
    authority: FleetKey,
    request: x509.CertificateSigningRequest,
    *,
    tenant_id: str,
    gateway_id: str,
    now: datetime,
    life: timedelta,
) -> x509.Certificate:
    """A gateway's certificate over the key of its request; the request's names are not read."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, tenant_id),
            x509.NameAttribute(NameOID.COMMON_NAME, gateway_id),
        ]
    )
    builder = _builder(authority, subject, request.public_key(), now, life)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    return builder.add_extension(usage, critical=False).sign(authority.private, hashes.SHA256())


def issue_server(
    authority: FleetKey, names: tuple[str, ...], *, now: datetime
) -> tuple[bytes, bytes]:
    """A server's certificate for these host names or addresses, and its key, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    builder = _builder(authority, subject, key.public_key(), now, SERVER_LIFE)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    alternative = x509.SubjectAlternativeName([_general_name(name) for name in names])
    certificate = (
        builder.add_extension(usage, critical=False)
        .add_extension(alternative, critical=False)
        .sign(authority.private, hashes.SHA256())
    )
    return (
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def read_request(pem: str) -> x509.CertificateSigningRequest:
    """A signing request whose sender holds the key; InvalidError `invalid_request_key` else."""
    if len(pem) > MOST_REQUEST_OCTETS:
        raise _bad_request()
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key = request.public_key()
        is_held = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as exc:
        raise _bad_request() from exc
    if not is_held or not isinstance(key, ec.EllipticCurvePublicKey):
        raise _bad_request()
    if not isinstance(key.curve, ec.SECP256R1):
        raise _bad_request()
    return request


def key_hash(certificate: x509.Certificate) -> str:
    """What stands for a certificate's key."""
    octets = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(octets).hexdigest()


def serial_of(certificate: x509.Certificate) -> str:
    """A certificate's serial number as it is kept."""
    return f"{certificate.serial_number:040x}"


def _bad_request() -> InvalidError:
    return InvalidError(
        "invalid_request_key", "Send a PKCS #10 request in PEM over a P-256 key of your own."
    )


def _row(work: UnitOfWork, purpose: str) -> FleetKeyRow | None:
    # every tenant: the authority is the service's own.
    statement = select(FleetKeyRow).where(FleetKeyRow.purpose == purpose)
    return work.session.scalars(statement).one_or_none()


def _make(work: UnitOfWork, vault: Vault, purpose: str) -> FleetKeyRow:
    key_id = new_id("key")
    key = ec.generate_private_key(ec.SECP256R1())
    if purpose == AUTHORITY:
        public = _authority_certificate(key, work.now).public_bytes(Encoding.PEM)
    else:
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sealed = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return FleetKeyRow(
        key_id=key_id,
        purpose=purpose,
        public=public.decode(),
        sealed_private_key=vault.seal(sealed, purpose=_sealed_for(key_id)),
        created_at=work.now,
    )


def _authority_certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vitalwire fleet authority")])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _builder(
    authority: FleetKey,
    subject: x509.Name,
    key: CertificatePublicKeyTypes,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    issuer = x509.load_pem_x509_certificate(authority.public.encode())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.private.public_key()),
            critical=False,
        )
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _sealed_for(key_id: str) -> str:
    return f"fleet-key:{key_id}"
