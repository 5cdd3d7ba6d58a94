"""Trusted proxies: their word is believed, everybody else's headers are gone."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cloud.api.shared.peer import STATE
from cloud.api.shared.trusted_proxies import LONGEST, TrustedProxies
from cloud.core.kernel.errors import MalformedError
from tests.fixtures.cloud import START

HEADER = "X-Forwarded-Client-Cert"


def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(START).not_valid_after(START + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


CERTIFICATE = certificate()
DER = CERTIFICATE.public_bytes(Encoding.DER)
PEM = CERTIFICATE.public_bytes(Encoding.PEM).decode()


def settled(
    *headers: tuple[str, str], peer: str | None = "10.0.0.5", header: str = HEADER
) -> dict[str, Any]:
    scope: dict[str, Any] = {
        "type": "http",
        "client": None if peer is None else (peer, 4000),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    TrustedProxies.of("10.0.0.0/24 2001:db8::5", header).settle(scope)
    return scope


@pytest.mark.parametrize(
    "written",
    [
        quote(PEM),
        PEM.replace("\n", " "),
        base64.b64encode(DER).decode(),
        f":{base64.b64encode(DER).decode()}:",
        f"{base64.b64encode(DER).decode()},{base64.b64encode(b'issuer').decode()}",
        f'Hash=ab;Cert="{quote(PEM)}";Subject="CN=partner"',
        f'Cert="{quote("forged by the client")}",By=spiffe://x;Cert="{quote(PEM)}"',
    ],
)
def test_a_listed_proxy_passes_the_certificate_in_any_usual_form(written: str) -> None:
    assert settled((HEADER, written))["state"][STATE] == DER


@pytest.mark.parametrize("peer", ["10.0.1.5", "2001:db8::6", "not an address", None])
def test_nobody_else_can_show_a_certificate_or_an_address(peer: str | None) -> None:
    scope = settled(
        (HEADER, quote(PEM)),
        ("X-Forwarded-For", "203.0.113.9"),
        ("Forwarded", "for=203.0.113.9"),
        ("X-Real-IP", "203.0.113.9"),
        ("Client-Cert", ":AAAA:"),
        ("Host", "cloud.test"),
        peer=peer,
    )
    assert "state" not in scope
    assert scope["client"] == (None if peer is None else (peer, 4000))
    assert scope["headers"] == [(b"host", b"cloud.test")]


@pytest.mark.parametrize("written", ["", "(null)"])
def test_a_proxy_may_say_that_there_was_no_certificate(written: str) -> None:
    assert "state" not in settled((HEADER, written))


def test_a_certificate_header_nobody_configured_is_taken_away_and_not_read() -> None:
    scope = settled(("Client-Cert", f":{base64.b64encode(DER).decode()}:"), header="")
    assert "state" not in scope
    assert not scope["headers"]


@pytest.mark.parametrize(
    "headers",
    [
        [(HEADER, quote(PEM)), (HEADER, quote(PEM))],
        [(HEADER, "not a certificate")],
        [(HEADER, "A" * (LONGEST + 1))],
        [(HEADER, "-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----")],
    ],
)
def test_a_certificate_that_came_twice_or_cannot_be_read_ends_the_request(
    headers: list[tuple[str, str]],
) -> None:
    with pytest.raises(MalformedError):
        settled(*headers)


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("203.0.113.9, [2001:db8::5]", "203.0.113.9"),
        ("203.0.113.9, [2001:db8::5]:443", "203.0.113.9"),
        ("203.0.113.9, ::ffff:10.0.0.7", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("203.0.113.9:51234, 10.0.0.7:443", "203.0.113.9"),
        ("[2001:db8:9::1]:51234", "2001:db8:9::1"),
        ("[2001:db8:9::1]", "2001:db8:9::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:51234", "203.0.113.9"),
        ("203.0.113.9:", "10.0.0.5"),
        ("203.0.113.9:51234:1", "10.0.0.5"),
        ("203.0.113.9:port", "10.0.0.5"),
        ("[203.0.113.9]:51234", "10.0.0.5"),
        ("[2001:db8:9::1", "10.0.0.5"),
        ("2001:db8:9::1", "2001:db8:9::1"),
        ("203.0.113.9, unknown", "10.0.0.5"),
        ("10.0.0.9", "10.0.0.5"),
        ("", "10.0.0.5"),
    ],
)
def test_the_address_is_the_last_one_that_is_no_proxys(told: str, address: str) -> None:
    assert settled(("X-Forwarded-For", told))["client"][0] == address


def test_a_proxy_that_arrives_as_ipv6_mapped_is_known_too() -> None:
    scope = settled(("X-Forwarded-For", "203.0.113.9"), peer="::ffff:10.0.0.5")
    assert scope["client"][0] == "203.0.113.9"


def test_without_a_list_nobody_is_believed() -> None:
    scope: dict[str, Any] = {
        "client": ("10.0.0.5", 1),
        "headers": [(b"x-forwarded-for", b"203.0.113.9")],
    }
    TrustedProxies().settle(scope)
    assert scope["client"][0] == "10.0.0.5"
    assert not scope["headers"]
