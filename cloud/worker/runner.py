"""The worker: small jobs in turn on one thread, each with its own rhythm and its own unit."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from cloud.core.authorization.forgetting import forget_over
from cloud.core.devices import commands
from cloud.core.devices.on_board import follow_devices, told_of
from cloud.core.devices.service import mark_silent
from cloud.core.encounters.dispatch import tell_gateways
from cloud.core.encounters.settling import follow_binding
from cloud.core.exchange.causes import follow_hospitals
from cloud.core.exchange.following import EVERY, queue_vitals
from cloud.core.federation.logins import forget_over as forget_logins
from cloud.core.jobs.claiming import forget_expired, reap
from cloud.core.kernel.idempotency import forget_old
from cloud.core.kernel.outbox import forget_relayed
from cloud.core.kernel.work import Clock, Database, StorageError
from cloud.core.observations.storage import NewMonth, make_next_month
from cloud.core.quality.service import follow_quality, judge_everywhere
from cloud.core.retention.policies import STANDARD, RetentionPolicy
from cloud.core.subscriptions.service import forget_events
from cloud.core.tracing.lookup import forget_spans
from cloud.core.tracing.policy import TracePolicy
from cloud.core.tracing.recorder import SpanRecorder
from cloud.core.webhooks.queueing import follow_webhooks
from cloud.core.webhooks.standing import (
    FORGOTTEN_AT_ONCE,
    discard_stale,
    forget_delivered,
    forget_endpoints,
)
from cloud.worker.followers import Follower, Latest, Together
from cloud.worker.outbox_relay import BATCH, Subscriber, log_event, relay_once
from cloud.worker.retention import drop_months, sweep_all
from cloud.worker.set_aside import SetAside

LOG: Final = logging.getLogger("vitalwire.worker")
_LATE_SECONDS: Final = 30.0
RELAY: Final = "relay"
FOLLOWERS: Final[tuple[Follower, ...]] = (
    follow_binding,
    tell_gateways,
    # A newer list of devices takes the place of an older one.
    Latest(follow_devices, about=told_of),
    follow_hospitals,
    Together(follow_quality),
    Together(follow_webhooks),
)


@dataclass(frozen=True, slots=True)
class Job:
    """What to do and how often, in seconds."""

    name: str
    every: float
    run: Callable[[], None]


def standard_jobs(
    database: Database,
    clock: Clock,
    *,
    device_silence: timedelta,
    retention: RetentionPolicy = STANDARD,
    subscribers: Sequence[Subscriber] = (log_event,),
    followers: Sequence[Follower] = (),
    spans: SpanRecorder | None = None,
    tracing: TracePolicy | None = None,
    aside: SetAside | None = None,
) -> tuple[Job, ...]:
    """Relay the outbox, watch for silent devices and void commands, judge what waits for it, forget
    what is old.
    """

    everyone = (*FOLLOWERS, *followers)
    resting = SetAside() if aside is None else aside

    def relay() -> None:
        while relay_once(database, clock, subscribers, everyone, spans, aside=resting) == BATCH:
            pass

    def watch() -> None:
        with database.begin(now=clock()) as work:
            silent = mark_silent(work, silence=device_silence)
        if silent:
            LOG.info("event=devices_offline count=%d", silent)

    def follow() -> None:
        with database.begin(now=clock()) as work:
            queue_vitals(work)

    def expire() -> None:
        with database.begin(now=clock()) as work:
            expired = commands.expire(work)
        if expired:
            LOG.info("event=commands_expired count=%d", expired)

    def judge() -> None:
        with database.begin(now=clock()) as work:
            judged = judge_everywhere(work)
        if judged:
            LOG.info("event=encounters_judged count=%d", judged)

    def reclaim() -> None:
        with database.begin(now=clock()) as work:
            lost = reap(work)
        if lost:
            LOG.warning("event=jobs_taken_back count=%d", lost)

    def forget() -> None:
        with database.begin(now=clock()) as work:
            forget_old(work)
            forget_relayed(work)
            forget_over(work)
            forget_logins(work)
            forget_events(work)
            forget_expired(work)

    def trim() -> None:
        with database.begin(now=clock()) as work:
            gone = forget_spans(work, tracing or TracePolicy())
        if gone:
            LOG.info("event=spans_forgotten count=%d", gone)

    def forget_webhooks() -> None:
        is_more = True
        while is_more:
            with database.begin(now=clock()) as work:
                is_more = FORGOTTEN_AT_ONCE in (forget_delivered(work), discard_stale(work))
        with database.begin(now=clock()) as work:
            forget_endpoints(work)

    def shelve() -> None:
        made: NewMonth | None
        while True:
            with database.begin(now=clock()) as work:
                made = make_next_month(work)
            if made is None:
                return
            LOG.info(
                "event=month_made table=%s month=%s moved=%d",
                made.table,
                f"{made.month:%Y-%m}",
                made.moved,
            )

    return (
        Job(RELAY, 0.5, relay),
        Job("silence", 5.0, watch),
        Job("commands", 5.0, expire),
        Job("vitals", EVERY, follow),
        Job("jobs", 15.0, reclaim),
        Job("quality", 300.0, judge),
        Job("forget", 3600.0, forget),
        Job("traces", 300.0, trim),
        *(() if spans is None else (Job("spans", 1.0, spans.flush),)),
        Job("webhooks", 3600.0, forget_webhooks),
        Job("months", 3600.0, shelve),
        Job("old_months", 86_400.0, partial(drop_months, database, clock, retention)),
        Job("retention", 60.0, partial(sweep_all, database, clock, retention)),
    )


class Worker:
    """Runs jobs on one thread between `start` and `stop`."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = tuple(jobs)
        self._stopping = threading.Event()
        self._done_at = dict.fromkeys((job.name for job in jobs), 0.0)
        self._started_at = 0.0
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._started_at = time.monotonic()
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End after the job in hand."""
        self._stopping.set()
        self._thread.join(timeout)

    @property
    def is_working(self) -> bool:
        """Whether the thread runs and no job is overdue by half a minute."""
        now = time.monotonic()
        return self._thread.is_alive() and all(
            now - max(self._done_at[job.name], self._started_at) < job.every + _LATE_SECONDS
            for job in self._jobs
        )

    def details(self) -> dict[str, object]:
        """Seconds since each job last succeeded, for the health page."""
        now = time.monotonic()
        return {
            f"{name}_seconds_ago": round(now - at, 1) if at else None
            for name, at in self._done_at.items()
        }

    def _run(self) -> None:
        due = dict.fromkeys((job.name for job in self._jobs), 0.0)
        while not self._stopping.is_set():
            for job in self._jobs:
                if time.monotonic() < due[job.name] or self._stopping.is_set():
                    continue
                try:
                    job.run()
                    self._done_at[job.name] = time.monotonic()
                except StorageError as exc:
                    LOG.warning("event=job_failed job=%s cause=%s", job.name, exc)
                except Exception as exc:  # noqa: BLE001 - one job that breaks stops no other
                    # Its words may quote what is stored: the class is all that is logged.
                    facts = (job.name, type(exc).__name__)
                    LOG.error("event=job_broken job=%s cause=%s", *facts)  # noqa: TRY400 - as above
                due[job.name] = time.monotonic() + job.every
            self._stopping.wait(max(0.0, min(due.values()) - time.monotonic()))
