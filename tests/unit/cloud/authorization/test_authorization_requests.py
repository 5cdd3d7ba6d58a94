"""Redirect addresses, exactly; and a request as it is kept between two pages."""

from __future__ import annotations

import pytest

from cloud.core.authorization.authorization_requests import AuthorizationRequest, known_redirect
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.tables import ApplicationRow

REGISTERED = "https://app.example.test/back"
NATIVE = "http://127.0.0.1/back"
SIX = "http://[::1]/back?a=1"


def application(*, governance: Governance | None = None) -> ApplicationRow:
    return ApplicationRow(
        redirect_uris=[REGISTERED, NATIVE, SIX, "http://localhost/back"],
        governance=(governance or Governance()).stored(),
    )


@pytest.mark.parametrize(
    "given",
    [
        REGISTERED,
        NATIVE,
        "http://127.0.0.1:51004/back",
        "http://[::1]:9/back?a=1",
        "http://localhost/back",
    ],
)
def test_registered_addresses_are_known_and_a_native_apps_port_may_be_any(given: str) -> None:
    assert known_redirect(application(), given)


@pytest.mark.parametrize(
    "given",
    [
        "",
        REGISTERED + "/",
        REGISTERED + "ward",
        REGISTERED + "?",
        REGISTERED + "?a=1",
        REGISTERED + "#part",
        REGISTERED + "/../back",
        REGISTERED + "%2e",
        "https://app.example.test/BACK",
        "https://APP.example.test/back",
        "HTTPS://app.example.test/back",
        "http://app.example.test/back",
        "https://app.example.test:443/back",
        "https://app.example.test.evil.test/back",
        "https://evil.test/https://app.example.test/back",
        "https://app.example.test@evil.test/back",
        "https://user@app.example.test/back",
        "https://app.example.test\\@evil.test/back",
        "https://аpp.example.test/back",  # noqa: RUF001 - another alphabet's letter, on purpose
        "https://xn--pp-6kc.example.test/back",
        " " + REGISTERED,
        REGISTERED + "\n",
        REGISTERED + "\x00",
        "//app.example.test/back",
        "javascript:alert(1)",
        "http://127.0.0.1:51004/other",
        "http://127.0.0.1:51004/back?a=1",
        "http://127.0.0.1:51004/back#part",
        "http://127.0.0.1:51004/back\n",
        "http://user@127.0.0.1:51004/back",
        "http://@127.0.0.1:51004/back",
        "http://127.0.0.1:99999/back",
        "http://127.0.0.1:x/back",
        "http://127.0.0.1.evil.test:80/back",
        "http://127.0.0.2:51004/back",
        "http://127.1:51004/back",
        "https://127.0.0.1:51004/back",
        "http://localhost:51004/back",
        "http://[::1",
    ],
)
def test_an_address_that_differs_in_anything_is_unknown(given: str) -> None:
    assert not known_redirect(application(), given)


def test_an_administrator_can_narrow_the_registered_ones() -> None:
    only = application(governance=Governance(allowed_redirect_uris=(NATIVE, "https://new.test/")))
    assert known_redirect(only, NATIVE)
    assert not known_redirect(only, REGISTERED)
    assert not known_redirect(only, "https://new.test/"), "it is not registered"


def test_a_request_comes_back_as_it_was_kept() -> None:
    request = AuthorizationRequest(
        profile="portal",
        client_id="app_1",
        redirect_uri=REGISTERED,
        scopes=("openid", "profile_read"),
        prompts=("login",),
        max_age=60,
    )
    kept = {**request.stored(), "scopes": list(request.scopes), "prompts": list(request.prompts)}
    assert AuthorizationRequest.of(kept) == request
