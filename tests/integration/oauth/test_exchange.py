"""RFC 8693: a clinician's ID token becomes a token to act in their name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from cloud.app.composition import create_app
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.token_exchange import ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE
from cloud.core.identity.people import trust_issuer
from cloud.core.kernel.audit import AuditRow
from tests.fixtures.cloud import ISSUER, START, FakeClock, Installation
from tests.fixtures.oauth import Client, People
from tests.fixtures.signed import Key, key_set, new_key, signed

IDP = "https://login.hospital.test"
AUDIENCE = "vitalwire"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
NOW = int(START.timestamp())
SCOPES = ("cases:*", "patients:read", "audit:read")


class MovingClock(FakeClock):
    """Each look at it takes a second."""

    def __call__(self) -> datetime:
        """The time."""
        self.pass_(1)
        return self.at


class Ground:
    """A clinical client, a clinician another issuer knows, and that issuer's key."""

    def __init__(self, cloud: Installation, http: httpx.AsyncClient, people: People) -> None:
        self.cloud = cloud
        self.http = http
        self.people = people
        self.key: Key = new_key("idp-1")
        tenant = cloud.mine.tenant_id
        self.client = people.client(tenant, profile="clinical", scopes=SCOPES)
        self.user = people.person(tenant, "clinician", issuer=IDP, subject="dr-1")
        with cloud.database.begin(now=START) as work:
            trust_issuer(
                work, tenant_id=tenant, issuer=IDP, audience=AUDIENCE, jwks=key_set(self.key)
            )

    def id_token(self, *, header: dict[str, Any] | None = None, **changes: object) -> str:
        claims = {
            "iss": IDP,
            "sub": "dr-1",
            "aud": AUDIENCE,
            "exp": NOW + 300,
            "iat": NOW,
            **changes,
        }
        head = {"alg": "ES256", "kid": "idp-1", "typ": "JWT", **(header or {})}
        kept = {name: one for name, one in claims.items() if one is not None}
        return signed({n: v for n, v in head.items() if v is not None}, kept, self.key)

    async def exchange(
        self, token: str, *, client: Client | None = None, **more: str | None
    ) -> httpx.Response:
        form = {
            "grant_type": EXCHANGE,
            "subject_token": token,
            "subject_token_type": ID_TOKEN_TYPE,
            **more,
        }
        sender = client or self.client
        data = {name: value for name, value in form.items() if value is not None}
        return await self.http.post("/v1/auth/oauth/token", data=data, auth=sender.auth)


@pytest.fixture
def ground(embedded: Installation, http: httpx.AsyncClient, people: People) -> Ground:
    return Ground(embedded, http, people)


async def test_the_token_acts_for_the_person_within_client_and_role(ground: Ground) -> None:
    answer = await ground.exchange(ground.id_token())
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert (body["token_type"], body["issued_token_type"]) == ("Bearer", ACCESS_TOKEN_TYPE)
    # 300 s are left of the ID token, and the role reads no audit.
    assert body["expires_in"] == 300
    assert body["scope"] == "cases:* patients:read"
    assert "refresh_token" not in body
    keys = KeySet.import_key_set((await ground.http.get("/.well-known/jwks.json")).json())
    claims = jwt.decode(body["access_token"], keys, algorithms=["RS256"]).claims
    assert (claims["sub"], claims["aud"], claims["token_use"]) == (
        ground.user,
        "sa-platform",
        "delegated",
    )
    assert claims["act"] == {"sub": ground.client.client_id}
    with ground.cloud.database.reading(now=START) as work:
        tenant = ground.cloud.mine.tenant_id
        entry = work.session.scalars(
            select(AuditRow).where(AuditRow.tenant_id == tenant, AuditRow.token_id == claims["jti"])
        ).one()
        assert (entry.user_id, entry.note) == (ground.user, "token-exchange")
        assert entry.token_use == "delegated"


async def test_narrower_scopes_and_the_administrators_limit_hold(ground: Ground) -> None:
    ground.people.change(ground.client, governance=Governance(max_token_ttl_seconds=60).stored())
    answer = await ground.exchange(ground.id_token(), scope="cases:read")
    assert (answer.json()["scope"], answer.json()["expires_in"]) == ("cases:read", 60)
    answer = await ground.exchange(ground.id_token(), scope="cases:read audit:read")
    assert answer.json()["scope"] == "cases:read", "what the role does not allow is left out"
    for beyond in ("audit:read", "cases:read images:read", "*"):
        refused = await ground.exchange(ground.id_token(), scope=beyond)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope"), beyond


async def test_the_token_never_outlives_the_one_it_was_made_from(ground: Ground) -> None:
    answer = await ground.exchange(ground.id_token(exp=NOW + 1))
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 1)
    ground.cloud.clock.pass_(0.5)
    answer = await ground.exchange(ground.id_token(exp=NOW + 1))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_the_time_a_request_takes_makes_no_token_outlive_it(ground: Ground) -> None:
    parts = ground.cloud.parts
    slow = type(parts)(
        settings=parts.settings, database=parts.database, vault=parts.vault, clock=MovingClock()
    )
    transport = httpx.ASGITransport(create_app(slow, issuer=ISSUER))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        ground.http = http
        answer = await ground.exchange(ground.id_token())
        keys = KeySet.import_key_set((await http.get("/.well-known/jwks.json")).json())
    claims = jwt.decode(answer.json()["access_token"], keys, algorithms=["RS256"]).claims
    assert claims["exp"] == NOW + 300


async def test_a_request_of_another_form_is_refused(ground: Ground) -> None:
    requests: tuple[dict[str, str | None], ...] = (
        {"subject_token": None},
        {"subject_token_type": None},
        {"subject_token_type": ACCESS_TOKEN_TYPE},
        {"requested_token_type": ID_TOKEN_TYPE},
        {"actor_token": "abc"},
        {"actor_token_type": ID_TOKEN_TYPE},
    )
    for more in requests:
        answer = await ground.exchange(ground.id_token(), client=None, **more)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


BROKEN: dict[str, dict[str, Any]] = {
    "unknown issuer": {"iss": "https://evil.test"},
    "issuer no text": {"iss": 7},
    "issuer with NUL": {"iss": "a\x00"},
    "unknown person": {"sub": "dr-2"},
    "no person": {"sub": None},
    "empty person": {"sub": ""},
    "other audience": {"aud": "other"},
    "no audience": {"aud": None},
    "expired": {"exp": NOW},
    "no end": {"exp": None},
    "end a text": {"exp": str(NOW + 60)},
    "end beyond any calendar": {"exp": 10**400},
    "issuer half a character": {"iss": "\ud800"},
    "person half a character": {"sub": "\ud800"},
    "person with NUL": {"sub": "dr-1\x00"},
    "no beginning": {"iat": None},
    "of another party among several": {"aud": [AUDIENCE, "other"], "azp": "other"},
    "of another party alone": {"azp": "other"},
    "of nobody in particular": {"aud": [AUDIENCE, "other"]},
    "from tomorrow": {"nbf": NOW + 86_400},
    "made tomorrow": {"iat": NOW + 86_400},
    "an access token of theirs": {"token_use": "access"},
    "already acting for another": {"act": {"sub": "app"}},
    "unknown key": {"header": {"kid": "idp-2"}},
    "no key named": {"header": {"kid": None}},
    "key elsewhere": {"header": {"jku": "https://evil.test"}},
    "other type": {"header": {"typ": "at+jwt"}},
}


async def test_what_the_issuer_did_not_sign_for_us_and_now_is_refused(ground: Ground) -> None:
    for name, changes in BROKEN.items():
        answer = await ground.exchange(ground.id_token(**changes))
        assert (name, answer.json().get("error")) == (name, "invalid_grant")
        assert answer.status_code == 400


async def test_a_list_of_audiences_may_hold_ours(ground: Ground) -> None:
    answer = await ground.exchange(ground.id_token(aud=["other", AUDIENCE], azp=AUDIENCE))
    assert answer.status_code == 200
    answer = await ground.exchange(ground.id_token(aud=[AUDIENCE]))
    assert answer.status_code == 200


async def test_a_person_who_is_gone_or_has_no_role_gets_nothing(ground: Ground) -> None:
    tenant = ground.cloud.mine.tenant_id
    ground.people.person(tenant, "patient", issuer=IDP, subject="pat-1")
    answer = await ground.exchange(ground.id_token(sub="pat-1"))
    assert answer.json()["error"] == "invalid_scope"
    ground.people.change_person(ground.user, status="suspended")
    answer = await ground.exchange(ground.id_token())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_the_other_tenant_does_not_share_issuers_or_people(ground: Ground) -> None:
    other = ground.cloud.other.tenant_id
    stranger = ground.people.client(other, profile="clinical", scopes=SCOPES)
    answers = [
        await ground.exchange(token, client=stranger)
        for token in (ground.id_token(), ground.id_token(iss="https://nobody.test"))
    ]
    assert answers[0].json()["error"] == "invalid_grant"
    assert answers[0].content == answers[1].content
    with ground.cloud.database.begin(now=START) as work:
        trust_issuer(work, tenant_id=other, issuer=IDP, audience=AUDIENCE, jwks=key_set(ground.key))
    answer = await ground.exchange(ground.id_token(), client=stranger)
    assert answer.content == answers[0].content, "the person is not theirs"


async def test_the_other_surfaces_do_not_exchange(ground: Ground) -> None:
    client = ground.people.client(ground.cloud.mine.tenant_id)
    form = {
        "grant_type": EXCHANGE,
        "subject_token": ground.id_token(),
        "subject_token_type": ID_TOKEN_TYPE,
    }
    answer = await ground.http.post("/v1/oauth/token", data=form, auth=client.auth)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
