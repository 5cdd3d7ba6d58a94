"""An organisation asks to be let in, the operator decides, and doors open and close by that."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.exc import IntegrityError

from cloud.api.shared.rate_limits import ADMINISTRATION
from cloud.core.entitlements.tables import AccessRequestRow
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.work import StorageConflictError, utc_now
from tests.fixtures.administration import APPS, Operator, administrator, platform_token
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.reviewed import let_in
from tests.integration.test_token_limits import limited

REQUESTS = "/v1/platform/access-requests"
REVIEWS = "/v1/platform/access-reviews"
PACKAGES = "/api/v1/platform/deployment-packages"
WANTED = {"capability": "control_plane", "justification": "We keep our packages with you."}
REASON = {"reason": "The contract ended."}


def added(operator: Operator, name: str) -> tuple[str, str]:
    """A new application and its secret."""
    lines = operator("apps", "add", "--name", name)[1].splitlines()
    told = dict(line.strip().split(": ") for line in lines[1:])
    return told["client_id"], told["client_secret"]


async def test_without_review_the_control_plane_says_where_to_ask(embedded: Installation) -> None:
    async with embedded.client() as http:
        admin = await administrator(embedded, http)
        for method, path in (
            ("GET", PACKAGES),
            ("POST", "/api/v1/platform/marketplace/listings"),
            ("GET", "/api/v1/platform/nothing/of/the/kind"),
            ("DELETE", "/api/v1/platform/releases/rel_0"),
        ):
            answer = await admin.ask(method, path, {} if method == "POST" else None)
            body = answer.json()
            assert (answer.status_code, body["error"]) == (403, "access_review_required"), path
            assert body["request_url"] == f"{ISSUER}{REQUESTS}"
        assert admin.audited().count("get") == 2
        # Nobody at all is asked for a token first.
        assert (await http.get(PACKAGES)).status_code == 401
        let_in(embedded, "control_plane")
        assert (await admin.ask("GET", PACKAGES)).status_code == 200
        assert (await admin.ask("GET", "/api/v1/platform/nothing")).status_code == 404
        for method, path, allowed in (
            ("DELETE", PACKAGES, "GET, POST"),
            ("PUT", f"{PACKAGES}/dpk_0", "GET, PATCH"),
            ("GET", f"{PACKAGES}/dpk_0/status", "POST"),
        ):
            wrong = await admin.ask(method, path)
            assert (wrong.status_code, wrong.headers["allow"]) == (405, allowed), path
            assert wrong.json()["error"] == "method_not_allowed"
        # Being let in gives no scope.
        plain = await embedded.headers(http)
        refused = await http.get(PACKAGES, headers=plain)
        assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")


async def test_calls_of_each_gated_address_count_as_administration(embedded: Installation) -> None:
    for path in (PACKAGES, "/v1/saml/connections", REQUESTS):
        limited(embedded, **{ADMINISTRATION: "2/minute"})
        async with embedded.client() as http:
            admin = await administrator(embedded, http)
            seen = [(await admin.ask("GET", path)).status_code for _ in range(3)]
        assert (seen[0], seen[2]) == (200 if path == REQUESTS else 403, 429), path


async def test_the_operator_approves_and_revokes_on_the_machine(
    embedded: Installation, operator: Operator
) -> None:
    async with embedded.client() as http:
        admin = await administrator(embedded, http)
        made = await admin.made(REQUESTS, WANTED)
        assert (made["status"], made["requested_by"]) == ("pending", embedded.mine.admin_client_id)
        again = await admin.ask("POST", REQUESTS, WANTED)
        assert (again.status_code, again.json()["error"]) == (409, "access_requested")
        code, out, _ = operator("access", "list", "--status", "pending")
        (line,) = out.splitlines()
        assert (code, json.loads(line)["tenant_id"]) == (0, embedded.mine.tenant_id)
        code, out, _ = operator("access", "approve", made["id"])
        assert (code, out) == (0, f"{made['id']} is approved\n")
        assert (await admin.ask("GET", PACKAGES)).status_code == 200
        assert "not_pending" in operator("access", "approve", made["id"])[2]
        granted = await admin.ask("POST", REQUESTS, WANTED)
        assert (granted.status_code, granted.json()["error"]) == (409, "access_granted")
        operator("access", "revoke", made["id"], "--reason", "The contract ended.")
        assert (await admin.ask("GET", PACKAGES)).status_code == 403
        shown = (await admin.ask("GET", f"{REQUESTS}/{made['id']}")).json()
        assert (shown["status"], shown["reason"]) == ("revoked", "The contract ended.")
        # Whoever was shut out may ask anew, and is told why not.
        second = await admin.made(REQUESTS, WANTED)
        operator("access", "refuse", second["id"], "--reason", "Not yet.")
        listed = (await admin.ask("GET", f"{REQUESTS}?status=refused")).json()["access_requests"]
        assert [(one["id"], one["reason"]) for one in listed] == [(second["id"], "Not yet.")]
        assert "access_request_not_found" in operator("access", "approve", "acr_0")[2]
        steps = ["requested", "approved", "revoked", "requested", "refused"]
        told = [f"access.{step}" for step in steps]
        assert [kind for kind, _ in admin.events()] == told
        assert [kind for kind in admin.audited() if kind.startswith("access.")] == told


async def test_an_operators_client_decides_over_the_api(
    embedded: Installation, operator: Operator
) -> None:
    # The commands go by the real clock.
    embedded.clock.at = utc_now()
    async with embedded.client() as http:
        stranger = await administrator(embedded, http, of=embedded.other)
        admin = await administrator(embedded, http)
        made = await admin.made(REQUESTS, WANTED)
        theirs = await stranger.made(REQUESTS, WANTED)
        assert (await stranger.ask("GET", f"{REQUESTS}/{made['id']}")).status_code == 404
        for who in (admin, stranger):
            for method, path, body in (
                ("GET", REVIEWS, None),
                ("POST", f"{REVIEWS}/{made['id']}/approve", {}),
                ("POST", f"{REVIEWS}/{made['id']}/revoke", REASON),
            ):
                refused = await who.ask(method, path, body)
                assert refused.json()["error"] == "insufficient_scope"
        client_id, secret = added(operator, "Operator's desk")
        # Nobody but the operator gives that scope, by no name and by no wildcard.
        for scope in ("operator:access", "operator:*"):
            given = await admin.ask(
                "POST", f"{APPS}/{client_id}/approve-scopes", {"scopes": [scope]}
            )
            assert (given.status_code, given.json()["error"]) == (422, "operator_only_scope")
        assert operator("apps", "approve", client_id, "--scope", "operator:access")[0] == 0
        # Processes learn within seconds of what others approved.
        embedded.clock.pass_(10)
        token = (await platform_token(http, client_id, secret)).json()["access_token"]
        desk = {"Authorization": f"Bearer {token}"}
        pages = []
        cursor = ""
        for _ in range(2):
            page = (await http.get(f"{REVIEWS}?limit=1{cursor}", headers=desk)).json()
            pages += page["access_reviews"]
            cursor = f"&cursor={page['next_cursor'] or ''}"
        assert {one["id"] for one in pages} == {made["id"], theirs["id"]}
        # The desk is a client of the organisation that asks here: it lets nobody in that it is.
        itself = await http.post(f"{REVIEWS}/{made['id']}/approve", json={}, headers=desk)
        assert (itself.status_code, itself.json()["error"]) == (403, "own_request")
        assert (await admin.ask("GET", PACKAGES)).status_code == 403
        approve = f"{REVIEWS}/{theirs['id']}/approve"
        once = {**desk, "Idempotency-Key": "k-1"}
        first = await http.post(approve, json={}, headers=once)
        again = await http.post(approve, json={}, headers=once)
        assert first.status_code == again.status_code == 200
        assert again.headers["idempotency-replayed"] == "true"
        assert first.json()["decided_by"] == client_id
        assert (await stranger.ask("GET", PACKAGES)).status_code == 200
        assert (await admin.ask("GET", PACKAGES)).status_code == 403
        nothing_said = await http.post(f"{REVIEWS}/{theirs['id']}/revoke", json={}, headers=desk)
        assert nothing_said.status_code == 422
        for act, whose in (("revoke", theirs["id"]), ("refuse", made["id"])):
            done = await http.post(f"{REVIEWS}/{whose}/{act}", json=REASON, headers=desk)
            assert done.status_code == 200, done.text
        assert (await stranger.ask("GET", PACKAGES)).status_code == 403


async def test_a_wildcard_does_not_make_an_operator(
    embedded: Installation, operator: Operator
) -> None:
    # The commands go by the real clock.
    embedded.clock.at = utc_now()
    async with embedded.client() as http:
        client_id, secret = added(operator, "Nearly")
        operator("apps", "approve", client_id, "--scope", "operator:*")
        # Processes learn within seconds of what others approved.
        embedded.clock.pass_(10)
        token = (await platform_token(http, client_id, secret)).json()["access_token"]
        answer = await http.get(REVIEWS, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


def test_the_database_keeps_a_tenant_from_two_requests_at_once(cloud: Installation) -> None:
    def ask() -> None:
        with cloud.database.begin(now=cloud.clock()) as work:
            for _ in range(2):
                work.session.add(
                    AccessRequestRow(
                        request_id=new_id("acr"),
                        tenant_id=cloud.mine.tenant_id,
                        capability="control_plane",
                        justification="At the same moment.",
                        status="pending",
                        stands=True,
                        requested_at=work.now,
                        requested_by="app_0",
                    )
                )

    with pytest.raises((StorageConflictError, IntegrityError)):
        ask()
