"""Where a browser goes on to after a sign-in elsewhere."""

from __future__ import annotations

import pytest

from cloud.core.federation.relay import LONGEST, Onward, onward
from cloud.core.kernel.errors import InvalidError


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/v1/oauth/authorize",
        "/\\elsewhere.example",
        "/v1/oauth/authorize/../../elsewhere",
        "/v1/oauth/authorize#x",
        "/v1/oauth/authorize?a=\r\nSet-Cookie: b",
        "/v1/oauth/authorize?\u00e9",
        "/v1/oauth/token",
        "/account/../x",
        "javascript:alert(1)",
        f"/account?{'a' * LONGEST}",
    ],
)
def test_only_pages_of_ours_that_people_sign_in_for_are_gone_on_to(address: str) -> None:
    with pytest.raises(InvalidError, match="invalid_relay_state"):
        onward(address)


@pytest.mark.parametrize(
    ("asked", "path", "is_forced"),
    [
        ("", "/account", False),
        ("/account", "/account", False),
        ("/account?done=ended", "/account", False),
        ("/v1/oauth/authorize", "/v1/oauth/authorize", False),
        ("/oauth/authorize?a=1&b=", "/oauth/authorize?a=1&b=", False),
        ("/oauth/authorize?a=1&prompt=login", "/oauth/authorize?a=1", True),
        ("/oauth/authorize?prompt=login+consent", "/oauth/authorize?prompt=consent", True),
        ("/oauth/authorize?prompt=none", "/oauth/authorize?prompt=none", False),
        ("/oauth/authorize?max_age=60", "/oauth/authorize", True),
        ("/oauth/authorize?prompt=select_account", "/oauth/authorize", True),
        ("/oauth/authorize?max_age=0&a=1", "/oauth/authorize?a=1", True),
    ],
)
def test_a_fresh_sign_in_is_asked_of_the_provider_and_not_once_more_of_us(
    asked: str, path: str, is_forced: bool
) -> None:
    assert onward(asked) == Onward(path, is_forced)


def test_a_request_that_was_pushed_is_known_by_its_name() -> None:
    asked = "/oauth/authorize?client_id=a&request_uri=urn%3Ab&prompt=login"
    path = "/oauth/authorize?client_id=a&request_uri=urn%3Ab"
    assert onward(asked) == Onward(path, is_forced=True, request_uri="urn:b")
