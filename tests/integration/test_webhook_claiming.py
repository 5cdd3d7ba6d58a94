"""Whose turn it is, who holds it, and what is heard of it; on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from cloud.core.authorization.tables import SUSPENDED, ApplicationRow
from cloud.core.kernel.outbox import OutboxRow
from cloud.core.webhooks import claiming, endpoints
from cloud.core.webhooks.claiming import LEASE_LIFE, PORTION, Claim, Sent
from cloud.core.webhooks.endpoints import Change
from cloud.core.webhooks.judging import Attempt
from cloud.core.webhooks.queueing import new_delivery
from cloud.core.webhooks.schedules import PARTNER
from cloud.core.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow
from tests.fixtures.cloud import Installation
from tests.fixtures.webhooks import Hooks

GONE = 410


@pytest.fixture
def hooks(cloud: Installation) -> Hooks:
    return Hooks(cloud)


@pytest.fixture
def alone(embedded: Installation) -> Hooks:
    return Hooks(embedded)


def claimed(hooks: Hooks, *, may_be_slow: bool = True) -> Claim:
    held = maybe_claimed(hooks, may_be_slow=may_be_slow)
    assert held is not None
    return held


def maybe_claimed(hooks: Hooks, *, may_be_slow: bool = True) -> Claim | None:
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        held = claiming.claim(work, may_be_slow=may_be_slow)
        is_due = claiming.is_any_due(work, may_be_slow=may_be_slow)
    if held is None:
        assert not is_due
    return held


def settled(
    hooks: Hooks,
    held: Claim,
    status: int | None = 200,
    *,
    place: int = 0,
    is_last: bool = True,
    is_aborted: bool = False,
    asked: timedelta | None = None,
) -> claiming.Settled:
    now = hooks.cloud.clock()
    attempt = Attempt(
        at=now,
        took=timedelta(0),
        status=status,
        cause="" if status else "time_over",
        asked=asked,
        is_aborted=is_aborted,
        answer=b"x" * 5000,
    )
    with hooks.cloud.database.begin(now=now) as work:
        return claiming.settle(
            work,
            hooks.cloud.parts.vault,
            held,
            [Sent(held.deliveries[place], attempt)],
            0.0,
            is_last=is_last,
        )


def test_a_lease_keeps_others_away_until_it_runs_out(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint()
    hooks.happen(times=3)
    first = claimed(hooks)
    assert {row.state for row in hooks.deliveries(endpoint_id)} == {"sending"}
    assert maybe_claimed(hooks) is None

    hooks.cloud.clock.pass_(LEASE_LIFE.total_seconds() - 1)
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        claiming.keep(work, [first.lease])
    hooks.cloud.clock.pass_(LEASE_LIFE.total_seconds() - 1)
    assert maybe_claimed(hooks) is None

    hooks.cloud.clock.pass_(1)
    second = claimed(hooks)
    assert second.lease != first.lease
    octets = [[(one.message_id, one.body) for one in held.deliveries] for held in (first, second)]
    assert octets[0] == octets[1]


def test_who_lost_the_lease_is_not_heard(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint()
    hooks.happen()
    first = claimed(hooks)
    hooks.cloud.clock.pass_(LEASE_LIFE.total_seconds())
    second = claimed(hooks)

    assert settled(hooks, first, 500).states == ()
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        claiming.set_aside(work, first)
    assert settled(hooks, second).states == ("succeeded",)
    [row] = hooks.deliveries(endpoint_id)
    assert (row.state, row.attempts, row.response_status) == ("succeeded", 1, 200)


def test_a_portion_is_bounded_and_in_order_of_what_is_due(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint()
    hooks.happen(times=PORTION + 5)
    held = claimed(hooks)
    rows = [row.row_id for row in hooks.deliveries(endpoint_id)]
    assert [one.row_id for one in held.deliveries] == rows[:PORTION]

    assert settled(hooks, held, is_last=False).goes_on
    assert not settled(hooks, held, place=1).goes_on
    states = Counter(row.state for row in hooks.deliveries(endpoint_id))
    assert states == {"succeeded": 2, "queued": PORTION + 3}
    assert [one.row_id for one in claimed(hooks).deliveries] == rows[2 : PORTION + 2]


def test_a_tenant_with_many_endpoints_leaves_the_others_their_share(hooks: Hooks) -> None:
    busy, small = hooks.cloud.mine, hooks.cloud.other
    for _ in range(6):
        hooks.endpoint()
    hooks.endpoint(caller=small.caller)
    hooks.happen(times=50)
    hooks.happen(times=50, tenant_id=small.tenant_id)
    served = []
    for _ in range(8):
        held = claimed(hooks)
        served.append(held.endpoint.tenant_id)
        settled(hooks, held)
        hooks.cloud.clock.pass_(0.1)
    # One sender: they alternate. Several: who has none in hand comes first.
    assert Counter(served) == {busy.tenant_id: 4, small.tenant_id: 4}
    at_once = [claimed(hooks).endpoint.tenant_id for _ in range(4)]
    assert set(at_once[:2]) == {busy.tenant_id, small.tenant_id}
    assert at_once[2:] == [busy.tenant_id] * 2


def test_endpoints_of_one_tenant_take_turns(alone: Hooks) -> None:
    for _ in range(3):
        alone.endpoint()
    alone.happen(times=30)
    served = []
    for _ in range(6):
        held = claimed(alone)
        served.append(held.endpoint.endpoint_id)
        settled(alone, held)
        alone.cloud.clock.pass_(0.1)

    assert served[:3] == served[3:]
    assert len(set(served)) == 3


def test_an_endpoint_that_hangs_is_left_to_who_may_wait_for_it(hooks: Hooks) -> None:
    slow, quick = hooks.endpoint(), hooks.endpoint()
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        work.session.get_one(EndpointRow, slow).is_slow = True
    hooks.happen()

    assert claimed(hooks, may_be_slow=False).endpoint.endpoint_id == quick
    assert maybe_claimed(hooks, may_be_slow=False) is None
    assert claimed(hooks).endpoint.endpoint_id == slow


def test_an_endpoint_that_failed_gets_one_message_as_a_probe(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint()
    hooks.happen(times=5)
    held = claimed(hooks)
    assert not settled(hooks, held, None, is_last=False).goes_on
    assert maybe_claimed(hooks) is None, "it rests"
    closed_until = hooks.row(endpoint_id).closed_until
    assert closed_until is not None

    hooks.cloud.clock.at = closed_until
    probe = claimed(hooks)
    assert len(probe.deliveries) == 1
    assert probe.deliveries[0].row_id == held.deliveries[1].row_id
    settled(hooks, probe)
    assert len(claimed(hooks).deliveries) == 3


def test_retry_after_holds_the_message_and_the_endpoint(alone: Hooks) -> None:
    endpoint_id = alone.endpoint()
    alone.happen()
    settled(alone, claimed(alone), 429, asked=timedelta(minutes=7))
    [row] = alone.deliveries(endpoint_id)

    until = alone.cloud.clock() + timedelta(minutes=7)
    assert (row.state, row.due_at) == ("retrying", until)
    assert alone.row(endpoint_id).closed_until == until


def test_gone_disables_the_endpoint_and_says_so(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint()
    hooks.happen(times=3)
    assert settled(hooks, claimed(hooks), GONE, is_last=False) == claiming.Settled(
        ("failed",), goes_on=False
    )

    row = hooks.row(endpoint_id)
    assert (row.status, row.status_reason, row.lease) == ("disabled", "gone", "")
    states = [one.state for one in hooks.deliveries(endpoint_id)]
    assert states == ["failed", "discarded", "discarded"]
    with hooks.cloud.database.reading(now=hooks.cloud.clock()) as work:
        statement = select(OutboxRow).where(OutboxRow.type == "endpoint.disabled")
        [event] = work.session.scalars(statement)
    data = {"client_id": hooks.cloud.mine.client_id, "reason": "gone"}
    assert (event.resource_id, event.data) == (endpoint_id, data)


def test_a_jobs_endpoint_is_disabled_without_an_event(alone: Hooks) -> None:
    endpoint_id = alone.endpoint(is_internal=True)
    alone.queue(endpoint_id)
    settled(alone, claimed(alone), GONE)
    with alone.cloud.database.reading(now=alone.cloud.clock()) as work:
        told = select(OutboxRow.type).where(OutboxRow.type == "endpoint.disabled")
        assert work.session.scalars(told).all() == []
    assert alone.row(endpoint_id).status == "disabled"


def test_a_message_the_receiver_wants_no_more_fails_and_the_next_goes_on(alone: Hooks) -> None:
    endpoint_id = alone.endpoint()
    alone.happen(times=2)
    settlement = settled(alone, claimed(alone), 400, is_aborted=True, is_last=False)

    assert settlement == claiming.Settled(("failed",), goes_on=True)
    assert alone.deliveries(endpoint_id)[0].error == "aborted"


@pytest.mark.parametrize("act", ["paused", "moved", "removed"])
def test_what_its_owner_does_meanwhile_ends_the_portion(alone: Hooks, act: str) -> None:
    endpoint_id = alone.endpoint()
    alone.happen(times=3)
    held = claimed(alone)
    caller, vault = alone.cloud.mine.caller, alone.cloud.parts.vault
    with alone.cloud.database.begin(now=alone.cloud.clock()) as work:
        row = work.session.get_one(EndpointRow, endpoint_id)
        if act == "removed":
            endpoints.remove(work, caller, row)
        else:
            change = Change(is_active=False) if act == "paused" else Change(url="https://b.test/")
            endpoints.change(work, vault, caller, row, change)

    assert settled(alone, held, is_last=False) == claiming.Settled(("succeeded",), goes_on=False)
    rest = "discarded" if act == "removed" else "queued"
    assert [one.state for one in alone.deliveries(endpoint_id)] == ["succeeded", rest, rest]
    assert (maybe_claimed(alone) is None) == (act != "moved")


def test_what_was_discarded_meanwhile_stays_so_unless_it_arrived(alone: Hooks) -> None:
    endpoint_id = alone.endpoint()
    alone.happen()
    held = claimed(alone)
    with alone.cloud.database.begin(now=alone.cloud.clock()) as work:
        endpoint = work.session.get_one(EndpointRow, endpoint_id)
        endpoints.remove(work, alone.cloud.mine.caller, endpoint)
    settled(alone, held, 500)

    [row] = alone.deliveries(endpoint_id)
    assert (row.state, row.due_at) == ("discarded", None)


def test_an_application_that_is_suspended_is_sent_nothing(alone: Hooks) -> None:
    alone.endpoint()
    alone.happen()
    with alone.cloud.database.begin(now=alone.cloud.clock()) as work:
        work.session.get_one(ApplicationRow, alone.cloud.mine.client_id).status = SUSPENDED

    assert maybe_claimed(alone) is None


def test_a_callback_that_was_made_is_looked_at_no_more(alone: Hooks) -> None:
    endpoint_id = alone.endpoint(is_internal=True)
    for _ in range(2):
        alone.queue(endpoint_id)
    held = claimed(alone)
    settled(alone, held, 500, is_last=False)
    assert alone.row(endpoint_id).status == "active", "it is tried again"
    alone.cloud.clock.pass_(40)
    held = claimed(alone)
    settled(alone, held)
    settled(alone, claimed(alone))

    row = alone.row(endpoint_id)
    assert (row.status, row.status_reason) == ("disabled", "over")
    assert {one.state for one in alone.deliveries(endpoint_id)} == {"succeeded"}


def test_a_callback_that_is_gone_says_so(alone: Hooks) -> None:
    endpoint_id = alone.endpoint(is_internal=True)
    alone.queue(endpoint_id)
    settled(alone, claimed(alone), GONE)

    row = alone.row(endpoint_id)
    assert (row.status, row.status_reason) == ("disabled", "gone")


def test_the_partners_day_begins_with_the_first_attempt(alone: Hooks) -> None:
    endpoint_id = alone.endpoint(retry_profile=PARTNER)
    alone.happen()
    # It waited for longer than that before anybody tried it.
    alone.cloud.clock.pass_(2 * 86_400)
    states = list[str]()
    for hours in (0, 12, 11.9, 0.2):
        alone.cloud.clock.pass_(hours * 3600)
        states += settled(alone, claimed(alone), 503).states
        with alone.cloud.database.begin(now=alone.cloud.clock()) as work:
            work.session.get_one(EndpointRow, endpoint_id).closed_until = None

    assert states == ["retrying", "retrying", "retrying", "failed"]


def test_attempts_are_kept_with_the_start_of_the_answer_sealed(alone: Hooks) -> None:
    endpoint_id = alone.endpoint()
    alone.happen()
    settled(alone, claimed(alone), 500)
    alone.cloud.clock.pass_(40)
    settled(alone, claimed(alone))
    [row] = alone.deliveries(endpoint_id)
    with alone.cloud.database.reading(now=alone.cloud.clock()) as work:
        kept = work.session.scalars(select(AttemptRow).order_by(AttemptRow.number)).all()

    assert [(one.number, one.response_status, one.error) for one in kept] == [
        (1, 500, "refused"),
        (2, 200, ""),
    ]
    sealed = kept[0].sealed_answer
    assert sealed is not None
    assert b"xxxx" not in sealed
    purpose = claiming.answer_purpose(row.delivery_id)
    assert alone.cloud.parts.vault.open(sealed, purpose=purpose) == b"x" * 1024
    assert (row.state, row.attempts) == ("succeeded", 2)


def test_many_senders_at_once_settle_each_delivery_once(hooks: Hooks) -> None:
    for _ in range(4):
        hooks.endpoint()
    hooks.endpoint(caller=hooks.cloud.other.caller)
    hooks.happen(times=20)
    hooks.happen(times=20, tenant_id=hooks.cloud.other.tenant_id)
    sent: list[int] = []

    def send() -> None:
        while (held := maybe_claimed_by_many(hooks)) is not None:
            for place, delivery in enumerate(held.deliveries):
                sent.append(delivery.row_id)
                settled(hooks, held, place=place, is_last=place == len(held.deliveries) - 1)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(sent) == len(set(sent)) == 100
    with hooks.cloud.database.reading(now=hooks.cloud.clock()) as work:
        assert set(work.session.scalars(select(DeliveryRow.state))) == {"succeeded"}


@pytest.mark.parametrize("cloud", ["postgresql"], indirect=True)
def test_senders_do_not_wait_for_a_relay_that_queues_to_their_endpoint(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint()
    hooks.happen()
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        # An event's delivery, written and not committed yet.
        endpoint = work.session.get_one(EndpointRow, endpoint_id)
        event = hooks.event(endpoint)
        new_delivery(work, endpoint, event, b"{}")
        work.session.flush()
        assert settled(hooks, claimed(hooks)).states == ("succeeded",)

    assert [row.state for row in hooks.deliveries(endpoint_id)] == ["succeeded", "queued"]


def maybe_claimed_by_many(hooks: Hooks) -> Claim | None:
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        return claiming.claim(work)
