"""A client looks at what was sent to its webhook, and has it sent again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cloud.core.kernel.errors import ConflictError, DomainError, NotFoundError
from cloud.core.webhooks import claiming, deliveries, endpoints
from cloud.core.webhooks.claiming import Sent
from cloud.core.webhooks.endpoints import Change
from cloud.core.webhooks.judging import Attempt
from cloud.core.webhooks.tables import (
    FAILED,
    QUEUED,
    RETRYING,
    SUCCEEDED,
    DeliveryRow,
    EndpointRow,
)
from tests.fixtures.cloud import START, Installation
from tests.fixtures.webhooks import Hooks


def settle(cloud: Installation, row: DeliveryRow, state: str) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        kept = work.session.get_one(DeliveryRow, row.row_id)
        kept.state, kept.due_at, kept.settled_at = state, None, work.now


def test_a_list_begins_with_the_newest_and_goes_on_behind_a_row(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    hooks.happen(times=5)
    rows = hooks.deliveries(endpoint_id)
    settle(embedded, rows[1], FAILED)
    with embedded.database.reading(now=START) as work:
        endpoint = work.session.get_one(EndpointRow, endpoint_id)
        first = deliveries.listing(work, endpoint, limit=3)
        rest = deliveries.listing(work, endpoint, before=first[-1].row_id, limit=3)
        failed = deliveries.listing(work, endpoint, state=FAILED, limit=3)
        with pytest.raises(DomainError, match="Use one of"):
            deliveries.listing(work, endpoint, state="gone", limit=3)

    newest_first = [row.row_id for row in reversed(rows)]
    assert [row.row_id for row in (*first, *rest)] == newest_first
    assert [row.row_id for row in failed] == [rows[1].row_id]


def test_a_test_event_says_so_and_holds_the_sample(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    with embedded.database.begin(now=START) as work:
        endpoint = work.session.get_one(EndpointRow, endpoint_id)
        endpoint.closed_until = START + timedelta(hours=1)
        row = deliveries.send_test(work, embedded.mine.caller, endpoint)
        document = json.loads(row.body)

    assert document["test"] is True
    assert document["event"] == "device.enrolled"
    assert document["data"]["device_id"].startswith("dev_")
    assert row.delivery_id.startswith("dlv_test_")
    assert hooks.row(endpoint_id).closed_until == START


def test_only_an_active_webhook_is_tested(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    with embedded.database.begin(now=START) as work:
        endpoint = work.session.get_one(EndpointRow, endpoint_id)
        vault, caller = embedded.parts.vault, embedded.mine.caller
        with pytest.raises(DomainError, match="catalogue"):
            deliveries.send_test(work, caller, endpoint, "nothing.happened")
        endpoints.change(work, vault, caller, endpoint, Change(is_active=False))
        with pytest.raises(ConflictError, match="active"):
            deliveries.send_test(work, caller, endpoint)


def test_a_replay_has_the_same_octets_and_the_same_message_id(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    hooks.happen()
    [row] = hooks.deliveries(endpoint_id)
    settle(embedded, row, SUCCEEDED)
    for _ in range(2):
        with embedded.database.begin(now=START) as work:
            endpoint = work.session.get_one(EndpointRow, endpoint_id)
            deliveries.replay(work, embedded.mine.caller, endpoint, row.delivery_id)

    again = hooks.deliveries(endpoint_id)[1:]
    assert [one.replay for one in again] == [1, 2]
    assert {(one.message_id, one.body, one.state) for one in again} == {
        (row.message_id, row.body, QUEUED)
    }
    assert len({one.delivery_id for one in (row, *again)}) == 3


def test_what_is_asked_for_goes_before_all_that_waits(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    hooks.happen(times=4)
    rows = hooks.deliveries(endpoint_id)
    settle(embedded, rows[1], SUCCEEDED)
    embedded.clock.pass_(60)
    asked = []
    with embedded.database.begin(now=embedded.clock()) as work:
        endpoint = work.session.get_one(EndpointRow, endpoint_id)
        # It rests; what it is sent then is one message, and again one.
        endpoint.failures, endpoint.closed_until = 7, embedded.clock() + timedelta(minutes=10)
        late = work.session.get_one(DeliveryRow, rows[3].row_id)
        late.state, late.due_at = RETRYING, embedded.clock() + timedelta(hours=4)
        caller = embedded.mine.caller
        asked += [deliveries.send_test(work, caller, endpoint).delivery_id for _ in range(2)]
        for row in (rows[1], rows[3]):
            asked.append(deliveries.replay(work, caller, endpoint, row.delivery_id).delivery_id)

    sent = []
    for _ in range(6):
        with embedded.database.begin(now=embedded.clock()) as work:
            held = claiming.claim(work)
            assert held is not None
            [delivery] = held.deliveries
            sent.append(delivery.delivery_id)
            attempt = Attempt(at=work.now, took=timedelta(0), status=500)
            told = [Sent(delivery, attempt)]
            claiming.settle(work, embedded.parts.vault, held, told, 0.0, is_last=True)
            work.session.get_one(EndpointRow, endpoint_id).closed_until = None
    assert set(sent[:4]) == set(asked)
    assert sent[:4].index(asked[0]) < sent[:4].index(asked[1]), "tests as they were asked for"
    assert sent[4:] == [rows[0].delivery_id, rows[2].delivery_id]


def test_what_waits_is_not_queued_twice(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    hooks.happen()
    [row] = hooks.deliveries(endpoint_id)
    caller = embedded.mine.caller
    with embedded.database.begin(now=START) as work:
        endpoint = work.session.get_one(EndpointRow, endpoint_id)
        with pytest.raises(ConflictError, match="being sent"):
            deliveries.replay(work, caller, endpoint, row.delivery_id)
        with pytest.raises(NotFoundError):
            deliveries.replay(work, caller, endpoint, "dlv_of_nobody")
        kept = work.session.get_one(DeliveryRow, row.row_id)
        kept.state, kept.due_at = RETRYING, START + timedelta(hours=4)
        assert deliveries.replay(work, caller, endpoint, row.delivery_id) is kept

    [row] = hooks.deliveries(endpoint_id)
    assert (row.state, row.due_at) == (RETRYING, START)


def test_a_range_is_sent_again_each_message_once(embedded: Installation) -> None:
    hooks = Hooks(embedded)
    endpoint_id = hooks.endpoint()
    for _ in range(4):
        hooks.happen()
        embedded.clock.pass_(60)
    rows = hooks.deliveries(endpoint_id)
    for row, state in zip(rows, (FAILED, SUCCEEDED, FAILED), strict=False):
        settle(embedded, row, state)

    def again(seconds: tuple[int, int], **more: tuple[str, ...]) -> int:
        since, until = (START + timedelta(seconds=one) for one in seconds)
        with embedded.database.begin(now=embedded.clock()) as work:
            endpoint = work.session.get_one(EndpointRow, endpoint_id)
            caller = embedded.mine.caller
            return deliveries.replay_range(work, caller, endpoint, since=since, until=until, **more)

    assert again((0, 120), states=(FAILED,)) == 1
    # The first waits now, and the last still does: neither is queued once more.
    assert again((0, 240)) == 2
    assert again((0, 240)) == 0
    with pytest.raises(DomainError, match="ends before"):
        again((60, 60))
    with pytest.raises(DomainError, match="Use some of"):
        again((0, 60), states=(QUEUED,))
