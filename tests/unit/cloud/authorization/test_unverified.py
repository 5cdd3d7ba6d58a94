"""What a JWT says before anybody vouches for it."""

from __future__ import annotations

import pytest

from cloud.core.authorization.unverified import UnreadableError, peek
from tests.fixtures.signed import encoded, new_key, signed


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
    ],
)
def test_anything_else_is_unreadable(token: str) -> None:
    with pytest.raises(UnreadableError):
        peek(token)
