"""What an identity provider says of itself: given as text by an administrator, never fetched."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cloud.core.federation.assertions import instant
from cloud.core.federation.names import METADATA, PROTOCOL, REDIRECT, SIGNATURE
from cloud.core.federation.reading import Element, read
from cloud.core.federation.refusals import SamlRefusedError
from cloud.core.kernel.errors import InvalidError

LONGEST_NAME: Final = 1024
LONGEST_ADDRESS: Final = 2000
MOST_CERTIFICATES: Final = 10
_LEAST_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """Its name, where a browser is sent to sign in, and the certificates it signs with (base64 of
    DER). `valid_until` is when it wants to be asked for newer metadata, None when it does not say.
    """

    entity_id: str
    sign_in_address: str
    certificates: tuple[str, ...]
    wants_signed_requests: bool
    valid_until: datetime | None


def read_metadata(text: str, *, now: datetime, is_secure: bool) -> IdentityProvider:
    """The one identity provider of a metadata document; InvalidError `invalid_metadata` that says
    what is wrong. `is_secure`: people must be sent to https only.
    """
    try:
        root = read(text.encode(), with_comments=True)
        entity = _entity(root)
        until = _valid_until(root, entity)
    except (SamlRefusedError, UnicodeEncodeError) as exc:
        reason = exc.reason if isinstance(exc, SamlRefusedError) else "malformed_xml"
        raise _invalid(f"The document cannot be read: {reason}.") from exc
    if until is not None and until <= now:
        raise _invalid("It was valid until a time that is over. Get it anew.")
    role = _role(entity)
    certificates = _certificates(role)
    if all(certificate_of(one).not_valid_after_utc <= now for one in certificates):
        raise _invalid("Every certificate in it has ended. Get it anew.")
    return IdentityProvider(
        entity_id=_name(entity),
        sign_in_address=_address(role, is_secure=is_secure),
        certificates=certificates,
        wants_signed_requests=role.get("WantAuthnRequestsSigned") in ("true", "1"),
        valid_until=until,
    )


def certificate_of(encoded: str) -> x509.Certificate:
    """A certificate as it is kept."""
    return x509.load_der_x509_certificate(base64.b64decode(encoded))


def in_force(certificates: Iterable[str], *, now: datetime, skew: timedelta) -> tuple[str, ...]:
    """Those whose time has begun and not ended, by clocks that may differ by `skew`."""
    return tuple(
        one
        for one in certificates
        if certificate_of(one).not_valid_before_utc - skew <= now
        and now < certificate_of(one).not_valid_after_utc + skew
    )


def _entity(root: Element) -> Element:
    found = [one for one in root.walk() if (one.namespace, one.name) == _ENTITY]
    if len(found) != 1:
        raise _invalid("Send the EntityDescriptor of one identity provider.")
    return found[0]


_ENTITY: Final = (METADATA, "EntityDescriptor")


def _valid_until(root: Element, entity: Element) -> datetime | None:
    told = [one.get("validUntil") for one in (root, entity) if one.get("validUntil")]
    return min((instant(one) for one in told), default=None)


def _name(entity: Element) -> str:
    name = entity.get("entityID")
    if not (name and name.isprintable() and len(name) <= LONGEST_NAME):
        raise _invalid("It has no entityID that could be kept.")
    return name


def _role(entity: Element) -> Element:
    roles = [
        one
        for one in entity.named(METADATA, "IDPSSODescriptor")
        if PROTOCOL in one.get("protocolSupportEnumeration").split()
    ]
    if len(roles) != 1:
        raise _invalid("It describes no identity provider of SAML 2.0.")
    return roles[0]


def _address(role: Element, *, is_secure: bool) -> str:
    services = role.named(METADATA, "SingleSignOnService")
    found = [one.get("Location") for one in services if one.get("Binding") == REDIRECT]
    schemes = ("https",) if is_secure else ("https", "http")
    for address in found:
        try:
            parts = urlsplit(address)
        except ValueError:
            continue
        is_plain = address.isascii() and address.isprintable() and " " not in address
        is_whole = parts.scheme in schemes and parts.hostname and not parts.fragment
        if is_plain and is_whole and parts.username is None and len(address) <= LONGEST_ADDRESS:
            return address
    raise _invalid("It takes requests at no https address by HTTP-Redirect.")


def _certificates(role: Element) -> tuple[str, ...]:
    keys = [one for one in role.named(METADATA, "KeyDescriptor") if one.get("use") != "encryption"]
    texts = [
        one.text
        for key in keys
        for one in key.walk()
        if (one.namespace, one.name) == (SIGNATURE, "X509Certificate")
    ]
    found = dict.fromkeys("".join(text.split()) for text in texts)
    if not 1 <= len(found) <= MOST_CERTIFICATES:
        raise _invalid(f"It has to have 1 to {MOST_CERTIFICATES} certificates to sign with.")
    for one in found:
        _check_certificate(one)
    return tuple(found)


def _check_certificate(encoded: str) -> None:
    try:
        octets = base64.b64decode(encoded, validate=True)
        key = x509.load_der_x509_certificate(octets).public_key()
    except (ValueError, binascii.Error) as exc:
        raise _invalid("A certificate in it cannot be read.") from exc
    is_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS
    if not (is_rsa or isinstance(key, ec.EllipticCurvePublicKey)):
        raise _invalid("It signs with RSA of less than 2048 bits, or with what nobody should use.")


def _invalid(message: str) -> InvalidError:
    return InvalidError("invalid_metadata", message, details={"fields": ["metadata"]})
