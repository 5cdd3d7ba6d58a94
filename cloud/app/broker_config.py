"""`vitalwire-cloud broker-config`: what a Mosquitto of the operator's needs to know of the fleet.

Gateways enter over TLS by certificate, and their certificate's name is their user name; the ingest
enters from this machine by password. Files are written whole; Mosquitto reads lists and revoked
certificates again on SIGHUP.

Rules in a file filter what is delivered: they cannot refuse a subscription, and a connection that
is up stays up when its certificate is revoked. So each revoked gateway has a rule that denies it
every topic, which holds from the SIGHUP on for the connection and the session it has.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.app.opening import StartError, ingest_secret
from cloud.app.parts import Parts
from cloud.app.tls import server_files, uses_tls, write_authority, write_private
from cloud.broker.access import INGEST_USER
from cloud.core.devices.authority import AUTHORITY, fleet_key
from cloud.core.devices.certificates import revoked_serials
from cloud.core.devices.revocation import revoked_among
from protocols.uplink.channels import CONTRACT_VERSION, GATEWAY_READS, GATEWAY_SPEAKS

LIST_LIFE: Final = timedelta(days=7)
_SESSION_DAYS: Final = 7
_ROUNDS: Final = 101
_SALT_OCTETS: Final = 12


def write_broker_config(parts: Parts, folder: Path, *, tls_port: int, port: int) -> Path:
    """Write Mosquitto's files into `folder`; the configuration's path.

    StartError without TLS in the settings, and when the folder cannot be written.
    """
    if not uses_tls(parts.settings):
        raise StartError(
            "a broker of your own needs TLS. Set tls_hosts to its names, "
            "or tls_certificate_file and tls_key_file"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = write_authority(parts, folder)
        certificate, key = server_files(parts, folder)
        revoked, gateways = _revocation_list(parts)
        write_private(folder / "revoked.pem", revoked)
        write_private(folder / "gateways.acl", _gateway_rules(gateways).encode())
        write_private(folder / "ingest.acl", _ingest_rules().encode())
        write_private(folder / "passwords", _passwords(parts).encode())
        secret = ingest_secret(parts.settings.data)
        write_private(folder / "ingest.password", f"{secret}\n".encode())
        lines = [
            "per_listener_settings true",
            # Nobody ends the session of a gateway that is gone for good.
            f"persistent_client_expiration {_SESSION_DAYS}d",
            f"listener {tls_port}",
            f"cafile {authority}",
            f"certfile {certificate.resolve()}",
            f"keyfile {key.resolve()}",
            f"crlfile {folder / 'revoked.pem'}",
            "require_certificate true",
            "use_identity_as_username true",
            "allow_anonymous false",
            f"acl_file {folder / 'gateways.acl'}",
            f"listener {port} 127.0.0.1",
            "allow_anonymous false",
            f"password_file {folder / 'passwords'}",
            f"acl_file {folder / 'ingest.acl'}",
        ]
        path = folder / "mosquitto.conf"
        write_private(path, "\n".join([*lines, ""]).encode())
    except OSError as exc:
        raise StartError(f"{folder} cannot be written ({exc.strerror})") from exc
    return path


def _gateway_rules(revoked: Iterable[str]) -> str:
    """`%u` is the certificate's name; the tenant is checked again at ingest."""
    rules = [line for one in revoked for line in (f"user {one}", "topic deny #")]
    rules += [f"pattern write vw/{CONTRACT_VERSION}/+/%u/{name}" for name in GATEWAY_SPEAKS]
    rules += [f"pattern read vw/{CONTRACT_VERSION}/+/%u/{name}" for name in GATEWAY_READS]
    return "\n".join([*rules, ""])


def _ingest_rules() -> str:
    rules = [f"user {INGEST_USER}"]
    rules += [f"topic read vw/{CONTRACT_VERSION}/+/+/{name}" for name in GATEWAY_SPEAKS]
    rules += [f"topic write vw/{CONTRACT_VERSION}/+/+/{name}" for name in GATEWAY_READS]
    return "\n".join([*rules, ""])


def _passwords(parts: Parts) -> str:
    """The ingest's password as Mosquitto keeps it (PBKDF2 with SHA-512)."""
    salt = secrets.token_bytes(_SALT_OCTETS)
    secret = ingest_secret(parts.settings.data).encode()
    hashed = hashlib.pbkdf2_hmac("sha512", secret, salt, _ROUNDS)
    encoded = (base64.b64encode(part).decode() for part in (salt, hashed))
    return f"{INGEST_USER}:$7${_ROUNDS}${'$'.join(encoded)}\n"


def _revocation_list(parts: Parts) -> tuple[bytes, list[str]]:
    """The list, and the gateways with a certificate on it that may not enter by any other."""
    now = parts.clock()
    with parts.database.begin(now=now) as work:
        authority = fleet_key(work, parts.vault, AUTHORITY)
        revoked = revoked_serials(work)
        gateways = sorted(revoked_among(work, {row.gateway_id for _, row in revoked}))
    issuer = x509.load_pem_x509_certificate(authority.public.encode())
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now)
        .next_update(now + LIST_LIFE)
    )
    for serial, row in revoked:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(row.revoked_at or now)
            .build()
        )
        builder = builder.add_revoked_certificate(entry)
    signed = builder.sign(authority.private, hashes.SHA256())
    return signed.public_bytes(Encoding.PEM), gateways
