"""People sign in with the accounts of their own organisation, from an application to its token."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from tests.integration.saml.conftest import World
from tests.integration.saml.journey import Visit, follow


def test_an_application_gets_a_token_for_who_signed_in_at_their_own_organisation(
    world: World,
) -> None:
    visit = Visit.of(world)
    page = visit.ask()
    assert "Sign in with County accounts" in page.text
    way = visit.way(page)
    sent = visit.browser.get(way).headers["location"]
    assert sent.split("?")[0] == world.provider.sso_url
    assert len(dict(parse_qsl(urlsplit(sent).query))["RelayState"]) <= 80
    consent = visit.over(way)
    assert "Ada Byron" in consent.text
    tokens = visit.redeem(visit.allow(consent)).json()
    assert visit.reads(tokens["access_token"]) == 200


def test_who_is_known_is_signed_in_again_and_sees_their_own_page(world: World) -> None:
    begun = world.begin()
    answered = world.post(world.response(begun, sign_response=True), begun.relay_state)
    assert answered.status_code == 303, answered.text
    home = follow(begun.browser, answered)
    assert (home.status_code, "ada@example.org" in home.text) == (200, True)
