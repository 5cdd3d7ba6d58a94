"""An event that cannot be taken holds up nobody else's, and is not lost either."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cloud.core.kernel import outbox
from cloud.core.kernel.outbox import DomainEvent, OutboxRow
from cloud.core.kernel.work import StorageConflictError, StorageFaultError, UnitOfWork
from cloud.core.webhooks.tables import IncidentRow
from cloud.worker.outbox_relay import relay_once
from cloud.worker.runner import Job, Worker
from cloud.worker.set_aside import SetAside
from tests.fixtures.cloud import Installation
from tests.waiting import wait_until

POISON = "poison"


def publish(cloud: Installation, *ids: str) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        for resource_id in ids:
            outbox.publish(
                work,
                tenant_id=cloud.mine.tenant_id,
                event_type="device.enrolled",
                resource_type="device",
                resource_id=resource_id,
                data={},
            )


class Following:
    """A follower that writes a row for each event, and does not know what to do with some."""

    def __init__(self, cloud: Installation, exc: Exception | None) -> None:
        self.cloud = cloud
        self.exc = exc
        self.asked = 0

    def __call__(self, event: DomainEvent, work: UnitOfWork) -> None:
        work.session.add(
            IncidentRow(
                tenant_id=event.tenant_id,
                incident_id=event.resource_id,
                is_open=True,
                changed_at=work.now,
            )
        )
        if event.resource_id.startswith(POISON) and self.exc is not None:
            self.asked += 1
            work.session.flush()
            raise self.exc

    def written(self) -> list[str]:
        with self.cloud.database.reading(now=self.cloud.clock()) as work:
            return sorted(work.session.scalars(select(IncidentRow.incident_id)))


def waiting(cloud: Installation) -> list[str]:
    with cloud.database.reading(now=cloud.clock()) as work:
        statement = select(OutboxRow.resource_id).where(OutboxRow.relayed_at.is_(None))
        return list(work.session.scalars(statement.order_by(OutboxRow.row_id)))


@pytest.mark.parametrize(
    "exc",
    [KeyError("what it holds"), StorageConflictError("a rule"), StorageFaultError("too long")],
)
def test_an_event_nobody_can_take_holds_up_no_other(cloud: Installation, exc: Exception) -> None:
    following, aside = Following(cloud, exc), SetAside()
    publish(cloud, "a", POISON, "b", "c")

    assert relay_once(cloud.database, cloud.clock, [], [following], aside=aside) == 3
    assert following.written() == ["a", "b", "c"], "each once, and nothing by halves"
    assert waiting(cloud) == [POISON]
    assert len(aside) == 1


def test_it_rests_longer_each_time_and_is_taken_once_it_can_be(
    embedded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    following, aside = Following(embedded, KeyError("what it holds")), SetAside()
    publish(embedded, POISON, "a")

    def relay() -> int:
        return relay_once(embedded.database, embedded.clock, [], [following], aside=aside)

    relay()
    asked = following.asked
    for _ in range(5):
        relay()
    assert following.asked == asked, "it rests"
    for rest in (1, 2, 4):
        embedded.clock.pass_(rest)
        relay()
        relay()
    assert following.asked == asked + 3 * 2, "in a portion, then by itself"
    assert "event=event_set_aside" in caplog.text
    assert "KeyError" in caplog.text
    assert "what it holds" not in caplog.text

    following.exc = None
    embedded.clock.pass_(600)
    assert relay() == 1
    assert waiting(embedded) == []
    assert len(aside) == 0


def test_a_store_that_gives_up_sets_nothing_aside(embedded: Installation) -> None:
    following, aside = Following(embedded, StorageFaultError("disk full")), SetAside()
    publish(embedded, *(f"{POISON}-{number}" for number in range(20)))

    with pytest.raises(StorageFaultError):
        relay_once(embedded.database, embedded.clock, [], [following], aside=aside)
    assert following.asked <= 3
    assert len(aside) == 0


def test_when_nothing_can_be_taken_the_relay_waits(embedded: Installation) -> None:
    following, aside = Following(embedded, KeyError()), SetAside(most=10)
    publish(embedded, *(f"{POISON}-{number}" for number in range(12)))

    def relay() -> int:
        return relay_once(embedded.database, embedded.clock, [], [following], limit=10, aside=aside)

    assert [relay() for _ in range(3)] == [0, 0, 0]
    assert following.asked == 10 + 1, "the portion, then each of it"
    following.exc = None
    embedded.clock.pass_(2)
    assert [relay(), relay(), relay()] == [10, 2, 0]


def test_a_job_that_breaks_stops_no_other_and_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def break_() -> None:
        raise KeyError("what it holds")

    worker = Worker([Job("broken", 0.01, break_), Job("whole", 0.01, lambda: done.append(1))])
    worker.start()
    try:
        wait_until(lambda: len(done) > 2, timeout=10, what="the other job")
        assert worker.details() == {
            "broken_seconds_ago": None,
            "whole_seconds_ago": worker.details()["whole_seconds_ago"],
        }
    finally:
        worker.stop()
    assert "event=job_broken job=broken cause=KeyError" in caplog.text
    assert "what it holds" not in caplog.text
