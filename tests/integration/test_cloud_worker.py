"""After the commit: events leave the outbox once, silent devices go offline."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from cloud.core.authorization.credential_tables import UsedProofRow
from cloud.core.devices.service import Enrolment, enrol, mark_silent
from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel import outbox
from cloud.core.kernel.outbox import DomainEvent, OutboxRow
from cloud.core.kernel.work import Database, StorageUnreachableError, UnitOfWork
from cloud.worker.followers import Latest, Together
from cloud.worker.outbox_relay import MAX_ATTEMPTS, RelayError, relay_once
from cloud.worker.runner import Worker, standard_jobs
from protocols.model.codes import SystemId
from tests.fixtures.cloud import OXIMETER, START, Installation, batch, device_info, numeric
from tests.waiting import wait_until


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


def depth(cloud: Installation) -> int:
    with cloud.database.reading(now=cloud.clock()) as work:
        return outbox.depth(work)


def follow_up(event: DomainEvent, work: UnitOfWork) -> None:
    """Something that follows from an event, in our own store."""
    work.session.add(
        UsedProofRow(proof_hash=event.resource_id, expires_at=work.now + timedelta(days=1))
    )
    work.session.flush()


def followed_up(cloud: Installation) -> list[str]:
    with cloud.database.reading(now=cloud.clock()) as work:
        return sorted(work.session.scalars(select(UsedProofRow.proof_hash)))


def test_events_are_handed_on_once_and_in_order(cloud: Installation) -> None:
    publish(cloud, "a", "b", "c")
    seen: list[str] = []
    assert (
        relay_once(cloud.database, cloud.clock, [lambda event: seen.append(event.resource_id)]) == 3
    )
    assert (
        relay_once(cloud.database, cloud.clock, [lambda event: seen.append(event.resource_id)]) == 0
    )
    assert seen == ["a", "b", "c"]
    assert depth(cloud) == 0


def test_an_event_of_a_unit_that_failed_never_leaves(cloud: Installation) -> None:
    def fail() -> None:
        with cloud.database.begin(now=START) as work:
            outbox.publish(
                work,
                tenant_id=cloud.mine.tenant_id,
                event_type="x",
                resource_type="y",
                resource_id="z",
                data={},
            )
            work.session.flush()
            raise RelayError("undone")

    with pytest.raises(RelayError):
        fail()
    assert depth(cloud) == 0


def test_a_subscriber_that_fails_is_asked_again_and_delays_no_other(cloud: Installation) -> None:
    publish(cloud, "good", "bad")
    seen: list[str] = []

    def subscriber(event: DomainEvent) -> None:
        if event.resource_id == "bad":
            raise RelayError("away")
        seen.append(event.resource_id)

    for _ in range(MAX_ATTEMPTS + 3):
        relay_once(cloud.database, cloud.clock, [subscriber])
    assert seen == ["good"]
    assert depth(cloud) == 1
    with cloud.database.reading(now=START) as work:
        row = work.session.scalars(select(OutboxRow).where(OutboxRow.relayed_at.is_(None))).one()
        assert row.attempts == MAX_ATTEMPTS


def test_an_event_a_follower_fails_with_delays_no_other_and_is_kept_by_no_half(
    cloud: Installation,
) -> None:
    publish(cloud, "one", "bad", "two")

    def follower(event: DomainEvent, work: UnitOfWork) -> None:
        follow_up(event, work)
        if event.resource_id == "bad":
            raise ValueError("it holds what no follower expects")

    left = [relay_once(cloud.database, cloud.clock, [], [follower]) for _ in range(3)]
    assert left == [2, 0, 0]
    assert followed_up(cloud) == ["one", "two"]
    with cloud.database.reading(now=START) as work:
        row = work.session.scalars(select(OutboxRow).where(OutboxRow.resource_id == "bad")).one()
        assert (row.attempts, row.relayed_at) == (0, None), "it is never given up"


def test_a_portion_that_fails_together_is_handed_on_one_by_one(cloud: Installation) -> None:
    publish(cloud, "one", "bad", "two")
    portions = list[list[str]]()

    def follower(events: Sequence[DomainEvent], work: UnitOfWork) -> None:
        portions.append([event.resource_id for event in events])
        for event in events:
            follow_up(event, work)
        if "bad" in portions[-1]:
            raise ValueError("one of them cannot be followed")

    assert relay_once(cloud.database, cloud.clock, [], [Together(follower)]) == 2
    assert portions == [["one", "bad", "two"], ["one"], ["bad"], ["two"]]
    assert followed_up(cloud) == ["one", "two"]


def test_a_store_that_is_gone_counts_against_no_event(embedded: Installation) -> None:
    publish(embedded, "one")

    def follower(_: DomainEvent, work: UnitOfWork) -> None:
        work.session.execute(text("no statement at all"))

    class Gone(Database):
        """Gone as soon as something was tried alone."""

        units = 0

        @contextmanager
        def begin(self, *, now: datetime) -> Iterator[UnitOfWork]:
            self.units += 1
            if self.units > 1:
                raise StorageUnreachableError("no connection can be made")
            with super().begin(now=now) as work:
                yield work

    with pytest.raises(StorageUnreachableError):
        relay_once(Gone(embedded.database.engine), embedded.clock, [], [follower])
    with embedded.database.reading(now=START) as work:
        assert work.session.scalars(select(OutboxRow.attempts)).all() == [0]


def test_what_the_last_of_several_events_says_is_followed_once(cloud: Installation) -> None:
    publish(cloud, "a", "b", "a", "nothing", "c", "b")
    seen: list[str] = []

    def about(event: DomainEvent) -> str:
        return "" if event.resource_id == "nothing" else event.resource_id

    def follower(event: DomainEvent, _: UnitOfWork) -> None:
        seen.append(event.resource_id)

    assert relay_once(cloud.database, cloud.clock, [], [Latest(follower, about=about)]) == 6
    assert seen == ["a", "c", "b"]


def test_two_relays_at_once_hand_each_event_on_once(cloud: Installation) -> None:
    publish(cloud, *(f"id-{number}" for number in range(150)))
    seen: list[str] = []
    lock = threading.Lock()

    def subscriber(event: DomainEvent) -> None:
        with lock:
            seen.append(event.resource_id)

    def relay() -> None:
        while relay_once(cloud.database, cloud.clock, [subscriber]):
            pass

    threads = [threading.Thread(target=relay) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == len(set(seen)) == 150


def test_a_silent_device_goes_offline_and_comes_back_when_heard(cloud: Installation) -> None:
    other = SystemId(b"12345678")
    with cloud.database.begin(now=cloud.clock()) as work:
        wanted = Enrolment(
            serial_number="S-1", device_class="oximeter", manufacturer="Acme", system_id=OXIMETER
        )
        row, _ = enrol(work, cloud.mine.caller, wanted)
        device_id = row.device_id
        sent = batch(cloud.mine, [device_info(), device_info(other, serial_number="S-2")])
        record_uplink(work, cloud.mine.gateway, sent)

    def watch() -> int:
        with cloud.database.begin(now=cloud.clock()) as work:
            return mark_silent(work, silence=timedelta(seconds=60))

    def statuses() -> set[tuple[str | None, str]]:
        with cloud.database.reading(now=START) as work:
            return {(row.system_id, row.status) for row in work.session.scalars(select(DeviceRow))}

    cloud.clock.pass_(59)
    assert watch() == 0
    cloud.clock.pass_(2)
    assert (watch(), watch()) == (1, 0)
    assert statuses() == {(OXIMETER.hex, "offline"), (other.hex, "discovered")}
    with cloud.database.begin(now=cloud.clock()) as work:
        record_uplink(work, cloud.mine.gateway, batch(cloud.mine, [numeric("97", START)]))
    assert (OXIMETER.hex, "active") in statuses()
    with cloud.database.reading(now=START) as work:
        events = work.session.scalars(select(OutboxRow).where(OutboxRow.type == "device.offline"))
        assert [event.resource_id for event in events] == [device_id]


def test_events_are_forgotten_a_week_after_they_left(cloud: Installation) -> None:
    publish(cloud, "left")
    relay_once(cloud.database, cloud.clock, [])
    publish(cloud, "waiting")
    for days, kept in ((7, 2), (1, 1)):
        cloud.clock.pass_(days * 86_400)
        with cloud.database.begin(now=cloud.clock()) as work:
            outbox.forget_relayed(work)
            assert len(work.session.scalars(select(OutboxRow)).all()) == kept
    assert depth(cloud) == 1


def test_the_worker_runs_its_jobs_and_tells_their_age(embedded: Installation) -> None:
    publish(embedded, "a")
    worker = Worker(
        standard_jobs(embedded.database, embedded.clock, device_silence=timedelta(seconds=60))
    )
    worker.start()
    wait_until(lambda: depth(embedded) == 0, timeout=10, what="the relay")
    wait_until(
        lambda: None not in worker.details().values(), timeout=10, what="every job's first run"
    )
    assert worker.is_working
    worker.stop(5)
    assert not worker.is_working
