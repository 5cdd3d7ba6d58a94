"""What an application may ask at the authorization endpoints, and how it is told no."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cloud.core.authorization.grant_tables import RegisteredScopeRow
from cloud.core.authorization.profiles import CLIENT_CREDENTIALS, PLATFORM, PORTAL, Profile
from cloud.core.identity.tables import MembershipRow
from cloud.core.kernel import audit
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.people_apps import (
    CALLBACK,
    PASSWORD,
    Made,
    asking,
    audited,
    change_application,
    make_application,
    make_person,
)
from tests.fixtures.visitor import Seen, Visitor

ADA = "ada@example.org"
SENTENCE = "The resource owner or authorization server denied the request."
SCOPE = {PORTAL.name: "appointment_read", PLATFORM.name: "argus:devices:read"}
SCOPES = {name: (scope,) for name, scope in SCOPE.items()}
both = pytest.mark.parametrize("profile", [PLATFORM, PORTAL], ids=lambda one: str(one.name))


@pytest.fixture
async def visitor(embedded: Installation) -> AsyncIterator[Visitor]:
    async with embedded.client() as http:
        yield Visitor(http)


def of(profile: Profile, **more: object) -> Made:
    """An application of a profile with its one scope."""
    return Made(**{"profile": profile, "scopes": SCOPES[profile.name], **more})  # type: ignore[arg-type]  # fields by name


def on_a_page_of_ours(seen: Seen, words: str, *, status: int = 400) -> None:
    """The browser stays here and a person reads why."""
    assert (seen.status, seen.address, seen.alerts) == (status, "", 1)
    assert words in seen.text
    assert seen.response.headers["content-type"].startswith("text/html")


def told(seen: Seen, error: str) -> None:
    """The application reads why, at its own address."""
    assert seen.status == 302
    assert seen.address.startswith(f"{CALLBACK}?error=")
    assert seen.told["error"] == error
    assert seen.told["error_description"]
    assert (seen.told["state"], seen.told["iss"]) == ("s-1", ISSUER)
    assert "code" not in seen.told


FOREIGN = (
    "https://client.example/callback/",
    "https://client.example/callback?x=1",
    "https://client.example/callback#x",
    "https://client.example/Callback",
    "https://client.example:444/callback",
    "https://client.example.evil.example/callback",
    "https://client.example/callback/../evil",
    "https://user@client.example/callback",
    "http://client.example/callback",
    "https://evil.example/",
    "javascript:alert(1)",
    "",
)


@both
async def test_a_foreign_address_is_never_gone_to(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(embedded, embedded.mine, of(profile))
    for address in FOREIGN:
        seen = await visitor.open(profile.authorize_path, **asking(made, redirect_uri=address))
        on_a_page_of_ours(seen, "is not one it is registered with")
    refused = audited(embedded, embedded.mine.tenant_id, "authorization.refused")
    assert {(one.client_id, one.note) for one in refused} == {(made.client_id, "page")}
    assert len(refused) == len(FOREIGN)


@both
async def test_nobodys_application_gets_a_page_and_an_audit_entry(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(embedded, embedded.mine, of(profile))
    for client_id in ("app_unknown", "", "a\x00b", embedded.mine.gateway_id):
        asked = asking(made, client_id=client_id)
        seen = await visitor.open(profile.authorize_path, **asked)
        on_a_page_of_ours(seen, "No application of this name")
    assert len(audited(embedded, audit.INSTALLATION, "authorization.refused")) == 3


@both
async def test_a_parameter_that_comes_twice_is_believed_in_neither_form(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(embedded, embedded.mine, of(profile))
    twice = {**asking(made), "redirect_uri": [CALLBACK, "https://evil.example/"]}
    seen = Seen(await visitor.http.get(profile.authorize_path, params=twice))
    on_a_page_of_ours(seen, "came twice")
    mixed = f"{profile.authorize_path}?state=1"
    seen = Seen(await visitor.http.post(mixed, data=asking(made)))
    on_a_page_of_ours(seen, "in the address and in a form")
    seen = Seen(await visitor.http.post(profile.authorize_path, json=asking(made)))
    on_a_page_of_ours(seen, "did not send application/x-www-form-urlencoded")
    many = {f"x{place}": "1" for place in range(60)}
    seen = Seen(await visitor.http.post(profile.authorize_path, data=many))
    on_a_page_of_ours(seen, "cannot be read")


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"response_type": ""}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"request": "eyJ"}, "request_not_supported"),
    ({"code_challenge": ""}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": ""}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"scope": "cases:read"}, "invalid_scope"),
    ({"scope": "*"}, "invalid_scope"),
    ({"scope": "argus:devices:read\x07"}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"nonce": "n" * 501}, "invalid_request"),
    ({"nonce": "a\x00b"}, "invalid_request"),
    ({"dpop_jkt": "short"}, "invalid_request"),
    ({"prompt": "none"}, "login_required"),
)


@both
async def test_an_application_is_told_what_is_wrong(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(embedded, embedded.mine, of(profile))
    for changes, error in WRONG:
        told(await visitor.open(profile.authorize_path, **asking(made, **changes)), error)
    refused = audited(embedded, embedded.mine.tenant_id, "authorization.refused")
    assert [one.note for one in refused] == [error for _, error in WRONG]
    assert {one.outcome for one in refused} == {"denied"}


async def test_a_state_too_long_to_keep_is_not_given_back(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine)
    seen = await visitor.open(PORTAL.authorize_path, **asking(made, state="s" * 2001))
    assert seen.told["error"] == "invalid_request"
    assert "state" not in seen.told


@both
@pytest.mark.parametrize("status", ["pending", "suspended", "revoked"])
async def test_an_application_that_is_not_approved_sends_nobody_anywhere(
    embedded: Installation, visitor: Visitor, profile: Profile, status: str
) -> None:
    made = make_application(embedded, embedded.mine, of(profile, status=status))
    for more in ({}, {"prompt": "none"}, {"response_type": "token"}):
        seen = await visitor.open(profile.authorize_path, **{**asking(made), **more})
        on_a_page_of_ours(seen, "is not approved here (unauthorized_client)")


async def test_an_application_keeps_to_its_profile_and_its_grants(
    embedded: Installation, visitor: Visitor
) -> None:
    portal = make_application(embedded, embedded.mine)
    told(await visitor.open(PLATFORM.authorize_path, **asking(portal)), "unauthorized_client")
    machine = make_application(
        embedded, embedded.mine, of(PLATFORM, grant_types=(CLIENT_CREDENTIALS,))
    )
    told(await visitor.open(PLATFORM.authorize_path, **asking(machine)), "unauthorized_client")
    bare = make_application(embedded, embedded.mine, of(PLATFORM, scopes=()))
    told(await visitor.open(PLATFORM.authorize_path, **asking(bare)), "invalid_scope")


@both
async def test_a_person_may_say_no(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(embedded, embedded.mine, of(profile))
    user_id = make_person(embedded, embedded.mine, roles=("patient", "dispatcher"))
    page = await visitor.open(profile.authorize_path, **asking(made))
    back = await visitor.decide(await visitor.sign_in(page, ADA, PASSWORD), "deny")
    told(back, "access_denied")
    assert back.told["error_description"] == SENTENCE
    assert "error_description=The+resource+owner+or+authorization+server" in back.address
    (denied,) = audited(embedded, embedded.mine.tenant_id, "consent.denied")
    assert (denied.user_id, denied.note) == (user_id, "by the person")
    assert not audited(embedded, embedded.mine.tenant_id, "consent.given")


@both
async def test_who_may_nothing_of_it_cannot_allow_it(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(embedded, embedded.mine, of(profile))
    make_person(embedded, embedded.mine, roles=("analyst",))
    page = await visitor.open(profile.authorize_path, **asking(made))
    onward = await visitor.sign_in(page, ADA, PASSWORD)
    assert (onward.status, onward.told["error"]) == (200, "access_denied")
    assert onward.told["error_description"] == SENTENCE
    told(await visitor.open(profile.authorize_path, **asking(made)), "access_denied")
    assert len(audited(embedded, embedded.mine.tenant_id, "consent.denied")) == 2


@both
async def test_asking_without_showing_anything(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(embedded, embedded.mine, of(profile))
    make_person(embedded, embedded.mine, roles=("patient", "dispatcher"))
    page = await visitor.open(profile.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    silent = asking(made, prompt="none")
    told(await visitor.open(profile.authorize_path, **silent), "consent_required")
    await visitor.decide(consent)
    assert "code" in (await visitor.open(profile.authorize_path, **silent)).told
    embedded.clock.pass_(8 * 3600)
    told(await visitor.open(profile.authorize_path, **silent), "login_required")


@both
async def test_the_age_of_a_sign_in_counts(
    embedded: Installation, visitor: Visitor, profile: Profile
) -> None:
    made = make_application(embedded, embedded.mine, of(profile))
    make_person(embedded, embedded.mine, roles=("patient", "dispatcher"))
    page = await visitor.open(profile.authorize_path, **asking(made, max_age="0"))
    await visitor.decide(await visitor.sign_in(page, ADA, PASSWORD))
    embedded.clock.pass_(60)
    fresh = await visitor.open(profile.authorize_path, **asking(made, max_age="60"))
    assert "code" in fresh.told
    embedded.clock.pass_(1)
    old = await visitor.open(profile.authorize_path, **asking(made, max_age="60"))
    assert "Sign in" in old.text
    silent = asking(made, max_age="60", prompt="none")
    told(await visitor.open(profile.authorize_path, **silent), "login_required")
    for prompt in ("login", "select_account"):
        again = await visitor.open(profile.authorize_path, **asking(made, prompt=prompt))
        assert "Sign in" in again.text


async def test_a_session_of_another_tenant_is_nobodys(
    embedded: Installation, visitor: Visitor
) -> None:
    mine = make_application(embedded, embedded.mine)
    theirs = make_application(embedded, embedded.other)
    make_person(embedded, embedded.mine)
    page = await visitor.open(PORTAL.authorize_path, **asking(mine))
    await visitor.decide(await visitor.sign_in(page, ADA, PASSWORD))
    page = await visitor.open(PORTAL.authorize_path, **asking(theirs))
    assert "with your account at Other" in page.text
    told(
        await visitor.open(PORTAL.authorize_path, **asking(theirs, prompt="none")),
        "login_required",
    )
    wrong = await visitor.sign_in(page, ADA, PASSWORD)
    assert (wrong.status, wrong.alerts) == (403, 1)


async def test_an_app_anybody_can_pose_as_is_asked_for_each_time(
    embedded: Installation, visitor: Visitor
) -> None:
    address = "com.example.app:/callback"
    made = make_application(embedded, embedded.mine, Made(is_public=True, redirect_uris=(address,)))
    make_person(embedded, embedded.mine)
    asked = asking(made, redirect_uri=address)
    page = await visitor.open(PORTAL.authorize_path, **asked)
    back = await visitor.decide(await visitor.sign_in(page, ADA, PASSWORD))
    assert back.address.startswith(f"{address}?code=")
    again = await visitor.open(PORTAL.authorize_path, **asked)
    assert "Allow Appointment Helper?" in again.text
    policy = again.response.headers["content-security-policy"]
    assert policy.endswith("form-action 'self' https: com.example.app:")
    silent = await visitor.open(PORTAL.authorize_path, **{**asked, "prompt": "none"})
    assert silent.told["error"] == "consent_required"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"approved_scopes": ["openid"]}, "invalid_scope"),
        ({"status": "suspended"}, ""),
        ({"redirect_uris": ["https://client.example/new"]}, ""),
    ],
    ids=str,
)
async def test_what_changes_while_a_page_is_open_counts(
    embedded: Installation, visitor: Visitor, changes: dict[str, object], error: str
) -> None:
    made = make_application(embedded, embedded.mine)
    make_person(embedded, embedded.mine)
    page = await visitor.open(PORTAL.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    change_application(embedded, made.client_id, **changes)
    again, back = await visitor.sign_in(page, ADA, PASSWORD), await visitor.decide(consent)
    if not error:
        words = "is not approved here" if "status" in changes else "is not one it is registered"
        on_a_page_of_ours(back, words)
        on_a_page_of_ours(again, words)
        return
    told(back, error)
    assert again.told["error"] == error


async def test_nothing_is_given_that_was_not_shown(
    embedded: Installation, visitor: Visitor
) -> None:
    scopes = ("appointment_read", "argus:devices:read")
    made = make_application(embedded, embedded.mine, of(PLATFORM, scopes=scopes))
    user_id = make_person(embedded, embedded.mine)
    page = await visitor.open(PLATFORM.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    assert "Read your appointments" in consent.text
    with embedded.database.begin(now=embedded.clock()) as work:
        role = work.session.query(MembershipRow).filter_by(user_id=user_id).one()
        role.role = "dispatcher"
    # What was shown may no longer be given, and what may be given was not shown.
    told(await visitor.decide(consent), "access_denied")
    (denied,) = audited(embedded, embedded.mine.tenant_id, "consent.denied")
    assert denied.note == "no role for it"


async def test_a_scope_that_left_the_catalogue_is_named_as_it_is(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(embedded, embedded.mine, of(PLATFORM, scopes=("argus:gone:read",)))
    make_person(embedded, embedded.mine, roles=("admin",))
    page = await visitor.open(PLATFORM.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    assert "Use what is called argus:gone:read. sensitive" in consent.text


async def test_a_scope_that_a_tenant_added_has_the_tenants_sentence(
    embedded: Installation, visitor: Visitor
) -> None:
    for tenant, words in ((embedded.mine, "See the fuel cards."), (embedded.other, "Another.")):
        with embedded.database.begin(now=embedded.clock()) as work:
            work.session.add(
                RegisteredScopeRow(
                    tenant_id=tenant.tenant_id,
                    name="argus:fuel:read",
                    description=words,
                    service="fuel",
                    created_at=work.now,
                )
            )
    made = make_application(embedded, embedded.mine, of(PLATFORM, scopes=("argus:fuel:read",)))
    make_person(embedded, embedded.mine, roles=("admin",))
    page = await visitor.open(PLATFORM.authorize_path, **asking(made))
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    assert "See the fuel cards." in consent.text
    assert "Another." not in consent.text


async def test_a_native_app_listens_on_any_port_of_loopback(
    embedded: Installation, visitor: Visitor
) -> None:
    made = make_application(
        embedded, embedded.mine, Made(is_public=True, redirect_uris=("http://127.0.0.1/cb",))
    )
    make_person(embedded, embedded.mine)
    asked = asking(made, redirect_uri="http://127.0.0.1:51004/cb")
    page = await visitor.open(PORTAL.authorize_path, **asked)
    consent = await visitor.sign_in(page, ADA, PASSWORD)
    policy = consent.response.headers["content-security-policy"]
    assert policy.endswith("form-action 'self' https: http://127.0.0.1:51004")
    back = await visitor.decide(consent)
    assert back.address.startswith("http://127.0.0.1:51004/cb?code=")
