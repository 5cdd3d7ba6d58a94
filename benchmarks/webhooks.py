"""Webhooks: events a second into deliveries, and deliveries a second to receivers that answer.

PostgreSQL on the same machine, one relay, one process of senders, receivers in another process;
then the load with receivers that hang, fail and redirect, and workers that are killed, a twentieth
of it. Run by `make bench`; take figures as ratios.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from prometheus_client import CollectorRegistry

from cloud.app.opening import database_of
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.outbound import OutboundPolicy
from cloud.core.kernel.outbox import publish
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_READ
from cloud.core.kernel.vault import Vault, open_vault
from cloud.core.kernel.work import Database, utc_now
from cloud.core.webhooks import endpoints
from cloud.core.webhooks.endpoints import Wanted
from cloud.core.webhooks.webhook_metrics import WebhookMetrics
from cloud.db.engine import open_engine
from cloud.worker.outbox_relay import relay_once
from cloud.worker.runner import FOLLOWERS
from cloud.worker.webhook_senders import Senders
from cloud.worker.webhook_sending import SendingDesk
from tests.fixtures.cloud import install
from tests.postgres import running_server
from tests.soak.webhook_load import Load, client_of, listening, prepare, publish_unit, run, smaller

EVENTS = 4000
ENCOUNTERS = 200
SENDERS = 16


def rates(folder: Path, url: str) -> list[str]:
    """Both rates over a fresh database, all receivers healthy."""
    install(folder, url)
    vault = open_vault(folder)
    database = database_of(open_engine(data=folder, database_url=url), vault)
    load = Load(hanging=0, failing=0, redirecting=0)
    log = folder / "heard"
    with listening(log) as port:
        tenants = prepare(database, vault, load, port)
        for first in range(0, EVENTS, 50):
            publish_unit(database, load, tenants, range(first, first + 50))
        lines = [_relayed(database, "relayed")]
        desk = SendingDesk(
            database=database,
            vault=vault,
            clock=utc_now,
            outbound=OutboundPolicy(allowed=("127.0.0.0/8",)),
            metrics=WebhookMetrics(CollectorRegistry()),
        )
        senders = Senders(desk, count=SENDERS)
        began, used = time.perf_counter(), time.process_time()
        senders.start()
        while log.read_bytes().count(b"\n") < EVENTS:
            time.sleep(0.1)
        lines.append(_line(f"sent by {SENDERS} senders", began, used))
        senders.stop(10.0)
    publish_encounters(database, vault)
    lines.append(_relayed(database, "relayed, of encounters and to their incidents"))
    database.close()
    return lines


def publish_encounters(database: Database, vault: Vault) -> None:
    """Encounters of one tenant change; one endpoint hears of them, another of their incidents."""
    with database.begin(now=utc_now()) as work:
        caller = client_of(work, vault, "Incidents", scopes=[EPCR_READ])
        for one in ("epcr.encounter.updated", "incident.updated"):
            wanted = Wanted(url="http://127.0.0.1:9/", events=(one,))
            endpoints.create(work, vault, caller, wanted)
        work.session.add_all(_encounter(caller, number) for number in range(ENCOUNTERS))
    for first in range(0, EVENTS, 50):
        with database.begin(now=utc_now()) as work:
            for number in range(first, first + 50):
                publish(
                    work,
                    tenant_id=caller.tenant_id,
                    event_type="epcr.encounter.updated",
                    resource_type="encounter",
                    resource_id=f"enc_{number % ENCOUNTERS}",
                    data={"status": "in_progress", "act": "changed", "version": number},
                )


def _encounter(caller: Principal, number: int) -> EncounterRow:
    return EncounterRow(
        encounter_id=f"enc_{number}",
        tenant_id=caller.tenant_id,
        status="in_progress",
        care_model="prehospital_emergency",
        vehicle_id=f"AMB-{number}",
        cad_incident_id=f"CAD-{number // 2}",
        crew_ids=[],
        patient_pseudonym="",
        started_at=utc_now(),
        created_at=utc_now(),
        updated_at=utc_now(),
    )


def _relayed(database: Database, what: str) -> str:
    began, used = time.perf_counter(), time.process_time()
    while relay_once(database, utc_now, (), FOLLOWERS):
        pass
    return _line(what, began, used)


def _line(what: str, began: float, used: float) -> str:
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    return f"{what}: {EVENTS / seconds:.0f} a second, {1000 * cpu / EVENTS:.2f} ms of a core each"


def main() -> None:
    """Print both."""
    with running_server() as server:
        for act in (
            rates,
            lambda folder, url: run(folder, url, smaller(Load(), 0.05)).lines(),
        ):
            with tempfile.TemporaryDirectory() as folder:
                print(*act(Path(folder), server.new_database()), sep="\n", flush=True)


if __name__ == "__main__":
    main()
