"""What an application was granted holds in its sandbox, and its work goes on there by itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from cloud.core.authorization.facilities import facility_of
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.curation.bundles import bundle
from cloud.core.jobs.tables import JobRow
from cloud.core.kernel.principal import Principal
from cloud.core.subscriptions import service as subscriptions
from cloud.core.subscriptions.tables import SubscriptionRow
from cloud.worker.jobs import JobRunner
from tests.fixtures.administration import APPS, administrator
from tests.fixtures.cloud import Installation
from tests.fixtures.graphql_apps import APRIL

HOST = "sandbox.cloud.test"
ASKED = ("argus:acqi:read", "argus:epcr:read", "argus:jobs:write", "system/Subscription.cruds")
SCOPES = (*ASKED, "argus:epcr:handover", "argus:platform:admin")
"""With what only an operator gives."""
PERIOD = {"since": "2026-11-22T00:00:00Z", "until": "2026-11-26T00:00:00Z"}
EXPORT = {"kind": "epcr.export", "parameters": PERIOD}


@dataclass(frozen=True, slots=True)
class Sandboxed:
    """An application at the sandbox's host, and who administers it among real data."""

    client: httpx.AsyncClient
    client_id: str
    headers: dict[str, str]
    sandbox_id: str

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A call to the sandbox."""
        sent = {**self.headers, "Host": HOST}
        return await self.client.request(method, path, json=body, headers=sent)


@contextlib.asynccontextmanager
async def sandboxed(cloud: Installation, *bundles: str) -> AsyncIterator[Sandboxed]:
    async with cloud.client() as client:
        admin = await administrator(cloud, client)
        wanted = {
            "name": "Built against",
            "grant_types": ["client_credentials"],
            "requested_scopes": list(ASKED),
        }
        made = await admin.made(APPS, wanted)
        path = f"{APPS}/{made['client_id']}"
        await admin.ask("POST", f"{path}/approve-scopes")
        with cloud.database.begin(now=cloud.clock()) as work:
            work.session.get_one(ApplicationRow, made["client_id"]).approved_scopes = list(SCOPES)
        for name in bundles:
            await admin.ask("PUT", f"{path}/operation-bundles/{name}")
        await admin.ask("PUT", f"{path}/facility", {"facility_id": "RX1-ED"})
        token = await admin.made(f"{path}/sandbox-token", {"scenarios": ["chest_pain"]})
        headers = {"Authorization": f"Bearer {token['token']}"}
        found = cloud.app.state.services.tokens.verify(token["token"], audiences=("sandbox",))
        yield Sandboxed(client, made["client_id"], headers, found.tenant_id)


def runner(cloud: Installation) -> JobRunner:
    return JobRunner(database=cloud.database, vault=cloud.parts.vault, clock=cloud.clock)


def caller(one: Sandboxed, sandbox_of: str) -> Principal:
    return Principal(
        tenant_id=one.sandbox_id, client_id=one.client_id, scopes=SCOPES, sandbox_of=sandbox_of
    )


async def test_a_job_of_the_sandbox_is_done_over_what_is_in_it(cloud: Installation) -> None:
    async with sandboxed(cloud) as one:
        started = await one.ask("POST", "/v1/jobs", EXPORT)
        assert started.status_code == 201, started.text
        assert runner(cloud).once()
        job = (await one.ask("GET", f"/v1/jobs/{started.json()['id']}")).json()
        assert (job["status"], job.get("reason")) == ("succeeded", None)
        result = await one.ask("GET", job["result_ref"])
        (line,) = result.text.splitlines()
        assert json.loads(line)["resourceType"] == "Bundle"


async def test_a_sandbox_job_of_an_application_that_is_suspended_is_not_done(
    embedded: Installation,
) -> None:
    async with sandboxed(embedded) as one:
        started = await one.ask("POST", "/v1/jobs", EXPORT)
        with embedded.database.begin(now=embedded.clock()) as work:
            work.session.get_one(ApplicationRow, one.client_id).status = "suspended"
        assert runner(embedded).once()
    with embedded.database.reading(now=embedded.clock()) as work:
        found = work.session.get_one(JobRow, started.json()["id"])
        assert (found.status, found.reason) == ("failed", "not_allowed_any_more")


@pytest.mark.parametrize(
    ("form", "code"), [("granted", "OK"), ("not granted", "OPERATION_NOT_APPROVED")]
)
async def test_an_operation_is_named_in_the_sandbox_if_it_was_granted(
    embedded: Installation, form: str, code: str
) -> None:
    named = bundle("acqi").documents[0].read.document_id
    async with sandboxed(embedded, *(("acqi",) if form == "granted" else ())) as one:
        answer = await one.ask("POST", "/graphql", {"documentId": named, "variables": APRIL})
        document: dict[str, Any] = answer.json()
        told = [error["extensions"]["code"] for error in document.get("errors", ())] or ["OK"]
        assert told == [code]
        assert (document["data"] is None) == (form == "not granted")


async def test_a_subscription_of_the_sandbox_is_its_applications_own(
    embedded: Installation,
) -> None:
    async with sandboxed(embedded) as one:
        with embedded.database.begin(now=embedded.clock()) as work:
            row = SubscriptionRow(tenant_id=one.sandbox_id, client_id=one.client_id)
            owner = subscriptions.owner_of(work, row)
            assert owner is not None
            assert (owner.tenant_id, owner.home) == (one.sandbox_id, embedded.mine.tenant_id)
            # Nobody administers a tenant from its sandbox.
            assert set(owner.scopes) == set(SCOPES) - {"argus:platform:admin"}
            row.tenant_id = embedded.other.tenant_id
            assert subscriptions.owner_of(work, row) is None


async def test_who_speaks_for_a_facility_does_so_in_the_sandbox(embedded: Installation) -> None:
    async with sandboxed(embedded) as one:
        with embedded.database.begin(now=embedded.clock()) as work:
            mine = caller(one, embedded.mine.tenant_id)
            assert facility_of(work, mine) == "RX1-ED"
            assert facility_of(work, caller(one, embedded.other.tenant_id)) is None
