"""What opens a hospital's door: sealed where it lies, and never shown again.

`none`, `bearer` (a fixed token), `client_credentials` (OAuth 2.0 with a secret) or
`private_key_jwt` (SMART Backend Services); each with or without a client certificate for TLS.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal, cast
from uuid import uuid4

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc.jwk import ECKey, RSAKey

from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.vault import Vault

AccessKind = Literal["none", "bearer", "client_credentials", "private_key_jwt"]
ACCESS_KINDS: Final[tuple[AccessKind, ...]] = (
    "none",
    "bearer",
    "client_credentials",
    "private_key_jwt",
)
_PURPOSE: Final = "hospital-access"
_LEAST_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The credentials of one connection; `secret` is the token or the client's secret.

    `private_key` signs assertions with `key_id`, `certificate` and `certificate_key` are shown in
    TLS; all three are PEM.
    """

    kind: AccessKind = "none"
    secret: str = field(default="", repr=False)
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    key_id: str = ""
    private_key: str = field(default="", repr=False)
    certificate: str = ""
    certificate_key: str = field(default="", repr=False)


def check_access(access: Access) -> None:
    """InvalidError `invalid_access` for credentials that could never work."""
    needed = {
        "none": (),
        "bearer": ("secret",),
        "client_credentials": ("token_url", "client_id", "secret"),
        "private_key_jwt": ("token_url", "client_id", "private_key"),
    }[access.kind]
    missing = [name for name in needed if not getattr(access, name)]
    if missing:
        raise _invalid(f"{access.kind} needs {', '.join(missing)}.", missing)
    if access.secret and not (access.secret.isascii() and access.secret.isprintable()):
        raise _invalid("Send the secret in printable ASCII.", ["secret"])
    if access.private_key:
        signing_algorithm(access)
    if bool(access.certificate) != bool(access.certificate_key):
        raise _invalid("A client certificate needs its key.", ["certificate", "certificate_key"])
    if access.certificate:
        _check_pair(access)


def with_own_key(access: Access) -> Access:
    """The same with a fresh key on P-384 where it is to sign assertions and nobody sent one."""
    if access.kind != "private_key_jwt" or access.private_key:
        return access
    pem = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return replace(access, private_key=pem.decode(), key_id=access.key_id or uuid4().hex)


def signing_algorithm(access: Access) -> str:
    """ES384 for a key on P-384, RS384 for RSA (SMART App Launch 2.2, asymmetric authentication).

    InvalidError for any other key.
    """
    try:
        key = load_pem_private_key(access.private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise _invalid("Send an unencrypted private key in PEM.", ["private_key"]) from exc
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp384r1":
        return "ES384"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_RSA_BITS:
        return "RS384"
    raise _invalid("Send a key on P-384, or an RSA key of 2048 bits or more.", ["private_key"])


def public_jwk(access: Access) -> dict[str, str] | None:
    """What a hospital registers to know our assertions by; None where none are signed."""
    if not access.private_key:
        return None
    algorithm = signing_algorithm(access)
    kind = ECKey if algorithm == "ES384" else RSAKey
    key = kind.import_key(access.private_key, {"kid": access.key_id, "use": "sig"})
    public = cast("dict[str, str]", key.as_dict(private=False))
    return {**public, "alg": algorithm}


def seal_access(vault: Vault, connection_id: str, access: Access) -> bytes:
    """In one box that opens for this connection alone."""
    return vault.seal(msgspec.json.encode(access), purpose=f"{_PURPOSE}/{connection_id}")


def open_access(vault: Vault, connection_id: str, sealed: bytes) -> Access:
    """What was sealed for the connection; VaultError under another master key."""
    plain = vault.open(sealed, purpose=f"{_PURPOSE}/{connection_id}")
    return msgspec.json.decode(plain, type=Access)


def check_authorities(pem: str) -> None:
    """InvalidError for certificates that cannot be read; none at all is fine."""
    if not pem:
        return
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as exc:
        raise _invalid("Send the authorities as PEM certificates.", ["authorities"]) from exc


def _check_pair(access: Access) -> None:
    try:
        certificate = x509.load_pem_x509_certificates(access.certificate.encode())[0]
        key = load_pem_private_key(access.certificate_key.encode(), password=None)
    except (ValueError, TypeError) as exc:
        fields = ["certificate", "certificate_key"]
        raise _invalid("Send the certificate and its unencrypted key in PEM.", fields) from exc
    if certificate.public_key() != key.public_key():
        raise _invalid("The key is not the certificate's.", ["certificate_key"])


def _invalid(message: str, fields: list[str]) -> InvalidError:
    return InvalidError("invalid_access", message, details={"fields": fields})
