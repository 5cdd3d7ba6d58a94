"""The documents of the API: the same facts for programs, for readers of text and on pages."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from cloud.api.discovery.apis import APIS
from cloud.api.discovery.documents import Code, Document, Section, Table, as_json, as_markdown
from cloud.api.discovery.topics import TOPICS
from cloud.api.shared import graphql_errors
from cloud.api.shared.contract import ENDINGS
from cloud.api.shared.graphql_errors import TOLD
from cloud.core.kernel.scope_catalogue import CATALOGUE
from cloud.core.sandbox.scenarios import SCENARIOS
from tests.fixtures.cloud import ISSUER, Installation

DOCUMENTS = "/api/docs"


@pytest.fixture
async def client(embedded: Installation) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(embedded.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ISSUER)


async def text_of(client: httpx.AsyncClient, topic: str) -> str:
    answer = await client.get(f"{DOCUMENTS}/{topic}", params={"format": "markdown"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    return answer.text


async def test_every_topic_comes_in_three_forms(client: httpx.AsyncClient) -> None:
    for path in (DOCUMENTS, *(f"{DOCUMENTS}/{topic.name}" for topic in TOPICS)):
        plain = await client.get(path)
        assert plain.headers["content-type"] == "application/json"
        document = plain.json()
        markdown = await client.get(path, params={"format": "markdown"})
        assert markdown.text.startswith(f"# {document['title']}\n")
        page = await client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert page.headers["content-type"].startswith("text/html")
        assert f"<h1>{document['title']}</h1>" in page.text
        for section in document["sections"]:
            assert f"## {section['title']}\n" in markdown.text
        assert plain.headers["vary"] == "Accept"
        held = await client.get(path, headers={"If-None-Match": plain.headers["etag"]})
        assert held.status_code == 304


async def test_pages_ask_no_other_host_and_run_no_script(client: httpx.AsyncClient) -> None:
    page = await client.get(DOCUMENTS, params={"format": "html"})
    assert "<script" not in page.text
    loaded = re.findall(r'<(?:link|img|script)[^>]+(?:href|src)="([^"]+)"', page.text)
    assert loaded
    assert all(one.startswith(("/api/docs/static/", "?format=")) for one in loaded)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    style = await client.get("/api/docs/static/documents.css")
    assert style.status_code == 200
    assert "http" not in style.text
    assert (await client.get("/api/docs/static/other.css")).status_code == 404


async def test_every_operation_scope_error_and_ending_is_told(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/.well-known/openapi.json")).json()["paths"]
    told = "".join([await text_of(client, api.name) for api in APIS])
    for path, methods in paths.items():
        for method in methods:
            assert f"## {method.upper()} {path}\n" in told
    scopes = await text_of(client, "scopes")
    assert all(f"`{scope.name}`" in scopes for scope in CATALOGUE)
    assert "`POST /api/v1/devices/enrol`" in scopes
    errors = await text_of(client, "errors")
    assert "| `unit_mismatch` | 422 | `invalid` |" in errors
    assert "| `unknown_topic` | 404 | `not-found` |" in errors
    sandbox = await text_of(client, "sandbox")
    assert "`sandbox.cloud.test`" in sandbox
    assert all(f"| `{one.name}` | {one.says} |" in sandbox for one in SCENARIOS)
    versions = await text_of(client, "versions")
    assert all(f"`{one.route}`" in versions for one in ENDINGS)


async def test_examples_of_bodies_are_shown_as_they_are_sent(client: httpx.AsyncClient) -> None:
    records = await text_of(client, "records")
    enrol = records.partition("## POST /api/v1/devices/enrol")[2].partition("\n## ")[0]
    body = enrol.partition("```json\n")[2].partition("\n```")[0]
    assert json.loads(body)["serial_number"]


async def test_how_to_ask_over_graphql_is_told_and_not_what(client: httpx.AsyncClient) -> None:
    told = await text_of(client, "graphql")
    codes = {code for code, _ in TOLD}
    assert codes >= {*graphql_errors._CODES.values(), *graphql_errors._BY_REASON.values()}
    assert all(f"| `{code}` |" in told for code in codes)
    for word in ("`X-Tenant-ID`", "`tenant_required`", "`documentId`", "graphql-response+json"):
        assert word in told
    for hidden in ("telephonyProviders", "upsertTelephonyRoute", "incidentWebhooks"):
        assert hidden not in told
    assert "`graphql`" in await text_of(client, "authentication")
    assert "`graphql`" in await text_of(client, "errors")


async def test_an_operation_says_whether_it_asks_for_a_token(client: httpx.AsyncClient) -> None:
    platform = await text_of(client, "platform")
    for operation, says in (
        ("POST /v1/sandbox/reset", "Any token of the platform will do."),
        ("GET /v1/sandbox/scenarios", "No scope is asked for."),
        ("GET /v1/jobs", "Scope: `argus:jobs:read` or `argus:jobs:write`."),
    ):
        section = platform.partition(f"## {operation}\n")[2].partition("\n## ")[0]
        assert f"\n\n{says}\n\n" in section, operation


async def test_a_head_has_the_tag_and_no_document(client: httpx.AsyncClient) -> None:
    for path in (DOCUMENTS, f"{DOCUMENTS}/errors", "/llms.txt"):
        head, got = await client.head(path), await client.get(path)
        assert head.status_code == 200, path
        assert head.headers["etag"] == got.headers["etag"]
        assert head.headers["content-length"] == str(len(got.content))
        assert head.content == b""


async def test_who_takes_none_of_the_forms_is_told_so(client: httpx.AsyncClient) -> None:
    refused = await client.get(DOCUMENTS, headers={"Accept": "application/xml"})
    assert (refused.status_code, refused.json()["error"]) == (406, "not_acceptable")
    named = await client.get(
        DOCUMENTS, headers={"Accept": "application/xml"}, params={"format": "markdown"}
    )
    assert named.status_code == 200


async def test_the_list_for_language_models_leads_to_text(client: httpx.AsyncClient) -> None:
    answer = await client.get("/llms.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("# Vitalwire\n\n> ")
    links = re.findall(r"\]\((http[^)]+)\)", answer.text)
    assert len(links) > len(TOPICS)
    for link in links:
        found = await client.get(link)
        assert found.status_code == 200, link
        assert found.headers["content-type"].partition(";")[0] in (
            "text/markdown",
            "application/json",
            "application/yaml",
            "application/linkset+json",
        )


async def test_what_is_not_there_is_refused(client: httpx.AsyncClient) -> None:
    missing = await client.get(f"{DOCUMENTS}/nothing")
    assert (missing.status_code, missing.json()["error"]) == (404, "unknown_topic")
    wrong = await client.get(DOCUMENTS, params={"format": "pdf"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "unknown_document_format")


def test_a_document_says_the_same_in_every_form() -> None:
    document = Document(
        name="one",
        title="One",
        says="A sentence.",
        sections=(
            Section("First", ("Text.", Table(("a", "b"), (("x|y", "two\nlines"),)))),
            Section("Second", (Code("sh", "ls"),)),
        ),
    )
    assert as_markdown(document) == (
        "# One\n\nA sentence.\n\n## First\n\nText.\n\n| a | b |\n| --- | --- |\n"
        "| x\\|y | two lines |\n\n## Second\n\n```sh\nls\n```\n"
    )
    assert as_json(document)["sections"] == [
        {
            "title": "First",
            "parts": [
                {"type": "text", "text": "Text."},
                {
                    "type": "table",
                    "columns": ["a", "b"],
                    "rows": [{"a": "x|y", "b": "two\nlines"}],
                },
            ],
        },
        {"title": "Second", "parts": [{"type": "code", "language": "sh", "text": "ls"}]},
    ]
