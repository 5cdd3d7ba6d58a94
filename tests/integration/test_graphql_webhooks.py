"""Incident webhooks configured over GraphQL: the same endpoints as over REST, and no secret out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from cloud.core.curation.bundles import bundle
from tests.fixtures.cloud import Installation
from tests.fixtures.graphql_apps import App, registered
from tests.fixtures.integrators import URL, WEBHOOKS

SCOPES = ("argus:epcr:read", "argus:devices:read", "webhooks:write")
DOCUMENTS = {one.id: one.text for one in bundle("incident-webhooks").documents}
SECRET = "hush-hush-hush-hush-hush"
NEW: dict[str, object] = {"url": URL, "events": ["incident.updated"], "secret": SECRET}


@pytest.fixture
async def http(embedded: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded.client() as client:
        yield client


@pytest.fixture
async def app(embedded: Installation, http: httpx.AsyncClient) -> App:
    return await registered(embedded, http, "incident-webhooks", scopes=SCOPES)


async def run(app: App, name: str, **variables: object) -> Any:  # noqa: ANN401 - JSON has any shape
    document = await app.ask(DOCUMENTS[name], variables)
    assert "errors" not in document, document
    (found,) = document["data"].values()
    return found


async def refused(app: App, name: str, **variables: object) -> str:
    document = await app.ask(DOCUMENTS[name], variables)
    (error,) = document["errors"]
    assert SECRET not in str(document)
    return str(error["extensions"]["reason"])


async def test_a_webhook_is_made_changed_tried_and_ended(app: App) -> None:
    made = await run(app, "UpsertIncidentWebhook", input=NEW)
    assert made["url"] == URL
    assert (made["status"], made["events"]) == ("active", ["incident.updated"])
    assert "secret" not in str(made)
    assert (await run(app, "IncidentWebhooks")) == [made]
    same = (await app.http.get(f"{WEBHOOKS}/{made['id']}", headers=app.headers)).json()
    assert (same["url"], same["events"]) == (made["url"], made["events"])
    wanted = {"id": made["id"], "events": ["incident.closed", "incident.closed"]}
    assert (await run(app, "UpsertIncidentWebhook", input=wanted))["events"] == ["incident.closed"]
    tried = await run(app, "SendTestToIncidentWebhook", id=made["id"])
    assert tried["status"] == "queued"
    assert tried["event"] == "incident.closed"
    named = await run(app, "SendTestToIncidentWebhook", id=made["id"], event="incident.created")
    listed = await run(app, "IncidentWebhookDeliveries", webhookId=made["id"], first=10)
    assert [one["id"] for one in listed] == [named["id"], tried["id"]]
    resting = {"id": made["id"], "isActive": False}
    assert (await run(app, "UpsertIncidentWebhook", input=resting))["status"] == "paused"
    refusal = await refused(app, "SendTestToIncidentWebhook", id=made["id"])
    assert refusal == "webhook_not_active"
    assert await run(app, "DeleteIncidentWebhook", id=made["id"]) == made["id"]
    assert await refused(app, "DeleteIncidentWebhook", id=made["id"]) == "webhook_not_found"
    paused = await run(app, "UpsertIncidentWebhook", input={**NEW, "isActive": False})
    assert paused["status"] == "paused"


async def test_events_about_other_things_stay_and_are_not_shown(app: App) -> None:
    body = {"url": URL, "events": ["device.enrolled"], "secret": SECRET}
    other = await app.http.post(WEBHOOKS, json=body, headers=app.headers)
    assert await run(app, "IncidentWebhooks") == []
    wanted = {"id": other.json()["id"], "events": ["incident.updated"]}
    assert (await run(app, "UpsertIncidentWebhook", input=wanted))["events"] == ["incident.updated"]
    path = f"{WEBHOOKS}/{other.json()['id']}"
    both = (await app.http.get(path, headers=app.headers)).json()["events"]
    assert sorted(both) == ["device.enrolled", "incident.updated"]


ODD: tuple[tuple[dict[str, object], str], ...] = (
    ({"url": "http://integrator.example/"}, "address_refused"),
    ({"url": "https://127.0.0.1/hooks"}, "address_refused"),
    ({"url": "https://169.254.169.254/latest/meta-data"}, "address_refused"),
    ({"url": "https://integrator.example/" + "x" * 2000}, "address_refused"),
    ({"url": None}, "incomplete_webhook"),
    ({"secret": None}, "incomplete_webhook"),
    ({"events": None}, "incomplete_webhook"),
    ({"events": []}, "unknown_event"),
    ({"events": ["device.enrolled"]}, "unknown_event"),
    ({"events": ["incident.exploded"]}, "unknown_event"),
    ({"events": ["incident.updated"] * 50 + ["device.enrolled"]}, "unknown_event"),
    ({"secret": "short"}, "weak_secret"),
    ({"id": "wh_none"}, "webhook_not_found"),
)


async def test_a_webhook_that_makes_no_sense_is_refused(app: App) -> None:
    for wanted, reason in ODD:
        told = await refused(app, "UpsertIncidentWebhook", input={**NEW, **wanted})
        assert told == reason, wanted
    assert await run(app, "IncidentWebhooks") == []


async def test_who_may_not_read_incidents_is_not_told_of_them(
    embedded: Installation, http: httpx.AsyncClient, app: App
) -> None:
    """Nor does one application see or change what is another's."""
    poor = await registered(embedded, http, "incident-webhooks", scopes=("webhooks:write",))
    assert await refused(poor, "UpsertIncidentWebhook", input=NEW) == "event_not_approved"
    made = await run(app, "UpsertIncidentWebhook", input=NEW)
    neighbour = await registered(embedded, http, "incident-webhooks", scopes=SCOPES)
    for name, variables in (
        ("UpsertIncidentWebhook", {"input": {"id": made["id"], "isActive": False}}),
        ("DeleteIncidentWebhook", {"id": made["id"]}),
        ("SendTestToIncidentWebhook", {"id": made["id"]}),
        ("IncidentWebhookDeliveries", {"webhookId": made["id"]}),
    ):
        assert await refused(neighbour, name, **variables) == "webhook_not_found"
