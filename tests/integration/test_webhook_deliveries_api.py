"""Deliveries of webhooks over the API: looked at, tested, sent again; each its owner's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cloud.core.kernel import outbox
from cloud.core.webhooks.tables import AttemptRow, DeliveryRow
from tests.fixtures.cloud import START, Installation
from tests.fixtures.integrators import WEBHOOKS, Integrator, integrator
from tests.fixtures.oauth import People
from tests.fixtures.webhooks import Hooks

EVENTS = ["epcr.encounter.created", "epcr.encounter.updated"]


def happen(cloud: Installation, event_type: str = EVENTS[0]) -> None:
    """An encounter of mine is told of, and the worker's relay hears of it."""
    with cloud.database.begin(now=cloud.clock()) as work:
        outbox.publish(
            work,
            tenant_id=cloud.mine.tenant_id,
            event_type=event_type,
            resource_type="encounter",
            resource_id="enc_1",
            data={"status": "in_progress", "vehicle_id": "RTW-4", "version": 1},
        )
    Hooks(cloud).relay()


def settle(cloud: Installation, delivery_id: str, state: str) -> None:
    """What a worker would write down, with one attempt."""
    with cloud.database.begin(now=cloud.clock()) as work:
        row = work.session.query(DeliveryRow).filter_by(delivery_id=delivery_id).one()
        row.state, row.due_at, row.settled_at = state, None, work.now
        row.attempted_at, row.attempts, row.response_status = work.now, 1, 503
        row.duration_ms, row.error = 12, "refused"
        work.session.add(
            AttemptRow(
                delivery_row=row.row_id,
                number=1,
                at=work.now,
                duration_ms=12,
                response_status=503,
                error="refused",
                sealed_answer=cloud.parts.vault.seal(b"from inside", purpose="x"),
            )
        )


async def ground(
    cloud: Installation, http: httpx.AsyncClient, *events: str
) -> tuple[Integrator, str]:
    """An application and the address of its one webhook."""
    app = await integrator(cloud, http)
    made = await app.made(events=list(events or EVENTS))
    return app, f"{WEBHOOKS}/{made['id']}"


async def listed(app: Integrator, path: str, query: str = "") -> list[dict[str, Any]]:
    response = await app.ask("GET", f"{path}/deliveries{query}")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["deliveries"]
    return found


async def test_what_was_sent_is_seen_but_for_what_the_receiver_said(cloud: Installation) -> None:
    async with cloud.client() as http:
        app, path = await ground(cloud, http)
        assert await listed(app, path) == []
        happen(cloud)
        (waiting,) = await listed(app, path)
        assert waiting["id"].startswith("dlv_")
        assert (waiting["status"], waiting["attempt"]) == ("queued", 0)
        assert waiting["next_attempt_at"] == START.isoformat().replace("+00:00", "Z")
        settle(cloud, waiting["id"], "failed")
        (failed,) = await listed(app, path)
        wanted = {
            "id": waiting["id"],
            "status": "failed",
            "event": EVENTS[0],
            "attempt": 1,
            "attempted_at": START.isoformat().replace("+00:00", "Z"),
            "response_status": 503,
            "duration_ms": 12,
            "error": "refused",
            "test": False,
            "replay": 0,
        }
        assert failed.items() >= wanted.items()
        assert "next_attempt_at" not in failed
        detail = await app.ask("GET", f"{path}/deliveries/{waiting['id']}")
        assert detail.json() == {
            **failed,
            "attempts": [
                {
                    "number": 1,
                    "at": failed["attempted_at"],
                    "duration_ms": 12,
                    "response_status": 503,
                    "error": "refused",
                }
            ],
        }
        assert "inside" not in detail.text


async def test_a_list_has_pages_and_shows_the_wanted_status(embedded: Installation) -> None:
    async with embedded.client() as http:
        app, path = await ground(embedded, http)
        for _ in range(5):
            happen(embedded)
        every = [one["id"] for one in await listed(app, path)]
        settle(embedded, every[1], "succeeded")
        settle(embedded, every[3], "failed")
        assert [one["id"] for one in await listed(app, path, "?status=failed")] == [every[3]]
        found: list[str] = []
        query = "?limit=2"
        while query:
            page = (await app.ask("GET", f"{path}/deliveries{query}")).json()
            found += [one["id"] for one in page["deliveries"]]
            cursor = page["next_cursor"]
            query = f"?limit=2&cursor={cursor}" if cursor else ""
        assert found == every
        refused = await app.ask("GET", f"{path}/deliveries?status=lost")
        assert (refused.status_code, refused.json()["error"]) == (422, "invalid_request")
        first = (await app.ask("GET", f"{path}/deliveries?limit=2")).json()["next_cursor"]
        other = (await app.made(events=EVENTS))["id"]
        stray = await app.ask("GET", f"{WEBHOOKS}/{other}/deliveries?cursor={first}")
        assert (stray.status_code, stray.json()["error"]) == (400, "invalid_cursor")


async def test_a_test_is_queued_like_every_event(embedded: Installation) -> None:
    async with embedded.client() as http:
        app, path = await ground(embedded, http)
        sent = await app.ask("POST", f"{path}/test", Idempotency_Key="k-1")
        assert sent.status_code == 202
        assert sent.json()["delivery_id"].startswith("dlv_test_")
        assert sent.json()["status"] == "queued"
        again = await app.ask("POST", f"{path}/test", Idempotency_Key="k-1")
        assert (again.status_code, again.json()) == (202, sent.json())
        (shown,) = await listed(app, path)
        assert shown.items() >= {"id": sent.json()["delivery_id"], "test": True}.items()
        other = await app.ask("POST", f"{path}/test", {"event": "job.succeeded"})
        assert other.status_code == 202
        assert (await listed(app, path))[0]["event"] == "job.succeeded"
        refused = await app.ask("POST", f"{path}/test", {"event": "job.invented"})
        assert (refused.status_code, refused.json()["error"]) == (422, "unknown_event")
        await app.ask("PATCH", path, {"active": False})
        paused = await app.ask("POST", f"{path}/test")
        assert (paused.status_code, paused.json()["error"]) == (409, "webhook_not_active")


async def test_one_delivery_is_sent_again_under_its_message_id(embedded: Installation) -> None:
    async with embedded.client() as http:
        app, path = await ground(embedded, http)
        happen(embedded)
        (first,) = await listed(app, path)
        way = f"{path}/deliveries/{first['id']}/replay"
        early = await app.ask("POST", way)
        assert (early.status_code, early.json()["error"]) == (409, "still_waiting")
        settle(embedded, first["id"], "failed")
        replayed = await app.ask("POST", way, Idempotency_Key="k-1")
        assert replayed.status_code == 202
        again = await app.ask("POST", way, Idempotency_Key="k-1")
        assert again.json() == replayed.json()
        newest, oldest = await listed(app, path)
        assert (newest["id"], newest["status"]) == (replayed.json()["delivery_id"], "queued")
        assert (newest["replay"], oldest["replay"]) == (1, 0)
        assert newest["message_id"] == oldest["message_id"]
        assert newest["id"] != oldest["id"]


async def test_what_happened_in_a_time_is_sent_again(embedded: Installation) -> None:
    async with embedded.client() as http:
        app, path = await ground(embedded, http)
        since = embedded.clock().isoformat()
        for number in range(4):
            happen(embedded, EVENTS[number % 2])
            embedded.clock.pass_(1)
        until = embedded.clock().isoformat()
        happen(embedded)
        every = [one["id"] for one in await listed(app, path)][::-1]
        for number, delivery_id in enumerate(every):
            settle(embedded, delivery_id, "failed" if number else "succeeded")
        counts = []
        for narrowed in (
            {"events": [EVENTS[1]], "until": until},
            {"statuses": ["succeeded"], "until": until},
            {},
        ):
            answer = await app.ask("POST", f"{path}/replay", {"since": since, **narrowed})
            assert answer.status_code == 202, answer.text
            counts.append(answer.json()["queued"])
        # Up to now, and what was sent again a moment ago is still on its way.
        assert counts == [2, 1, 1]
        for body, status, reason in (
            ({"since": until, "until": since}, 422, "bad_range"),
            ({"since": since, "statuses": ["queued"]}, 422, "invalid_request"),
            ({"since": since, "events": ["job.invented"]}, 422, "unknown_event"),
            ({"since": since, "events": ["device.enrolled"]}, 403, "event_not_approved"),
            ({"since": "yesterday"}, 422, "invalid_request"),
            ({}, 422, "invalid_request"),
        ):
            refused = await app.ask("POST", f"{path}/replay", body)
            assert (refused.status_code, refused.json()["error"]) == (status, reason), body


async def test_what_may_not_be_known_any_more_is_not_sent_again(embedded: Installation) -> None:
    async with embedded.client() as http:
        app, path = await ground(embedded, http)
        happen(embedded)
        (first,) = await listed(app, path)
        settle(embedded, first["id"], "failed")
        people = People(embedded.database, embedded.parts.vault, embedded.clock)
        people.change(app.client, approved_scopes=["webhooks:write"])
        embedded.clock.pass_(1)
        app.headers.update(await embedded.token(http, *app.client.auth))
        one = await app.ask("POST", f"{path}/deliveries/{first['id']}/replay")
        assert (one.status_code, one.json()["error"]) == (403, "event_not_approved")
        range_ = await app.ask("POST", f"{path}/replay", {"since": START.isoformat()})
        assert range_.json() == {"queued": 0}


@pytest.mark.parametrize("is_other_tenant", [False, True])
async def test_nobody_sees_or_sends_anothers_deliveries(
    embedded: Installation, is_other_tenant: bool
) -> None:
    async with embedded.client() as http:
        app, path = await ground(embedded, http)
        happen(embedded)
        (mine,) = await listed(app, path)
        settle(embedded, mine["id"], "failed")
        stranger = await integrator(
            embedded, http, of=embedded.other if is_other_tenant else embedded.mine
        )
        own = f"{WEBHOOKS}/{(await stranger.made(events=EVENTS))['id']}"
        for method, end, body in (
            ("GET", "/deliveries", None),
            ("GET", f"/deliveries/{mine['id']}", None),
            ("POST", "/test", None),
            ("POST", f"/deliveries/{mine['id']}/replay", None),
            ("POST", "/replay", {"since": START.isoformat()}),
        ):
            refused = await stranger.ask(method, path + end, body)
            assert (refused.status_code, refused.json()["error"]) == (404, "webhook_not_found")
        # Through a webhook of one's own there is no way to it either.
        for method, end in (("GET", ""), ("POST", "/replay")):
            refused = await stranger.ask(method, f"{own}/deliveries/{mine['id']}{end}")
            assert (refused.status_code, refused.json()["error"]) == (404, "delivery_not_found")
        assert len(await listed(app, path)) == 1
        reader = await integrator(embedded, http, scopes=("webhooks:read",))
        for end in ("/test", "/replay", f"/deliveries/{mine['id']}/replay"):
            denied = await reader.ask("POST", path + end, {"since": START.isoformat()})
            assert denied.status_code == 403
