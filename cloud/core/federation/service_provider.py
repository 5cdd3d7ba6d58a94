"""Our side of a connection: its addresses, its metadata, and the request a browser carries.

A connection may have a key of its own. With it requests are signed, and assertions can come
encrypted; without one neither is so.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from cloud.core.federation.decryption import GCM, OAEP
from cloud.core.federation.names import (
    ASSERTION,
    METADATA,
    POST,
    PROTOCOL,
    RSA_SHA256,
    SIGNATURE,
)

PATH: Final = "/v1/saml"
_BITS: Final = 2048
_CERTIFICATE_LIFE: Final = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """The addresses of one connection at this installation."""

    issuer: str
    connection_id: str

    @property
    def base(self) -> str:
        """What they begin with."""
        return f"{self.issuer}{PATH}/{self.connection_id}"

    @property
    def entity_id(self) -> str:
        """What an identity provider calls us: where our metadata is."""
        return f"{self.base}/metadata"

    @property
    def answer_address(self) -> str:
        """Where its answers are posted."""
        return f"{self.base}/acs"

    @property
    def sign_in_address(self) -> str:
        """Where a browser begins."""
        return f"{self.base}/login"


def make_key(name: str, *, now: datetime) -> tuple[str, str]:
    """A private key and its self-signed certificate, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _CERTIFICATE_LIFE)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode(), certificate.public_bytes(Encoding.PEM).decode()


def private_key(pem: str) -> rsa.RSAPrivateKey:
    """A key as `make_key` made it."""
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise AssertionError("a connection's own key is RSA")  # noqa: TRY004 - not the caller's type
    return key


def metadata(provider: ServiceProvider, certificate: str) -> str:
    """What an identity provider is told of us; `certificate` is empty without a key."""
    keys = "".join(_key(use, certificate) for use in ("signing", "encryption") if certificate)
    is_signed = "true" if certificate else "false"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="{METADATA}" xmlns:ds="{SIGNATURE}" '
        f"entityID={quoteattr(provider.entity_id)}>"
        f'<md:SPSSODescriptor AuthnRequestsSigned="{is_signed}" WantAssertionsSigned="true" '
        f'protocolSupportEnumeration="{PROTOCOL}">{keys}'
        f'<md:AssertionConsumerService Binding="{POST}" index="0" isDefault="true" '
        f"Location={quoteattr(provider.answer_address)}/>"
        "</md:SPSSODescriptor></md:EntityDescriptor>\n"
    )


def _key(use: str, certificate: str) -> str:
    octets = x509.load_pem_x509_certificate(certificate.encode()).public_bytes(Encoding.DER)
    methods = ""
    if use == "encryption":
        methods = "".join(f'<md:EncryptionMethod Algorithm="{one}"/>' for one in (*GCM, OAEP))
    return (
        f'<md:KeyDescriptor use="{use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        f"{base64.b64encode(octets).decode()}"
        f"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"
    )


def request(
    provider: ServiceProvider,
    *,
    request_id: str,
    destination: str,
    is_forced: bool,
    now: datetime,
) -> str:
    """An AuthnRequest (core, 3.4.1): the answer is posted to us, and to us only."""
    forced = ' ForceAuthn="true"' if is_forced else ""
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" '
        f'ID={quoteattr(request_id)} Version="2.0" IssueInstant="{now:%Y-%m-%dT%H:%M:%SZ}" '
        f"Destination={quoteattr(destination)}{forced} "
        f'ProtocolBinding="{POST}" '
        f"AssertionConsumerServiceURL={quoteattr(provider.answer_address)}>"
        f"<saml:Issuer>{escape(provider.entity_id)}</saml:Issuer>"
        '<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>'
    )


def redirect(destination: str, xml: str, relay_state: str, key: rsa.RSAPrivateKey | None) -> str:
    """Where the browser is sent with a request (bindings, 3.4.4): deflated, and signed with a key.

    Signed is the query as it goes out, its parameters in this order (3.4.4.1).
    """
    deflater = zlib.compressobj(wbits=-15)
    packed = deflater.compress(xml.encode()) + deflater.flush()
    told = [("SAMLRequest", base64.b64encode(packed).decode()), ("RelayState", relay_state)]
    if key is not None:
        told.append(("SigAlg", RSA_SHA256))
    query = urlencode(told)
    if key is not None:
        signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
        query += "&" + urlencode([("Signature", base64.b64encode(signature).decode())])
    joint = "&" if "?" in destination else "?"
    return f"{destination}{joint}{query}"
