"""What programs find by themselves: descriptions, the catalog of APIs, schemas, what will end."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from cloud.api.discovery.apis import APIS, api_of
from cloud.api.shared.contract import CONTRACT_VERSION
from cloud.core.webhooks.catalogue import CATALOGUE
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.oauth import People

JSON = "/.well-known/openapi.json"
YAML = "/.well-known/openapi.yaml"
CATALOG = "/.well-known/api-catalog"
SCHEMAS = "/v1/discovery/data-schemas"
DISCOVERY = "argus:discovery:read"


@pytest.fixture
async def client(embedded: Installation) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(embedded.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ISSUER)


async def reader(embedded: Installation, client: httpx.AsyncClient) -> dict[str, str]:
    people = People(embedded.database, embedded.parts.vault, embedded.clock)
    one = people.client(embedded.mine.tenant_id, scopes=[DISCOVERY])
    return await embedded.token(client, *one.auth)


async def test_the_description_has_a_strong_tag_and_is_not_sent_twice(
    client: httpx.AsyncClient,
) -> None:
    for path, media_type in ((JSON, "application/json"), (YAML, "application/yaml")):
        first = await client.get(path)
        assert first.status_code == 200
        assert first.headers["content-type"] == media_type
        assert re.fullmatch(r'"[0-9a-f]{32}"', first.headers["etag"])
        assert first.headers["x-contract-version"] == CONTRACT_VERSION
        held = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (held.status_code, held.content) == (304, b"")
        assert held.headers["etag"] == first.headers["etag"]
        other = await client.get(path, headers={"If-None-Match": '"another"'})
        assert other.content == first.content
        head = await client.head(path)
        assert head.headers["etag"] == first.headers["etag"]


async def test_yaml_and_json_say_the_same(client: httpx.AsyncClient) -> None:
    as_json = (await client.get(JSON)).json()
    as_yaml = yaml.load((await client.get(YAML)).text, Loader=yaml.CSafeLoader)
    assert as_yaml == as_json
    assert as_json["openapi"].startswith("3.1")
    assert as_json["info"]["x-contract-version"] == CONTRACT_VERSION


async def test_the_old_address_says_when_it_ends_and_where_to_go(
    client: httpx.AsyncClient,
) -> None:
    old = await client.get("/openapi.json")
    assert old.json() == (await client.get(JSON)).json()
    assert re.fullmatch(r"@\d{10}", old.headers["deprecation"])
    ends = parsedate_to_datetime(old.headers["sunset"]).timestamp()
    assert ends > int(old.headers["deprecation"][1:])
    assert old.headers["link"] == f'<{JSON}>; rel="successor-version"'
    assert "x-contract-version" not in old.headers
    assert "sunset" not in (await client.get(JSON)).headers


async def test_the_catalog_names_every_api_and_what_describes_it(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(CATALOG)
    assert answer.headers["content-type"].startswith("application/linkset+json; profile=")
    catalog, *apis = answer.json()["linkset"]
    assert catalog["anchor"] == f"{ISSUER}{CATALOG}"
    assert [one["href"] for one in catalog["item"]] == [one["anchor"] for one in apis]
    assert len(apis) == len(APIS)
    for api in apis:
        for one in api["service-desc"]:
            if one["href"].startswith(f"{ISSUER}/.well-known/"):
                served = await client.head(one["href"])
                assert served.headers["content-type"] == one["type"]
        assert f"{ISSUER}{JSON}" in [one["href"] for one in api["service-desc"]]
        assert api["service-doc"]
        assert api["status"][0]["href"] == f"{ISSUER}/health"
    head = await client.head(CATALOG)
    assert head.status_code == 200
    assert f'<{ISSUER}{CATALOG}>; rel="api-catalog"' in head.headers["link"]
    again = await client.get(CATALOG, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_every_address_belongs_to_an_api(client: httpx.AsyncClient) -> None:
    paths = (await client.get(JSON)).json()["paths"]
    assert [path for path in paths if api_of(path) is None] == []


async def test_schemas_need_their_scope(embedded: Installation, client: httpx.AsyncClient) -> None:
    assert (await client.get(SCHEMAS)).status_code == 401
    stranger = await embedded.headers(client, "argus:devices:read")
    refused = await client.get(SCHEMAS, headers=stranger)
    assert refused.status_code == 403
    assert refused.json()["details"] == {"required": [DISCOVERY]}


async def test_each_schema_stands_alone_and_its_examples_hold(
    embedded: Installation, client: httpx.AsyncClient
) -> None:
    headers = await reader(embedded, client)
    listed = await client.get(SCHEMAS, headers=headers)
    assert listed.headers["x-contract-version"] == CONTRACT_VERSION
    entries = {one["name"]: one for one in listed.json()["schemas"]}
    assert "POST /api/v1/devices/enrol" in entries["EnrolRequest"]["used_by"]
    examples = 0
    for name, entry in entries.items():
        answer = await client.get(entry["href"], headers=headers)
        assert answer.headers["content-type"] == "application/schema+json", name
        schema = answer.json()
        assert schema["$id"] == entry["href"]
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        for example in schema.get("examples", ()):
            validator.validate(example)
            examples += 1
        if not schema.get("additionalProperties", True):
            assert list(validator.iter_errors({"a member nobody named": 1})), name
    assert examples > 3
    tag = listed.headers["etag"]
    again = await client.get(SCHEMAS, headers={**headers, "If-None-Match": tag})
    assert again.status_code == 304


async def test_an_unknown_schema_is_not_there(
    embedded: Installation, client: httpx.AsyncClient
) -> None:
    headers = await reader(embedded, client)
    missing = await client.get(f"{SCHEMAS}/Nothing", headers=headers)
    assert (missing.status_code, missing.json()["error"]) == (404, "unknown_schema")
    events = await client.get(SCHEMAS, params={"kind": "event"}, headers=headers)
    assert all(one["kind"] == "event" for one in events.json()["schemas"])
    wrong = await client.get(SCHEMAS, params={"kind": "song"}, headers=headers)
    assert wrong.status_code == 422


async def test_what_events_carry_has_schemas_too(
    embedded: Installation, client: httpx.AsyncClient
) -> None:
    headers = await reader(embedded, client)
    listed = (await client.get(SCHEMAS, headers=headers, params={"kind": "event"})).json()
    assert [one["name"] for one in listed["schemas"]] == list(CATALOGUE)
    for one in listed["schemas"]:
        schema = (await client.get(one["href"], headers=headers)).json()
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(CATALOGUE[one["name"]].sample)
        assert schema["$id"] == one["href"]
