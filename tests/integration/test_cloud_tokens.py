"""Tokens: forged ones get one constant answer, and real ones end when they should."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc.jwk import RSAKey

from cloud.core.authorization.applications import authenticate
from cloud.core.authorization.keys import KeyRing
from cloud.core.authorization.secrets import hash_secret
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.vault import open_vault
from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.quick_hashes import set_secret_hash


async def test_raising_the_epoch_ends_every_token_of_a_client(embedded: Installation) -> None:
    async with embedded.client() as client:
        headers = await embedded.headers(client)
        with embedded.database.begin(now=START) as work:
            row = work.session.get(ApplicationRow, embedded.mine.client_id)
            assert row is not None
            row.epoch += 1
        assert (await client.get("/api/v1/devices", headers=headers)).status_code == 401


async def test_a_token_ends_after_an_hour(embedded: Installation) -> None:
    async with embedded.client() as client:
        headers = await embedded.headers(client)
        embedded.clock.pass_(3590)
        assert (await client.get("/api/v1/devices", headers=headers)).status_code == 200
        embedded.clock.pass_(20)
        assert (await client.get("/api/v1/devices", headers=headers)).status_code == 401


Forge = Callable[[dict[str, Any], dict[str, Any], RSAKey], str]


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _sign(header: str, payload: str, key: RSAKey) -> str:
    """Sign any text at all: a careful library would refuse to write what forgers do."""
    signed = f"{_encoded(header.encode())}.{_encoded(payload.encode())}"
    private = serialization.load_pem_private_key(key.as_pem(private=True), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    signature = private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encoded(signature)}"


def _unsigned(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    del key
    head = _encoded(json.dumps({**header, "alg": header.get("forged", "none")}).encode())
    return f"{head}.{_encoded(json.dumps(claims).encode())}."


def _payload_changed(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    head, _, signature = _sign(json.dumps(header), json.dumps(claims), key).split(".")
    payload = json.dumps({**claims, "scopes": ["*"]})
    return f"{head}.{_encoded(payload.encode())}.{signature}"


def _spelled(name: str, literal: str) -> Forge:
    """Well signed, with one claim written by hand."""

    def forge(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
        rest = json.dumps({claim: value for claim, value in claims.items() if claim != name})
        return _sign(json.dumps(header), f'{{"{name}":{literal},{rest[1:]}', key)

    return forge


def _signed(header_changes: dict[str, Any] | None = None, **changes: Any) -> Forge:  # noqa: ANN401 - claims have any type
    """Well signed, with other header members or claims; "drop" leaves one out."""

    def forge(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
        merged = ({**header, **(header_changes or {})}, {**claims, **changes})
        head, payload = (
            json.dumps({name: value for name, value in one.items() if value != "drop"})
            for one in merged
        )
        return _sign(head, payload, key)

    return forge


def _public_key_as_secret(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    head = json.dumps({**header, "alg": "HS256"})
    signed = f"{_encoded(head.encode())}.{_encoded(json.dumps(claims).encode())}"
    digest = hmac.new(key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_encoded(digest)}"


def _own_key(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    del key
    return _sign(json.dumps(header), json.dumps(claims), RSAKey.generate_key(2048))


def _own_key_inside(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    del key
    forger = RSAKey.generate_key(2048)
    head = {**header, "jwk": dict(forger.as_dict(private=False))}
    return _sign(json.dumps(head), json.dumps(claims), forger)


NOW = int(START.timestamp())
FORGERIES: dict[str, Forge] = {
    "alg none": _unsigned,
    "alg nOnE": lambda header, claims, key: _unsigned({**header, "forged": "nOnE"}, claims, key),
    "public key as HMAC secret": _public_key_as_secret,
    "another key under our kid": _own_key,
    "key inside the header": _own_key_inside,
    "unknown kid": _signed({"kid": "nobody"}),
    "kid with a path": _signed({"kid": "../../etc/passwd"}),
    "kid a number": _signed({"kid": "1"}),
    "no kid": _signed({"kid": "drop"}),
    "jku": _signed({"jku": "http://169.254.169.254/keys"}),
    "x5u": _signed({"x5u": "http://127.0.0.1/cert"}),
    "id token type": _signed({"typ": "JWT"}),
    "no type": _signed({"typ": "drop"}),
    "other audience": _signed(aud="sa-platform"),
    "audience list": _signed(aud=["vitalwire-argus", "other"]),
    "other issuer": _signed(iss="http://evil.test"),
    "expired": _signed(exp=NOW - 60),
    "exp a text": _signed(exp=str(NOW + 60)),
    "exp missing": _signed(exp="drop"),
    "exp a fraction": _signed(exp=NOW + 60.5),
    "exp true": _signed(exp=True),
    "not yet valid": _signed(nbf=NOW + 600),
    "issued in the future": _signed(iat=NOW + 600),
    "other use": _signed(token_use="refresh"),
    "other subject": _signed(sub="app_other"),
    "unknown client": _signed(sub="app_none", client_id="app_none"),
    "scopes a text": _signed(scopes="*"),
    "old epoch": _signed(epoch=0),
    "epoch a text": _signed(epoch="1"),
    "exp NaN": _spelled("exp", "NaN"),
    "exp 1e400": _spelled("exp", "1e400"),
    "exp twice": _spelled("exp", f'1,"exp":"{NOW + 60}"'),
    "crit": _signed({"crit": ["b64"], "b64": False}),
    "kid deep": _signed({"kid": ["a"]}),
    "a very long header": _signed({"kid": "k" * 5000}),
    "payload changed": _payload_changed,
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_forged_tokens_get_one_constant_answer(embedded: Installation, name: str) -> None:
    parts = embedded.parts
    ring: KeyRing = embedded.app.state.services.tokens.ring
    key = ring.signing_key()
    assert isinstance(key, RSAKey)
    header = {"alg": "RS256", "typ": "at+jwt", "kid": str(key.kid)}
    mine = embedded.mine
    claims = {
        "iss": ISSUER,
        "sub": mine.client_id,
        "aud": "vitalwire-argus",
        "exp": NOW + 3600,
        "iat": NOW,
        "nbf": NOW,
        "jti": "1",
        "client_id": mine.client_id,
        "tenant_id": mine.tenant_id,
        "scopes": ["argus:devices:read"],
        "token_use": "access",
        "epoch": 1,
    }
    good = _sign(json.dumps(header), json.dumps(claims), key)
    token = FORGERIES[name](header, claims, key)
    assert parts.clock() == START
    async with embedded.client() as client:
        accepted = await client.get("/api/v1/devices", headers={"Authorization": f"Bearer {good}"})
        response = await client.get(
            "/api/v1/devices",
            headers={"Authorization": f"Bearer {token}", "X-Request-ID": "constant"},
        )
    assert accepted.status_code == 200
    assert response.status_code == 401
    assert response.json() == {
        "error": "invalid_token",
        "issue_type": "login",
        "message": "Get a new access token and send it again.",
        "request_id": "constant",
    }


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer ä.b.c", "Bearer " + "a" * 9000],
)
async def test_malformed_authorization_is_an_invalid_token(
    embedded: Installation, value: str
) -> None:
    async with embedded.client() as client:
        response = await client.get("/api/v1/devices", headers=[(b"authorization", value.encode())])
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_token"


async def test_a_token_in_the_query_is_refused_whoever_it_is(embedded: Installation) -> None:
    async with embedded.client() as client:
        headers = await embedded.headers(client)
        response = await client.get("/api/v1/devices?access_token=abc", headers=headers)
    assert (response.status_code, response.json()["error"]) == (400, "token_in_query")


async def test_a_key_of_another_master_key_verifies_but_never_signs(
    embedded: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = KeyRing(embedded.database, embedded.parts.vault, embedded.clock)
    old = first.signing_key()
    embedded.clock.pass_(1)
    elsewhere = open_vault(tmp_path_factory.mktemp("elsewhere"))
    second = KeyRing(embedded.database, elsewhere, embedded.clock)
    new = second.signing_key()
    assert new.kid != old.kid
    signing = [one["kid"] for one in second.documents() if one["alg"] == "RS256"]
    assert signing == [old.kid, new.kid]
    assert second.public_key(str(old.kid)) is not None
    embedded.clock.pass_(11)
    assert first.signing_key().kid == old.kid
    assert first.public_key(str(new.kid)) is not None


def test_wrong_secret_and_unknown_client_take_alike_long(embedded: Installation) -> None:
    with embedded.database.begin(now=START) as work:
        set_secret_hash(work, embedded.mine.client_id, hash_secret(embedded.mine.client_secret))

    def seconds(client_id: str) -> float:
        with embedded.database.reading(now=START) as work:
            started = time.perf_counter()
            assert authenticate(work, client_id, "wrong") is None
            return time.perf_counter() - started

    known = min(seconds(embedded.mine.client_id) for _ in range(5))
    unknown = min(seconds("app_unknown") for _ in range(5))
    assert unknown > known / 3
    assert known > unknown / 3
