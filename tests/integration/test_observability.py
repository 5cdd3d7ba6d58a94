"""What a request did can be followed by the trace its answer names, and by nobody else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from cloud.app.spans import CloudTracing
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.outbox import DomainEvent, OutboxRow
from cloud.core.kernel.traces import Span, Trace, TraceContext
from cloud.core.kernel.work import UnitOfWork
from cloud.core.tracing.lookup import forget_spans
from cloud.core.tracing.policy import TracePolicy
from cloud.core.tracing.recorder import MOST_OF_ONE, SpanRecorder
from cloud.core.tracing.tables import SpanRow
from cloud.worker.outbox_relay import relay_once
from tests.fixtures.cloud import START, Installation
from tests.fixtures.oauth import People

TRACES = "/v1/observability/traces"
SCOPE = "argus:observability:read"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
SENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
DEVICE = {"serial_number": "S-1", "device_class": "oximeter", "manufacturer": "Acme"}


async def observer(
    cloud: Installation, client: httpx.AsyncClient, tenant_id: str = ""
) -> dict[str, str]:
    people = People(cloud.database, cloud.parts.vault, cloud.clock)
    one = people.client(tenant_id or cloud.mine.tenant_id, scopes=[SCOPE])
    return await cloud.token(client, *one.auth)


async def enrol(cloud: Installation, client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    mine = await cloud.headers(client)
    answer = await client.post("/api/v1/devices/enrol", json=DEVICE, headers={**mine, **headers})
    assert answer.status_code == 201
    return answer


def by_kind(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {span["kind"]: span for span in document["spans"]}


def note_devices(event: DomainEvent, work: UnitOfWork) -> None:
    """A follower that writes something of every event."""
    work.session.add(
        SpanRow(
            tenant_id=event.tenant_id,
            trace_id="0" * 32,
            span_id="0" * 16,
            parent_id="",
            kind="unit",
            name="of the test",
            started_at=work.now,
            microseconds=1,
            status="ok",
            facts={},
        )
    )


def idle(event: DomainEvent, work: UnitOfWork) -> None:
    """A follower that has nothing to do."""


async def test_a_trace_shows_the_request_and_all_that_followed(embedded: Installation) -> None:
    async with embedded.client() as client:
        answer = await enrol(embedded, client, **SENT)
        assert answer.headers["x-argus-trace-id"] == TRACE
        span_id = answer.headers["x-argus-span-id"]
        assert re.fullmatch(r"[0-9a-f]{16}", span_id)
        embedded.clock.pass_(2)
        relay_once(
            embedded.database,
            embedded.clock,
            (),
            (note_devices, idle),
            embedded.parts.spans,
        )
        headers = await observer(embedded, client)
        found = (await client.get(f"{TRACES}/{TRACE}", headers=headers)).json()
    spans = by_kind(found)
    assert set(spans) == {"request", "unit", "event", "follower"}
    request, unit, event, follower = (
        spans[kind] for kind in ("request", "unit", "event", "follower")
    )
    assert (request["span_id"], request["parent_span_id"]) == (span_id, SPAN)
    assert request["name"] == "POST /api/v1/devices/enrol"
    assert request["facts"]["status"] == 201
    assert request["facts"]["client_id"] == embedded.mine.client_id
    assert unit["parent_span_id"] == span_id
    assert unit["facts"]["rows"] > 0
    assert (event["name"], event["parent_span_id"]) == ("device.enrolled", span_id)
    assert (event["status"], event["duration_ms"]) == ("ok", 2000)
    assert (follower["name"], follower["parent_span_id"]) == ("note_devices", event["span_id"])
    assert found["duration_ms"] >= 2000
    assert "S-1" not in str(found)


async def test_audit_and_events_bear_the_trace(embedded: Installation) -> None:
    async with embedded.client() as client:
        answer = await enrol(embedded, client)
    trace_id = answer.headers["x-argus-trace-id"]
    with embedded.database.reading(now=embedded.clock()) as work:
        audited = work.session.scalars(select(AuditRow).where(AuditRow.trace_id == trace_id)).all()
        events = work.session.scalars(select(OutboxRow).where(OutboxRow.trace_id == trace_id)).all()
    assert audited
    assert [event.type for event in events] == ["device.enrolled"]


async def test_a_trace_is_nothing_to_another_tenant(embedded: Installation) -> None:
    async with embedded.client() as client:
        await enrol(embedded, client, **SENT)
        stranger = await observer(embedded, client, embedded.other.tenant_id)
        hidden = await client.get(f"{TRACES}/{TRACE}", headers=stranger)
        assert (hidden.status_code, hidden.json()["error"]) == (404, "trace_not_found")
        plain = await embedded.headers(client)
        refused = await client.get(f"{TRACES}/{TRACE}", headers=plain)
        assert refused.json()["details"] == {"required": [SCOPE]}
        headers = await observer(embedded, client)
        wrong = await client.get(f"{TRACES}/{TRACE.upper()}", headers=headers)
        assert (wrong.status_code, wrong.json()["error"]) == (422, "invalid_trace_id")
        assert (await client.get(f"{TRACES}/{TRACE}")).status_code == 401


async def test_who_wishes_not_to_be_recorded_is_not(embedded: Installation) -> None:
    async with embedded.client() as client:
        answer = await enrol(embedded, client, traceparent=f"00-{TRACE}-{SPAN}-00")
        assert answer.headers["x-argus-trace-id"] == TRACE
        headers = await observer(embedded, client)
        found = await client.get(f"{TRACES}/{TRACE}", headers=headers)
    assert found.status_code == 404


async def test_answers_outside_the_contract_have_no_argus_headers(embedded: Installation) -> None:
    async with embedded.client() as client:
        health = await client.get("/health", headers=SENT)
        assert "x-argus-trace-id" not in health.headers
        assert health.headers["x-request-id"]
        refused = await client.get("/api/v1/devices", headers=SENT)
        assert (refused.status_code, refused.headers["x-argus-trace-id"]) == (401, TRACE)
        nowhere = await client.get("/api/v1/nowhere")
        assert re.fullmatch(r"[0-9a-f]{32}", nowhere.headers["x-argus-trace-id"])


async def test_the_collector_gets_the_spans_under_the_ids_of_the_answer(
    embedded: Installation,
) -> None:
    exported = InMemorySpanExporter()
    provider = TracerProvider()
    processor = SimpleSpanProcessor(exported)
    embedded.parts.spans.export_to(CloudTracing(provider, processor).export)
    async with embedded.client() as client:
        answer = await enrol(embedded, client, **SENT)
    spans = {span.name: span for span in exported.get_finished_spans()}
    request = spans["cloud.request POST /api/v1/devices/enrol"]
    unit = spans["cloud.unit unit of work"]
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" == TRACE
    assert f"{request.context.span_id:016x}" == answer.headers["x-argus-span-id"]
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == SPAN
    assert unit.parent == request.context
    embedded.parts.spans.export_to(CloudTracing(provider).export)
    provider.shutdown()


def recorder(cloud: Installation) -> SpanRecorder:
    return SpanRecorder(cloud.database, cloud.clock, CollectorRegistry())


def trace_of(count: int, at: float = 0) -> Trace:
    trace = Trace(TraceContext(trace_id=TRACE, span_id=SPAN))
    for _ in range(count):
        trace.spans.append(
            Span(
                trace_id=TRACE,
                span_id=SPAN,
                parent_id="",
                kind="unit",
                name="unit of work",
                started_at=START + timedelta(seconds=at),
                microseconds=1,
            )
        )
    return trace


def kept(cloud: Installation) -> int:
    with cloud.database.reading(now=cloud.clock()) as work:
        return work.session.scalar(select(func.count()).select_from(SpanRow)) or 0


def test_one_tenants_flood_leaves_room_for_the_others(embedded: Installation) -> None:
    spans = recorder(embedded)
    spans.take(embedded.mine.tenant_id, trace_of(MOST_OF_ONE + 500))
    spans.take(embedded.other.tenant_id, trace_of(3))
    assert spans.details() == {"waiting": MOST_OF_ONE + 3}
    spans.flush()
    spans.flush()
    assert kept(embedded) == MOST_OF_ONE + 3
    assert spans.is_writing


def test_what_the_store_refuses_is_dropped_and_told(embedded: Installation) -> None:
    spans = recorder(embedded)
    spans.take("no tenant", trace_of(1))
    spans.flush()
    assert not spans.is_writing
    assert spans.details() == {"waiting": 0}
    spans.take(embedded.mine.tenant_id, trace_of(1))
    spans.flush()
    assert spans.is_writing
    assert kept(embedded) == 1


def test_spans_go_by_age_and_beyond_the_limit(embedded: Installation) -> None:
    spans = recorder(embedded)
    spans.take(
        embedded.mine.tenant_id,
        trace_of(5),
    )
    spans.take(embedded.mine.tenant_id, trace_of(20, at=86_400))
    spans.take(embedded.other.tenant_id, trace_of(4, at=86_400))
    spans.flush()
    embedded.clock.pass_(86_401)
    with embedded.database.begin(now=embedded.clock()) as work:
        assert forget_spans(work, TracePolicy(days=1, most_spans=8)) == 5 + 12
    assert kept(embedded) == 8 + 4
    with embedded.database.begin(now=embedded.clock()) as work:
        assert forget_spans(work, TracePolicy(days=1, most_spans=8)) == 0
