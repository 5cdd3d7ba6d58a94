"""Works through jobs, one at a time a runner; any number of runners in any number of processes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from cloud.core.jobs import claiming, service
from cloud.core.jobs.results import LONGEST_RESULT, PIECE, seal_piece
from cloud.core.jobs.tables import JobRow
from cloud.core.kernel.errors import DomainError, TooLargeError
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, StorageError
from cloud.worker.job_kinds import DOING, Doing, Step, Task

LOG: Final = logging.getLogger("vitalwire.worker")
LOOK_EVERY: Final = 0.5
NOT_ALLOWED: Final = "not_allowed_any_more"
BROKE: Final = "internal_error"


class _LeftError(Exception):
    """The runner is to leave the job alone: it was cancelled, or is another's by now."""


@dataclass(slots=True)
class _Progress:
    """How far a job is, for its runner and its heart alike."""

    done: int = 0
    total: int | None = None
    is_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRunner:
    """What working on jobs takes; `beat_seconds` is how often it says that it lives."""

    database: Database
    vault: Vault
    clock: Clock
    base_url: str = ""
    doing: Mapping[str, Doing] = field(default_factory=lambda: DOING)
    longest_result: int = LONGEST_RESULT
    beat_seconds: float = claiming.HEARTBEAT.total_seconds()
    stopping: threading.Event = field(default_factory=threading.Event)

    def once(self) -> bool:
        """Work on the job that waits longest; whether there was one.

        StorageError while the store is away: what was in hand is taken back from a worker that was
        silent for long enough.
        """
        job = self._claimed()
        if job is None:
            return False
        with self.database.reading(now=self.clock()) as work:
            owner = service.owner_of(work, job)
        if owner is None:
            self._fail(job, NOT_ALLOWED)
            return True
        task = Task(
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            owner=owner,
            parameters=job.parameters,
            base_url=self.base_url,
        )
        try:
            self._work(job, self.doing[job.kind](task))
        except _LeftError:
            LOG.info("event=job_left id=%s kind=%s", job.job_id, job.kind)
        except StorageError:
            raise
        except DomainError as exc:
            self._fail(job, exc.reason)
        except Exception as exc:  # noqa: BLE001 - one that breaks keeps no other from being done
            # Its words may quote the record: the class is all that is logged.
            LOG.error("event=job_broke id=%s cause=%s", job.job_id, type(exc).__name__)  # noqa: TRY400 - as above
            self._fail(job, BROKE)
        return True

    def _claimed(self) -> JobRow | None:
        with self.database.reading(now=self.clock()) as work:
            if not claiming.is_any_waiting(work):
                return None
        with self.database.begin(now=self.clock()) as work:
            return claiming.claim(work)

    def _work(self, job: JobRow, steps: Iterator[Step]) -> None:
        progress = _Progress()
        pending, number, octets = bytearray(), 0, 0
        with self._beating(job, progress):
            for step in steps:
                progress.done, progress.total = step.done, step.total
                pending += step.octets
                octets += len(step.octets)
                if octets > self.longest_result:
                    raise TooLargeError("result_too_large", "Ask for less at once.")
                if len(pending) >= PIECE:
                    self._keep(job, number, bytes(pending))
                    pending, number = bytearray(), number + 1
                self._look_up(job, progress)
            if pending:
                self._keep(job, number, bytes(pending))
        with self.database.begin(now=self.clock()) as work:
            is_ours = claiming.succeed(work, job, done=progress.done)
        if is_ours:
            LOG.info("event=job_succeeded id=%s kind=%s", job.job_id, job.kind)

    def _look_up(self, job: JobRow, progress: _Progress) -> None:
        """Between two steps: whether to go on."""
        if self.stopping.is_set():
            with self.database.begin(now=self.clock()) as work:
                claiming.give_back(work, job)
            raise _LeftError
        if progress.is_lost or not self._beat(job, progress):
            raise _LeftError

    def _beat(self, job: JobRow, progress: _Progress) -> bool:
        with self.database.begin(now=self.clock()) as work:
            return claiming.beat(work, job, done=progress.done, total=progress.total)

    def _keep(self, job: JobRow, number: int, octets: bytes) -> None:
        sealed = seal_piece(self.vault, octets, job_id=job.job_id, number=number)
        with self.database.begin(now=self.clock()) as work:
            if not claiming.keep_piece(work, job, number, sealed, len(octets)):
                raise _LeftError

    def _fail(self, job: JobRow, reason: str) -> None:
        with self.database.begin(now=self.clock()) as work:
            is_ours = claiming.fail(work, job, reason)
        if is_ours:
            LOG.warning("event=job_failed id=%s kind=%s reason=%s", job.job_id, job.kind, reason)

    @contextmanager
    def _beating(self, job: JobRow, progress: _Progress) -> Iterator[None]:
        """A heart beside the work: a single step may take longer than silence is borne."""
        is_over = threading.Event()

        def beat() -> None:
            while not is_over.wait(self.beat_seconds):
                try:
                    progress.is_lost = not self._beat(job, progress)
                except StorageError as exc:
                    LOG.warning("event=heartbeat_failed id=%s cause=%s", job.job_id, exc)
                if progress.is_lost:
                    return

        heart = threading.Thread(target=beat, name=f"heart-{job.job_id}", daemon=True)
        heart.start()
        try:
            yield
        finally:
            is_over.set()
            heart.join()


class JobRunners:
    """Several runners between `start` and `stop`."""

    def __init__(self, runner: JobRunner, *, count: int) -> None:
        self._runner = runner
        self._threads = [
            threading.Thread(target=self._run, name=f"jobs-{place}", daemon=True)
            for place in range(count)
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End after the step in hand; the job goes back to whoever is next."""
        self._runner.stopping.set()
        for thread in self._threads:
            thread.join(timeout)

    @property
    def are_working(self) -> bool:
        """Whether every runner's thread runs."""
        return all(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        stopping = self._runner.stopping
        while not stopping.is_set():
            is_any = False
            try:
                is_any = self._runner.once()
            except StorageError as exc:
                LOG.warning("event=job_runner_failed cause=%s", exc)
            if not is_any:
                stopping.wait(LOOK_EVERY)
