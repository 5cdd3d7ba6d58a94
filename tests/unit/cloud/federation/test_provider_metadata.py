"""What an identity provider says of itself is read, or said to be wrong."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.core.federation.provider_metadata import certificate_of, read_metadata
from cloud.core.kernel.errors import InvalidError
from tests.fixtures.identity_provider import der, key_pair

NOW = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
CERTIFICATE = der(key_pair("provider")[1])
KEY = (
    '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n'
    f"{CERTIFICATE}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
)
SIGN_IN = (
    '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
    'Location="https://idp.example/sso?realm=a"/>'
)
WHOLE = (
    '<?xml version="1.0"?><!-- ours --><md:EntityDescriptor entityID="https://idp.example" '
    'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
    '<md:IDPSSODescriptor WantAuthnRequestsSigned="true" '
    'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
    f"{KEY}{SIGN_IN}</md:IDPSSODescriptor></md:EntityDescriptor>"
)


def changed(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new)


def test_name_address_certificates_and_wishes_are_read() -> None:
    found = read_metadata(WHOLE, now=NOW, is_secure=True)
    assert found.entity_id == "https://idp.example"
    assert found.sign_in_address == "https://idp.example/sso?realm=a"
    assert found.certificates == (CERTIFICATE,)
    assert (found.wants_signed_requests, found.valid_until) == (True, None)
    assert certificate_of(CERTIFICATE).subject is not None


def test_one_provider_in_a_list_and_a_key_for_both_uses_are_taken() -> None:
    inner = WHOLE.partition("-->")[2]
    listed = (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        f'validUntil="2027-01-01T00:00:00Z">{inner}</md:EntitiesDescriptor>'
    ).replace(' use="signing"', "")
    found = read_metadata(listed, now=NOW, is_secure=True)
    assert found.valid_until == datetime(2027, 1, 1, tzinfo=UTC)


def test_plain_http_is_for_an_installation_that_is_so_itself() -> None:
    plain = changed("https://idp.example/sso?realm=a", "http://127.0.0.1:8080/sso")
    assert read_metadata(plain, now=NOW, is_secure=False).sign_in_address.startswith("http://")
    with pytest.raises(InvalidError, match="no https address"):
        read_metadata(plain, now=NOW, is_secure=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a", "malformed_xml"),
        ("\ud800", "malformed_xml"),
        (changed("<!-- ours -->", '<!DOCTYPE a SYSTEM "file:///etc/passwd">'), "doctype"),
        ("<a/>", "one identity provider"),
        (changed('entityID="https://idp.example"', ""), "no entityID"),
        (changed('https://idp.example" ', 'https://idp\u200b.example" '), "no entityID"),
        (changed("IDPSSODescriptor", "SPSSODescriptor"), "no identity provider"),
        (changed("SAML:2.0:protocol", "SAML:1.1:protocol"), "no identity provider"),
        (changed("HTTP-Redirect", "HTTP-POST"), "no https address"),
        (changed("https://idp.example/sso", "javascript:alert"), "no https address"),
        (changed("https://idp.example/sso", "https://[idp/sso"), "no https address"),
        (changed("https://idp.example/sso", "https://a:b@idp.example/sso"), "no https address"),
        (changed("https://idp.example/sso", "https://idp.example/a b"), "no https address"),
        (changed(KEY, ""), "certificates to sign with"),
        (changed('use="signing"', 'use="encryption"'), "certificates to sign with"),
        (changed(CERTIFICATE, "AAAA"), "cannot be read"),
        (changed(CERTIFICATE, "%"), "cannot be read"),
        (changed(" entityID", ' validUntil="2026-11-26T17:00:00Z" entityID'), "is over"),
        (changed(" entityID", ' validUntil="soon" entityID'), "malformed_response"),
    ],
)
def test_what_is_wrong_with_it_is_said(text: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words) as raised:
        read_metadata(text, now=NOW, is_secure=True)
    assert raised.value.reason == "invalid_metadata"


def test_keys_that_are_too_weak_or_unknown_sign_nothing() -> None:
    name = x509.Name([])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    made = made.not_valid_before(NOW).not_valid_after(NOW.replace(year=2030))
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is what is refused
    other = ed25519.Ed25519PrivateKey.generate()
    for certificate in (
        made.public_key(weak.public_key()).sign(weak, hashes.SHA256()),
        made.public_key(other.public_key()).sign(other, None),
    ):
        encoded = b64encode(certificate.public_bytes(Encoding.DER)).decode()
        with pytest.raises(InvalidError, match="less than 2048"):
            read_metadata(changed(CERTIFICATE, encoded), now=NOW, is_secure=True)
