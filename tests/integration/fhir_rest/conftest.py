"""A tenant with an encounter in it, and a hospital's system that asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.core.encounters import service as encounters
from cloud.core.encounters.patients import ToldPatient
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.identifiers import uuid_of
from protocols.model.crew import CrewEventKind
from protocols.uplink.messages import Content
from tests.fixtures.cloud import (
    DEFIBRILLATOR,
    HEART_RATE,
    PER_MINUTE,
    START,
    VEHICLE,
    Installation,
    Tenant,
    batch,
    device_info,
    numeric,
    waveform,
)
from tests.integration.test_cloud_crew_events import event

BASE = "/fhir/R4"


@dataclass(slots=True)
class Hospital:
    """Somebody who reads: answers are parsed, statuses checked where one is told."""

    cloud: Installation
    http: httpx.AsyncClient
    headers: dict[str, str]
    encounter_id: str = ""

    @property
    def encounter(self) -> str:
        """The logical id of the encounter."""
        return str(uuid_of(self.encounter_id))

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Anything below the base; whole addresses as they are."""
        url = path if path.startswith("http") else f"{BASE}/{path}"
        return await self.http.get(url, headers={**self.headers, **(headers or {})})

    async def read(self, path: str) -> dict[str, Any]:
        """What is there."""
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/fhir+json"
        document: dict[str, Any] = answer.json()
        return document

    async def search(self, path: str) -> list[dict[str, Any]]:
        """The matches of all pages."""
        found: list[dict[str, Any]] = []
        url = path
        while url:
            bundle = await self.read(url)
            found += [
                one["resource"]
                for one in bundle.get("entry", [])
                if one["search"]["mode"] == "match"
            ]
            links = {one["relation"]: one["url"] for one in bundle["link"]}
            url = links.get("next", "")
        return found


def fill(cloud: Installation, tenant: Tenant, *, incident: str = "INC-1", seconds: int = 5) -> str:
    """An encounter with an oximeter's readings, one a second, and a defibrillator's lead II."""
    wanted = encounters.NewEncounter(
        care_model="prehospital_emergency",
        vehicle_id=VEHICLE,
        crew_ids=("crew-1",),
        cad_incident_id=incident,
        started_at=START,
        patient=ToldPatient(person_id="NHS-943"),
        sex="female",
    )
    contents: list[Content] = [
        device_info(),
        device_info(DEFIBRILLATOR, serial_number="S-2"),
        *(numeric(f"9{one % 10}.50", START + timedelta(seconds=one)) for one in range(seconds)),
        numeric("72", START + timedelta(seconds=1), code=HEART_RATE, unit=PER_MINUTE),
        *(waveform(START + timedelta(seconds=one / 5)) for one in range(60)),
        event(
            CrewEventKind.DRUG,
            text="Adrenaline 600 mcg IM",
            details=(("drug", "Adrenaline"), ("dose", "600 mcg"), ("route", "IM")),
        ),
        event(CrewEventKind.SHOCK, seconds=2, details=(("energy", "200"),)),
        event(CrewEventKind.NOTE, seconds=3, text="Found on the stairs"),
        event(CrewEventKind.EARLY_WARNING, seconds=8, details=(("total", "7"), ("pulse", "2"))),
    ]
    with cloud.database.begin(now=cloud.clock()) as work:
        row, _ = encounters.create(work, tenant.caller, cloud.parts.vault, wanted)
        record_uplink(work, tenant.gateway, batch(tenant, contents))
        return row.encounter_id


@pytest.fixture
async def hospital(cloud: Installation) -> AsyncIterator[Hospital]:
    """Over each database."""
    async with cloud.client() as client:
        made = Hospital(cloud, client, await cloud.headers(client, "argus:epcr:read"))
        made.encounter_id = fill(cloud, cloud.mine)
        yield made


@pytest.fixture
async def small(embedded: Installation) -> AsyncIterator[Hospital]:
    """Over the embedded database alone, for what no database decides."""
    async with embedded.client() as client:
        made = Hospital(embedded, client, await embedded.headers(client, "argus:epcr:read"))
        made.encounter_id = fill(embedded, embedded.mine)
        yield made
