"""Many events to many receivers, some of which hang, fail or redirect, while workers are killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from cloud.app.opening import database_of
from cloud.core.authorization.tables import APPROVED, ApplicationRow
from cloud.core.identity.service import create_tenant
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.outbox import OutboxRow, publish
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import DEVICES_READ
from cloud.core.kernel.vault import Vault, open_vault
from cloud.core.kernel.work import Database, UnitOfWork, utc_now
from cloud.core.webhooks import endpoints
from cloud.core.webhooks.endpoints import Wanted
from cloud.core.webhooks.tables import DeliveryRow
from cloud.db.engine import open_engine
from tests.fixtures.cloud import install
from tests.postgres import PROJECT_ENVIRONMENT
from tests.soak.webhook_ledger import Ledger, percentile
from tests.waiting import wait_until

TYPES: Final = (
    "device.enrolled",
    "device.assigned",
    "device.quarantined",
    "device.reinstated",
    "device.retired",
)
_UNIT: Final = 50
_PATIENCE: Final = 60.0
"""Seconds in which a killed process is gone, on however busy a machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of it. Five receivers share a tenant, each with a type of event of its own."""

    events: int = 100_000
    receivers: int = 200
    hanging: int = 20
    failing: int = 20
    redirecting: int = 10
    rate: float = 150.0
    workers: int = 3
    senders: int = 16
    kills: int = 20
    timeout_seconds: float = 10.0

    def kind(self, number: int) -> str:
        """How a receiver behaves; those that misbehave are spread over the tenants."""
        place = number * 7 % self.receivers
        bounds = (self.hanging, self.failing, self.redirecting)
        for kind, count in zip(("hang", "fail", "redirect"), bounds, strict=True):
            if place < count:
                return kind
            place -= count
        return "ok"

    @property
    def healthy(self) -> frozenset[int]:
        """Those that answer."""
        return frozenset(one for one in range(self.receivers) if self.kind(one) == "ok")


@dataclass(slots=True)
class Figures:
    """What came of it."""

    events: int
    seconds: float
    missing: int
    changed: int
    repeated: int
    rows: int
    relayed_p99: float
    p50: float
    p99: float
    worst: float
    kills: int
    memory: dict[int, tuple[int, int]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """For people."""
        grown = max((last - first for first, last in self.memory.values()), default=0)
        return [
            f"{self.events} events, {self.rows} deliveries kept, in {self.seconds:.0f} s "
            f"({self.events / self.seconds:.0f} a second), {self.kills} workers killed",
            f"lost {self.missing}, changed {self.changed}, repeated {self.repeated}",
            f"healthy receivers: p50 {self.p50:.2f} s, p99 {self.p99:.2f} s, "
            f"worst {self.worst:.2f} s after the commit",
            f"made into deliveries: p99 {self.relayed_p99:.2f} s after the commit",
            f"memory of workers grew by {grown} KiB at most after their first fifth",
        ]


@dataclass(slots=True)
class _Run:
    load: Load
    data: Path
    url: str
    say: Callable[[str], None]
    ledger: Ledger = field(default_factory=Ledger)
    workers: list[subprocess.Popen[str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    kills: int = 0

    def start_worker(self) -> None:
        settings = {
            "CLOUD_OUTBOUND_NETWORKS": "127.0.0.0/8",
            "CLOUD_WEBHOOK_SENDERS": str(self.load.senders),
            "CLOUD_WEBHOOK_TIMEOUT_SECONDS": str(self.load.timeout_seconds),
            "CLOUD_DATABASE_URL": self.url,
            "CLOUD_LOG_LEVEL": "ERROR",
        }
        with (self.data / "log").open("a", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "cloud", "worker", "--data", str(self.data)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**PROJECT_ENVIRONMENT, **settings},
            )
        self.workers.append(process)

    def stop_workers(self) -> None:
        for process in self.workers:
            process.kill()
            process.wait(_PATIENCE)
            if process.stdout is not None:
                process.stdout.close()

    def kill_one(self) -> None:
        """Any but the first, whose memory is watched from beginning to end."""
        place = random.Random(self.kills).randrange(1, len(self.workers))  # noqa: S311 - a choice, no secret
        process = self.workers.pop(place)
        process.kill()
        process.wait(_PATIENCE)
        if process.stdout is not None:
            process.stdout.close()
        self.kills += 1
        self.start_worker()

    def watch(self) -> None:
        """Kill workers at even distances while events are published, and look at their memory."""
        every = self.load.events / self.load.rate / (self.load.kills + 1)
        kill_at = time.monotonic() + every
        while not self.over.wait(1.0):
            for process in self.workers:
                with contextlib.suppress(OSError):
                    self.ledger.memory[process.pid].append(_resident(process.pid))
            if self.kills < self.load.kills and time.monotonic() >= kill_at:
                self.kill_one()
                kill_at += every


def run(
    folder: Path, url: str, load: Load, *, say: Callable[[str], None] = lambda _: None
) -> Figures:
    """Play it over a fresh PostgreSQL database."""
    install(folder, url)
    vault = open_vault(folder)
    database = database_of(open_engine(data=folder, database_url=url), vault)
    play = _Run(load, folder, url, say)
    log = folder / "heard"
    with listening(log) as port:
        tenants = prepare(database, vault, load, port)
        for _ in range(load.workers):
            play.start_worker()
        watcher = threading.Thread(target=play.watch)
        try:
            began = time.monotonic()
            watcher.start()
            _publish(database, play, tenants)
            say(f"published after {time.monotonic() - began:.0f} s")
            _wait_for_all(play, log)
            seconds = time.monotonic() - began
        finally:
            play.over.set()
            watcher.join()
            play.stop_workers()
    figures = _figures(play, database, log, seconds)
    database.close()
    return figures


def prepare(database: Database, vault: Vault, load: Load, port: int) -> list[str]:
    """An endpoint for each receiver; the tenants."""
    tenants = []
    with database.begin(now=utc_now()) as work:
        for first in range(0, load.receivers, len(TYPES)):
            caller = client_of(work, vault, f"Load {first}", scopes=[DEVICES_READ])
            tenants.append(caller.tenant_id)
            for number, event_type in enumerate(TYPES, start=first):
                url = f"http://127.0.0.1:{port}/{load.kind(number)}/{number}"
                endpoints.create(work, vault, caller, Wanted(url=url, events=(event_type,)))
    return tenants


def client_of(work: UnitOfWork, vault: Vault, name: str, *, scopes: list[str]) -> Principal:
    """An approved application in a tenant of its own."""
    tenant_id, client_id = create_tenant(work, vault, name).tenant_id, new_id("app")
    work.session.add(
        ApplicationRow(
            client_id=client_id,
            tenant_id=tenant_id,
            name=name,
            kind="application",
            profiles=[],
            auth_methods=[],
            grant_types=[],
            redirect_uris=[],
            post_logout_redirect_uris=[],
            requested_scopes=scopes,
            approved_scopes=scopes,
            governance={},
            status=APPROVED,
            changed_at=work.now,
            created_at=work.now,
        )
    )
    work.session.flush()
    return Principal(tenant_id=tenant_id, client_id=client_id, scopes=tuple(scopes))


def _publish(database: Database, play: _Run, tenants: list[str]) -> None:
    """Events at the load's rate, in units of fifty, receiver after receiver."""
    load, began = play.load, time.monotonic()
    for first in range(0, load.events, _UNIT):
        wait = began + first / load.rate - time.monotonic()
        play.over.wait(max(wait, 0))
        numbers = range(first, first + _UNIT)
        play.ledger.published.update(publish_unit(database, load, tenants, numbers))


def publish_unit(
    database: Database, load: Load, tenants: list[str], numbers: range
) -> dict[str, tuple[float, int]]:
    """Events in one unit; when each was committed, and of which receiver it is, by its id."""
    with database.begin(now=utc_now()) as work:
        for number in numbers:
            receiver = number % load.receivers
            publish(
                work,
                tenant_id=tenants[receiver // len(TYPES)],
                event_type=TYPES[receiver % len(TYPES)],
                resource_type="device",
                resource_id=f"dev_{number}",
                data={"vehicle_id": f"AMB-{number}"},
            )
        rows = [row for row in work.session.new if isinstance(row, OutboxRow)]
    at = time.time()
    return {
        row.event_id: (at, int(row.resource_id.removeprefix("dev_")) % load.receivers)
        for row in rows
    }


def _wait_for_all(play: _Run, log: Path) -> None:
    def are_there() -> bool:
        play.ledger.read(log)
        missing = play.ledger.missing(play.load.healthy)
        play.say(f"{len(missing)} to come")
        return not missing

    wait_until(are_there, timeout=600, what="every healthy receiver", every=2.0)


def _figures(play: _Run, database: Database, log: Path, seconds: float) -> Figures:
    ledger, healthy = play.ledger, play.load.healthy
    ledger.read(log)
    delays = ledger.delays(healthy)
    with database.reading(now=utc_now()) as work:
        rows = work.session.scalar(select(func.count()).select_from(DeliveryRow)) or 0
        counted = select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state)
        states = dict(work.session.execute(counted).all())
        queued = sorted(
            (created - occurred).total_seconds()
            for created, occurred in work.session.execute(
                select(DeliveryRow.created_at, DeliveryRow.occurred_at)
            )
        )
    play.say(json.dumps(states))
    return Figures(
        events=play.load.events,
        seconds=seconds,
        missing=len(ledger.missing(healthy)),
        changed=len(ledger.changed()),
        repeated=ledger.repeated(healthy),
        rows=rows,
        relayed_p99=percentile(queued, 0.99),
        p50=percentile(delays, 0.5),
        p99=percentile(delays, 0.99),
        worst=delays[-1],
        kills=play.kills,
        memory=ledger.growth(),
    )


@contextlib.contextmanager
def listening(log: Path) -> Iterator[int]:
    """Receivers in a process of their own; their port."""
    program = Path(__file__).with_name("webhook_receivers.py")
    process = subprocess.Popen(
        [sys.executable, str(program), str(log)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(_PATIENCE)
        process.stdout.close()


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def smaller(load: Load, share: float) -> Load:
    """The same with so much of the events and kills."""
    return replace(load, events=int(load.events * share), kills=int(load.kills * share))
