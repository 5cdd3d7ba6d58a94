"""The registries of the control plane: five addresses, one engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cloud.core.registries.kinds import REGISTRIES, Registry
from tests.fixtures.administration import Administrator, administrator
from tests.fixtures.cloud import Installation
from tests.fixtures.reviewed import let_in

BASE = "/api/v1/platform"
GOOD = {
    "deployment-packages": {"version": "4.2.0", "target": "gateway"},
    "automations": {"trigger": "device.offline", "action": "call_station"},
    "agents": {"kind": "monitor", "owner": "Night shift"},
    "marketplace/listings": {"category": "training", "publisher": "Mine"},
    "releases": {"version": "4.2.0", "channel": "candidate"},
}
EACH = pytest.mark.parametrize("registry", REGISTRIES, ids=lambda one: str(one.noun))


@pytest.fixture
async def admin(embedded: Installation) -> AsyncIterator[Administrator]:
    let_in(embedded, "control_plane")
    async with embedded.client() as http:
        yield await administrator(embedded, http)


def new(registry: Registry, name: str = "First") -> dict[str, object]:
    return {"name": name, "attributes": GOOD[registry.path]}


@EACH
def test_a_registry_begins_somewhere_leads_somewhere_and_ends(registry: Registry) -> None:
    reached = {registry.first}
    while more := {after for status in reached for after in registry.moves[status]} - reached:
        reached |= more
    assert reached == set(registry.statuses)
    assert any(registry.is_over(status) for status in registry.statuses)


@EACH
async def test_an_item_is_registered_described_and_moved_to_its_end(
    embedded: Installation, admin: Administrator, registry: Registry
) -> None:
    path = f"{BASE}/{registry.path}"
    made = await admin.made(path, new(registry))
    assert made["id"].startswith(f"{registry.prefix}_")
    assert (made["status"], made["version"]) == (registry.first, 1)
    one = f"{path}/{made['id']}"
    shown = await admin.ask("GET", one)
    assert shown.json() == made
    seen = {"If-Match": shown.headers["etag"]}
    embedded.clock.pass_(1)
    changed = await admin.ask("PATCH", one, {"description": "Said better."}, **seen)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert changed.headers["etag"] != shown.headers["etag"]
    for nothing_new in ({}, {"description": "Said better.", "attributes": GOOD[registry.path]}):
        same = await admin.ask("PATCH", one, nothing_new)
        assert (same.json(), same.headers["etag"]) == (changed.json(), changed.headers["etag"])
    late = await admin.ask("PATCH", one, {"name": "Late"}, **seen)
    assert late.status_code == 412
    status, path_on = registry.first, []
    while registry.moves[status]:
        status = next(one for one in registry.moves[status] if one not in path_on)
        path_on.append(status)
        moved = await admin.ask("POST", f"{one}/status", {"status": status})
        assert (moved.status_code, moved.json()["status"]) == (200, status)
    assert moved.json()["next_statuses"] == []
    over = await admin.ask("PATCH", one, {"name": "Too late"})
    assert (over.status_code, over.json()["error"]) == (409, "item_ended")
    noted = [entry for entry in admin.audited() if entry.startswith("registry.")]
    assert noted == ["registry.added", "registry.changed", *["registry.moved"] * len(path_on)]


@EACH
async def test_each_status_leads_only_where_its_row_says(
    admin: Administrator, registry: Registry
) -> None:
    path = f"{BASE}/{registry.path}"
    made = await admin.made(path, new(registry))
    for status in registry.statuses:
        if status in registry.moves[registry.first]:
            continue
        refused = await admin.ask("POST", f"{path}/{made['id']}/status", {"status": status})
        assert (refused.status_code, refused.json()["error"]) == (409, "status_not_next")
        assert refused.json()["details"]["allowed"] == list(registry.moves[registry.first])
    unknown = await admin.ask("POST", f"{path}/{made['id']}/status", {"status": "elsewhere"})
    assert (unknown.status_code, unknown.json()["error"]) == (422, "unknown_status")


@EACH
async def test_attributes_are_those_of_the_registry(
    admin: Administrator, registry: Registry
) -> None:
    path = f"{BASE}/{registry.path}"
    for one in registry.attributes:
        wrong = {**GOOD[registry.path], one.name: "\u2603\n"}
        refused = await admin.ask("POST", path, {"name": "A", "attributes": wrong})
        assert (refused.status_code, refused.json()["error"]) == (422, "invalid_attributes")
        assert refused.json()["details"]["fields"] == [f"attributes.{one.name}"]
    foreign = {**GOOD[registry.path], "tenant_id": "ten_0"}
    refused = await admin.ask("POST", path, {"name": "A", "attributes": foreign})
    assert refused.json()["details"]["fields"] == ["attributes.tenant_id"]
    made = await admin.made(path, new(registry))
    required = next(one.name for one in registry.attributes if one.is_required)
    gone = await admin.ask("PATCH", f"{path}/{made['id']}", {"attributes": {required: None}})
    assert gone.status_code == 422
    optional = next(one.name for one in registry.attributes if not one.is_required)
    value = "sha256:" + "0" * 64 if optional == "digest" else "1.0"
    for wanted in (value, None):
        kept = await admin.ask("PATCH", f"{path}/{made['id']}", {"attributes": {optional: wanted}})
        assert kept.json()["attributes"].get(optional) == wanted


async def test_lists_come_in_pages_and_by_status(
    embedded: Installation, admin: Administrator
) -> None:
    path = f"{BASE}/agents"
    ids = []
    for number in range(5):
        embedded.clock.pass_(1 if number % 2 else 0)
        ids.append((await admin.made(path, new(REGISTRIES[2], f"Agent {number}")))["id"])
    seen: list[str] = []
    query = "?limit=2"
    while True:
        page = (await admin.ask("GET", f"{path}{query}")).json()
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(ids)
    assert len(seen) == len(ids)
    await admin.ask("POST", f"{path}/{ids[3]}/status", {"status": "active"})
    active = (await admin.ask("GET", f"{path}?status=active")).json()["items"]
    assert [one["id"] for one in active] == [ids[3]]
    assert (await admin.ask("GET", f"{path}?status=asleep")).status_code == 422
    foreign = await admin.ask("GET", f"{BASE}/releases{query}")
    assert (foreign.status_code, foreign.json()["error"]) == (400, "invalid_cursor")


async def test_a_repeated_request_registers_once(admin: Administrator) -> None:
    path, body = f"{BASE}/releases", new(REGISTRIES[4])
    key = {"Idempotency-Key": "r-1"}
    first = await admin.ask("POST", path, body, **key)
    again = await admin.ask("POST", path, {**body, "name": "Another"}, **key)
    assert first.json() == again.json()
    assert again.headers["idempotency-payload-mismatch"] == "true"
    taken = await admin.ask("POST", path, body)
    assert (taken.status_code, taken.json()["error"]) == (409, "name_taken")
    other = await admin.made(path, new(REGISTRIES[4], "Other"))
    renamed = await admin.ask("PATCH", f"{path}/{other['id']}", {"name": "First"})
    assert (renamed.status_code, renamed.json()["error"]) == (409, "name_taken")
    same = await admin.ask("PATCH", f"{path}/{other['id']}", {"name": " Other "})
    assert (same.status_code, same.json()["name"]) == (200, "Other")
    move = f"{path}/{other['id']}/status"
    for _ in range(2):
        moved = await admin.ask("POST", move, {"status": "rolling_out"}, **key)
        assert moved.json()["status"] == "rolling_out"
    assert moved.headers["idempotency-replayed"] == "true"


async def test_another_tenants_item_answers_like_an_absent_one(
    embedded: Installation, admin: Administrator
) -> None:
    let_in(embedded, "control_plane", embedded.other.tenant_id)
    made = await admin.made(f"{BASE}/agents", new(REGISTRIES[2]))
    stranger = await administrator(embedded, admin.http, of=embedded.other)
    for method, end, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "Mine now"}),
        ("POST", "/status", {"status": "active"}),
    ):
        answers = []
        for path in (f"agents/{made['id']}", "agents/agt_0", f"releases/{made['id']}"):
            answer = await stranger.ask(method, f"{BASE}/{path}{end}", body)
            answers.append(answer.status_code)
        assert answers == [404, 404, 404]
    assert (await stranger.ask("GET", f"{BASE}/agents")).json()["items"] == []
    # The name is free for others.
    await stranger.made(f"{BASE}/agents", new(REGISTRIES[2]))
