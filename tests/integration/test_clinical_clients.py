"""API clients of the clinical surfaces: made, changed, their secrets and certificates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cloud.api.shared.rate_limits import ADMINISTRATION, RateLimits
from cloud.api.shared.trusted_proxies import TrustedProxies
from cloud.core.kernel.identifiers import uuid_of
from tests.fixtures.administration import (
    CLIENTS,
    Administrator,
    administrator,
    clinical_administrator,
    clinical_token,
)
from tests.fixtures.client_certificates import ClientCertificate, client_certificate
from tests.fixtures.cloud import START, Installation, Tenant

pytestmark = pytest.mark.long_on_postgresql

HEADER = "X-Client-Cert"


def wanted(tenant: Tenant, **changes: object) -> dict[str, Any]:
    body = {
        "name": "Record system",
        "org_id": str(uuid_of(tenant.tenant_id)),
        "product_id": str(uuid_of(tenant.product_id)),
        "scopes": ["cases:read", "patients:*"],
    }
    return {**body, **changes}


async def test_a_client_is_good_at_once_and_its_secret_is_shown_once(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await clinical_administrator(cloud, client)
        key = {"Idempotency-Key": "once"}
        first = await admin.ask("POST", CLIENTS, wanted(cloud.mine), **key)
        assert first.status_code == 201, first.text
        made = first.json()
        again = await admin.ask("POST", CLIENTS, wanted(cloud.mine), **key)
        assert "client_secret" not in again.json()
        secret = made["client_secret"]
        assert made["client_id"] == f"app_{UUID(made['id']).hex}"
        assert (made["status"], made["scopes"]) == ("active", ["cases:read", "patients:*"])
        token = await clinical_token(client, made["client_id"], secret)
        assert token.json()["scope"] == "cases:read patients:*"
        for name in (made["id"], made["client_id"]):
            shown = await admin.ask("GET", f"{CLIENTS}/{name}")
            assert secret not in shown.text
            (one,) = shown.json()["secrets"]
            assert one["last4"] == secret[-4:]
            assert one["last_used_at"] == "2026-11-23T10:00:00Z"
        query = f"{CLIENTS}?org_id={made['org_id']}&product_id={made['product_id']}"
        (listed,) = (await admin.ask("GET", query)).json()["items"]
        assert listed["id"] == made["id"]
        for other in (f"org_id={uuid4()}", f"product_id={uuid4()}"):
            assert (await admin.ask("GET", f"{CLIENTS}?{other}")).json()["items"] == []
        platform = await administrator(cloud, client)
        assert (await platform.ask("GET", CLIENTS)).status_code == 401
        assert made["client_id"] not in (await platform.ask("GET", "/v1/platform/apps")).text
    assert ("auth.client.created", made["client_id"]) in admin.events()


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"scopes": ["cases:nothing"]}, "unknown_scope"),
    ({"scopes": ["case:*"]}, "unknown_scope"),
    ({"scopes": ["*"]}, "internal_only_scope"),
    ({"org_id": str(uuid4())}, "unknown_organisation"),
    ({"product_id": str(uuid4())}, "unknown_product"),
    ({"grant_types": ["authorization_code"]}, "invalid_request"),
    ({"org_id": "mine"}, "invalid_request"),
]


async def test_what_cannot_be_made_is_refused_by_name(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        for changes, reason in REFUSED:
            refused = await admin.ask("POST", CLIENTS, wanted(embedded.mine, **changes))
            assert (refused.status_code, refused.json()["error"]) == (422, reason), changes
        foreign = wanted(embedded.mine, product_id=embedded.other.product_id)
        refused = await admin.ask("POST", CLIENTS, foreign)
        assert (refused.status_code, refused.json()["error"]) == (422, "unknown_product")


async def test_only_an_internal_client_may_hold_everything(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        body = wanted(embedded.mine, scopes=["*"], internal=True)
        made = await admin.made(CLIENTS, body)
        token = await clinical_token(client, made["client_id"], made["client_secret"])
        assert token.json()["scope"] == "*"


async def test_clients_are_listed_by_age_page_by_page(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        for number in range(3):
            embedded.clock.pass_(1)
            await admin.made(CLIENTS, wanted(embedded.mine, name=f"Client {number}"))
        first = (await admin.ask("GET", f"{CLIENTS}?limit=2")).json()
        rest = (await admin.ask("GET", f"{CLIENTS}?cursor={first['next_cursor']}")).json()
        names = [one["name"] for one in (*first["items"], *rest["items"])]
        assert (names, rest["next_cursor"]) == (["Client 0", "Client 1", "Client 2"], None)


async def test_changes_are_told_and_end_tokens_when_told_so(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await clinical_administrator(cloud, client)
        made = await admin.made(CLIENTS, wanted(cloud.mine, scopes=["clients:admin"]))
        path = f"{CLIENTS}/{made['id']}"
        tag = (await admin.ask("GET", path)).headers["etag"]
        pair = (made["client_id"], made["client_secret"])
        token = (await clinical_token(client, *pair)).json()["access_token"]
        holder = Administrator(cloud, cloud.mine, client, {"Authorization": f"Bearer {token}"})
        less = await admin.ask("PATCH", path, {"scopes": ["cases:read"], "name": "Less"})
        assert (less.json()["scopes"], less.json()["name"]) == (["cases:read"], "Less")
        late = await admin.ask("PATCH", path, {"name": "Late"}, **{"If-Match": tag})
        assert late.status_code == 412
        assert (await holder.ask("GET", path)).status_code == 200, "until its token ends"
        assert (await admin.ask("PATCH", f"{path}?revoke=true", {"name": "x"})).status_code == 200
        assert (await holder.ask("GET", path)).status_code == 401
        stopped = await admin.ask("PATCH", path, {"status": "suspended"})
        assert stopped.json()["status"] == "suspended"
        refused = await clinical_token(client, *pair)
        assert refused.json()["error"] == "unauthorized_client"
        assert (await admin.ask("PATCH", path, {})).status_code == 422
        assert (await admin.ask("PATCH", path, {"scopes": ["x"]})).status_code == 422
        await admin.ask("PATCH", path, {"status": "active"})
        assert (await clinical_token(client, *pair)).status_code == 200
    assert admin.events().count(("auth.client.updated", made["client_id"])) == 4


async def test_secrets_overlap_and_the_last_one_stays(cloud: Installation) -> None:
    async with cloud.client() as client:
        admin = await clinical_administrator(cloud, client)
        made = await admin.made(CLIENTS, wanted(cloud.mine))
        path = f"{CLIENTS}/{made['id']}/secrets"
        ends = (START + timedelta(hours=1)).isoformat()
        added = await admin.made(path, {"expires_at": ends})
        for secret in (made["client_secret"], added["client_secret"]):
            answer = await clinical_token(client, made["client_id"], secret)
            assert answer.status_code == 200
        first = made["secrets"][0]["id"]
        assert (await admin.ask("DELETE", f"{path}/{first}")).status_code == 204
        dead = await clinical_token(client, made["client_id"], made["client_secret"])
        assert (dead.status_code, dead.json()["error"]) == (401, "invalid_client")
        last = await admin.ask("DELETE", f"{path}/{added['id']}")
        assert (last.status_code, last.json()["error"]) == (409, "last_credential")
        cloud.clock.pass_(3601)
        admin = await clinical_administrator(cloud, client)
        dead = await clinical_token(client, made["client_id"], added["client_secret"])
        assert dead.status_code == 401
        past = await admin.ask("POST", path, {"expires_at": START.isoformat()})
        assert (past.status_code, past.json()["error"]) == (422, "expiry_past")
        gone = await admin.ask("DELETE", f"{path}/sec_0")
        assert (gone.status_code, gone.json()["error"]) == (404, "secret_not_found")
        for _ in range(5):
            assert (await admin.ask("POST", path)).status_code == 201
        many = await admin.ask("POST", path)
        assert (many.status_code, many.json()["error"]) == (409, "too_many_secrets")
    assert ("auth.client.revoked", made["client_id"]) in admin.events()
    assert "client.credential_revoked" in admin.audited()


WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that it is weak is what is tested


UNFIT: list[tuple[str, str]] = [
    (client_certificate().key_pem, "private_key_rejected"),
    (client_certificate().pem + client_certificate().key_pem, "private_key_rejected"),
    (client_certificate().pem + client_certificate().pem, "invalid_certificate"),
    ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "invalid_certificate"),
    ("nothing", "invalid_certificate"),
    (client_certificate(begins=START - timedelta(days=9), days=9).pem, "certificate_expired"),
    (client_certificate(key=WEAK).pem, "weak_key"),
    (client_certificate(key=ec.generate_private_key(ec.SECP256K1())).pem, "weak_key"),
]


async def test_what_is_no_fit_certificate_is_refused_by_name(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        made = await admin.made(CLIENTS, wanted(embedded.mine))
        path = f"{CLIENTS}/{made['id']}/certificates"
        for pem, reason in UNFIT:
            refused = await admin.ask("POST", path, {"certificate_pem": pem})
            assert (refused.status_code, refused.json()["error"]) == (422, reason), refused.text
            assert "PRIVATE" not in refused.text
        assert (await admin.ask("GET", path)).json() == {
            "certificates": [],
            "certificate_only": False,
        }


class Behind:
    """A client behind the proxy that shows its certificate."""

    def __init__(self, http: httpx.AsyncClient, made: dict[str, Any]) -> None:
        self.http = http
        self.client_id, self.secret = made["client_id"], made["client_secret"]

    async def token(
        self, shown: ClientCertificate | None, *, secret: bool = False
    ) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": self.client_id}
        if secret:
            form["client_secret"] = self.secret
        headers = {} if shown is None else {HEADER: quote(shown.pem)}
        return await self.http.post("/v1/auth/oauth/token", data=form, headers=headers)


async def test_the_first_certificate_flips_the_client_and_the_last_flips_it_back(
    embedded: Installation,
) -> None:
    old, new, strange = client_certificate(), client_certificate(), client_certificate()
    embedded.app.state.proxies = TrustedProxies.of("127.0.0.1", HEADER)
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        made = await admin.made(CLIENTS, wanted(embedded.mine, scopes=["clients:admin"]))
        one = Behind(client, made)
        path = f"{CLIENTS}/{made['id']}/certificates"
        assert (await one.token(None, secret=True)).status_code == 200
        first = await admin.made(path, {"certificate_pem": old.pem, "label": "2026"})
        assert first["certificate_only"] is True
        assert first["subject"] == "CN=partner"
        locked = await one.token(None, secret=True)
        assert (locked.status_code, locked.json()["error"]) == (401, "mtls_required")
        for shown in (strange, client_certificate(key=old.key)):
            assert (await one.token(shown)).json()["error"] == "invalid_client"
        given = await one.token(old)
        assert given.status_code == 200, given.text
        holder = {"Authorization": f"Bearer {given.json()['access_token']}"}
        url = f"{CLIENTS}/{made['id']}"
        assert (await client.get(url, headers=holder)).status_code == 401
        spoofed = {**holder, HEADER: quote(new.pem)}
        assert (await client.get(url, headers=spoofed)).status_code == 401
        shown_right = {**holder, HEADER: quote(old.pem)}
        assert (await client.get(url, headers=shown_right)).status_code == 200
        twice = await admin.ask("POST", path, {"certificate_pem": old.pem})
        assert (twice.status_code, twice.json()["error"]) == (409, "certificate_exists")
        second = await admin.made(path, {"certificate_pem": new.pem})
        assert (await one.token(new)).status_code == 200
        ended = await admin.ask("DELETE", f"{path}/{first['id']}")
        assert (ended.json()["status"], ended.json()["certificate_only"]) == ("revoked", True)
        assert (await one.token(old)).json()["error"] == "invalid_client"
        ended = await admin.ask("DELETE", f"{path}/{second['id']}?revoke=true")
        assert ended.json()["certificate_only"] is False
        assert (await client.get(url, headers=shown_right)).status_code == 401
        assert (await one.token(None, secret=True)).status_code == 200
        gone = await admin.ask("DELETE", f"{path}/{second['id']}")
        assert (gone.status_code, gone.json()["error"]) == (404, "certificate_not_found")
        back = await admin.made(path, {"certificate_pem": old.pem})
        assert (back["id"], back["status"], back["label"]) == (first["id"], "active", "2026")
        secret_id = made["secrets"][0]["id"]
        assert (await admin.ask("DELETE", f"{url}/secrets/{secret_id}")).status_code == 204
        last = await admin.ask("DELETE", f"{path}/{back['id']}")
        assert (last.status_code, last.json()["error"]) == (409, "last_credential")


async def test_a_certificate_runs_out_without_giving_the_secret_back(
    embedded: Installation,
) -> None:
    embedded.app.state.proxies = TrustedProxies.of("127.0.0.1", HEADER)
    short = client_certificate(days=1)
    future = client_certificate(begins=START + timedelta(days=5))
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        one = Behind(client, made := await admin.made(CLIENTS, wanted(embedded.mine)))
        path = f"{CLIENTS}/{made['id']}/certificates"
        await admin.made(path, {"certificate_pem": short.pem})
        await admin.made(path, {"certificate_pem": future.pem})
        assert (await one.token(short)).status_code == 200
        assert (await one.token(future)).json()["error"] == "invalid_client"
        embedded.clock.pass_(86_401)
        assert (await one.token(short)).json()["error"] == "invalid_client"
        assert (await one.token(None, secret=True)).json()["error"] == "mtls_required"
        embedded.clock.pass_(4 * 86_400)
        assert (await one.token(future)).status_code == 200


ROUTES = [
    ("GET", "", None),
    ("PATCH", "", {"name": "Mine now"}),
    ("POST", "/secrets", {}),
    ("DELETE", "/secrets/{secret}", None),
    ("POST", "/certificates", {"certificate_pem": client_certificate().pem}),
    ("GET", "/certificates", None),
    ("DELETE", "/certificates/{certificate}", None),
]


async def test_another_organisations_client_answers_like_an_absent_one(
    cloud: Installation,
) -> None:
    async with cloud.client() as client:
        admin = await clinical_administrator(cloud, client)
        made = await admin.made(CLIENTS, wanted(cloud.mine))
        certificates = f"{CLIENTS}/{made['id']}/certificates"
        pem = client_certificate().pem
        certificate = await admin.made(certificates, {"certificate_pem": pem})
        before = (await admin.ask("GET", f"{CLIENTS}/{made['id']}")).json()
        stranger = await clinical_administrator(cloud, client, of=cloud.other)
        for method, path, body in ROUTES:
            tail = path.format(secret=made["secrets"][0]["id"], certificate=certificate["id"])
            answers = []
            for name in (made["id"], made["client_id"], str(uuid4()), cloud.mine.client_id, "x"):
                answer = await stranger.ask(method, f"{CLIENTS}/{name}{tail}", body)
                document = answer.json()
                del document["request_id"]
                answers.append((answer.status_code, document))
            assert all(answer == answers[0] for answer in answers), (method, path)
            assert (answers[0][0], answers[0][1]["error"]) == (404, "client_not_found")
            content: dict[str, Any] = {"json": body}
            nobody = await client.request(method, f"{CLIENTS}/x{tail}", **content)
            assert nobody.status_code == 401, (method, path)
        assert (await admin.ask("GET", f"{CLIENTS}/{made['id']}")).json() == before
        assert (await stranger.ask("GET", CLIENTS)).json()["items"] == []


async def test_a_client_without_the_right_administers_nothing(embedded: Installation) -> None:
    async with embedded.client() as client:
        admin = await clinical_administrator(embedded, client)
        made = await admin.made(CLIENTS, wanted(embedded.mine))
        token = await clinical_token(client, made["client_id"], made["client_secret"])
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        for method, path, body in ROUTES:
            url = f"{CLIENTS}/{made['id']}{path}"
            refused = await client.request(method, url, json=body, headers=headers)
            assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")


async def test_administrators_who_ask_too_often_wait(embedded: Installation) -> None:
    async with embedded.client() as client:
        services = embedded.app.state.services
        limits = RateLimits({ADMINISTRATION: "3/minute"}, embedded.clock)
        embedded.app.state.services = replace(services, limits=limits)
        admin = await clinical_administrator(embedded, client)
        stranger = await clinical_administrator(embedded, client, of=embedded.other)
        left = []
        for _ in range(3):
            answer = await admin.ask("GET", CLIENTS)
            left.append((answer.status_code, answer.headers["ratelimit-remaining"]))
        assert left == [(200, "2"), (200, "1"), (200, "0")]
        assert answer.headers["ratelimit-limit"] == "3"
        refused = await admin.ask("GET", CLIENTS)
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
        assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"] == "60"
        assert (await stranger.ask("GET", CLIENTS)).status_code == 200
        embedded.clock.pass_(60)
        assert (await admin.ask("GET", CLIENTS)).status_code == 200
