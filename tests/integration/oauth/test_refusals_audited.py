"""Whatever is refused is in the audit, however early, and so is the trace it belongs to."""

from __future__ import annotations

import httpx
from sqlalchemy import select

from cloud.core.kernel.audit import INSTALLATION, AuditRow
from tests.fixtures.cloud import Installation
from tests.fixtures.oauth import Client, People

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GRANT = {"grant_type": "client_credentials"}


def entries(cloud: Installation, owner: str) -> list[AuditRow]:
    """What the audit of one owner says, oldest first."""
    statement = select(AuditRow).where(AuditRow.tenant_id == owner).order_by(AuditRow.position)
    with cloud.database.reading(now=cloud.clock()) as work:
        return list(work.session.scalars(statement))


def a_client(cloud: Installation, people: People) -> Client:
    return people.client(cloud.mine.tenant_id)


async def test_a_request_that_cannot_be_read_is_audited_at_every_endpoint(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    client = a_client(embedded, people)
    form = {**GRANT, "token": "x", **client.form}
    assertion = {"client_assertion": "no.jwt", "client_assertion_type": "wrong"}
    actions = {
        "token": "token.refused",
        "introspect": "introspection.refused",
        "revoke": "revocation.refused",
        "par": "request.refused",
    }
    for path, action in actions.items():
        address = f"/v1/oauth/{path}"
        answers = [
            await http.post(address, data={**form, "scope": ["a", "b"]}),
            await http.post(f"{address}?client_secret=x", data=form),
            await http.post(address, json=form),
            await http.post(address, data={**form, **assertion}),
            await http.post(address, data=form, headers={"Authorization": "Bearer x"}),
        ]
        if path in ("token", "par"):
            proofs = [("DPoP", "one"), ("DPoP", "two")]
            answers.append(await http.post(address, data=form, headers=proofs))
        if path != "par":
            answers.append(await http.post(address, data=client.form))
        assert all(answer.status_code in (400, 401) for answer in answers)
        told = [
            (row.note, row.outcome)
            for row in entries(embedded, INSTALLATION)
            if row.action == action and row.client_id == "unknown"
        ]
        assert told == [(answer.json()["error"], "denied") for answer in answers]


async def test_a_guessed_secret_is_audited_wherever_it_is_tried(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    client = a_client(embedded, people)
    wrong = {"token": "x", "client_id": client.client_id, "client_secret": "guessed"}
    for path in ("introspect", "revoke"):
        answer = await http.post(f"/v1/oauth/{path}", data=wrong)
        assert answer.status_code == 401
        unknown = await http.post(f"/v1/oauth/{path}", data={**wrong, "client_id": "app_none"})
        assert unknown.json() == answer.json()
    told = [
        (row.action, row.note)
        for row in entries(embedded, client.tenant_id)
        if row.client_id == client.client_id
    ]
    assert told == [
        ("introspection.refused", "invalid_client"),
        ("revocation.refused", "invalid_client"),
    ]
    nobodys = [row.action for row in entries(embedded, INSTALLATION)]
    assert nobodys == [action for action, _ in told]
    public = people.public_client(embedded.mine.tenant_id)
    asked = {"token": "x", "client_id": public.client_id}
    assert (await http.post("/v1/oauth/introspect", data=asked)).status_code == 401
    last = entries(embedded, public.tenant_id)[-1]
    assert (last.client_id, last.action) == (public.client_id, "introspection.refused")


async def test_the_audit_tells_the_trace_and_the_use_of_a_token(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    client = a_client(embedded, people)
    trace = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answer = await http.post("/v1/oauth/token", data=GRANT, auth=client.auth, headers=trace)
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await http.get("/v1/platform/apps", headers=bearer | trace)).status_code == 403
    assert (await http.post("/v1/oauth/token", headers=trace)).status_code == 400
    twice = [*bearer.items(), *trace.items(), *trace.items()]
    for headers in (twice, bearer, bearer | {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}):
        assert (await http.get("/v1/platform/apps", headers=headers)).status_code == 403
    told = [
        (row.action, row.token_use, row.trace_id)
        for row in entries(embedded, client.tenant_id)
        if row.client_id == client.client_id
    ]
    made = [trace_id for *_, trace_id in told[2:]]
    assert told == [
        ("token.issued", "access", TRACE),
        ("get", "access", TRACE),
        *[("get", "access", trace_id) for trace_id in made],
    ]
    # Where none came, or none that is one, the call is a trace of its own.
    assert len({TRACE, *made}) == 4
    assert all(one and len(one) == 32 for one in made)
    assert entries(embedded, INSTALLATION)[-1].trace_id == TRACE
