"""People sign in with the accounts of their own organisation, from an application to its token."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from cloud.core.authorization.profiles import PLATFORM
from tests.fixtures.identity_provider import posted
from tests.fixtures.people_apps import CALLBACK, VERIFIER, Made, asking, make_application
from tests.integration.saml.conftest import Fields, World

STAFF = Made(name="Dispatch map", profile=PLATFORM, scopes=("argus:epcr:*",))


def follow(browser: httpx.Client, response: httpx.Response) -> httpx.Response:
    """On by redirects that stay with us."""
    while response.status_code in (302, 303) and not response.headers["location"].startswith(
        CALLBACK
    ):
        response = browser.get(response.headers["location"])
    return response


def test_an_application_gets_a_token_for_who_signed_in_at_their_own_organisation(
    world: World,
) -> None:
    made = make_application(world.cloud, world.cloud.caller, STAFF)
    with httpx.Client(base_url=world.base, timeout=60) as browser:
        query = urlencode(asking(made, scope="argus:epcr:read"))
        page = browser.get(f"{PLATFORM.authorize_path}?{query}")
        assert "Sign in with County accounts" in page.text
        (way,) = [one for one in Fields(page.text).links if world.connection["id"] in one]
        out = browser.get(way)
        assert (out.status_code, out.headers["location"].split("?")[0]) == (
            302,
            world.provider.sso_url,
        )
        carried = dict(parse_qsl(urlsplit(out.headers["location"]).query))
        assert len(carried["RelayState"]) <= 80
        form = Fields(httpx.get(out.headers["location"]).text)
        # Another site's page posts it: the browser sends none of our cookies along.
        answered = httpx.post(form.action, data=form.fields)
        assert answered.status_code == 303
        consent = follow(browser, answered)
        assert "Allow Dispatch map?" in consent.text
        assert "Ada Byron" in consent.text
        shown = Fields(consent.text)
        back = browser.post(shown.action, data={**shown.fields, "decision": "allow"})
        assert back.headers["location"].startswith(CALLBACK)
        code = dict(parse_qsl(urlsplit(back.headers["location"]).query))["code"]
        token = httpx.post(
            f"{world.base}{PLATFORM.token_path}",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
            },
            auth=made.auth,
        ).json()
        listed = httpx.get(
            f"{world.base}/api/v1/epcr/encounters",
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )
        assert listed.status_code == 200, listed.text


def test_who_is_known_is_signed_in_again_and_sees_their_own_page(world: World) -> None:
    begun = world.begin()
    answered = httpx.post(
        world.service["acs_url"],
        data={
            "SAMLResponse": posted(world.response(begun, sign_response=True)),
            "RelayState": begun.relay_state,
        },
    )
    assert answered.status_code == 303, answered.text
    home = follow(begun.browser, answered)
    assert (home.status_code, "ada@example.org" in home.text) == (200, True)
