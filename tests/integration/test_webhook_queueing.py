"""Who is told of what: events become deliveries, and encounters speak for their incidents."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import event as listening

from cloud.core.authorization.tables import SUSPENDED, ApplicationRow
from cloud.core.encounters import ending, handing_over
from cloud.core.encounters import service as encounters
from cloud.core.kernel import outbox
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.work import StorageError, UnitOfWork
from cloud.core.webhooks import deliveries, endpoints
from cloud.core.webhooks.endpoints import Change
from cloud.core.webhooks.queueing import follow_webhooks
from cloud.core.webhooks.standing import KEPT_FOR
from cloud.core.webhooks.tables import EndpointRow
from cloud.worker.followers import Together
from cloud.worker.outbox_relay import relay_once
from cloud.worker.runner import FOLLOWERS
from tests.fixtures.cloud import Installation
from tests.fixtures.webhooks import Hooks

INCIDENTS = ("incident.created", "incident.updated", "incident.closed")


@contextmanager
def counted_statements(cloud: Installation) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    listening.listen(cloud.database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        listening.remove(cloud.database.engine, "before_cursor_execute", note)


def relay(cloud: Installation) -> None:
    while relay_once(cloud.database, cloud.clock, (), FOLLOWERS):
        pass


def told(hooks: Hooks, endpoint_id: str) -> list[tuple[str, Any]]:
    documents = [json.loads(row.body) for row in hooks.deliveries(endpoint_id)]
    return [(one["event"], one["data"]) for one in documents]


def open_encounter(cloud: Installation, vehicle_id: str, incident: str = "CAD-1") -> str:
    wanted = encounters.NewEncounter(
        care_model="prehospital_emergency",
        vehicle_id=vehicle_id,
        crew_ids=("crew-1",),
        cad_incident_id=incident,
        started_at=cloud.clock(),
        sex="female",
    )
    with cloud.database.begin(now=cloud.clock()) as work:
        row, _ = encounters.create(work, cloud.mine.caller, cloud.parts.vault, wanted)
        cloud.clock.pass_(1)
        return row.encounter_id


def test_only_who_wants_an_event_and_may_know_of_it_is_told(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    mine = hooks.endpoint()
    others = hooks.endpoint(events=("device.retired",))
    strangers = hooks.endpoint(caller=embedded.other.caller)
    internal = hooks.endpoint(is_internal=True)
    hooks.happen()

    counts = [len(hooks.deliveries(one)) for one in (mine, others, strangers, internal)]
    assert counts == [1, 0, 0, 0]


def test_a_paused_webhook_collects_and_one_that_was_removed_misses(
    embedded: Installation,
) -> None:
    hooks = Hooks(embedded)
    paused, removed = hooks.endpoint(), hooks.endpoint()
    caller, vault = embedded.mine.caller, embedded.parts.vault
    with embedded.database.begin(now=embedded.clock()) as work:
        row = work.session.get_one(EndpointRow, paused)
        endpoints.change(work, vault, caller, row, Change(is_active=False))
        endpoints.remove(work, caller, work.session.get_one(EndpointRow, removed))
    hooks.happen()

    assert [row.state for row in hooks.deliveries(paused)] == ["queued"]
    assert hooks.deliveries(removed) == []


def test_what_a_disabled_webhook_missed_can_be_asked_for_once_it_is_active(
    cloud: Installation,
) -> None:
    hooks = Hooks(cloud)
    disabled, active = hooks.endpoint(), hooks.endpoint()
    caller, vault, started = cloud.mine.caller, cloud.parts.vault, cloud.clock()
    with cloud.database.begin(now=started) as work:
        row = work.session.get_one(EndpointRow, disabled)
        row.status, row.status_reason, row.updated_at = "disabled", "gone", started
    hooks.happen(times=3)
    assert [(row.state, row.due_at) for row in hooks.deliveries(disabled)] == [
        ("discarded", None)
    ] * 3
    assert {row.state for row in hooks.deliveries(active)} == {"queued"}

    with cloud.database.begin(now=cloud.clock()) as work:
        row = work.session.get_one(EndpointRow, disabled)
        endpoints.change(work, vault, caller, row, Change(is_active=True))
        since, until = started - timedelta(minutes=1), started + timedelta(minutes=1)
        assert deliveries.replay_range(work, caller, row, since=since, until=until) == 3
    sent, other = hooks.deliveries(disabled)[3:], hooks.deliveries(active)
    assert {row.state for row in sent} == {"queued"}
    assert [row.message_id for row in sent] == [row.message_id for row in other]


def test_a_webhook_that_was_disabled_a_month_ago_gathers_nothing(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.get_one(EndpointRow, endpoint_id).status = "disabled"
    embedded.clock.pass_(KEPT_FOR.total_seconds() + 1)
    hooks.happen()

    assert hooks.deliveries(endpoint_id) == []


def test_what_happens_in_no_trace_begins_one(embedded: Installation) -> None:
    """A worker's own doing has no call behind it; its receivers are shown a trace all the same."""
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    hooks.happen(times=2)

    found = [row.trace_id for row in hooks.deliveries(endpoint_id)]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in found)
    assert len(set(found)) == 2


def test_an_application_that_was_suspended_or_lost_a_scope_hears_nothing(
    embedded: Installation,
) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    with embedded.database.begin(now=embedded.clock()) as work:
        application = work.session.get_one(ApplicationRow, embedded.mine.client_id)
        approved, application.approved_scopes = application.approved_scopes, ["epcr:read"]
    hooks.happen()
    with embedded.database.begin(now=embedded.clock()) as work:
        application = work.session.get_one(ApplicationRow, embedded.mine.client_id)
        application.approved_scopes, application.status = approved, SUSPENDED
    hooks.happen()

    assert hooks.deliveries(endpoint_id) == []


def test_what_is_one_clients_affair_no_other_hears(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    scopes = (*embedded.mine.scopes, "webhooks:write")
    caller = replace(embedded.mine.caller, scopes=scopes)
    endpoint_id = hooks.endpoint(caller=caller, events=("endpoint.disabled",))
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.get_one(ApplicationRow, caller.client_id).approved_scopes = list(scopes)
        for client_id in ("app_of_somebody", embedded.mine.client_id):
            outbox.publish(
                work,
                tenant_id=embedded.mine.tenant_id,
                event_type="endpoint.disabled",
                resource_type="webhook",
                resource_id=f"wh_of_{client_id}",
                data={"reason": "gone", "client_id": client_id},
            )
    hooks.relay()

    data = {"webhook_id": f"wh_of_{embedded.mine.client_id}", "reason": "gone"}
    assert told(hooks, endpoint_id) == [("endpoint.disabled", data)]


def test_an_incident_opens_with_its_first_encounter_and_closes_with_its_last(
    cloud: Installation,
) -> None:
    hooks = Hooks(cloud)
    endpoint_id = hooks.endpoint(events=INCIDENTS)
    first = open_encounter(cloud, "AMB-1")
    relay(cloud)
    second = open_encounter(cloud, "AMB-2")
    relay(cloud)
    for encounter_id in (first, second):
        with cloud.database.begin(now=cloud.clock()) as work:
            handing_over.hand_over(
                work, cloud.mine.caller, encounter_id, facility_id="RJ122", received_by="dr-1"
            )
        relay(cloud)

    assert told(hooks, endpoint_id) == [
        (
            "incident.created",
            {"incident_id": "CAD-1", "status": "open", "encounter_ids": [first]},
        ),
        *(
            (
                f"incident.{act}",
                {"incident_id": "CAD-1", "status": status, "encounter_ids": [first, second]},
            )
            for act, status in (("updated", "open"), ("updated", "open"), ("closed", "closed"))
        ),
    ]


def test_an_incident_that_was_over_before_anybody_was_told_is_created_then_closed(
    embedded: Installation,
) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint(events=INCIDENTS)
    encounter_id = open_encounter(embedded, "AMB-1")
    with embedded.database.begin(now=embedded.clock()) as work:
        ending.cancel(work, embedded.mine.caller, encounter_id, reason="no patient")
    relay(embedded)

    assert [kind for kind, _ in told(hooks, endpoint_id)] == [
        "incident.created",
        "incident.closed",
    ]


def test_a_portion_costs_as_many_statements_as_one_event(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    for _ in range(3):
        hooks.endpoint()
    for _ in range(30):
        hooks.endpoint(caller=embedded.other.caller)

    def cost(times: int) -> int:
        hooks.publish(times)
        with counted_statements(embedded) as statements:
            hooks.relay()
        return len(statements)

    assert cost(40) == cost(1)
    counts = [len(hooks.deliveries(row.endpoint_id)) for row in hooks.endpoints()]
    assert sorted(counts) == [0] * 30 + [41] * 3


def test_a_portion_of_incidents_costs_as_many_statements_as_one(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint(events=INCIDENTS)
    named = [open_encounter(embedded, f"AMB-{one}", f"CAD-{one}") for one in range(1, 6)]
    relay(embedded)

    def cost(encounters_of: list[str]) -> int:
        hooks.publish(1, resources=encounters_of, event_type="epcr.encounter.updated")
        with counted_statements(embedded) as statements:
            relay(embedded)
        return len(statements)

    assert cost(named * 4) == cost(named[:1])
    acts = [(kind, data["incident_id"]) for kind, data in told(hooks, endpoint_id)]
    every = [f"CAD-{one}" for one in range(1, 6)]
    assert acts == [
        *(("incident.created", one) for one in every),
        *(("incident.updated", one) for one in (*every * 4, "CAD-1")),
    ]


def test_two_relays_that_hold_the_same_incidents_wait_for_each_other_in_no_ring(
    cloud: Installation,
) -> None:
    hooks = Hooks(cloud)
    endpoint_id = hooks.endpoint(events=INCIDENTS)
    named = [open_encounter(cloud, f"AMB-{one}", f"CAD-{one}") for one in range(8)]
    relay(cloud)
    before = len(hooks.deliveries(endpoint_id))
    for resources in (named, named[::-1]) * 4:
        hooks.publish(1, resources=resources, event_type="epcr.encounter.updated")

    # SQLite has one writer: a second relay waits at the door.
    both = threading.Barrier(2 if cloud.database.engine.dialect.name == "postgresql" else 1)
    failed = list[BaseException]()

    def meet(event: DomainEvent, _: UnitOfWork) -> None:
        if event.resource_id in (named[0], named[-1]):
            with suppress(threading.BrokenBarrierError):
                both.wait(2.0)

    def carry() -> None:
        try:
            followers = (meet, Together(follow_webhooks))
            while relay_once(cloud.database, cloud.clock, (), followers, limit=len(named)):
                pass
        except StorageError as exc:
            failed.append(exc)

    threads = [threading.Thread(target=carry) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    assert len(hooks.deliveries(endpoint_id)) - before == 8 * len(named)
