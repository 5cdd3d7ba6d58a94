"""Attacks on the pages a person meets; the number of each is that of the threat list."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
import pytest

from cloud.core.authorization.profiles import PLATFORM, PORTAL
from cloud.core.authorization.sessions import hash_password
from cloud.core.identity.tables import UserRow
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.people_apps import (
    CALLBACK,
    CHALLENGE,
    PASSWORD,
    VERIFIER,
    Made,
    MadeApplication,
    make_application,
    make_person,
)
from tests.fixtures.visitor import Seen, Visitor

ADA = "ada@example.org"
EVE = "eve@example.org"
BYE = "https://client.example/bye"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def browser(embedded: Installation, address: str = "192.0.2.7") -> AsyncIterator[Visitor]:
    """A browser of its own at an address."""
    transport = httpx.ASGITransport(embedded.app, raise_app_exceptions=False, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        yield Visitor(http)


@pytest.fixture
async def visitor(embedded: Installation) -> AsyncIterator[Visitor]:
    async with browser(embedded) as one:
        yield one


@pytest.fixture
def made(embedded: Installation) -> MadeApplication:
    make_person(embedded, embedded.mine)
    make_person(embedded, embedded.other, email=EVE)
    wanted = Made(post_logout_redirect_uris=(BYE,))
    make_application(embedded, embedded.other, wanted)
    return make_application(embedded, embedded.mine, wanted)


def asking(made: MadeApplication, **more: str) -> dict[str, str]:
    return {
        "client_id": made.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": "s-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }


def check_stays(seen: Seen, status: int = 400) -> None:
    """A page of ours that sends nobody anywhere."""
    assert seen.status == status
    assert "location" not in seen.response.headers
    assert (seen.refresh, seen.alerts) == ("", 1)


async def test_redirect_addresses_over_http(visitor: Visitor, made: MadeApplication) -> None:
    """Attack 7: an error page, no redirect."""
    for given in (
        CALLBACK + "/x",
        CALLBACK + "/../callback",
        CALLBACK + "?a=1",
        "https://client.example@evil.test/callback",
        "https://CLIENT.example/callback",
        "https://client.example:8443/callback",
        CALLBACK + "#part",
        "https://xn--clint-9ua.example/callback",
        "javascript:alert(1)",
        "",
    ):
        seen = await visitor.open(
            PORTAL.authorize_path, **asking(made, redirect_uri=given, response_type="x")
        )
        check_stays(seen)
        if given:
            assert given not in seen.response.text
    for client_id in ("app_unknown", ""):
        check_stays(await visitor.open(PORTAL.authorize_path, **asking(made, client_id=client_id)))


async def test_duplicated_parameters_of_a_request(visitor: Visitor, made: MadeApplication) -> None:
    """Attack 10: 400, no redirect, in the address and in a form."""
    for name in ("redirect_uri", "state", "client_id", "code_challenge"):
        pairs = [*asking(made).items(), (name, asking(made)[name])]
        query = urlencode(pairs)
        check_stays(Seen(await visitor.http.get(f"{PORTAL.authorize_path}?{query}")))
        check_stays(
            Seen(await visitor.http.post(PORTAL.authorize_path, content=query, headers=FORM))
        )


async def test_mix_up(visitor: Visitor, made: MadeApplication) -> None:
    """Attack 9: `iss` is in every answer, good or bad (RFC 9207)."""
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    denied = await visitor.decide(consent, "deny")
    assert denied.told["error"] == "access_denied"
    wrong = await visitor.open(PORTAL.authorize_path, **asking(made, response_type="token"))
    assert wrong.told["error"] == "unsupported_response_type"
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    good = await visitor.decide(page)
    assert "code" in good.told
    for seen in (denied, wrong, good):
        assert (seen.told["iss"], seen.told["state"]) == (ISSUER, "s-1")


async def test_guessing_a_password(embedded: Installation, made: MadeApplication) -> None:
    """Attack 27: 429 by account and by address; nobody is locked out of their account."""
    async with browser(embedded) as owner:
        page = await owner.open(PORTAL.authorize_path, **asking(made))
        assert "Allow" in (await owner.sign_in(page, ADA, PASSWORD)).text
        async with browser(embedded, "203.0.113.9") as thief:
            page = await thief.open(PORTAL.authorize_path, **asking(made))
            statuses = []
            for number in range(7):
                seen = await thief.sign_in(page, ADA, f"a wrong password {number}")
                statuses.append(seen.status)
            assert statuses == [403] * 5 + [429] * 2
            assert int(seen.response.headers["retry-after"]) > 0
            right = await thief.sign_in(page, ADA, PASSWORD)
            assert right.status == 429, "even the right one waits there"
            unknown = [
                await thief.sign_in(page, "nobody@example.org", f"a wrong password {number}")
                for number in range(6)
            ]
            assert [one.status for one in unknown] == [403] * 5 + [429]
        again = await owner.open(PORTAL.authorize_path, **asking(made, prompt="login"))
        assert (await owner.sign_in(again, ADA, PASSWORD)).status == 200
    async with browser(embedded, "198.51.100.5") as new_place:
        page = await new_place.open(PORTAL.authorize_path, **asking(made))
        assert (await new_place.sign_in(page, ADA, PASSWORD)).status == 200


async def test_which_people_there_are_cannot_be_found_out(
    embedded: Installation, made: MadeApplication
) -> None:
    """Attack 26: an address nobody has, the other tenant's and a wrong password look alike and
    take alike long.
    """
    with embedded.database.begin(now=embedded.clock()) as work:
        for person in work.session.query(UserRow).filter(UserRow.email.in_((ADA, EVE))):
            person.password_hash = hash_password(PASSWORD)
    least, pages = {}, set()
    for number, email in enumerate(("nobody@example.org", EVE, ADA)):
        async with browser(embedded, f"203.0.113.{number + 1}") as thief:
            page = await thief.open(PORTAL.authorize_path, **asking(made))
            times = []
            for attempt in range(4):
                started = time.process_time()
                seen = await thief.sign_in(page, email, f"a wrong password {attempt}")
                times.append(time.process_time() - started)
            least[email] = min(times)
            assert seen.status == 403
            pages.add(seen.text.replace(email, ""))
    assert len(pages) == 1
    assert max(least.values()) < 3 * min(least.values())


async def test_one_password_on_many_accounts(embedded: Installation, made: MadeApplication) -> None:
    """Attack 27: credential stuffing from one address ends in 429."""
    async with browser(embedded, "203.0.113.9") as thief:
        page = await thief.open(PORTAL.authorize_path, **asking(made))
        statuses = [
            (await thief.sign_in(page, f"p{number}@example.org", "letmein letmein")).status
            for number in range(32)
        ]
    assert statuses[0] == 403
    assert statuses[-1] == 429


async def test_forged_posts_frames_and_open_redirects(
    embedded: Installation, visitor: Visitor, made: MadeApplication
) -> None:
    """Attack 28: 403; frame-ancestors none; logout goes to registered addresses alone."""
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    for seen in (page, consent):
        policy = seen.response.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy or "script-src 'none'" in policy
        assert seen.response.headers["x-frame-options"] == "DENY"
    action = consent.form.action
    fields = {**consent.form.fields, "decision": "allow"}
    foreign = ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"})
    ports = ({"Origin": f"{ISSUER}:8080"}, {"Origin": "http://["}, {"Origin": ""})
    forged = [
        await visitor.http.post(action, data={"decision": "allow"}),
        await visitor.http.post(action, data={**fields, "state": "forged"}),
        await visitor.http.post(action, data={**fields, "state": page.form.fields["state"]}),
        *[
            await visitor.http.post(action, data=fields, headers=headers)
            for headers in (*foreign, *ports)
        ],
    ]
    async with browser(embedded) as other:
        forged.append(await other.http.post(action, data=fields))
        theirs = await other.open(PORTAL.authorize_path, **asking(made))
        # The thief's own sign-in form does not sign the victim in as the thief.
        stolen = {**theirs.form.fields, "email": ADA, "password": PASSWORD}
        forged.append(await visitor.http.post(theirs.form.action, data=stolen))
    for answer in forged:
        check_stays(Seen(answer), 403)
    for given in ("https://evil.test/", BYE + "/", BYE + "?a=1", BYE.upper(), "//evil.test"):
        seen = await visitor.open(
            "/oauth/logout", client_id=made.client_id, post_logout_redirect_uri=given
        )
        check_stays(seen)
    unknown = await visitor.open("/oauth/logout", post_logout_redirect_uri=BYE)
    check_stays(unknown)
    # A page that tells no referrer is posted by its own browser as from nowhere.
    nowhere = await visitor.send(consent.form, headers={"Origin": "null"}, decision="switch")
    again = await visitor.sign_in(nowhere, ADA, PASSWORD)
    own = await visitor.send(again.form, headers={"Origin": ISSUER}, decision="allow")
    assert own.told["code"], "the real form still works"


async def push(visitor: Visitor, made: MadeApplication, **more: str) -> str:
    answer = await visitor.http.post("/oauth/par", data=asking(made, **more), auth=made.auth)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_uri"])


async def test_pushed_requests_misused(
    embedded: Installation, visitor: Visitor, made: MadeApplication
) -> None:
    """Attack 29: used, expired, another client's, or with other parameters: 400."""
    uri = await push(visitor, made)

    async def opened(uri: str, **more: str) -> Seen:
        values = {"client_id": made.client_id, "request_uri": uri, **more}
        return await visitor.open(PORTAL.authorize_path, **values)

    page = await opened(uri)
    async with browser(embedded, "203.0.113.9") as thief:
        stolen = await thief.open(PORTAL.authorize_path, client_id=made.client_id, request_uri=uri)
        check_stays(stolen)
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    back = await visitor.decide(consent)
    assert set(back.told) == {"code", "state", "iss"}
    check_stays(await opened(uri))
    form = {
        "grant_type": "authorization_code",
        "code": back.told["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    tokens = await visitor.http.post(PORTAL.token_path, data=form, auth=made.auth)
    assert tokens.status_code == 200
    others = [
        make_application(embedded, tenant, Made(profile=PORTAL))
        for tenant in (embedded.mine, embedded.other)
    ]
    for other in others:
        fresh = await push(visitor, made)
        check_stays(await opened(fresh, client_id=other.client_id))
        theirs = await push(visitor, other)
        check_stays(await opened(theirs))
        pushed = await visitor.http.post("/oauth/par", data=asking(other), auth=made.auth)
        assert pushed.status_code in (400, 401)
    for more in (
        {"scope": "profile_read"},
        {"state": "s-2"},
        {"redirect_uri": "https://evil.test/"},
        {"code_challenge": "x" * 43},
        {"nonce": "n"},
    ):
        check_stays(await opened(await push(visitor, made), **more))
    late = await push(visitor, made)
    elsewhere = await visitor.open(
        PLATFORM.authorize_path, client_id=made.client_id, request_uri=late
    )
    check_stays(elsewhere)
    embedded.clock.pass_(90)
    check_stays(await opened(late))
    check_stays(await opened("urn:ietf:params:oauth:request_uri:par_unknown"))
    unproven = await visitor.http.post("/oauth/par", data=asking(made))
    assert unproven.status_code == 401
