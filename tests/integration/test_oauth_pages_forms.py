"""Forms, cookies and headers of the pages: what keeps strangers out of other people's browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import httpx
import pytest

from cloud.app.composition import equip
from cloud.app.parts import Parts
from cloud.core.authorization.profiles import PLATFORM, PORTAL
from cloud.core.identity.tables import UserRow
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.people_apps import (
    PASSWORD,
    Made,
    asking,
    audited,
    make_application,
    make_person,
)
from tests.fixtures.visitor import Seen, Visitor

ADA = "ada@example.org"
STRICT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


@pytest.fixture
async def visitor(embedded: Installation) -> AsyncIterator[Visitor]:
    async with embedded.client() as http:
        yield Visitor(http)


async def consent_page(cloud: Installation, visitor: Visitor) -> Seen:
    """Ada before the decision."""
    made = make_application(cloud, cloud.mine)
    make_person(cloud, cloud.mine)
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    return await visitor.sign_in(page, ADA, PASSWORD)


def refused(seen: Seen, words: str, *, status: int = 403) -> None:
    """A page that says why, and nothing else happened."""
    assert (seen.status, seen.address, seen.alerts) == (status, "", 1)
    assert words in seen.text


async def test_every_page_is_strict_about_where_it_is_shown_and_what_it_loads(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    sign_in = await visitor.open(PORTAL.authorize_path, **asking(made))
    wrong = await visitor.sign_in(sign_in, ADA, "wrong wrong wrong")
    consent = await visitor.sign_in(sign_in, ADA, PASSWORD)
    account = await visitor.open("/account")
    problem = await visitor.open(PORTAL.authorize_path)
    for seen in (sign_in, wrong, consent, account, problem):
        headers = seen.response.headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        policy = headers["content-security-policy"]
        assert policy.startswith(STRICT)
        assert "unsafe" not in policy
        if seen is consent:
            assert policy == f"{STRICT} https: https://client.example"
        else:
            assert policy == STRICT
    for name, kind in (("pages.css", "text/css"), ("icon.svg", "image/svg+xml")):
        file = await visitor.http.get(f"/account/static/{name}")
        assert file.headers["content-type"].startswith(kind)
        known = {"If-None-Match": file.headers["etag"]}
        again = await visitor.http.get(f"/account/static/{name}", headers=known)
        assert again.status_code == 304
    assert (await visitor.http.get("/account/static/pages.py")).status_code == 404


async def test_what_others_wrote_is_shown_as_text(embedded: Installation, visitor: Visitor) -> None:
    evil = '"><script>alert(1)</script>'
    made = make_application(embedded, embedded.mine, Made(name=evil))
    asked = asking(made, login_hint=f"{evil}@example.org")
    page = await visitor.open(PORTAL.authorize_path, **asked)
    assert "<script" not in page.response.text
    assert page.form.fields["email"] == f"{evil}@example.org"
    account = await visitor.open("/account", organisation=evil)
    assert account.form.fields["organisation"] == evil


async def test_cookies_on_loopback_are_unreadable_to_scripts_and_foreign_posts(
    embedded: Installation, visitor: Visitor
) -> None:
    consent = await consent_page(embedded, visitor)
    set_now = {
        name: morsel
        for line in consent.response.headers.get_list("set-cookie")
        for name, morsel in SimpleCookie(line).items()
    }
    assert set(set_now) == {"vitalwire-session", "vitalwire-known"}
    for morsel in set_now.values():
        assert (morsel["httponly"], morsel["samesite"].lower(), morsel["path"]) == (
            True,
            "lax",
            "/",
        )
        assert not morsel["secure"]
    assert set_now["vitalwire-session"]["max-age"] == ""
    assert "vitalwire-browser" in visitor.http.cookies


async def test_cookies_over_https_can_be_set_by_no_neighbour(embedded: Installation) -> None:
    parts = embedded.parts
    again = Parts(
        settings=parts.settings, database=parts.database, vault=parts.vault, clock=parts.clock
    )
    equip(embedded.app, again, issuer="https://cloud.test")
    transport = httpx.ASGITransport(embedded.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://cloud.test") as http:
        visitor = Visitor(http)
        consent = await consent_page(embedded, visitor)
        back = await visitor.decide(consent)
        assert back.told["iss"] == "https://cloud.test"
        names = {"__Host-vitalwire-browser", "__Host-vitalwire-session", "__Host-vitalwire-known"}
        assert set(http.cookies) == names
        for line in consent.response.headers.get_list("set-cookie"):
            assert "; Secure" in line
            assert "Domain" not in line


async def test_a_form_is_good_in_the_browser_it_was_shown_to_alone(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    async with embedded.client() as http:
        stranger = Visitor(http)
        # Without a cookie of ours, and with one that belongs to another form.
        refused(await stranger.sign_in(page, ADA, PASSWORD), "not shown to this browser")
        await stranger.open(PORTAL.authorize_path, **asking(made))
        refused(await stranger.sign_in(page, ADA, PASSWORD), "not shown to this browser")
        refused(await stranger.decide(consent), "not shown to this browser")
        # Not even with the victim's session, as another site's form would have it.
        http.cookies.set(
            "vitalwire-session", visitor.http.cookies["vitalwire-session"], domain="cloud.test"
        )
        refused(await stranger.decide(consent), "not shown to this browser")
    assert len(audited(embedded, embedded.mine.tenant_id, "session.begun")) == 1
    assert not audited(embedded, embedded.mine.tenant_id, "consent.given")


async def test_a_decision_is_the_session_s_it_was_asked_in(
    embedded: Installation, visitor: Visitor
) -> None:
    consent = await consent_page(embedded, visitor)
    make_person(embedded, embedded.mine, email="bob@example.org")
    await visitor.open("/account")
    visitor.http.cookies.delete("vitalwire-session")
    page = await visitor.open("/account", organisation=embedded.mine.tenant_id)
    await visitor.sign_in(page, "bob@example.org", PASSWORD)
    refused(await visitor.decide(consent), "Somebody else signed in meanwhile")
    visitor.http.cookies.delete("vitalwire-session")
    nobody = await visitor.decide(consent)
    assert "Sign in" in nobody.text
    assert "Appointment Helper" in nobody.text


@pytest.mark.parametrize("state", ["", "%%%", "A" * 60, "é", "A" * 40_000])
async def test_a_made_up_state_is_refused(
    embedded: Installation, visitor: Visitor, state: str
) -> None:
    consent = await consent_page(embedded, visitor)
    for path in ("/oauth/sign-in", "/oauth/consent", "/v1/oauth/consent", "/oauth/logout/confirm"):
        form = {"state": state, "decision": "allow"}
        refused(Seen(await visitor.http.post(path, data=form)), "not one of ours")
    # A state of one page is none of another's, nor of another address's.
    stolen = {"state": consent.form.fields["state"]}
    refused(Seen(await visitor.http.post("/account/sign-out", data=stolen)), "not one of ours")
    moved = {**stolen, "decision": "allow"}
    refused(Seen(await visitor.http.post("/v1/oauth/consent", data=moved)), "another address")


async def test_a_form_that_another_site_sends_is_refused(
    embedded: Installation, visitor: Visitor
) -> None:
    consent = await consent_page(embedded, visitor)
    for origin in ("cross-site", "same-site"):
        seen = await visitor.send(
            consent.form, decision="allow", headers={"Sec-Fetch-Site": origin}
        )
        refused(seen, "Another site sent this form")
    twice = "state=1&state=2"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    seen = Seen(await visitor.http.post("/oauth/consent", content=twice, headers=headers))
    refused(seen, "came twice", status=400)
    nothing = {"state": consent.form.fields["state"], "decision": "perhaps"}
    seen = Seen(await visitor.http.post("/oauth/consent", data=nothing))
    refused(seen, "Choose to allow or to deny", status=400)


@pytest.mark.parametrize("first", ["allow", "deny"])
async def test_a_decision_is_taken_once(
    embedded: Installation, visitor: Visitor, first: str
) -> None:
    consent = await consent_page(embedded, visitor)
    back = await visitor.decide(consent, first)
    assert ("code" in back.told) == (first == "allow")
    for decision in ("allow", "deny"):
        refused(await visitor.decide(consent, decision), "answered already", status=400)


async def test_a_page_does_not_stay_good_for_ever(embedded: Installation, visitor: Visitor) -> None:
    consent = await consent_page(embedded, visitor)
    embedded.clock.pass_(30 * 60)
    refused(await visitor.decide(consent), "open for too long", status=400)


async def test_each_sign_in_has_a_session_of_its_own_and_ends_the_one_before(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    planted = "vwc_planted-by-somebody-else"
    visitor.http.cookies.set("vitalwire-session", planted, domain="cloud.test")
    seen = set()
    for _ in range(2):
        page = await visitor.open(PORTAL.authorize_path, **asking(made, prompt="login"))
        await visitor.sign_in(page, ADA, PASSWORD)
        seen.add(visitor.http.cookies["vitalwire-session"])
    assert planted not in seen
    assert len(seen) == 2
    assert len(audited(embedded, embedded.mine.tenant_id, "session.ended")) == 1


async def test_a_suspended_person_is_signed_in_nowhere(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    user_id = make_person(embedded, embedded.mine)
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.get_one(UserRow, user_id).status = "suspended"
    nobody = await visitor.decide(consent)
    assert "Sign in" in nobody.text
    assert (await visitor.sign_in(nobody, ADA, PASSWORD)).status == 403


async def test_ending_all_that_stands_for_a_person_ends_their_sessions(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    user_id = make_person(embedded, embedded.mine)
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.get_one(UserRow, user_id).epoch += 1
    assert "Sign in" in (await visitor.decide(consent)).text


async def test_wrong_address_and_wrong_password_look_the_same(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    user_id = make_person(embedded, embedded.mine)
    make_person(embedded, embedded.other, email="eve@example.org")
    texts = set()
    for email in (ADA, "nobody@example.org", "eve@example.org", "no address", "a\x00@b.c"):
        page = await visitor.open(PORTAL.authorize_path, **asking(made))
        seen = await visitor.sign_in(page, email, "wrong wrong wrong")
        assert (seen.status, seen.alerts) == (403, 1)
        assert seen.form.fields["email"] == email
        assert seen.form.fields["password"] == ""
        texts.add(seen.text)
    assert len(texts) == 1
    (known,) = audited(embedded, embedded.mine.tenant_id, "session.refused")
    assert known.user_id == user_id
    assert len(audited(embedded, "installation", "session.refused")) == 4
    assert not audited(embedded, embedded.other.tenant_id, "session.refused")


async def test_guessing_a_password_is_slowed_and_its_owner_still_comes_in(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine, Made(profile=PLATFORM))
    make_person(embedded, embedded.mine)
    home = await visitor.open(PLATFORM.authorize_path, **asking(made))
    await visitor.sign_in(home, ADA, PASSWORD)
    async with embedded.client() as http:
        stranger = Visitor(http)
        page = await stranger.open(PLATFORM.authorize_path, **asking(made))
        for _ in range(5):
            assert (await stranger.sign_in(page, ADA, "wrong wrong wrong")).status == 403
        slowed = await stranger.sign_in(page, ADA, PASSWORD)
        assert (slowed.status, slowed.alerts) == (429, 1)
        assert 0 < int(slowed.response.headers["retry-after"]) <= 900
        assert "Nobody is locked out" in slowed.text
        # Same address, same account: the browser that is known there is not made to wait.
        again = await visitor.sign_in(home, ADA, PASSWORD)
        assert again.status == 200
        embedded.clock.pass_(900)
        page = await stranger.open(PLATFORM.authorize_path, **asking(made))
        assert (await stranger.sign_in(page, ADA, PASSWORD)).status == 200


async def test_one_address_tries_so_many_passwords_and_no_more(
    embedded: Installation, visitor: Visitor
) -> None:
    make_person(embedded, embedded.mine)
    page = await visitor.open("/account", organisation=embedded.mine.tenant_id)
    for _ in range(30):
        seen = Seen(await visitor.http.post("/account/sign-in", data={"state": "x"}))
        assert seen.status == 403
    slowed = await visitor.sign_in(page, ADA, PASSWORD)
    assert (slowed.status, slowed.alerts) == (429, 1)
    assert "Retry-After" in slowed.response.headers


async def test_a_store_that_is_away_is_said_on_a_page(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    with embedded.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_entries RENAME TO gone")
    seen = await visitor.open(PORTAL.authorize_path, **asking(made, scope="*"))
    assert (seen.status, seen.address, seen.alerts) == (503, "", 1)
    assert seen.response.headers["retry-after"] == "5"
    assert ISSUER not in seen.text


async def test_a_page_that_is_opened_again_says_where_to_begin(visitor: Visitor) -> None:
    for path in ("/oauth/sign-in", "/oauth/consent", "/v1/oauth/sign-in", "/v1/oauth/consent"):
        refused(await visitor.open(path), "Begin again in the application", status=400)
    for path in ("/account/sign-in", "/account/take-back", "/account/sign-out"):
        seen = await visitor.open(path)
        assert (seen.status, seen.address) == (303, "/account")
    assert (await visitor.open("/oauth/logout/confirm")).address == "/oauth/logout"
