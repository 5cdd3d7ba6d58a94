"""Workers on jobs: a lost one, a cancelled one, one asked to stop, one whose rights are gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.jobs import claiming, service
from cloud.core.jobs.kinds import AUDIT
from cloud.core.jobs.results import PIECE
from cloud.core.jobs.tables import JobResultRow, JobRow
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.outbox import OutboxRow
from cloud.core.kernel.principal import Principal
from cloud.worker import job_kinds
from cloud.worker.job_kinds import Step, Task
from cloud.worker.jobs import BROKE, NOT_ALLOWED, JobRunner
from tests.fixtures.cloud import Installation
from tests.waiting import wait_until

Doing = Callable[[Task], Iterator[Step]]


def caller(cloud: Installation) -> Principal:
    return Principal(
        tenant_id=cloud.mine.tenant_id,
        client_id=cloud.mine.admin_client_id,
        scopes=("argus:jobs:write", "argus:platform:admin"),
    )


def queued(cloud: Installation) -> str:
    with cloud.database.begin(now=cloud.clock()) as work:
        wanted = service.NewJob(kind=AUDIT)
        return service.create(work, cloud.parts.vault, caller(cloud), wanted)[0].job_id


def runner(
    cloud: Installation, doing: Doing | None = None, *, beat_seconds: float = 30
) -> JobRunner:
    kinds = job_kinds.DOING if doing is None else {AUDIT: doing}
    return JobRunner(
        database=cloud.database,
        vault=cloud.parts.vault,
        clock=cloud.clock,
        doing=kinds,
        beat_seconds=beat_seconds,
    )


def row_of(cloud: Installation, job_id: str) -> JobRow:
    with cloud.database.reading(now=cloud.clock()) as work:
        return work.session.get_one(JobRow, job_id)


def pieces(cloud: Installation) -> int:
    with cloud.database.reading(now=cloud.clock()) as work:
        return work.session.query(JobResultRow).count()


def told(cloud: Installation) -> list[str]:
    with cloud.database.reading(now=cloud.clock()) as work:
        return [
            row.type
            for row in work.session.query(OutboxRow).order_by(OutboxRow.row_id)
            if row.type.startswith("job.")
        ]


def test_two_workers_never_take_the_same_job(cloud: Installation) -> None:
    jobs = {queued(cloud) for _ in range(6)}
    taken: list[str] = []

    def take() -> None:
        for _ in range(3):
            with cloud.database.begin(now=cloud.clock()) as work:
                job = claiming.claim(work)
                assert job is not None
                taken.append(job.job_id)

    threads = [threading.Thread(target=take) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(taken) == sorted(jobs)


def test_a_worker_that_fell_silent_loses_its_job_and_is_not_heard(cloud: Installation) -> None:
    job_id = queued(cloud)
    with cloud.database.begin(now=cloud.clock()) as work:
        lost = claiming.claim(work)
        assert lost is not None
    with cloud.database.begin(now=cloud.clock()) as work:
        assert claiming.keep_piece(work, lost, 0, b"half", 4)
    cloud.clock.pass_(121)
    with cloud.database.begin(now=cloud.clock()) as work:
        assert claiming.reap(work) == 1
    with cloud.database.begin(now=cloud.clock()) as work:
        assert not claiming.beat(work, lost, done=1, total=2)
        assert not claiming.keep_piece(work, lost, 1, b"more", 4)
        assert not claiming.succeed(work, lost, done=2)
        assert not claiming.fail(work, lost, "late")

    assert runner(cloud).once()

    row = row_of(cloud, job_id)
    assert (row.status, row.runs) == ("succeeded", 2)
    assert pieces(cloud) == 1
    assert told(cloud) == ["job.succeeded"]


def test_three_lost_workers_are_enough(embedded: Installation) -> None:
    job_id = queued(embedded)
    for _ in range(claiming.MOST_RUNS):
        with embedded.database.begin(now=embedded.clock()) as work:
            assert claiming.claim(work) is not None
        embedded.clock.pass_(121)
        with embedded.database.begin(now=embedded.clock()) as work:
            claiming.reap(work)

    row = row_of(embedded, job_id)
    assert (row.status, row.reason) == ("failed", "worker_lost")
    assert not runner(embedded).once()


def test_a_heart_keeps_a_long_step_alive(embedded: Installation) -> None:
    job_id = queued(embedded)
    begun = embedded.clock()

    def long(_: Task) -> Iterator[Step]:
        embedded.clock.pass_(110)
        wait_until(
            lambda: row_of(embedded, job_id).heartbeat_at != begun, timeout=20, what="a heartbeat"
        )
        embedded.clock.pass_(110)
        with embedded.database.begin(now=embedded.clock()) as work:
            assert claiming.reap(work) == 0
        yield Step(1, 1, b"done")

    assert runner(embedded, long, beat_seconds=0.02).once()

    assert row_of(embedded, job_id).status == "succeeded"


def test_a_running_job_is_cancelled_after_the_step_in_hand(embedded: Installation) -> None:
    job_id = queued(embedded)
    steps = []

    def doing(_: Task) -> Iterator[Step]:
        for number in range(10):
            steps.append(number)
            if number == 2:
                with embedded.database.begin(now=embedded.clock()) as work:
                    service.cancel(work, caller(embedded), job_id)
            yield Step(number, 10, b"x" * 300_000)

    assert runner(embedded, doing).once()

    assert steps == [0, 1, 2]
    assert row_of(embedded, job_id).status == "cancelled"
    assert pieces(embedded) == 0
    assert told(embedded) == ["job.cancelled"]


def test_a_worker_that_is_stopped_gives_its_job_back(embedded: Installation) -> None:
    job_id = queued(embedded)
    doing: JobRunner

    def stopped(_: Task) -> Iterator[Step]:
        doing.stopping.set()
        yield Step(1, 2)
        raise AssertionError("no step after the stop")

    doing = runner(embedded, stopped)
    doing.once()

    row = row_of(embedded, job_id)
    assert (row.status, row.runs) == ("queued", 0)
    assert runner(embedded).once()
    assert row_of(embedded, job_id).status == "succeeded"


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(NotFoundError("not_there", "Of Erika."), "not_there"), (KeyError("Erika Mustermann"), BROKE)],
)
def test_a_job_that_breaks_says_so_in_a_word_and_in_no_other(
    embedded: Installation, caplog: pytest.LogCaptureFixture, trouble: Exception, reason: str
) -> None:
    job_id = queued(embedded)

    def broken(_: Task) -> Iterator[Step]:
        yield Step(0, 1)
        raise trouble

    assert runner(embedded, broken).once()

    row = row_of(embedded, job_id)
    assert (row.status, row.reason) == ("failed", reason)
    assert told(embedded) == ["job.failed"]
    assert "Erika" not in caplog.text


def test_what_was_taken_from_the_client_meanwhile_is_not_used(embedded: Installation) -> None:
    job_id = queued(embedded)
    with embedded.database.begin(now=embedded.clock()) as work:
        application = work.session.get_one(ApplicationRow, embedded.mine.admin_client_id)
        application.approved_scopes = ["argus:jobs:write"]

    assert runner(embedded).once()

    row = row_of(embedded, job_id)
    assert (row.status, row.reason) == ("failed", NOT_ALLOWED)


def test_a_long_result_is_kept_in_pieces_that_say_nothing(embedded: Installation) -> None:
    job_id = queued(embedded)
    parts = [f"Erika Mustermann {number} ".encode() * 20_000 for number in range(4)]

    def long(_: Task) -> Iterator[Step]:
        for number, octets in enumerate(parts):
            yield Step(number + 1, 4, octets)

    assert runner(embedded, long).once()

    row = row_of(embedded, job_id)
    assert row.octets == sum(len(one) for one in parts)
    with embedded.database.reading(now=embedded.clock()) as work:
        kept = work.session.query(JobResultRow).order_by(JobResultRow.number).all()
    assert len(kept) == 4
    assert not any(b"Erika" in one.sealed for one in kept)


def test_a_result_without_end_is_not_kept(embedded: Installation) -> None:
    job_id = queued(embedded)

    def endless(_: Task) -> Iterator[Step]:
        for number in count(1):
            yield Step(number, None, b"x" * PIECE)

    doing = replace(runner(embedded, endless), longest_result=3 * PIECE)
    assert doing.once()

    row = row_of(embedded, job_id)
    assert (row.status, row.reason) == ("failed", "result_too_large")
    assert pieces(embedded) == 0


def test_a_cancelled_job_of_a_worker_that_is_stopped_ends(embedded: Installation) -> None:
    job_id = queued(embedded)
    doing: JobRunner

    def stopped(_: Task) -> Iterator[Step]:
        with embedded.database.begin(now=embedded.clock()) as work:
            service.cancel(work, caller(embedded), job_id)
        doing.stopping.set()
        yield Step(1, 2, b"half")

    doing = runner(embedded, stopped)
    doing.once()
    assert row_of(embedded, job_id).status == "cancelled"
    assert pieces(embedded) == 0
    assert told(embedded) == ["job.cancelled"]


def test_what_ended_a_week_ago_is_forgotten(embedded: Installation) -> None:
    queued(embedded)
    runner(embedded).once()
    embedded.clock.pass_(7 * 86_400 - 1)
    with embedded.database.begin(now=embedded.clock()) as work:
        assert claiming.forget_expired(work) == 0
    embedded.clock.pass_(1)
    with embedded.database.begin(now=embedded.clock()) as work:
        assert claiming.forget_expired(work) == 1
    assert pieces(embedded) == 0
