"""Senders and receivers over real sockets: what arrives, verified, and what does not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select
from standardwebhooks import Webhook

from cloud.core.kernel.outbound import OutboundPolicy
from cloud.core.kernel.work import utc_now
from cloud.core.webhooks.dialects import PARTNER, STANDARD
from cloud.core.webhooks.tables import AttemptRow, EndpointRow
from cloud.core.webhooks.webhook_metrics import WebhookMetrics
from cloud.worker.webhook_senders import Senders
from cloud.worker.webhook_sending import SendingDesk
from tests.fixtures.cloud import Installation
from tests.fixtures.webhook_receivers import Manner, Receivers, receivers
from tests.fixtures.webhooks import SECRET, Hooks
from tests.waiting import wait_until

LOOPBACK = OutboundPolicy(allowed=("127.0.0.0/8",), timeout_seconds=1.0)
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="


@pytest.fixture
def there() -> Iterator[Receivers]:
    with receivers() as told:
        yield told


@pytest.fixture
def hooks(embedded: Installation) -> Hooks:
    return Hooks(embedded)


def desk_of(
    cloud: Installation,
    policy: OutboundPolicy = LOOPBACK,
    *,
    registry: CollectorRegistry | None = None,
) -> SendingDesk:
    return SendingDesk(
        database=cloud.database,
        vault=cloud.parts.vault,
        clock=cloud.clock,
        outbound=policy,
        metrics=WebhookMetrics(registry or CollectorRegistry()),
        draw=lambda: 0.0,
    )


def send_all(desk: SendingDesk) -> int:
    """Every portion that is due, on this thread."""
    portions = 0
    while (held := desk.claim(may_be_slow=True)) is not None:
        desk.send(held, lambda: False)
        portions += 1
    return portions


def attempts(cloud: Installation) -> list[AttemptRow]:
    with cloud.database.reading(now=cloud.clock()) as work:
        statement = select(AttemptRow).order_by(AttemptRow.delivery_row, AttemptRow.number)
        return list(work.session.scalars(statement))


def test_what_arrives_is_verified_by_the_libraries_of_others(
    hooks: Hooks, there: Receivers
) -> None:
    hooks.cloud.clock.at = utc_now()
    hooks.endpoint(there.url("/s"), dialect=STANDARD, secret=WHSEC)
    hooks.happen(times=3)
    send_all(desk_of(hooks.cloud))

    assert len(there.heard) == 3
    for heard in there.heard:
        document = Webhook(WHSEC).verify(heard.body, heard.headers)
        assert document["type"] == "device.enrolled"
        assert document["id"] == heard.message_id
        assert heard.headers["content-type"] == "application/json"


def test_a_portion_goes_over_one_connection_in_order(hooks: Hooks, there: Receivers) -> None:
    endpoint_id = hooks.endpoint(there.url("/a"))
    hooks.happen(times=10)
    assert send_all(desk_of(hooks.cloud)) == 1

    assert len(there.connections) == 1
    rows = hooks.deliveries(endpoint_id)
    assert [one.message_id for one in there.heard] == [row.message_id for row in rows]
    assert {row.state for row in rows} == {"succeeded"}


@pytest.mark.parametrize(
    ("manner", "error", "status"),
    [
        (Manner(500, body=b"\xff out of order"), "refused", 500),
        (Manner(302, {"Location": "http://127.0.0.1/elsewhere"}), "redirected", 302),
        (Manner(429, {"Retry-After": "600"}), "refused", 429),
        (Manner(410), "gone", 410),
        (Manner(400, {"webhook-delivery": "abort-message"}), "aborted", 400),
        (Manner(hangs=True), "time_over", None),
        (Manner(trickles=True), "time_over", None),
    ],
)
def test_each_way_to_refuse_is_told_apart(
    hooks: Hooks, there: Receivers, manner: Manner, error: str, status: int | None
) -> None:
    there.manners["/r"] = manner
    endpoint_id = hooks.endpoint(there.url("/r"))
    hooks.happen()
    registry = CollectorRegistry()
    send_all(desk_of(hooks.cloud, registry=registry))

    assert [(one.error, one.response_status) for one in attempts(hooks.cloud)] == [(error, status)]
    [row] = hooks.deliveries(endpoint_id)
    assert row.state == ("failed" if error in ("gone", "aborted") else "retrying")
    assert [one.path for one in there.heard] == ["/r"], "redirects are not followed"
    outcome = {"outcome": error}
    assert registry.get_sample_value("vitalwire_webhook_attempts_total", outcome) == 1


def test_a_retry_has_the_same_octets_and_id_under_a_new_signature(
    hooks: Hooks, there: Receivers
) -> None:
    there.manners["/r"] = Manner(503)
    hooks.endpoint(there.url("/r"))
    hooks.happen()
    desk = desk_of(hooks.cloud)
    for _ in range(3):
        send_all(desk)
        hooks.cloud.clock.pass_(1000)

    first, *later = there.heard
    assert {(one.body, one.message_id) for one in later} == {(first.body, first.message_id)}
    stamps = [one.headers["webhook-timestamp"] for one in there.heard]
    assert len(set(stamps)) == 3
    assert len({one.headers["webhook-signature"] for one in there.heard}) == 3


def test_an_address_that_may_not_be_called_is_refused_at_every_attempt(hooks: Hooks) -> None:
    endpoint_id = hooks.endpoint("https://127.0.0.1/")
    hooks.happen()
    send_all(desk_of(hooks.cloud, OutboundPolicy()))

    assert [one.error for one in attempts(hooks.cloud)] == ["network"]
    assert hooks.deliveries(endpoint_id)[0].state == "retrying"


def test_a_messages_own_headers_go_beside_the_signatures(hooks: Hooks, there: Receivers) -> None:
    endpoint_id = hooks.endpoint(there.url("/job"), dialect=PARTNER, is_internal=True)
    hooks.queue(endpoint_id)
    send_all(desk_of(hooks.cloud))

    [heard] = there.heard
    assert heard.headers["x-argus-job-id"] == "job_1"
    assert "x-blueprint-signature" in heard.headers


def test_the_log_and_the_answer_hold_no_address_and_no_body(
    hooks: Hooks, there: Receivers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="vitalwire")
    there.manners["/hospital-secret"] = Manner(500, body=b"what was answered")
    hooks.endpoint(there.url("/hospital-secret"))
    hooks.happen()
    send_all(desk_of(hooks.cloud))

    assert "event=webhook_attempt" in caplog.text
    for word in ("hospital-secret", "127.0.0.1", "what was answered", "dev_", SECRET):
        assert word not in caplog.text


@contextmanager
def sending(cloud: Installation, *, count: int, timeout_seconds: float = 1.0) -> Iterator[Senders]:
    policy = replace(LOOPBACK, timeout_seconds=timeout_seconds)
    senders = Senders(desk_of(cloud, policy), count=count)
    senders.start()
    try:
        yield senders
    finally:
        senders.stop(5.0)
        assert not senders.are_working


def test_receivers_that_hang_together_leave_three_quarters_to_the_others(
    hooks: Hooks, there: Receivers
) -> None:
    hanging = [hooks.endpoint(there.url(f"/hang/{number}")) for number in range(6)]
    there.manners.update({f"/hang/{number}": Manner(hangs=True) for number in range(6)})
    quick = hooks.endpoint(there.url("/quick"))
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        for endpoint_id in hanging:
            work.session.get_one(EndpointRow, endpoint_id).is_slow = True
    hooks.happen(times=5)
    with sending(hooks.cloud, count=4) as senders:
        wait_until(lambda: len(there.at("/quick")) == 5, timeout=10, what="the quick receiver")
        waiting = [one for one in there.heard if one.path.startswith("/hang")]
        assert len(waiting) <= 1, "one sender of four waits"
        assert senders.are_working
        assert senders.details()["senders"] == 4

    assert {row.state for row in hooks.deliveries(quick)} == {"succeeded"}


def test_a_tenant_whose_receivers_all_begin_to_hang_leaves_half_to_the_others(
    hooks: Hooks, there: Receivers
) -> None:
    for number in range(8):
        there.manners[f"/hang/{number}"] = Manner(hangs=True)
        hooks.endpoint(there.url(f"/hang/{number}"))
    other = hooks.cloud.other
    hooks.endpoint(there.url("/quick"), caller=other.caller)
    hooks.happen()

    def hanging() -> int:
        return sum(one.path.startswith("/hang") for one in there.heard)

    with sending(hooks.cloud, count=4, timeout_seconds=30.0):
        wait_until(lambda: hanging() == 2, timeout=10, what="the receivers that hang")
        hooks.happen(tenant_id=other.tenant_id)
        wait_until(lambda: len(there.at("/quick")) == 1, timeout=10, what="the quick receiver")
        assert hanging() == 2
        there.closing.set()


def test_a_tenant_that_is_alone_has_every_sender(hooks: Hooks, there: Receivers) -> None:
    for number in range(6):
        there.manners[f"/hang/{number}"] = Manner(hangs=True)
        hooks.endpoint(there.url(f"/hang/{number}"))
    hooks.happen()
    with sending(hooks.cloud, count=4, timeout_seconds=30.0):
        wait_until(lambda: len(there.heard) == 4, timeout=10, what="the receivers that hang")
        there.closing.set()


def test_an_endpoint_that_cannot_be_served_is_set_aside_and_stops_no_other(
    hooks: Hooks, there: Receivers, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = hooks.endpoint(there.url("/broken")), hooks.endpoint(there.url("/whole"))
    with hooks.cloud.database.begin(now=hooks.cloud.clock()) as work:
        work.session.get_one(EndpointRow, broken).sealed_secrets = b"of another master key"
    hooks.happen()
    with sending(hooks.cloud, count=1):
        wait_until(lambda: len(there.heard) == 1, timeout=10, what="the other receiver")
        wait_until(
            lambda: hooks.row(broken).closed_until is not None,
            timeout=10,
            what="it to be set aside",
        )

    assert "event=webhook_broken" in caplog.text
    assert [row.state for row in hooks.deliveries(broken)] == ["queued"]
    assert [row.state for row in hooks.deliveries(whole)] == ["succeeded"]
    assert json.loads(there.heard[0].body)["event"] == "device.enrolled"
