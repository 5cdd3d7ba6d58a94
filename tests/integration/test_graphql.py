"""Curated GraphQL: what was approved runs in every form it may be sent in, nothing else does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text as text_of

from cloud.core.curation.bundles import bundle, bundles
from cloud.core.curation.grants import granted
from tests.fixtures.administration import Operator, administrator
from tests.fixtures.cloud import Installation
from tests.fixtures.graphql_apps import ACQI, APRIL, App, registered

GRAPHQL = "application/graphql-response+json"


@pytest.fixture
async def http(embedded: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded.client() as client:
        yield client


@pytest.fixture
async def app(embedded: Installation, http: httpx.AsyncClient) -> App:
    return await registered(embedded, http, "acqi")


def document_id(name: str) -> str:
    return next(one.read.document_id for one in bundle("acqi").documents if one.id == name)


async def test_the_contracts_sample_is_answered_as_it_is_written(app: App) -> None:
    """Without X-Tenant-ID, as the sample has it: the token is of one tenant."""
    answer = await app.post({"query": ACQI, "variables": APRIL}, tenant="")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    metrics = {one["name"]: one for one in answer.json()["data"]["acqiMetrics"]}
    assert metrics["rosc_survival"] == {
        "name": "rosc_survival",
        "value": None,
        "numerator": 0,
        "denominator": 0,
        "unit": "ratio",
    }
    assert "errors" not in answer.json()


async def test_a_text_laid_out_otherwise_is_the_same_operation(app: App) -> None:
    spread = ACQI.replace("{", "\n#figures\n{\n").replace(",", " ").replace(" ", "\n\t")
    found = await app.ask(spread, APRIL)
    assert len(found["data"]["acqiMetrics"]) == 11


@pytest.mark.parametrize("form", ["id", "apollo", "apollo_with_text"])
async def test_an_operation_is_named_instead_of_sent(app: App, form: str) -> None:
    fingerprint = document_id("AcqiTrends")
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": fingerprint.partition(":")[2]}}
    body: dict[str, object] = {"extensions": persisted}
    if form == "id":
        body = {"documentId": fingerprint}
    if form == "apollo_with_text":
        body["query"] = bundle("acqi").documents[1].text
    answer = await app.post({**body, "variables": APRIL})
    (first, *_) = answer.json()["data"]["acqiMetrics"]
    assert len(first["sparkline"]) == 17
    assert first["sparkline"][0] == {"date": "2026-04-01", "value": None}


async def test_what_was_not_granted_is_never_run(embedded: Installation, app: App) -> None:
    other = ACQI.replace("name value", "value name")
    answer = await app.post({"query": other, "variables": APRIL})
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert answer.json()["data"] is None
    assert error["extensions"]["code"] == "OPERATION_NOT_APPROVED"
    assert error["extensions"]["traceId"] == answer.headers["x-argus-trace-id"]
    strict = await app.post({"query": other, "variables": APRIL}, accept=GRAPHQL)
    assert strict.status_code == 400
    assert strict.headers["content-type"] == GRAPHQL
    assert list(strict.json()) == ["errors"]
    # Apollo's way of registering a text registers nothing.
    hashed = hashlib.sha256(other.encode()).hexdigest()
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hashed}}
    for body in ({"query": other, "extensions": persisted}, {"extensions": persisted}):
        again = await app.post(body)
        assert again.json()["errors"][0]["extensions"]["code"] == "OPERATION_NOT_APPROVED"
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        assert admin.audited().count("run") == 4


async def test_a_bundle_is_granted_to_one_application_and_taken_back(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    app = await registered(embedded, http)
    neighbour = await registered(embedded, http)
    admin = await administrator(embedded, http)
    path = f"/v1/platform/apps/{app.client_id}/operation-bundles"
    assert await app.code(ACQI, APRIL) == "OPERATION_NOT_APPROVED"
    granted = await admin.ask("PUT", f"{path}/acqi")
    assert granted.status_code == 200, granted.text
    assert granted.json()["bundles"][0]["version"] == 1
    assert (await admin.ask("PUT", f"{path}/acqi", {"version": 1})).json() == granted.json()
    assert (await admin.ask("GET", path)).json() == granted.json()
    assert (await app.ask(ACQI, APRIL))["data"]
    assert await neighbour.code(ACQI, APRIL) == "OPERATION_NOT_APPROVED"
    assert (await admin.ask("DELETE", f"{path}/acqi")).status_code == 204
    assert await app.code(ACQI, APRIL) == "OPERATION_NOT_APPROVED"
    assert (await admin.ask("DELETE", f"{path}/acqi")).status_code == 404
    assert (await admin.ask("PUT", f"{path}/none")).status_code == 404
    stranger = await administrator(embedded, http, of=embedded.other)
    assert (await stranger.ask("PUT", f"{path}/acqi")).status_code == 404
    done = admin.audited()
    assert done.count("operations.granted") == 1
    assert done.count("operations.taken_back") == 1


async def test_an_operation_needs_its_scopes_besides(
    embedded: Installation, http: httpx.AsyncClient
) -> None:
    app = await registered(embedded, http, "acqi", scopes=("argus:epcr:read",))
    answer = await app.post({"query": ACQI, "variables": APRIL})
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["extensions"]["required"] == ["argus:acqi:read"]
    strict = await app.post({"query": ACQI, "variables": APRIL}, accept=GRAPHQL)
    assert strict.status_code == 403


async def test_a_tenants_header_has_to_be_the_tokens_own(embedded: Installation, app: App) -> None:
    other = embedded.other.tenant_id
    # Sent besides the right one: a second header cannot hide behind the first.
    answer = await app.post({"query": ACQI, "variables": APRIL}, X_Tenant_Id=other)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["reason"] == "tenant_mismatch"


async def test_health_and_metrics_tell_of_operations(
    embedded: Installation, http: httpx.AsyncClient, app: App
) -> None:
    await app.ask(ACQI, APRIL)
    await app.code("{ nothing }")
    with embedded.database.begin(now=embedded.clock()) as work:
        (held,) = granted(work, embedded.mine.caller, app.client_id)
        held.version = 999
    part = (await http.get("/health")).json()["parts"]["operations"]
    assert part == {"ok": True, "bundles": len(bundles()), "lost": 1}
    assert await app.code(ACQI, APRIL) == "OPERATION_NOT_APPROVED"
    text = (await http.get("/metrics")).text
    name = "vitalwire_graphql_operations_total"
    assert f'{name}{{code="OK",operation="acqi.acqiMetrics"}} 1.0' in text
    assert f'{name}{{code="OPERATION_NOT_APPROVED",operation="unknown"}} 2.0' in text
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.execute(text_of("ALTER TABLE operation_grants RENAME TO elsewhere"))
    broken = await http.get("/health")
    assert broken.status_code == 503
    assert broken.json()["parts"]["operations"] == {"ok": False, "cause": "StorageFaultError"}


def test_the_operator_grants_from_the_machine(embedded: Installation, operator: Operator) -> None:
    client_id = embedded.mine.client_id
    tenant = ("--tenant", embedded.mine.tenant_id)
    code, out, _ = operator("operations", "list", *tenant)
    assert code == 0
    assert {"name": "acqi", "version": 1}.items() <= json.loads(out.splitlines()[0]).items()
    code, out, _ = operator("operations", "show", "acqi", *tenant)
    assert json.loads(out)["documents"][1]["documentId"] == document_id("AcqiTrends")
    code, out, _ = operator("operations", "grant", client_id, "acqi", *tenant)
    assert out == f"{client_id} may run acqi 1\n"
    assert operator("operations", "granted", client_id, *tenant)[1] == "acqi 1\n"
    code, out, _ = operator("operations", "take-back", client_id, "acqi", *tenant)
    assert "no longer" in out
    assert operator("operations", "granted", client_id, *tenant)[1] == ""
    code, _, err = operator("operations", "grant", client_id, "none", *tenant)
    assert code == 2
    assert "unknown_bundle" in err
