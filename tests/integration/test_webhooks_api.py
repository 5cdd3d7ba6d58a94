"""Webhooks over the API: made, looked at, changed, given new secrets, ended; each its owner's."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

import jsonschema
import pytest

from cloud.core.kernel.idempotency import IdempotencyRow
from cloud.core.webhooks.catalogue import CATALOGUE
from cloud.core.webhooks.signing import opened
from cloud.core.webhooks.tables import EndpointRow
from tests.fixtures.cloud import START, Installation
from tests.fixtures.integrators import NEW, URL, WEBHOOKS, integrator, look_up_by

DAY = timedelta(days=1)
OTHER_SECRET = "another-long-random-text"


def secrets_of(cloud: Installation, webhook_id: str) -> tuple[str, ...]:
    """The secrets that sign now, newest first."""
    with cloud.database.reading(now=cloud.clock()) as work:
        row = work.session.get_one(EndpointRow, webhook_id)
        held = opened(cloud.parts.vault, webhook_id, row.sealed_secrets, now=cloud.clock())
        return tuple(one.text for one in held)


async def test_the_calls_of_the_contract_work_as_they_are_written(cloud: Installation) -> None:
    async with cloud.client() as http:
        app = await integrator(cloud, http)
        body = {"url": URL, "events": ["incident.updated"], "secret": "<signing-secret>"}
        made = await app.ask("POST", WEBHOOKS, body)
        assert made.status_code == 201
        path = f"{WEBHOOKS}/{made.json()['id']}"
        assert made.json().items() >= {"url": URL, "events": ["incident.updated"]}.items()
        assert made.json()["id"].startswith("wh_")
        changed = await app.ask("PUT", path, {"events": ["incident.updated", "incident.closed"]})
        assert changed.status_code == 200
        assert changed.json()["events"] == ["incident.updated", "incident.closed"]
        assert changed.json()["url"] == URL
        listed = await app.ask("GET", WEBHOOKS)
        assert [one["id"] for one in listed.json()["webhooks"]] == [made.json()["id"]]
        shown = await app.ask("GET", path)
        assert shown.json() == changed.json() == listed.json()["webhooks"][0]
        assert "signing-secret" not in made.text + changed.text + listed.text + shown.text
        deleted = await app.ask("DELETE", path)
        assert (deleted.status_code, deleted.content) == (204, b"")
        for method in ("GET", "DELETE"):
            gone = await app.ask(method, path)
            assert (gone.status_code, gone.json()["error"]) == (404, "webhook_not_found")
        assert (await app.ask("GET", WEBHOOKS)).json() == {"webhooks": [], "next_cursor": None}
    assert app.audited() == ["create", "update", "delete"]


async def test_a_secret_that_was_made_is_shown_once(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http)
        body = {name: one for name, one in NEW.items() if name != "secret"}
        made = await app.ask("POST", WEBHOOKS, body, Idempotency_Key="k-1")
        secret = made.json()["secret"]
        assert secret.startswith("whsec_")
        again = await app.ask("POST", WEBHOOKS, body, Idempotency_Key="k-1")
        assert again.headers["idempotency-replayed"] == "true"
        assert again.json() == {name: one for name, one in made.json().items() if name != "secret"}
        path = f"{WEBHOOKS}/{made.json()['id']}"
        listed = await app.ask("GET", WEBHOOKS)
        assert len(listed.json()["webhooks"]) == 1
        assert secret not in listed.text + (await app.ask("GET", path)).text
        assert "secret" not in await app.made()
        rotated = await app.ask("POST", f"{path}/rotate-secret", Idempotency_Key="k-2")
        newest = rotated.json()["secret"]
        kept = await app.ask("POST", f"{path}/rotate-secret", Idempotency_Key="k-2")
        assert "secret" not in kept.json()
        assert secrets_of(embedded, made.json()["id"]) == (newest, secret)
    with embedded.database.reading(now=START) as work:
        stored = b"".join(row.body for row in work.session.query(IdempotencyRow))
        assert secret.encode() not in stored
        assert newest.encode() not in stored


@pytest.mark.parametrize("way", ["rotate-secret", "PUT"])
async def test_two_secrets_sign_for_a_day_and_no_third(embedded: Installation, way: str) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http)
        webhook_id = (await app.made())["id"]
        method, path = (
            ("PUT", f"{WEBHOOKS}/{webhook_id}")
            if way == "PUT"
            else ("POST", f"{WEBHOOKS}/{webhook_id}/{way}")
        )
        second = await app.ask(method, path, {"secret": OTHER_SECRET})
        assert second.status_code == 200
        assert second.json()["previous_secret_expires_at"] == (START + DAY).isoformat().replace(
            "+00:00", "Z"
        )
        assert OTHER_SECRET not in second.text
        # A PUT that comes twice is the same PUT.
        assert (await app.ask(method, path, {"secret": OTHER_SECRET})).status_code == 200
        assert secrets_of(embedded, webhook_id) == (OTHER_SECRET, NEW["secret"])
        third = await app.ask(method, path, {"secret": "a-third-long-random-text"})
        assert (third.status_code, third.json()["error"]) == (409, "rotation_under_way")
        forced = {"secret": "a-third-long-random-text", "force": True}
        assert (await app.ask(method, path, forced)).status_code == 200
        assert secrets_of(embedded, webhook_id) == ("a-third-long-random-text", OTHER_SECRET)
        embedded.clock.pass_(DAY.total_seconds())
        assert secrets_of(embedded, webhook_id) == ("a-third-long-random-text",)
        app.headers.update(await embedded.token(http, *app.client.auth))
        shown = await app.ask("GET", f"{WEBHOOKS}/{webhook_id}")
        assert "previous_secret_expires_at" not in shown.json()
        assert (await app.ask(method, path, {"secret": OTHER_SECRET})).status_code == 200


async def test_a_change_is_made_to_what_was_seen_or_not_at_all(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http)
        path = f"{WEBHOOKS}/{(await app.made())['id']}"
        tag = (await app.ask("GET", path)).headers["etag"]
        paused = await app.ask("PATCH", path, {"active": False}, If_Match=tag)
        assert (paused.status_code, paused.json()["status"]) == (200, "paused")
        assert paused.headers["etag"] != tag
        for method, body in (("PATCH", {"active": True}), ("PUT", {"active": True})):
            late = await app.ask(method, path, body, If_Match=tag)
            assert (late.status_code, late.json()["error"]) == (412, "precondition_failed")
        assert (await app.ask("DELETE", path, If_Match=tag)).status_code == 412
        assert (await app.ask("GET", path)).json()["status"] == "paused"
        more = {"active": True, "description": "Ours", "retry_profile": "partner"}
        taken = await app.ask("PATCH", path, more, If_Match=paused.headers["etag"])
        assert taken.status_code == 200
        assert taken.json().items() >= {"status": "active", "description": "Ours"}.items()
        assert taken.json()["retry_profile"] == "partner"
        moved = await app.ask("PUT", path, {"url": "https://other.example:8443/hooks?x=1"})
        assert moved.json()["url"] == "https://other.example:8443/hooks?x=1"
        assert (await app.ask("DELETE", path, If_Match="*")).status_code == 204


REFUSED: list[tuple[dict[str, object], int, str]] = [
    ({"url": "http://integrator.example/hooks"}, 422, "address_refused"),
    ({"url": "ftp://integrator.example/hooks"}, 422, "address_refused"),
    ({"url": "https://user:word@integrator.example/"}, 422, "address_refused"),
    ({"url": "https://127.0.0.1/hooks"}, 422, "address_refused"),
    ({"url": "https://[::ffff:10.0.0.1]/hooks"}, 422, "address_refused"),
    ({"url": "https://169.254.169.254/latest/meta-data"}, 422, "address_refused"),
    ({"url": ""}, 422, "invalid_request"),
    ({"url": "https://integrator.example/" + "x" * 2000}, 422, "invalid_request"),
    ({"events": []}, 422, "invalid_request"),
    ({"events": ["incident.invented"]}, 422, "unknown_event"),
    ({"events": ["device.enrolled"]}, 403, "event_not_approved"),
    ({"events": "incident.updated"}, 422, "invalid_request"),
    ({"secret": "short"}, 422, "weak_secret"),
    ({"secret": "whsec_c2hvcnQ="}, 422, "secret_unreadable"),
    ({"secret": "whsec_ünreadable-ünreadable"}, 422, "secret_unreadable"),
    ({"dialect": "morse"}, 422, "invalid_request"),
    ({"retry_profile": "never"}, 422, "invalid_request"),
    ({"tenant_id": "ten_1"}, 422, "invalid_request"),
]


async def test_a_refusal_says_which_scope_each_event_needs(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http)
        events = ["incident.updated", "device.retired", "device.enrolled", "app.created"]
        refused = await app.ask("POST", WEBHOOKS, {**NEW, "events": events})
    assert refused.status_code == 403
    document = refused.json()
    assert document["error"] == "event_not_approved"
    assert document["details"] == {"required": ["argus:devices:read", "platform:apps:read"]}
    devices, applications = (
        "device.retired, device.enrolled needs argus:devices:read",
        "app.created needs platform:apps:read",
    )
    assert f"are about: {devices}; {applications}. Have the scope" in document["message"]


async def test_what_cannot_be_had_is_refused_in_words_that_help(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http)
        path = f"{WEBHOOKS}/{(await app.made())['id']}"
        before = (await app.ask("GET", path)).json()
        for changes, status, reason in REFUSED:
            refused = await app.ask("POST", WEBHOOKS, {**NEW, **changes})
            assert (refused.status_code, refused.json()["error"]) == (status, reason), changes
            for method in ("PUT", "PATCH"):
                again = await app.ask(method, path, changes)
                wanted = 422 if "dialect" in changes else status
                assert again.status_code == wanted, (method, changes)
            for secret in (changes.get("secret"), NEW["secret"]):
                assert secret is None or str(secret) not in refused.text + again.text
        assert (await app.ask("PUT", path, {})).status_code == 422
        assert (await app.ask("GET", path)).json() == before
        unknown = await app.ask("POST", WEBHOOKS, {**NEW, "events": ["incident.invented"]})
        assert "incident.updated" in unknown.json()["details"]["fields"][0]["known"]
        denied = await app.ask("POST", WEBHOOKS, {**NEW, "events": ["device.enrolled"]})
        assert denied.json()["details"] == {"required": ["argus:devices:read"]}
        local = await app.ask("POST", WEBHOOKS, {**NEW, "url": "https://10.0.0.7/hooks"})
        assert "10.0.0.7" not in local.text


@pytest.mark.parametrize("inside", ["10.0.0.7", "169.254.169.254", "::1", "fd00::7", "100.64.1.1"])
async def test_a_name_that_leads_inside_is_refused_when_it_is_given(
    embedded: Installation, inside: str
) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http)
        path = f"{WEBHOOKS}/{(await app.made())['id']}"
        look_up_by(embedded, lambda _host, _seconds: [ip_address("8.8.8.8"), ip_address(inside)])
        for method, where, body in (
            ("POST", WEBHOOKS, NEW),
            ("PUT", path, {"url": "https://other.example/"}),
            ("PATCH", path, {"url": "https://other.example/"}),
        ):
            refused = await app.ask(method, where, body)
            assert (refused.status_code, refused.json()["error"]) == (422, "address_refused")
            assert inside not in refused.text
            assert refused.json()["details"]["fields"] == [{"field": "body.url", "rule": "address"}]
        assert (await app.ask("GET", path)).json()["url"] == URL


async def test_nobody_sees_or_changes_anothers_webhooks(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http)
        path = f"{WEBHOOKS}/{(await app.made())['id']}"
        neighbours = [
            await integrator(embedded, http),
            await integrator(embedded, http, of=embedded.other),
        ]
        for one in neighbours:
            for method, end, body in (
                ("GET", "", None),
                ("PUT", "", {"active": False}),
                ("PATCH", "", {"active": False}),
                ("DELETE", "", None),
                ("POST", "/rotate-secret", None),
            ):
                refused = await one.ask(method, path + end, body)
                assert (refused.status_code, refused.json()["error"]) == (404, "webhook_not_found")
            assert (await one.ask("GET", WEBHOOKS)).json() == {"webhooks": [], "next_cursor": None}
        assert (await app.ask("GET", path)).json()["status"] == "active"


async def test_readers_read_and_writers_do_both(embedded: Installation) -> None:
    async with embedded.client() as http:
        reader = await integrator(embedded, http, scopes=("webhooks:read", "argus:epcr:read"))
        stranger = await integrator(embedded, http, scopes=("argus:epcr:read",))
        assert (await reader.ask("GET", WEBHOOKS)).status_code == 200
        denied = await reader.ask("POST", WEBHOOKS, NEW)
        assert (denied.status_code, denied.json()["error"]) == (403, "insufficient_scope")
        assert denied.json()["details"] == {"required": ["webhooks:write"]}
        for path in (WEBHOOKS, f"{WEBHOOKS}/events"):
            assert (await stranger.ask("GET", path)).status_code == 403
        assert (await http.get(WEBHOOKS)).status_code == 401


async def test_an_application_has_pages_of_webhooks_and_an_end_of_them(
    embedded: Installation,
) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http)
        made = []
        for number in range(50):
            embedded.clock.pass_(0.1)
            made.append((await app.made(description=f"Number {number}"))["id"])
        refused = await app.ask("POST", WEBHOOKS, NEW)
        assert (refused.status_code, refused.json()["error"]) == (409, "too_many_webhooks")
        listed: list[str] = []
        cursor = ""
        while True:
            page = (await app.ask("GET", f"{WEBHOOKS}?limit=20{cursor}")).json()
            listed += [one["id"] for one in page["webhooks"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert listed == made


async def test_the_catalogue_says_all_that_a_receiver_has_to_know(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=("webhooks:read", "argus:epcr:read"))
        answer = await app.ask("GET", f"{WEBHOOKS}/events")
        document = answer.json()
        assert [one["type"] for one in document["events"]] == list(CATALOGUE)
        for one in document["events"]:
            jsonschema.validate(one["sample"], one["schema"])
            assert one["usable"] is (one["scope"] in ("argus:epcr:read", "webhooks:read"))
        told = {one["name"]: one for one in document["dialects"]}
        assert set(told) == {"argus", "standard", "skin", "blueprint"}
        assert "X-Argus-Signature" in told["argus"]["headers"]
        assert all("webhook-signature" in one["headers"] for one in told.values())
        assert told["argus"]["sample"]["event"] == "incident.updated"
        profiles = {one["name"]: one["waits_seconds"] for one in document["retry_profiles"]}
        assert profiles["default"] == [30, 120, 600, 3600, 14400, 43200, 86400]
        assert set(profiles) == {"default", "partner"}
        tag = answer.headers["etag"]
        assert (await app.ask("GET", f"{WEBHOOKS}/events", If_None_Match=tag)).status_code == 304
