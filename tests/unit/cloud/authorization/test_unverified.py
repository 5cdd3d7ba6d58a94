"""What a JWT says before anybody vouches for it."""

from __future__ import annotations

import json

import pytest

from cloud.core.authorization.unverified import UnreadableError, peek
from tests.fixtures.signed import encoded, new_key, signed

HEAD = encoded(b'{"alg":"ES256"}')


def test_text_of_any_script_is_read() -> None:
    claims = {"name": "Zoë \u202eWard\u202c 😀", "list": [None, 1.5, True, {"a": "ß"}]}
    assert peek(signed({"alg": "ES256"}, claims, new_key()))[1] == claims


def test_header_and_claims_come_apart() -> None:
    token = signed({"alg": "ES256", "kid": "k"}, {"sub": "app_1"}, new_key())
    assert peek(token) == ({"alg": "ES256", "kid": "k"}, {"sub": "app_1"})


@pytest.mark.parametrize(
    "token",
    [
        "",
        "abc",
        "a.b",
        "a.b.c.d",
        "ä.b.c",
        "a" * 8193,
        f"{encoded(b'[]')}.{encoded(b'{}')}.AA",
        f"{encoded(b'{}')}.{encoded(b'{}')}.AA",
        f"{encoded(b'7')}.{encoded(b'{}')}.AA",
        f'{encoded(b"""{"alg":"ES256"}""")}.{encoded(b"[]")}.AA',
        f'{encoded(b"""{"alg":"ES256"}""")}.{encoded(b"{")}.AA',
        f'{encoded(b"""{"alg":"ES256"}""")}.{encoded(b"[" * 5000)}.AA',
        f"{encoded(b'[' * 5000)}.e30.AA",
        f"{HEAD}.{encoded(json.dumps({'sub': chr(0xD800)}).encode())}.AA",
        f"{HEAD}.{encoded(json.dumps({'sub': 'a' + chr(0)}).encode())}.AA",
        f"{HEAD}.{encoded(json.dumps({'a': [{'b': [1, chr(0xDFFF)]}]}).encode())}.AA",
        f"{HEAD}.{encoded(json.dumps({chr(0xDFFF): 1}).encode())}.AA",
        f"{HEAD}.{encoded(b'{' + bytes.fromhex('2261223a22eda08022') + b'}')}.AA",
        f"{encoded(json.dumps({'alg': 'ES256', 'kid': chr(0xD800)}).encode())}.e30.AA",
    ],
)
def test_anything_else_is_unreadable(token: str) -> None:
    with pytest.raises(UnreadableError):
        peek(token)
