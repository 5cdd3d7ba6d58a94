"""A cloud's end of enrolment for tests: it certifies requests and signs configurations."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from edge.enrolment.configuration import ConfigurationFolder
from edge.enrolment.identity import Identity, Membership
from protocols.uplink.signed import TYPE, canonical

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
LIFE = timedelta(days=90)


class Cloud:
    """Two keys and what they vouch for."""

    def __init__(self) -> None:
        self.authority = ec.generate_private_key(ec.SECP256R1())
        self.configurer = ec.generate_private_key(ec.SECP256R1())

    def certify(self, request_pem: str, *, began: datetime = BEGAN) -> str:
        """A certificate for a request."""
        request = x509.load_pem_x509_csr(request_pem.encode())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gw_1")])
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(began)
            .not_valid_after(began + LIFE)
            .sign(self.authority, hashes.SHA256())
            .public_bytes(Encoding.PEM)
            .decode()
        )

    @property
    def membership(self) -> Membership:
        """What a gateway that joined keeps."""
        public = self.configurer.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        return Membership(
            gateway_id="gw_1",
            tenant_id="ten_1",
            vehicle_id="AMB-7",
            cloud="https://cloud.test",
            configuration_key_id="key_1",
            configuration_key=public.decode(),
        )

    def sign(
        self,
        version: int,
        settings: dict[str, object],
        *,
        gateway_id: str = "gw_1",
        key_id: str = "key_1",
    ) -> str:
        """A configuration as the cloud signs it."""
        header = canonical({"alg": "ES256", "typ": TYPE, "kid": key_id})
        claims = canonical(
            {
                "gateway_id": gateway_id,
                "version": version,
                "issued_at": BEGAN.isoformat(),
                "settings": settings,
            }
        )
        text = f"{_part(header)}.{_part(claims)}"
        r, s = decode_dss_signature(self.configurer.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_part(r.to_bytes(32) + s.to_bytes(32))}"

    def enrol(self, data: Path, settings: dict[str, object] | None = None) -> ConfigurationFolder:
        """A box that has joined, with version 1."""
        identity = Identity(data)
        certificate = self.certify(identity.request())
        identity.join(self.membership, certificate=certificate, trust="")
        folder = ConfigurationFolder(data, self.membership)
        folder.keep_good(self.sign(1, settings or {}))
        return folder


def _part(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
