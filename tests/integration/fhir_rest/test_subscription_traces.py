"""Notifications in the traces of the events they tell of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from cloud.core.kernel import outbox
from cloud.core.kernel.outbox import OutboxRow
from cloud.core.kernel.traces import Trace, TraceContext, in_trace
from cloud.core.subscriptions.pacing import PAUSES
from cloud.core.tracing.tables import SpanRow
from tests.fixtures.webhook_receivers import Manner, Receivers, receivers
from tests.integration.fhir_rest.conftest import Hospital
from tests.integration.fhir_rest.test_subscriptions import (
    SCOPES,
    Receiver,
    grant,
    notifier,
    relay,
    subscribe,
)


@pytest.fixture
def there() -> Iterator[Receivers]:
    with receivers() as told:
        yield told


async def test_a_notification_is_of_the_trace_of_its_newest_event_and_shown_in_each(
    small: Hospital, there: Receivers
) -> None:
    cloud = small.cloud
    grant(cloud, SCOPES)
    subscribe(cloud, Receiver(there.url("/hook")), topic="encounter-created", content="id-only")
    notifier(cloud).once()
    places = [
        TraceContext(trace_id=digit * 32, span_id="00f067aa0ba902b7", is_recorded=digit != "b")
        for digit in "abc"
    ]
    for place in places:
        with in_trace(Trace(place)), cloud.database.begin(now=cloud.clock()) as work:
            outbox.publish(
                work,
                tenant_id=cloud.mine.tenant_id,
                event_type="epcr.encounter.created",
                resource_type="encounter",
                resource_id=small.encounter_id,
                data={"act": "created"},
            )
    relay(cloud)
    there.manners["/hook"] = Manner(503)
    notifier(cloud).once()
    cloud.clock.pass_(PAUSES[0].total_seconds())
    there.manners.clear()
    notifier(cloud).once()
    cloud.parts.spans.flush()

    with cloud.database.reading(now=cloud.clock()) as work:
        kept = list(work.session.scalars(select(SpanRow).where(SpanRow.kind == "notification")))
        above = {
            row.trace_id: row.span_id
            for row in work.session.scalars(
                select(OutboxRow).where(OutboxRow.trace_id.is_not(None))
            )
        }
    assert [(row.trace_id[0], row.status, row.facts["number"]) for row in kept] == [
        # The first of all was its own beginning, which no trace is behind.
        *(("a", "error", 2), ("c", "error", 4)),
        *(("a", "ok", 2), ("c", "ok", 4)),
    ]
    assert all(row.parent_id == above[row.trace_id] for row in kept)
    assert [heard.headers.get("traceparent") for heard in there.heard] == [
        None,
        *(f"00-{'c' * 32}-{row.span_id}-01" for row in kept if row.trace_id[0] == "c"),
    ]
