"""Keys, scopes and people over the clinical surfaces."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from cloud.core.authorization.key_rotation import rotate_keys
from cloud.core.identity.people import person_of_identity
from cloud.core.kernel.audit import INSTALLATION
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.principal import service_principal
from tests.fixtures.administration import APPS, CLIENTS, administrator, clinical_administrator
from tests.fixtures.cloud import Installation, Tenant

pytestmark = pytest.mark.long_on_postgresql

KEYS = "/v1/auth/admin/keys"
SCOPES = "/v1/auth/scopes"
USERS = "/v1/user-management/admin/users"
LONG_LIVED = {
    "name": "Night job",
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "requested_scopes": ["argus:epcr:read"],
}


async def test_new_keys_sign_and_the_old_ones_verify_for_a_while(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await clinical_administrator(cloud, client)
        turned = await admin.ask("POST", f"{KEYS}/rotate", **{"Idempotency-Key": "k"})
        assert turned.status_code == 200, turned.text
        assert turned.json()["status"] == "active"
        assert [key["algorithm"] for key in turned.json()["keys"]] == ["RS256", "ES256"]
        again = await admin.ask("POST", f"{KEYS}/rotate", **{"Idempotency-Key": "k"})
        assert again.json() == turned.json()
        soon = await admin.ask("POST", f"{KEYS}/rotate")
        assert (soon.status_code, soon.json()["error"]) == (409, "rotated_recently")
        listed = (await admin.ask("GET", KEYS)).json()["keys"]
        assert {key["status"] for key in listed} == {"active", "retiring"}
        assert "private" not in (await admin.ask("GET", KEYS)).text
        fresh = await clinical_administrator(cloud, client)
        assert (await fresh.ask("GET", KEYS)).status_code == 200
        cloud.clock.pass_(3600 * 3)
        late = await clinical_administrator(cloud, client)
        listed = (await late.ask("GET", KEYS)).json()["keys"]
        assert [key["status"] for key in listed].count("retired") >= 1
    assert ("auth.key.rotated", turned.json()["kid"]) in admin.events()
    assert "key.rotated" in admin.audited()
    assert "key.rotated" in admin.audited(INSTALLATION)


async def test_no_tenant_fills_the_published_set_nor_holds_the_operator_back(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        platform = await administrator(embedded, client)
        made = await platform.made(APPS, LONG_LIVED)
        path = f"{APPS}/{made['client_id']}"
        await platform.ask("POST", f"{path}/approve-scopes")
        await platform.ask("PATCH", f"{path}/governance", {"allow_service_tokens": True})
        wanted = {"scopes": LONG_LIVED["requested_scopes"], "ttl_seconds": 90 * 86_400}
        token = (await platform.made(f"{path}/service-token", wanted))["token"]
        for tenant in (embedded.mine, embedded.other, embedded.mine):
            embedded.clock.pass_(601)
            admin = await clinical_administrator(embedded, client, of=tenant)
            turned = await admin.ask("POST", f"{KEYS}/rotate")
            assert turned.status_code == 200, turned.text
        embedded.clock.pass_(601)
        admin = await clinical_administrator(embedded, client)
        refused = await admin.ask("POST", f"{KEYS}/rotate")
        assert (refused.status_code, refused.json()["error"]) == (409, "too_many_signing_keys")
        for _ in range(2):
            with embedded.database.begin(now=embedded.clock()) as work:
                operator = service_principal(INSTALLATION, "operator")
                rotate_keys(work, embedded.parts.vault, operator, is_operator=True)
        first = (await admin.ask("GET", f"{KEYS}?limit=5")).json()
        rest = (await admin.ask("GET", f"{KEYS}?limit=200&cursor={first['next_cursor']}")).json()
        kids = [key["kid"] for key in (*first["keys"], *rest["keys"])]
        assert (len(first["keys"]), len(set(kids)), rest["next_cursor"]) == (5, 12, None)
        # The keys that signed the long one stay for it; those after them for hours.
        embedded.clock.pass_(3 * 3600)
        published = (await client.get("/.well-known/jwks.json")).json()["keys"]
        assert len(published) == 4
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/api/v1/epcr/encounters", headers=headers)).status_code == 200
        admin = await clinical_administrator(embedded, client)
        assert (await admin.ask("POST", f"{KEYS}/rotate")).status_code == 200


async def test_a_service_registers_a_scope_that_its_organisation_alone_can_grant(
    cloud: Installation,
) -> None:
    body = {"name": "retention:run", "description": "Run retention.", "service": "Retention"}
    async with cloud.client() as client:
        admin = await clinical_administrator(cloud, client)
        other = await clinical_administrator(cloud, client, of=cloud.other)
        made = await admin.made(f"{SCOPES}/register", body)
        assert made["name"] == "retention:run"
        names = [one["name"] for one in (await admin.ask("GET", SCOPES)).json()["scopes"]]
        assert "retention:run" in names
        assert names == sorted(names)
        theirs = (await other.ask("GET", SCOPES)).json()["scopes"]
        assert "retention:run" not in [one["name"] for one in theirs]
        client_body = {"name": "Retention", "scopes": ["retention:*"]}
        for owner, status in ((admin, 201), (other, 422)):
            ids = {
                "org_id": str(uuid_of(owner.tenant.tenant_id)),
                "product_id": str(uuid_of(owner.tenant.product_id)),
            }
            answer = await owner.ask("POST", CLIENTS, {**client_body, **ids})
            assert answer.status_code == status, answer.text
        platform = await administrator(cloud, client)
        app = {
            "name": "Retention",
            "grant_types": ["client_credentials"],
            "requested_scopes": ["retention:run"],
        }
        assert (await platform.ask("POST", APPS, app)).status_code == 201
    assert "scope.registered" in admin.audited()


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("retention:*", 422, "wildcard_scope"),
        ("*", 422, "wildcard_scope"),
        ("Retention:Run", 422, "invalid_scope_name"),
        ("system/Patient.rs", 422, "invalid_scope_name"),
        ("argus:retention:run", 422, "reserved_scope"),
        ("cases:delete", 422, "reserved_scope"),
        ("integrations:write", 422, "reserved_scope"),
        ("openid:more", 422, "reserved_scope"),
        ("openid2", 422, "invalid_scope_name"),
        ("cases:read", 409, "scope_exists"),
    ],
)
async def test_what_cannot_be_registered_as_a_scope_is_refused_by_name(
    embedded: Installation, name: str, status: int, reason: str
) -> None:
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        body = {"name": name, "description": "x", "service": "x"}
        refused = await admin.ask("POST", f"{SCOPES}/register", body)
        assert (refused.status_code, refused.json()["error"]) == (status, reason)


def person(tenant: Tenant, **changes: object) -> dict[str, Any]:
    body = {
        "email": "Anna@Hospital.example",
        "given_name": "Anna",
        "family_name": "Adler",
        "external": {"issuer": "https://login.hospital.example", "sub": "a-1"},
        "memberships": [{"org_id": str(uuid_of(tenant.tenant_id)), "role": "clinician"}],
    }
    return {**body, **changes}


async def test_a_person_is_known_by_what_another_issuer_calls_them(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await clinical_administrator(cloud, client)
        other = await clinical_administrator(cloud, client, of=cloud.other)
        made = await admin.made(USERS, person(cloud.mine))
        assert (made["email"], made["status"]) == ("anna@hospital.example", "active")
        assert made["memberships"][0]["role"] == "clinician"
        with cloud.database.reading(now=cloud.clock()) as work:
            for tenant, is_known in ((cloud.mine, True), (cloud.other, False)):
                found = person_of_identity(
                    work,
                    tenant_id=tenant.tenant_id,
                    issuer="https://login.hospital.example",
                    subject="a-1",
                )
                assert (found is not None) is is_known
        twice = await admin.ask("POST", USERS, person(cloud.mine))
        assert (twice.status_code, twice.json()["error"]) == (409, "user_exists")
        taken = await admin.ask("POST", USERS, person(cloud.mine, email="b@hospital.example"))
        assert (taken.status_code, taken.json()["error"]) == (409, "identity_taken")
        assert (await other.ask("POST", USERS, person(cloud.other))).status_code == 201
    assert "user.created" in admin.audited()


async def test_what_is_no_person_of_the_organisation_is_refused_by_name(
    embedded: Installation,
) -> None:
    mine = embedded.mine
    foreign = [{"org_id": str(uuid_of(embedded.other.tenant_id)), "role": "clinician"}]
    absent = [{"org_id": str(uuid4()), "role": "clinician"}]
    nothing = [{"org_id": str(uuid_of(mine.tenant_id)), "role": "king"}]
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        for changes, reason in (
            ({"email": "nobody at all"}, "invalid_email"),
            ({"memberships": foreign}, "unknown_organisation"),
            ({"memberships": absent}, "unknown_organisation"),
            ({"memberships": nothing}, "unknown_role"),
            ({"given_name": ""}, "invalid_request"),
        ):
            refused = await admin.ask("POST", USERS, person(mine, **changes))
            assert (refused.status_code, refused.json()["error"]) == (422, reason)


async def test_platform_tokens_open_nothing_here(embedded: Installation) -> None:
    async with embedded.client() as client:
        platform = await administrator(embedded, client)
        for method, path in (
            ("POST", f"{KEYS}/rotate"),
            ("GET", KEYS),
            ("GET", SCOPES),
        ):
            assert (await platform.ask(method, path)).status_code == 401
        scope = {"name": "retention:run", "description": "x", "service": "x"}
        assert (await platform.ask("POST", f"{SCOPES}/register", scope)).status_code == 401
        assert (await platform.ask("POST", USERS, person(embedded.mine))).status_code == 401
