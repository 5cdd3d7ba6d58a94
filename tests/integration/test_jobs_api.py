"""Jobs over the API: started, followed, cancelled, their results fetched; each its client's own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.core.jobs.kinds import KINDS
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks.tables import DeliveryRow, EndpointRow
from cloud.worker.job_kinds import DOING
from cloud.worker.jobs import JobRunner
from tests.fixtures.cloud import START, Installation
from tests.fixtures.integrators import URL, Integrator, integrator

JOBS = "/v1/jobs"
SCOPES = ("argus:jobs:write", "argus:epcr:read", "argus:epcr:write", "argus:acqi:read")
PERIOD = {"since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00+01:00"}
EXPORT = {"kind": "epcr.export", "parameters": PERIOD}


def runner(cloud: Installation) -> JobRunner:
    return JobRunner(database=cloud.database, vault=cloud.parts.vault, clock=cloud.clock)


async def started(app: Integrator, body: dict[str, Any] = EXPORT) -> str:
    answer = await app.ask("POST", JOBS, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def encounter(app: Integrator, number: int) -> str:
    answer = await app.ask(
        "POST",
        "/api/v1/epcr/encounters",
        {
            "care_model": "prehospital_emergency",
            "vehicle_id": f"AMB-{number}",
            "crew_ids": ["crew_1"],
            "cad_incident_id": f"CAD-{number}",
        },
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_an_export_is_one_bundle_a_line(cloud: Installation) -> None:
    async with cloud.client() as http:
        app = await integrator(cloud, http, scopes=SCOPES)
        opened = {await encounter(app, number) for number in range(3)}
        job = await started(app)
        waiting = await app.ask("GET", f"{JOBS}/{job}")
        assert waiting.json()["status"] == "queued"
        assert "result_ref" not in waiting.json()
        early = await app.ask("GET", f"{JOBS}/{job}/result")
        assert (early.status_code, early.json()["error"]) == (409, "job_not_finished")

        assert runner(cloud).once()

        done = (await app.ask("GET", f"{JOBS}/{job}")).json()
        assert done["status"] == "succeeded"
        assert done["progress"] == {"done": 3, "total": 3}
        result = await app.ask("GET", done["result_ref"])
        assert result.headers["content-type"] == "application/fhir+ndjson"
        assert len(result.content) == done["result_octets"]
        bundles = [json.loads(line) for line in result.text.splitlines()]
        assert [one["type"] for one in bundles] == ["transaction"] * 3
        assert all(one in result.text for one in opened)
        assert not runner(cloud).once()


async def test_kinds_say_what_they_want_and_who_may_start_them(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        kinds = (await app.ask("GET", f"{JOBS}/kinds")).json()["kinds"]
        assert {one["name"]: one["usable"] for one in kinds} == {
            "epcr.export": True,
            "acqi.judge": True,
            "audit.verify": False,
        }
        for one in kinds:
            parameters = {told["name"]: told["sample"] for told in one["parameters"]}
            answer = await app.ask("POST", JOBS, {"kind": one["name"], "parameters": parameters})
            assert answer.status_code == (201 if one["usable"] else 403)


async def test_quality_and_audit_give_their_figures(embedded: Installation) -> None:
    scopes = ("argus:jobs:write", "argus:acqi:read", "argus:platform:admin")
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=scopes)
        judged = await started(app, {"kind": "acqi.judge", "parameters": PERIOD})
        proven = await started(app, {"kind": "audit.verify"})
        doing = runner(embedded)
        while doing.once():
            pass
        figures = (await app.ask("GET", f"{JOBS}/{judged}/result")).json()
        assert figures["metrics"][0]["name"] == "rosc_survival"
        proof = (await app.ask("GET", f"{JOBS}/{proven}/result")).json()
        assert proof["intact"] is True
        assert proof["entries"] > 0


async def test_what_waits_is_among_the_metrics(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        await started(app)
        embedded.clock.pass_(90)
        text = (await http.get("/metrics")).text
        assert 'vitalwire_jobs{status="queued"} 1.0' in text
        assert "vitalwire_job_wait_seconds 90.0" in text


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"kind": "nothing"}, 422, "unknown_job_kind"),
        ({"kind": "epcr.export"}, 422, "invalid_request"),
        ({"kind": "epcr.export", "parameters": {**PERIOD, "who": "me"}}, 422, "invalid_request"),
        (
            {"kind": "epcr.export", "parameters": {**PERIOD, "since": "yesterday"}},
            422,
            "invalid_request",
        ),
        (
            {"kind": "epcr.export", "parameters": {**PERIOD, "since": "2026-11-23T00:00:00"}},
            422,
            "invalid_request",
        ),
        (
            {"kind": "epcr.export", "parameters": {**PERIOD, "until": PERIOD["since"]}},
            422,
            "invalid_request",
        ),
        ({**EXPORT, "callback_url": "https://127.0.0.1/x"}, 422, "address_refused"),
        ({**EXPORT, "callback_url": URL, "callback_secret": "short"}, 422, "weak_secret"),
        (
            {"kind": "acqi.judge", "parameters": {**PERIOD, "since": "2025-11-01T00:00:00Z"}},
            422,
            "invalid_request",
        ),
        ({"kind": "audit.verify"}, 403, "insufficient_scope"),
    ],
)
async def test_a_job_that_cannot_be_is_refused_at_once(
    embedded: Installation, body: dict[str, Any], status: int, error: str
) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        answer = await app.ask("POST", JOBS, body)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert (await app.ask("GET", JOBS)).json() == {"jobs": [], "next_cursor": None}


async def test_a_refused_callback_says_which_member_it_is(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        answer = await app.ask("POST", JOBS, {**EXPORT, "callback_url": "https://10.0.0.7/"})
        fields = [{"field": "body.callback_url", "rule": "address"}]
        assert answer.json()["details"] == {"fields": fields}


async def test_the_same_key_gives_the_same_job_with_200(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        body = {**EXPORT, "callback_url": URL}
        first = await app.ask("POST", JOBS, body, Idempotency_Key="k-1")
        again = await app.ask("POST", JOBS, body, Idempotency_Key="k-1")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["callback_secret"].startswith("whsec_")
        assert "callback_secret" not in again.json()
        assert again.json()["id"] == first.json()["id"]
        assert len((await app.ask("GET", JOBS)).json()["jobs"]) == 1


async def test_nobody_else_sees_a_job(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        job = await started(app)
        neighbours = (
            await integrator(embedded, http, scopes=SCOPES),
            await integrator(embedded, http, of=embedded.other, scopes=SCOPES),
        )
        for one in neighbours:
            assert (await one.ask("GET", JOBS)).json() == {"jobs": [], "next_cursor": None}
            for method, path in (("GET", ""), ("GET", "/result"), ("POST", "/cancel")):
                answer = await one.ask(method, f"{JOBS}/{job}{path}")
                assert (answer.status_code, answer.json()["error"]) == (404, "job_not_found")


async def test_a_result_needs_the_rights_it_was_made_with(embedded: Installation) -> None:
    """A token may hold less than the client's next one: what it may not read it does not fetch."""
    wide = ("argus:jobs:write", "argus:epcr:read", "argus:epcr:handover")
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=wide)
        job = await started(app)
        assert runner(embedded).once()
        for held, lacking in (
            (("argus:jobs:write",), "argus:epcr:read"),
            (("argus:jobs:write", "argus:epcr:read"), "argus:epcr:handover"),
            (wide, ""),
        ):
            token = await embedded.token(http, *app.client.auth, scope=" ".join(held))
            fetched = await http.get(f"{JOBS}/{job}/result", headers=token)
            followed = await http.get(f"{JOBS}/{job}", headers=token)
            assert followed.json()["status"] == "succeeded"
            if lacking:
                assert fetched.status_code == 403
                assert lacking in fetched.json()["details"]["required"]
            else:
                assert fetched.status_code == 200


async def test_jobs_are_listed_newest_first_page_by_page(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        made = []
        for _ in range(5):
            embedded.clock.pass_(1)
            made.append(await started(app))
        await app.ask("POST", f"{JOBS}/{made[0]}/cancel")
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await app.ask("GET", f"{JOBS}?limit=2{cursor}")).json()
            seen += [one["id"] for one in page["jobs"]]
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
        assert seen == made[::-1]
        cancelled = (await app.ask("GET", f"{JOBS}?status=cancelled")).json()["jobs"]
        assert [one["id"] for one in cancelled] == made[:1]


async def test_a_waiting_job_is_cancelled_at_once_and_never_done(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        job = await started(app)
        first = await app.ask("POST", f"{JOBS}/{job}/cancel")
        again = await app.ask("POST", f"{JOBS}/{job}/cancel")
        assert first.json() == again.json()
        assert first.json()["status"] == "cancelled"
        assert not runner(embedded).once()
        result = await app.ask("GET", f"{JOBS}/{job}/result")
        assert (result.status_code, result.json()["error"]) == (409, "job_has_no_result")


async def test_a_finished_job_cannot_be_cancelled_and_its_result_goes_after_a_week(
    embedded: Installation,
) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        job = await started(app)
        runner(embedded).once()
        late = await app.ask("POST", f"{JOBS}/{job}/cancel")
        assert (late.status_code, late.json()["error"]) == (409, "job_finished")
        embedded.clock.pass_(timedelta(days=7).total_seconds())
        app.headers.update(await embedded.token(http, *app.client.auth))
        gone = await app.ask("GET", f"{JOBS}/{job}/result")
        assert (gone.status_code, gone.json()["error"]) == (410, "result_expired")


async def test_a_client_has_no_more_than_twenty_under_way(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=SCOPES)
        for _ in range(20):
            await started(app)
        answer = await app.ask("POST", JOBS, EXPORT)
        assert (answer.status_code, answer.json()["error"]) == (409, "too_many_jobs")


async def test_the_end_is_posted_to_the_callback_in_the_contracts_words(
    embedded: Installation,
) -> None:
    async with embedded.client() as http:
        app = await integrator(embedded, http, scopes=(*SCOPES, "webhooks:write"))
        traced = {**app.headers, "traceparent": f"00-{'a1' * 16}-{'b2' * 8}-01"}
        answer: httpx.Response = await http.post(
            JOBS, headers=traced, json={**EXPORT, "callback_url": URL}
        )
        job = answer.json()["id"]
        embedded.parts.spans.flush()
        runner(embedded).once()
        with embedded.database.reading(now=START) as work:
            endpoint, delivery = callback(work)
        assert endpoint.is_internal
        assert json.loads(delivery.body) == {
            "id": job,
            "kind": "epcr.export",
            "status": "succeeded",
            "trace_id": "a1" * 16,
            "result_ref": f"/v1/jobs/{job}/result",
        }
        span = delivery.delivery_id[-16:]
        assert delivery.headers == {
            "X-Argus-Job-ID": job,
            "traceparent": f"00-{'a1' * 16}-{span}-01",
        }
        assert delivery.trace_id == "a1" * 16
        assert (await app.ask("GET", "/v1/webhooks")).json() == {
            "webhooks": [],
            "next_cursor": None,
        }


def callback(work: UnitOfWork) -> tuple[EndpointRow, DeliveryRow]:
    return work.session.query(EndpointRow).one(), work.session.query(DeliveryRow).one()


def test_every_kind_can_be_done() -> None:
    assert set(DOING) == set(KINDS)
