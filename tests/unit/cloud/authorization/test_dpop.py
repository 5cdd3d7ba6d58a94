"""DPoP proofs (RFC 9449, 4.3): each rule broken once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import OctKey

from cloud.core.authorization.dpop import WINDOW, ProofError, read_proof
from tests.fixtures.signed import Key, dpop_proof, encoded, new_key, public, signed

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
URL = "https://cloud.test/v1/oauth/token"
KEY = new_key()
CLAIMS: dict[str, Any] = {"jti": "1", "htm": "POST", "htu": URL, "iat": int(NOW.timestamp())}


def made(key: Key = KEY, *, header: dict[str, Any] | None = None, **claims: object) -> str:
    """A proof with another header member or claim; None leaves one out."""
    merged = {**CLAIMS, **claims}
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public(key), **(header or {})}
    return signed(head, {name: one for name, one in merged.items() if one is not None}, key)


def read(proof: str, *, url: str = URL, token: str = "") -> object:
    return read_proof(proof, method="POST", url=url, now=NOW, access_token=token)


def test_a_proof_names_its_key_its_id_and_how_long_it_must_be_remembered() -> None:
    proof = read_proof(made(), method="POST", url=URL, now=NOW)
    assert (proof.thumbprint, proof.proof_id) == (KEY.thumbprint(), "1")
    # Accepted until iat + WINDOW by any clock of ours: remembering must outlast that.
    assert proof.fresh_until >= NOW + WINDOW


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [("P-384", "ES384"), ("RSA-2048", "RS256"), ("RSA-2048", "PS256"), ("Ed25519", "Ed25519")],
)
def test_every_algorithm_we_publish_is_taken(kind: str, algorithm: str) -> None:
    key = new_key(kind=kind)
    read(made(key, header={"alg": algorithm}))


@pytest.mark.parametrize(
    ("made_for", "called"),
    [
        (URL + "?a=1#part", URL),
        ("HTTPS://CLOUD.test/v1/oauth/token", URL),
        ("https://cloud.test:443/v1/oauth/token", URL),
        ("http://cloud.test:80", "http://cloud.test/"),
        ("https://cloud.test:8443/a%20b", "https://cloud.test:8443/a%20b"),
    ],
)
def test_addresses_are_compared_in_their_normal_form(made_for: str, called: str) -> None:
    read(made(htu=made_for), url=called)


@pytest.mark.parametrize(
    "seconds", [-59, 59], ids=["made a minute ago", "by a clock a minute ahead"]
)
def test_a_minute_is_forgiven_both_ways(seconds: int) -> None:
    read(made(iat=int((NOW + timedelta(seconds=seconds)).timestamp())))


def test_a_proof_that_goes_with_a_token_names_it() -> None:
    read(dpop_proof(KEY, "POST", URL, NOW, token="abc"), token="abc")
    for proof in (made(), made(ath="abc"), dpop_proof(KEY, "POST", URL, NOW, token="xyz")):
        with pytest.raises(ProofError, match="another access token"):
            read(proof, token="abc")


BROKEN: dict[str, str] = {
    "no JWS": "abc",
    "not ASCII": "ä.b.c",
    "too long": made(jti="j" * 5000),
    "too deep": f"{encoded(b'[' * 2900)}.e30.c",
    "header a list": f"{encoded(b'[]')}.e30.c",
    "claims a list": signed({"typ": "dpop+jwt", "alg": "ES256", "jwk": public(KEY)}, [], KEY),
    "claims no JSON": signed({"typ": "dpop+jwt", "alg": "ES256", "jwk": public(KEY)}, "{", KEY),
    "other type": made(header={"typ": "JWT"}),
    "crit": made(header={"crit": ["exp"]}),
    "no key": made(header={"jwk": None}),
    "key a text": made(header={"jwk": "abc"}),
    "private key": made(header={"jwk": dict(KEY.as_dict(private=True))}),
    "other key": made(header={"jwk": public(new_key())}),
    "key of another kind": made(header={"jwk": public(new_key(kind="RSA-2048"))}),
    "unknown kind": made(header={"jwk": {"kty": "oct"}}),
    "unknown curve": made(header={"jwk": {**public(KEY), "crv": "P-999"}}),
    "curve a list": made(header={"jwk": {**public(KEY), "crv": ["P-256"]}}),
    "coordinate a number": made(header={"jwk": {**public(KEY), "x": 1}}),
    "no point of the curve": made(header={"jwk": {**public(KEY), "x": "AA"}}),
    "key for encryption": made(header={"jwk": {**public(KEY), "use": "enc"}}),
    "no id": made(jti=None),
    "id a number": made(jti=7),
    "empty id": made(jti=""),
    "id without end": made(jti="j" * 201),
    "id half a character": made(jti="\ud800"),
    "id with NUL": made(jti="a\x00"),
    "header half a character": made(header={"kid": "\udfff"}),
    "other method": made(htm="GET"),
    "no method": made(htm=None),
    "other path": made(htu=URL + "/"),
    "other host": made(htu="https://evil.test/v1/oauth/token"),
    "other scheme": made(htu="http://cloud.test/v1/oauth/token"),
    "other port": made(htu="https://cloud.test:444/v1/oauth/token"),
    "port no number": made(htu="https://cloud.test:x/v1/oauth/token"),
    "address a list": made(htu=[URL]),
    "no time": made(iat=None),
    "time a text": made(iat=str(CLAIMS["iat"])),
    "time a fraction": made(iat=CLAIMS["iat"] + 0.5),
    "time true": made(iat=True),
    "time beyond all": made(iat=1 << 60),
    "ten minutes old": made(iat=CLAIMS["iat"] - 600),
    "ten minutes ahead": made(iat=CLAIMS["iat"] + 600),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_a_rule_proves_nothing(name: str) -> None:
    with pytest.raises(ProofError):
        read(BROKEN[name])


@pytest.mark.parametrize("octets", [128, 2048], ids=["1024 bits", "16384 bits"])
def test_an_rsa_key_too_short_or_too_long_proves_nothing(octets: int) -> None:
    jwk = {"kty": "RSA", "n": encoded(b"\xff" * octets), "e": "AQAB"}
    head = json.dumps({"alg": "RS256", "typ": "dpop+jwt", "jwk": jwk})
    with pytest.raises(ProofError):
        read(f"{encoded(head.encode())}.e30.AAAA")


def test_symmetric_and_no_signatures_prove_nothing() -> None:
    secret = OctKey.generate_key(256)
    for algorithm in ("HS256", "none", "nOnE"):
        head = f'{{"typ":"dpop+jwt","alg":"{algorithm}","jwk":{{"kty":"oct","k":"{secret.kid}"}}}}'
        with pytest.raises(ProofError, match="type or algorithm"):
            read(f"{encoded(head.encode())}.e30.")
