"""A signed configuration is taken apart exactly, and nothing else passes for one."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.uplink import signed

HEADER = {"alg": "ES256", "typ": signed.TYPE, "kid": "key_1"}
CLAIMS: dict[str, Any] = {
    "gateway_id": "gw_1",
    "version": 3,
    "issued_at": "2026-11-26T12:00:00+00:00",
    "settings": {"uplink": {"keepalive_seconds": 20}},
}


def part(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def text_of(header: object = HEADER, claims: object = CLAIMS, signature: bytes = b"s" * 64) -> str:
    return ".".join(
        (part(json.dumps(header).encode()), part(json.dumps(claims).encode()), part(signature))
    )


def test_what_is_signed_and_what_it_says() -> None:
    text = text_of()
    read = signed.parse_signed(text)
    assert read.signing_input == text.rpartition(".")[0].encode()
    assert (read.key_id, read.gateway_id, read.version) == ("key_1", "gw_1", 3)
    assert read.issued_at == datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert (read.settings, read.signature) == (CLAIMS["settings"], b"s" * 64)


def test_equal_settings_have_equal_octets() -> None:
    assert signed.canonical({"b": 1, "a": {"d": 2, "c": 3}}) == b'{"a":{"c":3,"d":2},"b":1}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "é.b.c",
        "." * 300_000,
        text_of(header={**HEADER, "alg": "none"}),
        text_of(header={**HEADER, "alg": "HS256"}),
        text_of(header={**HEADER, "jwk": {}}),
        text_of(header={**HEADER, "kid": 7}),
        text_of(header=[]),
        text_of(signature=b"short"),
        text_of(claims={**CLAIMS, "version": 0}),
        text_of(claims={**CLAIMS, "version": True}),
        text_of(claims={**CLAIMS, "settings": []}),
        text_of(claims={**CLAIMS, "gateway_id": 7}),
        text_of(claims={**CLAIMS, "issued_at": "noon"}),
        text_of(claims={**CLAIMS, "issued_at": 7}),
        text_of(claims={**CLAIMS, "issued_at": "2026-11-26T12:00:00"}),
        text_of(claims={**CLAIMS, "more": 1}),
        text_of().replace(".", "=.", 1),
        "A" + text_of(),
        part(json.dumps(HEADER).encode()) + "." + part(b'{"version": NaN}') + "." + part(b"s" * 64),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        signed.parse_signed(text)


@given(st.text(max_size=200), st.integers(0, 300))
@settings(max_examples=100)
def test_mutated_texts_raise_nothing_but_decode_error(noise: str, place: int) -> None:
    text = text_of()
    try:
        signed.parse_signed(text[:place] + noise + text[place:])
    except DecodeError:
        return
