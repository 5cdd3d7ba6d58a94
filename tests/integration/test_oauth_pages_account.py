"""Connected applications, signing out, and userinfo."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cloud.core.authorization.profiles import PLATFORM, PORTAL, Profile
from tests.fixtures.cloud import Installation
from tests.fixtures.people_apps import (
    CALLBACK,
    PASSWORD,
    Made,
    MadeApplication,
    asking,
    audited,
    change_application,
    make_application,
    make_person,
    redeem,
)
from tests.fixtures.visitor import Visitor

ADA = "ada@example.org"
GOODBYE = "https://client.example/goodbye"
CLAIMS = {
    "gender": "female",
    "birthdate": "1985-12-10",
    "phone_number": "+49 30 1",
    "address": {"locality": "Berlin"},
    "insurance_company_id": 136,
    "insurance_number": "X1",
    "shoe_size": 38,
}


@pytest.fixture
async def visitor(embedded: Installation) -> AsyncIterator[Visitor]:
    async with embedded.client() as http:
        yield Visitor(http)


async def connected(
    visitor: Visitor, made: MadeApplication, profile: Profile = PORTAL, **more: str
) -> dict[str, object]:
    """Ada allows an application what it asks; its tokens."""
    page = await visitor.open(profile.authorize_path, **asking(made, prompt="login", **more))
    page = await visitor.sign_in(page, ADA, PASSWORD)
    back = page if page.refresh else await visitor.decide(page)
    return await redeem(visitor.http, profile, made, back.told["code"])


async def info(http: httpx.AsyncClient, tokens: Mapping[str, object]) -> httpx.Response:
    """What userinfo says."""
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return await http.get("/oauth/userinfo", headers=headers)


async def id_claims(http: httpx.AsyncClient, tokens: dict[str, object]) -> dict[str, object]:
    """What the ID token says, its signature checked."""
    keys = KeySet.import_key_set((await http.get("/oauth/discovery/keys")).json())
    return jwt.decode(str(tokens["id_token"]), keys, algorithms=["RS256"]).claims


async def test_userinfo_tells_what_the_scopes_open(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    user_id = make_person(embedded, embedded.mine, claims=CLAIMS)
    whole = await connected(visitor, made)
    answer = await info(visitor.http, whole)
    assert answer.headers["cache-control"] == "no-store"
    subject = (await id_claims(visitor.http, whole))["sub"]
    told = {name: value for name, value in CLAIMS.items() if name != "shoe_size"}
    assert answer.json() == {
        "sub": subject,
        "given_name": "Ada",
        "family_name": "Byron",
        "name": "Ada Byron",
        "email": ADA,
        **told,
    }
    posted = await visitor.http.post(
        "/oauth/userinfo", headers={"Authorization": f"Bearer {whole['access_token']}"}
    )
    assert posted.json() == answer.json()
    little = await connected(visitor, made, scope="openid")
    assert (await info(visitor.http, little)).json() == {"sub": subject}
    reads = audited(embedded, embedded.mine.tenant_id, "read")
    assert [(one.resource_type, one.user_id) for one in reads] == [("userinfo", user_id)] * 3


async def test_userinfo_is_for_tokens_of_people_who_may_be_known(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine, roles=("patient", "dispatcher"))
    without = await connected(visitor, made, scope="profile_read")
    refused = await info(visitor.http, without)
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="openid"' in refused.headers["www-authenticate"]
    reads = audited(embedded, embedded.mine.tenant_id, "read")
    assert [one.outcome for one in reads] == ["denied"]
    platform = make_application(
        embedded, embedded.mine, Made(profile=PLATFORM, scopes=("openid", "argus:devices:read"))
    )
    foreign = await connected(visitor, platform, PLATFORM)
    for tokens in (foreign, {"access_token": "eyJ"}, {"access_token": without["refresh_token"]}):
        answer = await info(visitor.http, tokens)
        assert (answer.status_code, answer.json()) == (
            401,
            {"error": "The access token is invalid"},
        )
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    nothing = await visitor.http.get("/oauth/userinfo")
    assert nothing.headers["www-authenticate"] == 'Bearer realm="vitalwire"'
    headers = {
        "Authorization": f"Bearer {without['access_token']}",
        "X-Tenant-ID": embedded.other.tenant_id,
    }
    crossed = await visitor.http.get("/oauth/userinfo", headers=headers)
    assert (crossed.status_code, crossed.json()["error"]) == (403, "tenant_mismatch")


async def test_a_person_has_another_name_at_every_client(
    embedded: Installation, visitor: Visitor
) -> None:
    make_person(embedded, embedded.mine)
    subjects = set()
    for place in range(2):
        address = f"https://client-{place}.example/callback"
        made = make_application(embedded, embedded.mine, Made(redirect_uris=(CALLBACK, address)))
        tokens = await connected(visitor, made, scope="openid")
        subject = (await info(visitor.http, tokens)).json()["sub"]
        assert subject == (await id_claims(visitor.http, tokens))["sub"]
        subjects.add(subject)
    assert len(subjects) == 2


async def test_a_person_sees_what_is_connected_and_takes_it_back(
    embedded: Installation, visitor: Visitor
) -> None:
    make_person(embedded, embedded.mine)
    one = make_application(embedded, embedded.mine)
    two = make_application(embedded, embedded.mine, Made(name="Reminder"))
    kept = await connected(visitor, two, scope="openid")
    embedded.clock.pass_(1)
    ended = await connected(visitor, one, scope="openid appointment_write")
    page = await visitor.open("/account")
    assert "Reminder" in page.text
    assert "Book, move and cancel appointments for you." in page.text
    assert "since 23 November 2026" in page.text
    assert "Ada Byron" in page.text
    form = page.forms[2]
    gone = await visitor.send(form)
    assert (gone.status, gone.address) == (303, "/account?done=ended")
    page = await visitor.open("/account", done="ended")
    assert "The application's access has ended." in page.text
    assert "Reminder" in page.text
    assert "Appointment Helper" not in page.text
    assert (await info(visitor.http, ended)).status_code == 401
    assert (await info(visitor.http, kept)).status_code == 200
    refresh = {"grant_type": "refresh_token", "refresh_token": str(ended["refresh_token"])}
    answer = await visitor.http.post(PORTAL.token_path, data=refresh, auth=one.auth)
    assert answer.json()["error"] == "invalid_grant"
    again = await visitor.send(form)
    assert (again.status, "allowed any more" in again.text) == (400, True)
    (entry,) = audited(embedded, embedded.mine.tenant_id, "consent.revoked")
    assert entry.client_id == one.client_id


async def test_nobody_takes_back_what_another_allowed(
    embedded: Installation, visitor: Visitor
) -> None:
    make_person(embedded, embedded.mine)
    make_person(embedded, embedded.other)
    await connected(visitor, make_application(embedded, embedded.mine))
    theirs = (await visitor.open("/account")).forms[1].fields["consent"]
    async with embedded.client() as http:
        other = Visitor(http)
        await connected(other, make_application(embedded, embedded.other))
        form = (await other.open("/account")).forms[1]
        refused = await other.send(form, consent=theirs)
        absent = await other.send(form, consent="con_none")
        assert (refused.status, absent.status) == (400, 400)
        words = "Nothing of that name is allowed any more."
        assert words in refused.text
        assert words in absent.text
    assert len((await visitor.open("/account")).forms) == 2


async def test_signing_in_to_the_own_page_and_out_again(
    embedded: Installation, visitor: Visitor
) -> None:
    make_person(embedded, embedded.mine)
    page = await visitor.open("/account")
    for organisation in (embedded.other.tenant_id, "ten_none", "", "a\x00b", "t" * 300):
        wrong = await visitor.send(
            page.form, organisation=organisation, email=ADA, password=PASSWORD
        )
        assert wrong.status == 403
        assert wrong.form.fields["organisation"] == organisation[:120]
        embedded.clock.pass_(900)
        page = await visitor.open("/account")
    done = await visitor.send(
        page.form, organisation=" Mine", email=" Ada@Example.org", password=PASSWORD
    )
    assert (done.status, done.address) == (303, "/account")
    page = await visitor.open("/account")
    assert "No application is connected" in page.text
    out = await visitor.send(page.form)
    assert "You are signed out" in out.text
    assert "vitalwire-session" not in visitor.http.cookies
    assert "Sign in" in (await visitor.open("/account")).text
    asked = asking(make_application(embedded, embedded.mine))
    other = await visitor.open(PORTAL.authorize_path, **asked)
    form = {**other.form.fields, "organisation": embedded.mine.tenant_id}
    moved = await visitor.http.post("/account/sign-in", data=form)
    assert (moved.status_code, "another address" in moved.text) == (403, True)
    stale = await visitor.send(page.form)
    assert (stale.status, "no longer signed in" in stale.text) == (403, True)


async def test_the_own_page_is_slowed_like_every_other_door(
    embedded: Installation, visitor: Visitor
) -> None:
    make_person(embedded, embedded.mine)
    page = await visitor.open("/account", organisation=embedded.mine.tenant_id)
    for _ in range(5):
        await visitor.sign_in(page, ADA, "wrong wrong wrong")
    slowed = await visitor.sign_in(page, ADA, PASSWORD)
    assert (slowed.status, slowed.alerts) == (429, 1)
    assert slowed.form.fields["organisation"] == embedded.mine.tenant_id


async def test_an_application_signs_a_person_out(embedded: Installation, visitor: Visitor) -> None:
    made = make_application(embedded, embedded.mine, Made(post_logout_redirect_uris=(GOODBYE,)))
    make_person(embedded, embedded.mine)
    tokens = await connected(visitor, made)
    hint = str(tokens["id_token"])
    for address in (f"{GOODBYE}/", f"{GOODBYE}?x=1", CALLBACK, "https://evil.example/"):
        seen = await visitor.open(
            "/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=address
        )
        assert (seen.status, seen.address, seen.alerts) == (400, "", 1)
    assert "Ada Byron" in (await visitor.open("/account")).text
    embedded.clock.pass_(7 * 3600)  # an expired ID token still names the session
    out = await visitor.open(
        "/oauth/logout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="s 1"
    )
    assert (out.status, out.address) == (302, f"{GOODBYE}?state=s+1")
    assert "vitalwire-session" not in visitor.http.cookies
    assert "Sign in" in (await visitor.open("/account")).text
    again = await visitor.open("/oauth/logout", id_token_hint=hint)
    assert "You are signed out" in again.text
    assert len(audited(embedded, embedded.mine.tenant_id, "session.ended")) == 1


async def test_an_application_that_is_not_approved_signs_out_and_sends_nobody_anywhere(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine, Made(post_logout_redirect_uris=(GOODBYE,)))
    make_person(embedded, embedded.mine)
    hint = str((await connected(visitor, made))["id_token"])
    change_application(embedded, made.client_id, status="suspended")
    asked = {"client_id": made.client_id, "post_logout_redirect_uri": GOODBYE}
    question = await visitor.open("/oauth/logout", **asked)
    assert (question.status, "Appointment Helper" in question.text) == (200, False)
    out = await visitor.open("/oauth/logout", id_token_hint=hint, **asked)
    assert (out.status, out.address, "You are signed out" in out.text) == (200, "", True)
    nobody = await visitor.open("/oauth/logout", **asked)
    assert (nobody.status, nobody.address) == (200, "")


async def test_a_hint_ends_its_session_where_no_cookie_comes_along(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    tokens = await connected(visitor, made)
    async with embedded.client() as http:
        form = {"id_token_hint": str(tokens["id_token"])}
        assert (await http.post("/oauth/logout", data=form)).status_code == 200
    assert "Sign in" in (await visitor.open("/account")).text


async def test_without_a_good_hint_a_person_is_asked(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine, Made(post_logout_redirect_uris=(GOODBYE,)))
    make_person(embedded, embedded.mine)
    old = await connected(visitor, made)
    await connected(visitor, made)
    asked = {"client_id": made.client_id, "post_logout_redirect_uri": GOODBYE}
    question = await visitor.open("/oauth/logout", **asked)
    assert "Appointment Helper asks to sign you out." in question.text
    policy = question.response.headers["content-security-policy"]
    assert policy.endswith("form-action 'self' https: https://client.example")
    # A hint of a session that ended is no word about the one there is now.
    stale = await visitor.open("/oauth/logout", id_token_hint=str(old["id_token"]))
    assert "Sign out?" in stale.text
    out = await visitor.send(question.form)
    assert (out.status, out.address) == (302, GOODBYE)
    assert "Sign in" in (await visitor.open("/account")).text
    for hint in ("eyJ", str(old["access_token"]), "é"):
        bad = await visitor.open("/oauth/logout", id_token_hint=hint)
        assert (bad.status, "no good ID token" in bad.text) == (400, True)
    crossed = await visitor.open(
        "/oauth/logout", id_token_hint=str(old["id_token"]), client_id="app_other"
    )
    assert crossed.status == 400
    nobody = await visitor.open("/oauth/logout", **asked)
    assert (nobody.status, nobody.address) == (302, GOODBYE)


async def test_signing_out_asks_about_the_one_who_was_shown(
    embedded: Installation, visitor: Visitor
) -> None:
    make_person(embedded, embedded.mine)
    made = make_application(embedded, embedded.mine)
    await connected(visitor, made)
    question = await visitor.open("/oauth/logout")
    await connected(visitor, made)
    refused = await visitor.send(question.form)
    assert (refused.status, "Somebody else" in refused.text) == (403, True)
    question = await visitor.open("/oauth/logout")
    visitor.http.cookies.delete("vitalwire-session")
    assert "You are signed out" in (await visitor.send(question.form)).text


async def test_a_name_that_no_database_keeps_is_nobodys_consent(cloud: Installation) -> None:
    make_person(cloud, cloud.mine)
    made = make_application(cloud, cloud.mine)
    async with cloud.client() as http:
        visitor = Visitor(http)
        await connected(visitor, made)
        page = await visitor.open("/account")
        refused = await visitor.send(page.forms[1], consent="con_\x00")
        assert (refused.status, refused.alerts) == (400, 1)
        gone = await visitor.send((await visitor.open("/account")).forms[1])
        assert (gone.status, gone.address) == (303, "/account?done=ended")
