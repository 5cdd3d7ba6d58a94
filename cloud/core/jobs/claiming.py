"""Which job is next, who works on it, and what became of it: any number of workers at once.

A worker says that it lives with each step and twice a minute at least. One that was not heard for
two minutes has lost the job: another begins it anew, three times at most. What a worker says after
it lost the job is not heard.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select

from cloud.core.jobs.ending import CANCELLED, FAILED, QUEUED, RUNNING, SUCCEEDED, end
from cloud.core.jobs.tables import JobResultRow, JobRow
from cloud.core.kernel.work import UnitOfWork

HEARTBEAT: Final = timedelta(seconds=30)
SILENCE: Final = timedelta(minutes=2)
MOST_RUNS: Final = 3


def is_any_waiting(work: UnitOfWork) -> bool:
    """Whether a claim would find something; for a unit that only reads."""
    # every tenant: the worker is the service's own.
    return (
        work.session.scalar(select(JobRow.job_id).where(JobRow.status == QUEUED).limit(1))
        is not None
    )


def backlog(work: UnitOfWork) -> tuple[dict[str, int], datetime | None]:
    """How many jobs are under way, by status, and since when the oldest waits."""
    # every tenant: the figures are the service's own.
    statement = (
        select(JobRow.status, func.count(), func.min(JobRow.created_at))
        .where(JobRow.status.in_((QUEUED, RUNNING)))
        .group_by(JobRow.status)
    )
    found = {status: (count, oldest) for status, count, oldest in work.session.execute(statement)}
    counts = {status: found.get(status, (0, None))[0] for status in (QUEUED, RUNNING)}
    return counts, found.get(QUEUED, (0, None))[1]


def claim(work: UnitOfWork) -> JobRow | None:
    """The job that waits longest, taken on by whoever commits this unit; its pieces are gone."""
    # every tenant: the worker is the service's own.
    statement = (
        select(JobRow)
        .where(JobRow.status == QUEUED)
        .order_by(JobRow.created_at, JobRow.job_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        return None
    # every tenant: the job in hand is one of them.
    work.session.execute(delete(JobResultRow).where(JobResultRow.job_id == row.job_id))
    row.status, row.lease = RUNNING, secrets.token_hex(16)
    row.started_at = row.heartbeat_at = work.now
    row.runs += 1
    row.done, row.total, row.octets = 0, None, 0
    return row


def beat(work: UnitOfWork, held: JobRow, *, done: int, total: int | None) -> bool:
    """Say that the worker lives and how far it is; False when it is to stop: the job was cancelled
    (and ends here), or is somebody else's by now.
    """
    row = _held(work, held)
    if row is None:
        return False
    if row.is_cancel_asked:
        # every tenant: the job in hand is one of them.
        work.session.execute(delete(JobResultRow).where(JobResultRow.job_id == row.job_id))
        end(work, row, CANCELLED)
        return False
    row.heartbeat_at, row.done, row.total = work.now, done, total
    return True


def keep_piece(work: UnitOfWork, held: JobRow, number: int, sealed: bytes, octets: int) -> bool:
    """Keep a piece of the result; False when the job is somebody else's by now."""
    row = _held(work, held)
    if row is None:
        return False
    work.session.add(JobResultRow(job_id=row.job_id, number=number, sealed=sealed))
    row.octets += octets
    row.heartbeat_at = work.now
    return True


def succeed(work: UnitOfWork, held: JobRow, *, done: int) -> bool:
    """It is done; False when the job is somebody else's by now."""
    row = _held(work, held)
    if row is None:
        return False
    row.done, row.total = done, done
    end(work, row, SUCCEEDED)
    return True


def give_back(work: UnitOfWork, held: JobRow) -> None:
    """Leave it to the next worker, as if this one had never begun: it is asked to stop. One that
    was cancelled meanwhile ends.
    """
    row = _held(work, held)
    if row is None:
        return
    if row.is_cancel_asked:
        # every tenant: the job in hand is one of them.
        work.session.execute(delete(JobResultRow).where(JobResultRow.job_id == row.job_id))
        end(work, row, CANCELLED)
        return
    row.status, row.lease, row.heartbeat_at = QUEUED, "", None
    row.runs -= 1


def fail(work: UnitOfWork, held: JobRow, reason: str) -> bool:
    """It cannot be done; `reason` is a word of ours."""
    row = _held(work, held)
    if row is None:
        return False
    # every tenant: the job in hand is one of them.
    work.session.execute(delete(JobResultRow).where(JobResultRow.job_id == row.job_id))
    end(work, row, FAILED, reason)
    return True


def reap(work: UnitOfWork) -> int:
    """Take jobs back from workers that fell silent; how many."""
    # every tenant: the watch is the service's own.
    statement = (
        select(JobRow)
        .where(JobRow.status == RUNNING, JobRow.heartbeat_at < work.now - SILENCE)
        .with_for_update(skip_locked=True)
    )
    rows = list(work.session.scalars(statement))
    for row in rows:
        if row.is_cancel_asked:
            end(work, row, CANCELLED)
        elif row.runs >= MOST_RUNS:
            end(work, row, FAILED, "worker_lost")
        else:
            row.status, row.lease, row.heartbeat_at = QUEUED, "", None
    return len(rows)


def forget_expired(work: UnitOfWork, *, limit: int = 100) -> int:
    """Remove jobs that ended a week ago, with their results; how many."""
    # every tenant: what is over is over for all.
    statement = (
        select(JobRow)
        .where(JobRow.expires_at <= work.now)
        .order_by(JobRow.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(work.session.scalars(statement))
    for row in rows:
        # every tenant: the job in hand is one of them.
        work.session.execute(delete(JobResultRow).where(JobResultRow.job_id == row.job_id))
        work.session.delete(row)
    return len(rows)


def _held(work: UnitOfWork, held: JobRow) -> JobRow | None:
    """The job, locked, if the lease is still the caller's."""
    statement = select(JobRow).where(
        JobRow.tenant_id == held.tenant_id,
        JobRow.job_id == held.job_id,
        JobRow.lease == held.lease,
        JobRow.status == RUNNING,
    )
    return work.session.scalars(statement.with_for_update()).one_or_none()
