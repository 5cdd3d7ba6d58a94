"""A subscription in the program itself: asked for, greeted and told by `vitalwire-cloud serve`."""

from __future__ import annotations

from pathlib import Path

import httpx
from sqlalchemy import update

from cloud.app.opening import database_of
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.vault import open_vault
from cloud.core.kernel.work import utc_now
from cloud.db.engine import open_engine
from tests.integration.fhir_rest.test_subscriptions import SCOPES, Receiver, receiver, resource
from tests.integration.test_cloud_programs import bootstrap, started, token
from tests.waiting import wait_until

__all__ = ["receiver"]

WANTED = {
    "care_model": "prehospital_emergency",
    "vehicle_id": "AMB-7",
    "crew_ids": ["crew-1"],
    "cad_incident_id": "INC-1",
}


def grant(data: Path, client_id: str) -> None:
    vault = open_vault(data)
    database = database_of(open_engine(data=data, database_url=None), vault)
    with database.begin(now=utc_now()) as work:
        work.session.execute(
            update(ApplicationRow)
            .where(ApplicationRow.client_id == client_id)
            .values(approved_scopes=SCOPES, changed_at=work.now)
        )
    database.close()


def test_the_program_greets_and_tells(tmp_path: Path, receiver: Receiver) -> None:
    tenant = bootstrap(tmp_path)
    grant(tmp_path, tenant.client_id)
    program = started(
        "serve",
        *("--data", tmp_path, "--port", "0", "--mqtt-port", "0"),
        log=tmp_path / "log",
        CLOUD_OUTBOUND_NETWORKS="127.0.0.0/8",
    )
    with program as (_, ready), httpx.Client(base_url=ready["http"], timeout=60) as client:
        client.headers = token(ready["http"], tenant.client_id, tenant.client_secret)
        base = f"{ready['http']}/fhir/R4"
        wanted = resource(criteria=f"{base}/SubscriptionTopic/encounter-created")
        wanted["channel"]["endpoint"] = receiver.url
        made = client.post("/fhir/R4/Subscription", json=wanted)
        assert made.status_code == 201, made.text
        path = f"/fhir/R4/Subscription/{made.json()['id']}"
        wait_until(
            lambda: client.get(path).json()["status"] == "active", timeout=20, what="the greeting"
        )
        opened = client.post("/api/v1/epcr/encounters", json=WANTED)
        assert opened.status_code == 201, opened.text
        wait_until(lambda: len(receiver.bundles) > 1, timeout=20, what="the notification")
        assert receiver.kinds() == ["handshake", "event-notification"]
        told = receiver.bundles[1]["entry"][1]["fullUrl"]
        assert client.get(told).json()["identifier"][0]["value"] == opened.json()["id"]
        assert client.get("/health").json()["parts"]["notifications"]["ok"]
