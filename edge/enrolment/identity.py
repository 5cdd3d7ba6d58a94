"""Who the gateway is: a key of its own making and the fleet's certificate over it, in one file.

Key and certificate are replaced together, so that there is no moment in which they do not belong
to each other.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.enrolment.durable import remove, write_whole
from edge.enrolment.lazily import lazily
from edge.errors import EnrolmentError

if TYPE_CHECKING:
    from cryptography import exceptions, x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
else:
    exceptions = lazily("cryptography.exceptions")
    x509 = lazily("cryptography.x509")
    hashes = lazily("cryptography.hazmat.primitives.hashes")
    serialization = lazily("cryptography.hazmat.primitives.serialization")
    ec = lazily("cryptography.hazmat.primitives.asymmetric.ec")

FOLDER: Final = "identity"
CERTIFICATE: Final = "gateway.pem"
PENDING_KEY: Final = "pending.key"
TRUST: Final = "trust.pem"
MEMBERSHIP: Final = "membership.json"
REVOKED: Final = "revoked.json"
_RENEW_AFTER: Final = 2 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What the cloud said when the gateway joined; the key that signs configurations in PEM."""

    gateway_id: str
    tenant_id: str
    vehicle_id: str
    cloud: str
    configuration_key_id: str
    configuration_key: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The files in `data`/identity. Any reading gives None where there is nothing to read."""

    data: Path

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.data / FOLDER

    @property
    def certificate_file(self) -> Path | None:
        """Certificate and key in PEM, None before the gateway joined."""
        path = self.folder / CERTIFICATE
        return path if path.is_file() else None

    @property
    def trust_file(self) -> Path | None:
        """The authority of the cloud's servers, None for the public ones."""
        path = self.folder / TRUST
        return path if path.is_file() else None

    def membership(self) -> Membership | None:
        """What was said when the gateway joined."""
        members = _read_json(self.folder / MEMBERSHIP)
        try:
            return None if members is None else Membership(**members)
        except TypeError:
            return None

    def certificate(self) -> x509.Certificate | None:
        """The present certificate."""
        octets = _read(self.folder / CERTIFICATE)
        try:
            return None if octets is None else x509.load_pem_x509_certificate(octets)
        except ValueError:
            return None

    def renewal_due_at(self) -> datetime | None:
        """When two thirds of the certificate's life are over; None without a certificate."""
        certificate = self.certificate()
        if certificate is None:
            return None
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return begins + timedelta(seconds=(ends - begins).total_seconds() * _RENEW_AFTER)

    def request(self) -> str:
        """A signing request in PEM over the pending key, which is made when there is none."""
        path = self.folder / PENDING_KEY
        key = _read_key(path)
        if key is None:
            key = ec.generate_private_key(ec.SECP256R1())
            _stored(path, _octets_of(key))
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vitalwire gateway")])
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def install(self, pem: str) -> x509.Certificate:
        """Take a certificate over the pending key into use; EnrolmentError for any other."""
        key = _read_key(self.folder / PENDING_KEY)
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError as exc:
            raise EnrolmentError("what came is no certificate") from exc
        if key is None or certificate.public_key() != key.public_key():
            raise EnrolmentError("the certificate is for another key")
        octets = certificate.public_bytes(serialization.Encoding.PEM) + _octets_of(key)
        _stored(self.folder / CERTIFICATE, octets)
        remove(self.folder / PENDING_KEY)
        return certificate

    def join(self, membership: Membership, *, certificate: str, trust: str) -> None:
        """Keep everything the cloud gave; the membership last, for it is what makes it count."""
        self.install(certificate)
        if trust:
            _stored(self.folder / TRUST, trust.encode())
        elif (path := self.trust_file) is not None:
            remove(path)
        _stored(self.folder / MEMBERSHIP, json.dumps(asdict(membership)).encode())
        if self.revoked() is not None:
            remove(self.folder / REVOKED)

    def revoke(self, reason: str, *, at: datetime) -> None:
        """The cloud has revoked the gateway: remember why."""
        members = {"reason": reason, "at": at.isoformat()}
        _stored(self.folder / REVOKED, json.dumps(members).encode())

    def revoked(self) -> str | None:
        """Why the gateway was revoked ("" without a reason), None when it was not."""
        members = _read_json(self.folder / REVOKED)
        return None if members is None else str(members.get("reason", ""))


def _stored(path: Path, octets: bytes) -> None:
    try:
        write_whole(path, octets)
    except OSError as exc:
        raise EnrolmentError(
            f"{path} cannot be written ({(exc.strerror or '').lower()})",
            mend="Give the gateway's user the data folder, and room on its disk",
        ) from exc


def _read_json(path: Path) -> dict[str, str] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _octets_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey | None:
    octets = _read(path)
    if octets is None:
        return None
    try:
        key = serialization.load_pem_private_key(octets, password=None)
    except (ValueError, exceptions.UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None
