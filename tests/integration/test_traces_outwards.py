"""A trace goes on where we call others, and shows what was sent there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from cloud.core.kernel.outbound import OutboundPolicy
from cloud.core.kernel.traces import Trace, TraceContext, in_trace, new_span_id
from cloud.core.webhooks import deliveries
from cloud.core.webhooks.tables import EndpointRow
from cloud.core.webhooks.webhook_metrics import WebhookMetrics
from cloud.worker.webhook_sending import SendingDesk
from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import exchange_of
from tests.fixtures.hospitals import ScriptedHospital, scripted_hospital
from tests.fixtures.oauth import People
from tests.fixtures.webhook_receivers import Receivers, receivers
from tests.fixtures.webhooks import Hooks

TRACES = "/v1/observability/traces"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def there() -> Iterator[Receivers]:
    with receivers() as told:
        yield told


@pytest.fixture
def hospital() -> Iterator[ScriptedHospital]:
    with scripted_hospital() as one:
        yield one


def traced(*, is_recorded: bool = True) -> Trace:
    context = TraceContext(trace_id=TRACE, span_id=new_span_id(), is_recorded=is_recorded)
    return Trace(context)


def send_all(cloud: Installation) -> None:
    desk = SendingDesk(
        database=cloud.database,
        vault=cloud.parts.vault,
        clock=cloud.clock,
        outbound=OutboundPolicy(allowed=("127.0.0.0/8",)),
        metrics=WebhookMetrics(CollectorRegistry()),
    )
    while (held := desk.claim(may_be_slow=True)) is not None:
        desk.send(held, lambda: False)


async def spans_of(cloud: Installation, client: httpx.AsyncClient) -> list[dict[str, Any]]:
    people = People(cloud.database, cloud.parts.vault, cloud.clock)
    one = people.client(cloud.mine.tenant_id, scopes=["argus:observability:read"])
    headers = await cloud.token(client, *one.auth)
    found: list[dict[str, Any]] = (await client.get(f"{TRACES}/{TRACE}", headers=headers)).json()[
        "spans"
    ]
    return found


async def test_a_webhook_bears_the_span_of_its_delivery_at_every_attempt_and_replay(
    embedded: Installation, there: Receivers
) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint(there.url("/a"))
    with in_trace(traced()):
        hooks.publish(1)
    hooks.relay()
    send_all(embedded)
    (first,) = hooks.deliveries(endpoint_id)
    with embedded.database.begin(now=embedded.clock()) as work:
        endpoint = work.session.get_one(EndpointRow, endpoint_id)
        deliveries.replay(work, embedded.mine.caller, endpoint, first.delivery_id)
    send_all(embedded)

    rows = hooks.deliveries(endpoint_id)
    assert len({row.delivery_id for row in rows}) == 2
    assert [heard.headers["traceparent"] for heard in there.heard] == [
        f"00-{TRACE}-{row.delivery_id[-16:]}-01" for row in rows
    ]
    async with embedded.client() as client:
        spans = await spans_of(embedded, client)
    event = next(span for span in spans if span["kind"] == "event")
    sent = [span for span in spans if span["kind"] == "delivery"]
    assert [span["span_id"] for span in sent] == [row.delivery_id[-16:] for row in rows]
    assert {span["parent_span_id"] for span in sent} == {event["span_id"]}


def test_who_wished_not_to_be_recorded_is_passed_on_so_as_is_a_trace_nobody_keeps(
    embedded: Installation, there: Receivers
) -> None:
    hooks = Hooks(embedded)
    hooks.endpoint(there.url("/a"))
    with in_trace(traced(is_recorded=False)):
        hooks.publish(1)
    hooks.publish(1)
    hooks.relay()
    send_all(embedded)

    named = [heard.headers["traceparent"] for heard in there.heard]
    assert [one.endswith("-00") for one in named] == [True, True]
    assert [TRACE in one for one in named] == [True, False]


async def test_a_hospital_is_told_in_the_trace_and_the_trace_shows_it(
    embedded: Installation, hospital: ScriptedHospital
) -> None:
    exchange = exchange_of(embedded)
    exchange.connect(hospital.url, wants=("handover",))
    encounter_id = exchange.open_encounter()
    with in_trace(traced()):
        exchange.hand_over(encounter_id)
    exchange.deliver()

    (row,) = exchange.deliveries()
    assert row.state == "taken"
    assert {heard.headers["traceparent"] for heard in hospital.heard} == {
        f"00-{TRACE}-{row.delivery_id[-16:]}-01"
    }
    async with embedded.client() as client:
        spans = await spans_of(embedded, client)
    (told,) = [span for span in spans if span["kind"] == "hospital"]
    events = {span["facts"]["event_id"]: span for span in spans if span["kind"] == "event"}
    assert (told["name"], told["status"]) == ("handover", "taken")
    assert told["span_id"] == row.delivery_id[-16:]
    assert told["parent_span_id"] == events[row.cause]["span_id"]
    assert told["facts"] == {
        "delivery_id": row.delivery_id,
        "connection_id": row.connection_id,
        "message_id": row.cause,
        "attempts": 1,
        "response_status": 200,
    }


def test_what_no_call_is_behind_reaches_a_hospital_in_a_trace_of_its_own(
    embedded: Installation, hospital: ScriptedHospital
) -> None:
    exchange = exchange_of(embedded)
    exchange.connect(hospital.url, wants=("handover",))
    exchange.hand_over(exchange.open_encounter())
    exchange.deliver()

    (row,) = exchange.deliveries()
    (named,) = {heard.headers["traceparent"] for heard in hospital.heard}
    assert named.endswith(f"-{row.delivery_id[-16:]}-00")
