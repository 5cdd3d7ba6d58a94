"""How we are let in: tokens by secret and by signature, certificates, and what happens without."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from cloud.core.exchange.access import Access, AccessKind, open_access, public_jwk
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.work import utc_now
from tests.fixtures.authority import Authority
from tests.fixtures.client_certificates import client_certificate
from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import Exchange, exchange_of
from tests.fixtures.hospitals import Said, ScriptedHospital, scripted_hospital


@pytest.fixture
def hospital() -> Iterator[ScriptedHospital]:
    with scripted_hospital() as opened:
        opened.token = "t0k3n"
        yield opened


@pytest.fixture
def exchange(embedded: Installation) -> Exchange:
    return exchange_of(embedded)


def access(hospital: ScriptedHospital, kind: AccessKind, **more: str) -> Access:
    token_url = hospital.url.replace("/fhir", "/token")
    return Access(kind=kind, token_url=token_url, client_id="we & us", **more)


def hand_over(exchange: Exchange) -> None:
    exchange.hand_over(exchange.open_encounter("97"))


def test_a_token_by_a_secret_is_kept_until_it_ends_or_is_not_wanted(
    exchange: Exchange, hospital: ScriptedHospital
) -> None:
    told = access(hospital, "client_credentials", secret="s:cret", scope="system/*.cu")
    exchange.connect(hospital.url, access=told)
    for _ in range(2):
        hand_over(exchange)
        assert exchange.deliver() == 1
    (asked,) = hospital.tokens
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["system/*.cu"],
    }
    basic = asked.headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(basic) == b"we+%26+us:s%3Acret"
    hospital.token = "another"
    hand_over(exchange)
    assert exchange.deliver() == 1
    assert len(hospital.tokens) == 2
    exchange.pass_(301)
    hand_over(exchange)
    exchange.deliver()
    assert len(hospital.tokens) == 3
    assert exchange.states() == ["taken"] * 4


@pytest.mark.parametrize("kind", ["made for us", "rsa"])
def test_an_assertion_is_signed_by_the_key_that_was_shown(
    exchange: Exchange, hospital: ScriptedHospital, kind: str
) -> None:
    own = ""
    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    told = access(hospital, "private_key_jwt", private_key=own, key_id="k1")
    connection_id = exchange.connect(hospital.url, access=told)
    hand_over(exchange)
    assert exchange.deliver() == 1
    assert exchange.states() == ["taken"]
    row = exchange.connection(connection_id)
    vault = exchange.cloud.parts.vault
    shown = public_jwk(open_access(vault, connection_id, row.sealed_access))
    assert shown is not None
    assert {"d", "p"}.isdisjoint(shown)
    form = parse_qs(hospital.tokens[0].body.decode())
    reads = ECKey if kind != "rsa" else RSAKey
    expected = "ES384" if kind != "rsa" else "RS384"
    token = jwt.decode(
        form["client_assertion"][0], reads.import_key(dict(shown)), algorithms=[expected]
    )
    assert token.header == {"alg": expected, "typ": "JWT", "kid": "k1"}
    claims = token.claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == (
        "we & us",
        "we & us",
        told.token_url,
    )
    assert claims["exp"] - claims["iat"] <= 300


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said(400, b'{"error": "invalid_client"}'), "no_token"),
        (Said(500), "no_token"),
        (Said(200, b"[]"), "no_token"),
        (Said(200, b'{"access_token": "a\\nb", "token_type": "bearer"}'), "no_token"),
        (Said(200, b'{"access_token": "a", "token_type": "mac"}'), "no_token"),
        (Said(hangs_up=True), "no_token_answer"),
    ],
    ids=["refused", "broken", "no object", "no token", "another kind", "hung up"],
)
def test_without_a_token_nothing_is_sent_and_the_connection_rests(
    exchange: Exchange, hospital: ScriptedHospital, said: Said, reason: str
) -> None:
    told = access(hospital, "client_credentials", secret="s")
    connection_id = exchange.connect(hospital.url, access=told)
    hospital.token_answers.append(said)
    hand_over(exchange)
    assert exchange.deliver() == 1
    assert hospital.heard == []
    row = exchange.connection(connection_id)
    assert (row.last_reason, row.failures) == (reason, 1)
    exchange.pass_(600)
    assert exchange.deliver() == 1
    assert exchange.states() == ["taken"]


def test_a_hospital_with_its_own_authority_sees_our_certificate(
    exchange: Exchange, tmp_path: Path
) -> None:
    authority = Authority.make(tmp_path / "tls")
    ours = client_certificate(begins=utc_now() - timedelta(days=1))
    stranger = client_certificate(begins=utc_now() - timedelta(days=1))
    (tmp_path / "clients.pem").write_text(ours.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_certificate, authority.server_key)
    context.load_verify_locations(tmp_path / "clients.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    trusted = authority.certificate.read_text()
    with scripted_hospital(context) as hospital:
        for number, (certificate, authorities) in enumerate(
            ((ours, trusted), (stranger, trusted), (ours, "")), 1
        ):
            shown = Access(certificate=certificate.pem, certificate_key=certificate.key_pem)
            exchange.connect(
                hospital.url,
                access=shown,
                authorities=authorities,
                facility_id=f"F{number}",
                wants=("handover",),
            )
            exchange.hand_over(exchange.open_encounter(), facility_id=f"F{number}")
        exchange.deliver()
        assert exchange.states() == ["taken", "waiting", "waiting"]
        assert len(hospital.heard) == 1


def test_what_cannot_open_a_door_is_refused(exchange: Exchange) -> None:
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - it is to be refused
    pem = small.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    one, other = client_certificate(), client_certificate()
    signing = Access(kind="private_key_jwt", token_url="https://a.example/", client_id="a")
    wrong = [
        replace(signing, private_key=pem),
        replace(signing, private_key="x"),
        Access(certificate=one.pem, certificate_key=other.key_pem),
        Access(certificate=one.pem, certificate_key="x"),
    ]
    for each in wrong:
        with pytest.raises(InvalidError, match="invalid_access"):
            exchange.connect("https://fhir.example/", access=each)
    assert "s3cret" not in repr(Access(kind="bearer", secret="s3cret"))
