"""Which JWKs of others are taken."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.core.authorization.client_keys import KeySetError, checked_key_set
from cloud.core.authorization.public_keys import read_public_key
from tests.fixtures.signed import encoded, key_set, new_key, public

RSA = new_key("r", kind="RSA-2048")
CURVE = new_key("c")


@pytest.mark.parametrize("key", [RSA, CURVE, new_key(kind="P-384"), new_key(kind="Ed25519")])
def test_public_keys_of_every_kind_are_read(key: Any) -> None:  # noqa: ANN401 - any key
    found = read_public_key(public(key))
    assert found is not None
    assert found.thumbprint() == key.thumbprint()


def test_a_private_half_is_never_kept() -> None:
    found = read_public_key(dict(CURVE.as_dict(private=True)))
    assert found is not None
    assert not found.is_private


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": ["EC"]},
        {"kty": "oct", "k": "AAAA"},
        {**public(CURVE), "use": "enc"},
        {**public(CURVE), "crv": "secp256k1"},
        {**public(CURVE), "crv": "X25519"},
        {**public(CURVE), "crv": None},
        {**public(CURVE), "y": "AA"},
        {**public(RSA), "n": encoded(b"\xff" * 128)},
        {**public(RSA), "n": encoded(b"\xff" * 4096)},
        {**public(RSA), "n": 7},
        {**public(RSA), "n": "ä"},
        {**public(RSA), "e": "AA"},
        {"kty": "RSA", "e": "AQAB"},
    ],
)
def test_weak_or_broken_keys_are_none(jwk: dict[str, Any]) -> None:
    assert read_public_key(jwk) is None


def test_a_set_is_registered_with_public_halves_and_names() -> None:
    good = key_set(RSA, CURVE)
    assert checked_key_set({**good, "more": 1}) == good


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "1 to 20 keys"),
        ({"keys": {}}, "1 to 20 keys"),
        ({"keys": []}, "1 to 20 keys"),
        ({"keys": [public(CURVE)] * 21}, "1 to 20 keys"),
        ({"keys": ["abc"]}, "public RSA, EC or OKP"),
        ({"keys": [dict(CURVE.as_dict(private=True))]}, "private key"),
        ({"keys": [{**public(CURVE), "kid": ""}]}, "kid of its own"),
        ({"keys": [{**public(CURVE), "kid": 1}]}, "kid of its own"),
        ({"keys": [public(CURVE), public(CURVE)]}, "kid of its own"),
        ({"keys": [{**public(CURVE), "use": "enc"}]}, "2048 bits"),
    ],
)
def test_a_set_that_cannot_be_taken_says_why(document: dict[str, Any], words: str) -> None:
    with pytest.raises(KeySetError, match=words):
        checked_key_set(document)
