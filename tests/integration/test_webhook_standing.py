"""What an operator sees of webhooks, at the machine and in the metrics; and what is forgotten."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from cloud.core.authorization.tables import SUSPENDED, ApplicationRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.errors import DomainError
from cloud.core.webhooks import claiming, endpoints, operating
from cloud.core.webhooks.claiming import Sent
from cloud.core.webhooks.judging import Attempt
from cloud.core.webhooks.standing import (
    KEPT_FOR,
    discard_stale,
    forget_delivered,
    forget_endpoints,
    standing,
)
from cloud.core.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow, IncidentRow
from cloud.worker.runner import standard_jobs
from tests.fixtures.administration import Operator
from tests.fixtures.cloud import Installation
from tests.fixtures.webhooks import Hooks


@pytest.fixture
def hooks(embedded: Installation) -> Hooks:
    return Hooks(embedded)


def attempt_all(hooks: Hooks, status: int) -> None:
    """Every delivery that is due is answered so."""
    now = hooks.cloud.clock()
    attempt = Attempt(at=now, took=timedelta(0), status=status, answer=b"so it was answered")
    while True:
        with hooks.cloud.database.begin(now=now) as work:
            held = claiming.claim(work)
            if held is None:
                return
            sent = [Sent(row, attempt) for row in held.deliveries]
            claiming.settle(work, hooks.cloud.parts.vault, held, sent, 0.0, is_last=True)


def count(hooks: Hooks, table: type) -> int:
    with hooks.cloud.database.reading(now=hooks.cloud.clock()) as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def test_the_standing_counts_what_waits_and_since_when(hooks: Hooks) -> None:
    hooks.endpoint()
    resting, _ = hooks.endpoint(), hooks.endpoint(caller=hooks.cloud.other.caller)
    hooks.happen(times=3)
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        row = work.session.get_one(EndpointRow, resting)
        row.closed_until, row.is_slow = work.now + timedelta(hours=1), True
    hooks.cloud.clock.pass_(90)
    with hooks.cloud.database.reading(now=hooks.cloud.clock()) as work:
        found = standing(work)

    assert (found.waiting, found.overdue) == (6, timedelta(seconds=90))
    assert found.endpoints == {"active": 3, "paused": 0, "disabled": 0, "resting": 1, "slow": 1}


def test_what_is_not_served_is_not_overdue_and_a_callback_is_no_webhook(hooks: Hooks) -> None:
    cloud = hooks.cloud
    hooks.endpoint()
    hooks.happen()
    hooks.endpoint(caller=cloud.other.caller, is_internal=True)
    with cloud.database.begin(now=cloud.clock()) as work:
        work.session.get_one(ApplicationRow, cloud.mine.client_id).status = SUSPENDED
    cloud.clock.pass_(86_400)
    with cloud.database.reading(now=cloud.clock()) as work:
        found = standing(work)

    assert (found.waiting, found.overdue) == (1, timedelta(0))
    assert found.endpoints["active"] == 1


async def test_the_metrics_tell_it(hooks: Hooks) -> None:
    hooks.endpoint()
    hooks.happen(times=2)
    async with hooks.cloud.client() as client:
        told = (await client.get("/metrics")).text

    assert "vitalwire_webhook_waiting 2.0" in told
    assert 'vitalwire_webhook_endpoints{state="active"} 1.0' in told


def test_what_was_settled_a_month_ago_is_forgotten_in_portions(hooks: Hooks) -> None:
    hooks.endpoint()
    hooks.happen(times=5)
    attempt_all(hooks, 200)
    hooks.cloud.clock.pass_(KEPT_FOR.total_seconds() + 1)
    hooks.happen()
    portions = []
    for _ in range(4):
        with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
            portions.append(forget_delivered(work, limit=2))

    assert portions == [2, 2, 1, 0]
    assert (count(hooks, DeliveryRow), count(hooks, AttemptRow)) == (1, 0)


def test_what_waited_for_a_month_is_discarded(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint()
    hooks.happen(times=3)
    hooks.cloud.clock.pass_(KEPT_FOR.total_seconds() + 1)
    hooks.happen()
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        assert [discard_stale(work, limit=2) for _ in range(3)] == [2, 1, 0]

    states = [row.state for row in hooks.deliveries(endpoint_id)]
    assert states == ["discarded"] * 3 + ["queued"]


def test_removed_endpoints_and_closed_incidents_go_once_nothing_is_left(hooks: Hooks) -> None:
    removed, kept = hooks.endpoint(), hooks.endpoint()
    hooks.happen()
    cloud = hooks.cloud
    with cloud.database.begin(now=cloud.clock()) as work:
        row = work.session.get_one(EndpointRow, removed)
        endpoints.remove(work, cloud.mine.caller, row)
        for number, is_open in enumerate((True, False)):
            tenant_id, incident_id = cloud.mine.tenant_id, f"CAD-{number}"
            work.session.add(
                IncidentRow(
                    tenant_id=tenant_id,
                    incident_id=incident_id,
                    is_open=is_open,
                    changed_at=work.now,
                )
            )
    cloud.clock.pass_(KEPT_FOR.total_seconds() + 1)
    with cloud.database.begin(now=cloud.clock()) as work:
        forget_endpoints(work)
    assert count(hooks, EndpointRow) == 2, "its deliveries are still there"

    jobs = standard_jobs(cloud.database, cloud.clock, device_silence=timedelta(minutes=1))
    next(job for job in jobs if job.name == "webhooks").run()
    assert [row.endpoint_id for row in _endpoints(hooks)] == [kept]
    assert (count(hooks, IncidentRow), count(hooks, EncounterRow)) == (1, 0)


def test_an_operator_follows_a_delivery_down_to_what_was_answered(
    hooks: Hooks, operator: Operator
) -> None:
    endpoint_id = hooks.endpoint("https://hook.test/path")
    hooks.happen()
    attempt_all(hooks, 500)
    tenant = ("--tenant", hooks.cloud.mine.tenant_id)

    _, listed, _ = operator("webhooks", "list", *tenant)
    assert json.loads(listed)["failures"] == 1
    _, listed, _ = operator("webhooks", "deliveries", endpoint_id, *tenant)
    delivery = json.loads(listed)
    assert (delivery["state"], delivery["response_status"]) == ("retrying", 500)
    _, listed, _ = operator("webhooks", "attempts", delivery["id"], *tenant)
    assert json.loads(listed)["answer"] == "so it was answered"
    with hooks.cloud.database.reading(now=hooks.cloud.clock()) as work:
        assert "webhook.answers_read" in set(work.session.scalars(select(AuditRow.action)))
    code, _, said = operator("webhooks", "attempts", "dlv_of_nobody", *tenant)
    assert code == 2
    assert "delivery_not_found" in said


def test_an_operator_enables_what_was_disabled_and_not_what_was_deleted(
    hooks: Hooks, operator: Operator
) -> None:
    gone, deleted = hooks.endpoint(), hooks.endpoint()
    hooks.happen()
    attempt_all(hooks, 410)
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        row = work.session.get_one(EndpointRow, deleted)
        endpoints.remove(work, hooks.cloud.mine.caller, row)
    tenant = ("--tenant", hooks.cloud.mine.tenant_id)

    code, listed, _ = operator("webhooks", "enable", gone, *tenant)
    assert (code, json.loads(listed)["status"]) == (0, "active")
    code, _, said = operator("webhooks", "enable", deleted, *tenant)
    assert code == 2
    assert "webhook_removed" in said
    hooks.happen()
    assert hooks.deliveries(gone)[-1].state == "queued"


def test_an_operator_of_one_tenant_sees_nothing_of_another(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint()
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        stranger = hooks.cloud.other.caller
        assert operating.endpoints_of(work, stranger) == []
        with pytest.raises(DomainError, match="no such webhook"):
            operating.enable(work, stranger, endpoint_id)


def _endpoints(hooks: Hooks) -> list[EndpointRow]:
    with hooks.cloud.database.reading(now=hooks.cloud.clock()) as work:
        return list(work.session.scalars(select(EndpointRow)))
