"""The HTTP client of the demo: tokens, pages, exact digits, refusals in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from simulators.errors import CloudRefusedError
from simulators.incident.cloud_client import CloudClient, Credentials

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler) -> CloudClient:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/oauth/token":
            assert request.headers["authorization"].startswith("Basic ")
            wanted = request.content.decode()
            token = "narrow" if "scope=" in wanted else "whole"
            return httpx.Response(200, json={"access_token": token, "expires_in": 3600})
        assert request.headers["authorization"] == "Bearer whole"
        return handler(request)

    return CloudClient(
        "http://cloud", Credentials("app_1", "s3cret"), transport=httpx.MockTransport(answer)
    )


def test_numbers_keep_their_digits() -> None:
    with client(lambda _: httpx.Response(200, text='{"value": 36.60}')) as cloud:
        assert cloud.get("/x") == {"value": Decimal("36.60")}


def test_a_list_comes_under_items() -> None:
    with client(lambda _: httpx.Response(200, text="[1, 2]")) as cloud:
        assert cloud.get("/x")["items"] == [1, 2]


def test_pages_follow_the_cursor() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.params["limit"] == "2"
        if "cursor" in request.url.params:
            return httpx.Response(200, json={"items": [3]})
        return httpx.Response(200, json={"items": [1, 2], "next_cursor": "more"})

    with client(handler) as cloud:
        assert list(cloud.pages("/x", "items", limit="2")) == [1, 2, 3]


def test_bundle_pages_follow_their_next_links_and_keep_their_text() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("page") == "2":
            return httpx.Response(200, text='{"link": [], "value": 1.50}')
        link = {"relation": "next", "url": "http://cloud/bundle?page=2"}
        return httpx.Response(200, json={"link": [link]})

    with client(handler) as cloud:
        first, second = cloud.bundles("/bundle")
    assert second.text == '{"link": [], "value": 1.50}'
    assert first.content["link"][0]["relation"] == "next"


def test_a_refusal_is_said_with_its_reason_and_mend() -> None:
    body = {"error": "device_not_found", "message": "Use another id."}
    with (
        client(lambda _: httpx.Response(404, json=body)) as cloud,
        pytest.raises(CloudRefusedError) as caught,
    ):
        cloud.post("/api/x", {"a": 1})
    assert caught.value.status == 404
    assert caught.value.reason == "device_not_found"
    assert "POST /api/x with 404 device_not_found. Use another id." in str(caught.value)


def test_a_broken_connection_is_tried_again_for_reads_only() -> None:
    calls = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        if len(calls) < 3:
            raise httpx.ConnectError("gone")
        return httpx.Response(200, text=json.dumps({"ok": 1}))

    with client(handler) as cloud:
        assert cloud.get("/x") == {"ok": 1}
        calls.clear()
        with pytest.raises(CloudRefusedError, match="does not answer POST"):
            cloud.post("/x", {})
    assert calls == ["POST"]


def test_a_token_for_somebody_else_asks_for_the_narrow_scopes() -> None:
    with client(lambda _: httpx.Response(200)) as cloud:
        assert cloud.token_for("argus:epcr:read") == "narrow"


def test_credentials_do_not_show_their_secret() -> None:
    assert "s3cret" not in repr(Credentials("app_1", "s3cret"))
