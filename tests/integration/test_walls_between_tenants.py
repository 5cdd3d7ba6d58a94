"""One tenant asks for what is another's, at every operation that is described.

A whole world is made for one tenant. The other holds every scope a tenant's client can hold, and
asks for each thing by its real id: it is answered as for an id nobody has, and nothing changes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from cloud.api.shared.documentation import describe
from cloud.db.base import Base
from protocols.model.crew import AttachmentPart, CrewEvent, CrewEventKind
from protocols.uplink.channels import MEDIA_TYPE_BINARY, MEDIA_TYPE_JSON
from protocols.uplink.codec import encode_batch, encode_batch_json
from tests.fixtures.callers import Caller, World
from tests.fixtures.cloud import START, VEHICLE, Installation, batch, numeric
from tests.fixtures.same_answers import Essence, essence
from tests.fixtures.walking import (
    JSON,
    NEEDED,
    RAW,
    Operation,
    absent,
    body_of,
    ids_in_path,
    ids_in_query,
    operations,
    searches,
)
from tests.fixtures.world_encounter import WORDS, sent_batch
from tests.fixtures.worlds import make_parents, make_world

SHORT: Final = 6
"""A word no longer than this may stand in any answer by chance."""
Rows = dict[str, set[str]]
UNFOUND: Final = {
    "POST /v1/auth/admin/api-clients": "an organisation that is not the caller's own: 422",
    "POST /v1/user-management/admin/users": "the same",
}
"""Where an id that nobody has is not 404, and why."""
USELESS: Final = {
    "GET /api/v1/epcr/encounters/{encounter_id}/nemsis": "its owner has to tell more: 409",
}
"""What does not answer its owner with what there is, and why."""
PARTS: Final = (
    *("secret_id", "client_certificate_id", "app_certificate_id", "jti", "attachment_id"),
    *("command_id", "webhook_delivery_id"),
)
"""What is there inside something else, asked for inside the stranger's own."""


@dataclass(frozen=True, slots=True)
class Walls:
    """The owner with a world, and the stranger at its walls with some of their own."""

    cloud: Installation
    owner: Caller
    stranger: Caller
    world: World
    own: World
    document: dict[str, Any]
    cursors: dict[str, str] = field(default_factory=dict)


@pytest.fixture
async def walls(cloud: Installation) -> AsyncIterator[Walls]:
    async with cloud.client() as http:
        owner = Caller(cloud, cloud.mine, http)
        world = await make_world(owner)
        stranger = Caller(cloud, cloud.other, http)
        own = await make_parents(stranger)
        document = describe(cloud.app, "http://cloud.test/v1/oauth/token")
        yield Walls(cloud, owner, stranger, world, own, document)


def rows_of(walls: Walls) -> Rows:
    """Every row of the owner's by its table: those of their tenant, and those that name their ids
    where a table has no tenant.
    """
    found: Rows = {}
    tenant = walls.owner.tenant
    ids = {*marks(walls.world), tenant.client_id, tenant.admin_client_id}
    # What was done before is written down a moment later.
    walls.cloud.app.state.services.spans.flush()
    with walls.cloud.database.reading(now=walls.cloud.clock()) as work:
        for table in Base.metadata.sorted_tables:
            statement = select(table)
            if has_owner := "tenant_id" in table.c:
                statement = statement.where(table.c.tenant_id == tenant.tenant_id)
            rows = (repr(tuple(row)) for row in work.session.execute(statement))
            found[table.name] = {row for row in rows if has_owner or any(one in row for one in ids)}
    return found


def nowhere(world: World) -> World:
    """The same with ids that nobody has."""
    plain = ("facility_id", "vehicle_id", "bundle")
    ids = {
        name: one if name in plain or name.endswith("_version") else absent(one)
        for name, one in world.ids.items()
    }
    return World(ids, {kind: absent(one) for kind, one in world.fhir.items()})


async def ask(
    walls: Walls,
    operation: Operation,
    world: World,
    *,
    of: Caller | None = None,
    query: Mapping[str, str] = MappingProxyType({}),
) -> Essence:
    """The stranger's answer with the ids of a world, and those ids by their names."""
    needed = {name: NEEDED[name] for name in operation.query_names(required=True)}
    more: dict[str, Any] = {"params": {**needed, **query}, "headers": {}}
    body = body_of(operation, walls.document, world)
    if operation.name in RAW:
        more["content"], more["headers"] = RAW[operation.name]
    elif body is not None:
        more |= {"content": json.dumps(body)}
        more["headers"] = {"Content-Type": (operation.media_types or [JSON])[0]}
    path = operation.path
    sent = {**ids_in_path(operation, world), **query}
    for name, one in ids_in_path(operation, world).items():
        path = path.replace(f"{{{name}}}", one)
    answer = await (of or walls.stranger).ask(operation.method, path, door=operation.door, **more)
    return essence(answer, **{f"<{name}>": one for name, one in sent.items() if len(one) > SHORT})


def marks(world: World) -> list[str]:
    """What an answer to a stranger has nothing of."""
    plain = {world.ids[name] for name in ("facility_id", "vehicle_id", "bundle", "system_id")}
    ids = {*world.ids.values(), *world.fhir.values()} - plain
    return [*WORDS, *(one for one in ids if len(one) > SHORT)]


def leaked(answer: Essence, world: World) -> list[str]:
    """Marks of a world in an answer that does not name them back."""
    return [one for one in marks(world) if one in answer[2]]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "cloud", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)], indirect=True
)
async def test_a_stranger_cannot_tell_what_is_anothers_from_what_is_not(walls: Walls) -> None:
    useless = [one async for one in own(walls)]
    assert "\n".join(useless) == ""
    before = rows_of(walls)
    wrong = [one for each in (walk, look, search, send) async for one in each(walls)]
    assert "\n".join(wrong) == ""
    assert changes(before, rows_of(walls)) == {}
    still = await walls.owner.ask("GET", "/api/v1/devices")
    assert still.status_code == 200, "a stranger ended the owner's token"


def changes(before: Rows, after: Rows) -> dict[str, list[str]]:
    """Rows of the owner's that went, came or changed."""
    found = {name: sorted(before[name] ^ after[name]) for name in before}
    return {name: rows for name, rows in found.items() if rows}


async def own(walls: Walls) -> AsyncIterator[str]:
    """The owner finds all of it: what follows asks for what is there."""
    theirs = walls.world
    for operation in operations(walls.document):
        walls.cloud.clock.pass_(1)
        if operation.method == "GET" and operation.names_ids:
            answer = await ask(walls, operation, theirs, of=walls.owner)
            if answer[0] != 200 and operation.name not in USELESS:
                yield f"{operation.name} is no use: its owner is told {answer}"
        elif operation.method == "GET" and "cursor" in operation.query_names():
            page = await ask(walls, operation, theirs, of=walls.owner, query={"limit": "1"})
            if isinstance(document := json.loads(page[2]), dict):
                walls.cursors[operation.path] = str(document.get("next_cursor") or "")
    for path, query in searches(theirs):
        if "_id" not in query:
            continue
        found = await walls.owner.ask("GET", path, params=query)
        if not found.json().get("entry"):
            yield f"{path}?{query} is no use: its owner finds nothing"


async def walk(walls: Walls) -> AsyncIterator[str]:
    """Every operation that names ids, with real ones and with ones that nobody has."""
    theirs, nobodys = walls.world, nowhere(walls.world)
    parts = {name: theirs.ids[name] for name in PARTS}
    inside = World({**theirs.ids, **walls.own.ids, **parts}, theirs.fhir)
    missing = World(inside.ids | {name: absent(one) for name, one in parts.items()}, theirs.fhir)
    for operation in operations(walls.document):
        if not operation.names_ids:
            continue
        if len(operation.path_names) > 1 and "name" not in operation.path_names:
            found = await ask(walls, operation, inside)
            expected = await ask(walls, operation, missing)
            if found != expected:
                yield f"{operation.name} of one's own parent: {found} but {expected}"
        walls.cloud.clock.pass_(2)
        expected = await ask(walls, operation, nobodys)
        found = await ask(walls, operation, theirs)
        if found != expected:
            yield f"{operation.name}: {found} but {expected}"
        if expected[0] != 404 and operation.name not in UNFOUND:
            yield f"{operation.name} says {expected} for an id nobody has: fill it in walking.py"


async def look(walls: Walls) -> AsyncIterator[str]:
    """Every list, whole, narrowed to another's ids, and from a page of another's on."""
    for operation in operations(walls.document):
        if operation.method != "GET" or operation.names_ids:
            continue
        walls.cloud.clock.pass_(2)
        if words := leaked(await ask(walls, operation, walls.world), walls.world):
            yield f"{operation.name} tells {words}"
        for name, one in ids_in_query(operation, walls.world):
            found = await ask(walls, operation, walls.world, query={name: one})
            expected = await ask(walls, operation, walls.world, query={name: absent(one)})
            if found != expected:
                yield f"{operation.name}?{name}: {found} but {expected}"
        if "cursor" in operation.query_names():
            cursor = walls.cursors.get(operation.path) or "bm9ib2R5"
            refused = await ask(walls, operation, walls.world, query={"cursor": cursor})
            if refused[0] != 400:
                yield f"{operation.name} takes another's cursor: {refused}"


async def search(walls: Walls) -> AsyncIterator[str]:
    """Every search over FHIR, by address and by form."""
    for path, query in searches(walls.world):
        walls.cloud.clock.pass_(1)
        found = await walls.stranger.ask("GET", path, params=query)
        bundle = found.json()
        matches = [one for one in bundle.get("entry", []) if one["search"]["mode"] != "outcome"]
        if found.status_code != 200 or matches or bundle.get("total"):
            yield f"{path}?{query}: {found.status_code} {found.text[:300]}"
        if "_id" in query:
            posted = await walls.stranger.ask("POST", f"{path}/_search", data=query)
            if posted.json().get("entry") != bundle.get("entry"):
                yield f"{path}/_search by form: {posted.text[:300]}"


async def send(walls: Walls) -> AsyncIterator[str]:
    """What a gateway sends of another's, and what a client does with another's token."""
    theirs = walls.owner.tenant
    one = batch(theirs, [numeric("12", START)])
    known = [one, replace(one, gateway_id=absent(theirs.gateway_id))]
    for octets, media_type in (
        (encode_batch, MEDIA_TYPE_BINARY),
        (encode_batch_json, MEDIA_TYPE_JSON),
    ):
        headers = {**walls.stranger.headers["vehicle"], "Content-Type": media_type}
        path = "/v1/uplink/batches"
        told = [
            essence(await walls.stranger.http.post(path, content=octets(sent), headers=headers))
            for sent in known
        ]
        if told[0] != told[1] or told[0][0] != 403:
            yield f"a batch of another's gateway: {told}"
    await send_into(walls)
    token = walls.owner.headers["platform"]["Authorization"].partition(" ")[2]
    auth = (walls.stranger.tenant.client_id, walls.stranger.tenant.client_secret)
    for path in ("/v1/oauth/introspect", "/v1/oauth/revoke"):
        for held in (token, walls.world.ids["service_token"]):
            answers = [
                essence(await walls.stranger.http.post(path, data={"token": text}, auth=auth))
                for text in (held, held[:-4] + "AAAA")
            ]
            if answers[0] != answers[1] or answers[0][0] != 200:
                yield f"{path}: {answers}"


async def send_into(walls: Walls) -> None:
    """A gateway names another's encounter and attachment in what it sends: it reaches neither."""
    into = CrewEvent(
        event_id=uuid4(),
        kind=CrewEventKind.NOTE,
        at=START,
        by="crew-9",
        vehicle_id=VEHICLE,
        text="Slipped in",
        encounter=walls.world.ids["encounter_id"],
    )
    file = UUID(walls.world.ids["attachment_id"])
    over = AttachmentPart(attachment_id=file, part=0, parts=1, octets=b"another")
    await sent_batch(walls.stranger, [into, over])
