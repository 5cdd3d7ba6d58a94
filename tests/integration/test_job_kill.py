"""A worker as a process that is killed with a job in hand: another does it anew, once and whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from cloud.core.authorization.applications import register
from cloud.core.encounters.service import NewEncounter, create
from cloud.core.jobs import claiming, service
from cloud.core.jobs.kinds import EXPORT
from cloud.core.jobs.results import open_piece
from cloud.core.jobs.tables import JobRow
from cloud.core.kernel.outbox import OutboxRow
from cloud.core.kernel.principal import Principal
from cloud.worker.jobs import JobRunner
from tests.fixtures.cloud import Installation
from tests.integration.test_webhook_kill import worker
from tests.waiting import wait_until

ENCOUNTERS = 40
SCOPES = ("argus:jobs:write", "argus:epcr:read", "argus:epcr:write")
PATIENCE = 60.0


def later() -> datetime:
    """When a worker that was killed just now has been silent for long enough."""
    return datetime.now(UTC) + claiming.SILENCE + timedelta(seconds=1)


def queued(cloud: Installation) -> tuple[Principal, str]:
    """An export of many encounters, so that it takes its time."""
    with cloud.database.begin(now=cloud.clock()) as work:
        made = register(work, tenant_id=cloud.mine.tenant_id, name="Exports", scopes=SCOPES)
        caller = Principal(tenant_id=cloud.mine.tenant_id, client_id=made.client_id, scopes=SCOPES)
        for number in range(ENCOUNTERS):
            encounter = NewEncounter(
                care_model="prehospital_emergency",
                vehicle_id=f"AMB-{number}",
                crew_ids=("crew_1",),
                cad_incident_id=f"CAD-{number}",
            )
            create(work, caller, cloud.parts.vault, encounter)
        since, until = cloud.clock() - timedelta(days=1), cloud.clock() + timedelta(days=1)
        period = {"since": since.isoformat(), "until": until.isoformat()}
        wanted = service.NewJob(kind=EXPORT, parameters=period)
        row, _ = service.create(work, cloud.parts.vault, caller, wanted)
        return caller, row.job_id


def row_of(cloud: Installation, job_id: str) -> JobRow:
    with cloud.database.reading(now=cloud.clock()) as work:
        return work.session.get_one(JobRow, job_id)


def told(cloud: Installation) -> list[str]:
    with cloud.database.reading(now=cloud.clock()) as work:
        return [row.type for row in work.session.query(OutboxRow) if row.type.startswith("job.")]


def lines(cloud: Installation, caller: Principal, job_id: str) -> list[str]:
    """The encounters in the result, each by its full address."""
    octets, number = b"", 0
    with cloud.database.begin(now=cloud.clock()) as work:
        row = service.check_result(work, caller, job_id)
        while (sealed := service.piece_of(work, row, number)) is not None:
            octets += open_piece(cloud.parts.vault, sealed, job_id=job_id, number=number)
            number += 1
    assert len(octets) == row.octets
    return [
        entry["fullUrl"]
        for line in octets.splitlines()
        for entry in json.loads(line)["entry"]
        if entry["resource"]["resourceType"] == "Encounter"
    ]


def _play(cloud: Installation) -> None:
    caller, job_id = queued(cloud)
    with worker(cloud) as killed:
        wait_until(lambda: row_of(cloud, job_id).done > 2, timeout=PATIENCE, what="a job half done")
        killed.kill()
        killed.wait(10)
    left = row_of(cloud, job_id)
    assert left.status == "running"
    assert 0 < left.done < ENCOUNTERS
    with cloud.database.begin(now=datetime.now(UTC)) as work:
        assert claiming.reap(work) == 0, "a worker is not given up before its two minutes"
    with cloud.database.begin(now=later()) as work:
        assert claiming.reap(work) == 1
    next_one = JobRunner(database=cloud.database, vault=cloud.parts.vault, clock=later)
    assert next_one.once()
    ended = row_of(cloud, job_id)
    assert (ended.status, ended.runs, ended.done) == ("succeeded", 2, ENCOUNTERS)
    found = lines(cloud, caller, job_id)
    assert len(found) == len(set(found)) == ENCOUNTERS
    assert told(cloud) == ["job.succeeded"]


def test_a_job_of_a_killed_worker_is_done_anew_once_and_whole(embedded: Installation) -> None:
    _play(embedded)


@pytest.mark.soak
def test_so_it_is_on_both_databases(cloud: Installation) -> None:
    _play(cloud)
