"""What the buffer's worker is asked to do: all writes in one commit, each alone if it must be.

A write that finds no room has waveforms give way; one that frees room has the reserve's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from edge.buffer.store import ObservationStore
from edge.errors import BufferDamagedError, BufferFullError

# One refused report may cost this many pieces of the waveforms, then the device keeps it.
MOST_THINNINGS: Final = 64
Outcome = tuple[Any, BaseException | None]
"""What a job gave, or why it gave nothing."""


@dataclass(slots=True)
class Job:
    """One call for the worker. `frees` marks a write that must get through on a full disk.

    `answer` is set in its own loop, once for all that shared a commit.
    """

    act: Callable[[ObservationStore], Any]
    answer: asyncio.Future[Any]
    writes: bool = False
    frees: bool = False


def run_jobs(
    store: ObservationStore, jobs: Sequence[Job], now: Callable[[], datetime]
) -> list[tuple[Job, Outcome]]:
    """All writes in one commit, then the reads."""
    outcomes = _commit_together(store, [job for job in jobs if job.writes], now)
    for job, (_, error) in outcomes:
        if not job.frees:
            store.is_refusing = isinstance(error, BufferFullError)
    for job in jobs:
        if not job.writes:
            outcomes.append((job, attempt(partial(job.act, store))))
    return outcomes


def _commit_together(
    store: ObservationStore, jobs: Sequence[Job], now: Callable[[], datetime]
) -> list[tuple[Job, Outcome]]:
    if not jobs:
        return []

    def together() -> list[Any]:
        with store.transaction():
            return [job.act(store) for job in jobs]

    values, error = attempt(together)
    if error is None:
        return [(job, (value, None)) for job, value in zip(jobs, values, strict=True)]
    if isinstance(error, BufferDamagedError):
        return [(job, (None, error)) for job in jobs]
    # One of them failed: each alone, so that it fails alone.
    return [(job, _commit_alone(store, job, now)) for job in jobs]


def _commit_alone(store: ObservationStore, job: Job, now: Callable[[], datetime]) -> Outcome:
    def alone() -> Any:  # noqa: ANN401 - whatever the job gives
        with store.transaction():
            return job.act(store)

    if job.frees:
        return _free(store, alone)
    outcome = attempt(alone)
    for _ in range(MOST_THINNINGS):
        if isinstance(outcome[1], BufferFullError):
            # What the log takes up is no room that rows must make.
            attempt(store.room.reuse_log)
            outcome = attempt(alone)
        if not isinstance(outcome[1], BufferFullError):
            break
        thinned, error = _free(store, partial(_thin, store, now()))
        if error is not None or not thinned:
            break
        attempt(store.room.regain_reserve)
        outcome = attempt(alone)
    return outcome


def _thin(store: ObservationStore, now: datetime) -> bool:
    with store.transaction():
        return store.thin(now=now)


def _free(store: ObservationStore, act: Callable[[], Any]) -> Outcome:
    """Rows leave, with the reserve's room when the disk has none even for that."""
    outcome = attempt(act)
    if isinstance(outcome[1], BufferFullError):
        attempt(store.room.reuse_log)
        outcome = attempt(act)
    if isinstance(outcome[1], BufferFullError):
        room, error = attempt(store.room.make)
        if error is None and room:
            return attempt(act)
    return outcome


def attempt(act: Callable[[], Any]) -> Outcome:
    """The value or the error: the error belongs to who asked, not to the worker."""
    try:
        return act(), None
    except Exception as exc:  # noqa: BLE001 - handed to the caller through its future
        return None, exc
