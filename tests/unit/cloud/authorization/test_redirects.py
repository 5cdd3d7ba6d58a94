"""Addresses that answers go to."""

from __future__ import annotations

import pytest

from cloud.core.authorization.redirects import is_claimed, source_of, with_answer


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://client.example/cb?x=1", "https://client.example"),
        ("https://client.example:8443/cb", "https://client.example:8443"),
        ("http://127.0.0.1:4711/cb", "http://127.0.0.1:4711"),
        ("http://[::1]:4711/cb", "http:"),
        ("https://a;script-src *", "https:"),
        ("com.example.app:/cb", "com.example.app:"),
    ],
)
def test_a_policy_names_an_origin_or_a_scheme(address: str, source: str) -> None:
    assert source_of(address) == source


def test_an_answer_goes_behind_a_query_there_is() -> None:
    told = [("code", "a b"), ("state", ""), ("iss", "https://c.test")]
    tail = "code=a+b&iss=https%3A%2F%2Fc.test"
    assert with_answer("https://a.example/cb", told) == f"https://a.example/cb?{tail}"
    assert with_answer("https://a.example/cb?x=1", told) == f"https://a.example/cb?x=1&{tail}"
    assert with_answer("https://a.example/cb", [("state", "")]) == "https://a.example/cb"


def test_only_https_is_its_owners_alone() -> None:
    assert is_claimed("https://a.example/cb")
    assert not is_claimed("http://127.0.0.1/cb")
    assert not is_claimed("com.example.app:/cb")
