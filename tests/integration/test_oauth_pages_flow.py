"""A person allows an application what it asks, from its first address to tokens and back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cloud.core.authorization.profiles import PLATFORM, PORTAL, Profile
from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.people_apps import (
    CALLBACK,
    PASSWORD,
    Made,
    MadeApplication,
    asking,
    audited,
    make_application,
    make_person,
    redeem,
)
from tests.fixtures.visitor import Seen, Visitor

ADA = "ada@example.org"
STAFF = Made(
    name="Dispatch Map",
    profile=PLATFORM,
    scopes=("argus:devices:read", "argus:epcr:*"),
)


@pytest.fixture
async def visitor(embedded: Installation) -> AsyncIterator[Visitor]:
    async with embedded.client() as http:
        yield Visitor(http)


async def allowed(visitor: Visitor, made: MadeApplication, profile: Profile, **more: str) -> Seen:
    """Sign in as Ada and allow it."""
    page = await visitor.open(profile.authorize_path, **asking(made, **more))
    page = await visitor.sign_in(page, ADA, PASSWORD)
    return await visitor.decide(page)


async def test_a_patient_allows_the_portals_application(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    user_id = make_person(embedded, embedded.mine)
    first = await visitor.open(
        PORTAL.authorize_path, **asking(made, scope="openid appointment_read", nonce="n-1")
    )
    assert (first.status, first.alerts) == (200, 0)
    assert "Appointment Helper" in first.text
    assert "Mine" in first.text
    consent = await visitor.sign_in(first, ADA, PASSWORD)
    assert consent.status == 200
    assert "Allow Appointment Helper?" in consent.text
    assert "Ada Byron" in consent.text
    assert "Read your appointments and join video calls." in consent.text
    assert "Know that it is you." in consent.text
    assert "Book, move and cancel" not in consent.text
    back = await visitor.decide(consent)
    assert back.status == 302
    assert back.address.startswith(f"{CALLBACK}?code=")
    assert set(back.told) == {"code", "state", "iss"}
    assert (back.told["state"], back.told["iss"]) == ("s-1", ISSUER)

    tokens = await redeem(visitor.http, PORTAL, made, back.told["code"])
    assert tokens["scope"] == "openid appointment_read"
    keys = KeySet.import_key_set((await visitor.http.get("/.well-known/jwks.json")).json())
    claims = jwt.decode(str(tokens["id_token"]), keys, algorithms=["RS256"]).claims
    assert (claims["nonce"], claims["aud"]) == ("n-1", made.client_id)
    assert claims["auth_time"] == int(START.timestamp())
    assert claims["sub"] not in ("", user_id)

    tenant_id = embedded.mine.tenant_id
    (begun,) = audited(embedded, tenant_id, "session.begun")
    (given,) = audited(embedded, tenant_id, "consent.given")
    (granted,) = audited(embedded, tenant_id, "authorization.granted")
    assert {begun.user_id, given.user_id, granted.user_id} == {user_id}
    assert {begun.client_id, given.client_id, granted.client_id} == {made.client_id}
    assert given.address == "127.0.0.1"
    assert granted.note == "asked"


async def test_a_dispatcher_allows_an_application_of_the_platform(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine, STAFF)
    make_person(embedded, embedded.mine, roles=("dispatcher",))
    first = await visitor.open(PLATFORM.authorize_path, **asking(made, scope="argus:epcr:*"))
    consent = await visitor.sign_in(first, ADA, PASSWORD)
    # The role holds reading and writing, not the handover that the wildcard covers too.
    assert "Read encounters and their pseudonymised FHIR bundle." in consent.text
    assert "handed over to you" not in consent.text
    assert "what your account may not do" in consent.text
    back = await visitor.decide(consent)
    tokens = await redeem(visitor.http, PLATFORM, made, back.told["code"])
    assert tokens["scope"] == "argus:epcr:read argus:epcr:write"
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    listed = await visitor.http.get("/api/v1/epcr/encounters", headers=headers)
    assert listed.status_code == 200, listed.text


async def test_a_wildcard_is_shown_as_all_that_it_covers(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine, STAFF)
    make_person(embedded, embedded.mine, roles=("crew",))
    first = await visitor.open(PLATFORM.authorize_path, **asking(made, scope="argus:epcr:*"))
    consent = await visitor.sign_in(first, ADA, PASSWORD)
    assert "Everything under argus:epcr:*" in consent.text
    assert "Open encounters and hand them over." in consent.text
    assert "Read who the patient is in encounters handed over to you. sensitive" in consent.text
    assert "what your account may not do" not in consent.text
    back = await visitor.decide(consent)
    tokens = await redeem(visitor.http, PLATFORM, made, back.told["code"])
    assert tokens["scope"] == "argus:epcr:*"


async def test_what_was_allowed_is_not_asked_again(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    await allowed(visitor, made, PORTAL, scope="openid appointment_read")
    again = await visitor.open(PORTAL.authorize_path, **asking(made, scope="appointment_read"))
    assert (again.status, set(again.told)) == (302, {"code", "state", "iss"})
    silent = await visitor.open(
        PORTAL.authorize_path, **asking(made, scope="appointment_read", prompt="none")
    )
    assert "code" in silent.told
    more = await visitor.open(PORTAL.authorize_path, **asking(made, scope="appointment_write"))
    assert (more.status, more.address) == (200, "")
    asked = await visitor.open(
        PORTAL.authorize_path, **asking(made, scope="openid", prompt="consent")
    )
    assert "Allow Appointment Helper?" in asked.text
    notes = [
        one.note for one in audited(embedded, embedded.mine.tenant_id, "authorization.granted")
    ]
    assert notes == ["asked", "consented before", "consented before"]


async def test_after_signing_in_the_way_on_is_a_page_where_all_was_allowed_before(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    await allowed(visitor, made, PORTAL)
    page = await visitor.open(PORTAL.authorize_path, **asking(made, prompt="login"))
    onward = await visitor.sign_in(page, ADA, PASSWORD)
    assert (onward.status, onward.response.headers.get("location")) == (200, None)
    assert set(onward.told) == {"code", "state", "iss"}
    assert onward.links == [onward.address]


async def test_no_scope_in_a_request_means_all_the_application_has(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    back = await allowed(visitor, made, PORTAL)
    tokens = await redeem(visitor.http, PORTAL, made, back.told["code"])
    assert tokens["scope"] == "openid profile_read appointment_read appointment_write"


async def test_a_request_may_come_as_a_form(embedded: Installation, visitor: Visitor) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    page = Seen(await visitor.http.post(PORTAL.authorize_path, data=asking(made)))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    assert "code" in (await visitor.decide(consent)).told


async def test_a_redirect_address_keeps_its_own_query(
    embedded: Installation, visitor: Visitor
) -> None:
    address = "https://client.example/cb?tenant=7"
    made = make_application(embedded, embedded.mine, Made(redirect_uris=(address,)))
    make_person(embedded, embedded.mine)
    back = await allowed(visitor, made, PORTAL, redirect_uri=address)
    assert back.address.startswith(f"{address}&code=")
    assert back.told["tenant"] == "7"


async def test_two_people_of_one_browser_have_one_session_each(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    make_person(embedded, embedded.mine, email="bob@example.org")
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    before = visitor.http.cookies["vitalwire-session"]
    switched = await visitor.decide(consent, "switch")
    assert "Sign in" in switched.text
    consent = await visitor.sign_in(switched, "bob@example.org", PASSWORD)
    assert "bob@example.org" in consent.text
    assert visitor.http.cookies["vitalwire-session"] != before
    visitor.http.cookies.set("vitalwire-session", before, domain="cloud.test")
    gone = await visitor.open(PORTAL.authorize_path, **asking(made, prompt="none"))
    assert gone.told["error"] == "login_required"


async def test_an_id_token_says_who_is_expected(embedded: Installation, visitor: Visitor) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    make_person(embedded, embedded.mine, email="bob@example.org")
    back = await allowed(visitor, made, PORTAL, scope="openid")
    hint = str((await redeem(visitor.http, PORTAL, made, back.told["code"]))["id_token"])
    silent = asking(made, scope="openid", prompt="none", id_token_hint=hint)
    assert "code" in (await visitor.open(PORTAL.authorize_path, **silent)).told
    page = await visitor.open(PORTAL.authorize_path, **asking(made, prompt="login"))
    await visitor.sign_in(page, "bob@example.org", PASSWORD)
    assert (await visitor.open(PORTAL.authorize_path, **silent)).told["error"] == "login_required"
    asked = asking(made, scope="openid", id_token_hint=hint)
    page = await visitor.open(PORTAL.authorize_path, **asked)
    assert "Sign in" in page.text
    wrong = await visitor.sign_in(page, "bob@example.org", PASSWORD)
    assert wrong.told["error"] == "login_required"
    page = await visitor.open(PORTAL.authorize_path, **asked)
    assert "code" in (await visitor.sign_in(page, ADA, PASSWORD)).told
    other = make_application(embedded, embedded.mine, Made(name="Other"))
    for client, text in ((made, "eyJ"), (other, hint), (made, "e" * 9000)):
        bad = asking(client, scope="openid", id_token_hint=text)
        told = (await visitor.open(PORTAL.authorize_path, **bad)).told
        assert told["error"] == "invalid_request"
