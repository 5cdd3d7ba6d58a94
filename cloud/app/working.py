"""The worker's threads, each begun and ended with the program, and shown on its health page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from cloud.app.parts import Parts, retention_policy, trace_policy
from cloud.core.kernel.health import Health
from cloud.exchange.couriers import Couriers
from cloud.exchange.opening import rounds_of
from cloud.worker.jobs import JobRunner, JobRunners
from cloud.worker.notifications import AT_ONCE, Notifier, follow_subscriptions
from cloud.worker.runner import RELAY, Job, Worker, standard_jobs
from cloud.worker.set_aside import SetAside
from cloud.worker.webhook_senders import Senders
from cloud.worker.webhook_sending import SendingDesk


@contextmanager
def working(parts: Parts) -> Iterator[Worker]:
    """The worker, and all that sends and computes beside it."""
    silence = timedelta(seconds=parts.settings.device_silence_seconds)
    follow = follow_subscriptions(parts.vault)
    aside = SetAside()
    jobs = standard_jobs(
        parts.database,
        parts.clock,
        device_silence=silence,
        retention=retention_policy(parts.settings),
        followers=(follow,),
        spans=parts.spans,
        tracing=trace_policy(parts.settings),
        aside=aside,
    )
    # What happened is told whatever else takes its time.
    relay = Worker([job for job in jobs if job.name == RELAY])
    worker = Worker([job for job in jobs if job.name != RELAY])
    parts.probes["relay"] = lambda: Health(
        ok=relay.is_working, details={**relay.details(), "set_aside": len(aside)}
    )
    parts.probes["worker"] = lambda: Health(ok=worker.is_working, details=worker.details())
    worker.start()
    relay.start()
    try:
        with _delivering(parts), _doing_jobs(parts), _notifying(parts), _sending(parts):
            yield worker
    finally:
        relay.stop()
        worker.stop()


@contextmanager
def _delivering(parts: Parts) -> Iterator[None]:
    settings = parts.settings
    rounds = rounds_of(
        parts.database,
        parts.vault,
        parts.clock,
        outbound=parts.outbound,
        timeout_seconds=settings.exchange_timeout_seconds,
    )
    couriers = Couriers(rounds, count=settings.exchange_couriers)
    parts.probes["exchange"] = lambda: Health(ok=couriers.are_working, details={})
    couriers.start()
    try:
        yield
    finally:
        couriers.stop()


@contextmanager
def _doing_jobs(parts: Parts) -> Iterator[None]:
    settings = parts.settings
    runner = JobRunner(
        database=parts.database,
        vault=parts.vault,
        clock=parts.clock,
        base_url=settings.public_url.rstrip("/"),
    )
    runners = JobRunners(runner, count=settings.job_runners)
    parts.probes["jobs"] = lambda: Health(ok=runners.are_working, details={})
    runners.start()
    try:
        yield
    finally:
        runners.stop()


@contextmanager
def _sending(parts: Parts) -> Iterator[None]:
    settings = parts.settings
    desk = SendingDesk(
        database=parts.database,
        vault=parts.vault,
        clock=parts.clock,
        outbound=replace(parts.outbound, timeout_seconds=settings.webhook_timeout_seconds),
        metrics=parts.webhook_metrics,
    )
    senders = Senders(desk, count=settings.webhook_senders)
    parts.probes["webhooks"] = lambda: Health(ok=senders.are_working, details=senders.details())
    senders.start()
    try:
        yield
    finally:
        senders.stop()


@contextmanager
def _notifying(parts: Parts) -> Iterator[None]:
    """Subscribers are told on a thread of their own: their servers may be slow."""
    notifier = Notifier(
        database=parts.database,
        vault=parts.vault,
        clock=parts.clock,
        outbound=parts.outbound,
        spans=parts.spans,
    )

    def notify() -> None:
        while notifier.once() == AT_ONCE:
            pass

    worker = Worker((Job("notifications", 0.5, notify),))
    parts.probes["notifications"] = lambda: Health(ok=worker.is_working, details=worker.details())
    worker.start()
    try:
        yield
    finally:
        worker.stop()
