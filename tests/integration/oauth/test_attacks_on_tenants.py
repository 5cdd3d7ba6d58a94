"""Crossing from one tenant to another (attack 25): what is another's is as if it were not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest

from tests.fixtures.cloud import VEHICLE, Installation

CONSTANT = {"X-Request-ID": "constant"}
ENROL = {"serial_number": "S-1", "device_class": "oximeter", "manufacturer": "Acme"}
ENCOUNTER = {
    "care_model": "prehospital_emergency",
    "vehicle_id": VEHICLE,
    "crew_ids": ["crew-1"],
    "cad_incident_id": "INC-1",
}
READING = {"mdc_code": "MDC_PULS_OXIM_SAT_O2", "value": 97, "unit_code": "%"}
HANDOVER = {"facility_id": "ED-1", "received_by": "nurse-1"}


@dataclass(frozen=True, slots=True)
class Ground:
    """The other tenant's device and encounter, and my token."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    device: str
    encounter: str


@pytest.fixture
async def ground(embedded: Installation, http: httpx.AsyncClient) -> Ground:
    theirs = await embedded.strangers_headers(http)
    device = await http.post("/api/v1/devices/enrol", json=ENROL, headers=theirs)
    encounter = await http.post("/api/v1/epcr/encounters", json=ENCOUNTER, headers=theirs)
    mine = await embedded.headers(http)
    return Ground(http, {**mine, **CONSTANT}, device.json()["id"], encounter.json()["id"])


async def test_by_path_and_reference(ground: Ground) -> None:
    """404, the same body as for an id nobody has, and no longer a time."""
    absent = {"device": f"dev_{'0' * 32}", "encounter": f"enc_{'0' * 32}"}
    theirs = {"device": ground.device, "encounter": ground.encounter}
    calls: tuple[tuple[str, str, Mapping[str, object] | None], ...] = (
        ("GET", "/api/v1/devices/{device}", None),
        ("GET", "/api/v1/devices/{device}/observations", None),
        ("POST", "/api/v1/devices/{device}/observations", READING),
        ("GET", "/api/v1/epcr/encounters/{encounter}", None),
        ("GET", "/api/v1/epcr/encounters/{encounter}?format=fhir", None),
        ("GET", "/api/v1/epcr/encounters/{encounter}/fhir-bundle", None),
        ("POST", "/api/v1/epcr/encounters/{encounter}/handover", HANDOVER),
        ("POST", "/api/v1/epcr/encounters/{encounter}/patient", {"family_name": "Smith"}),
        ("GET", "/api/v1/epcr/encounters/{encounter}/timeline", None),
        ("GET", "/api/v1/epcr/encounters/{encounter}/versions/1", None),
    )
    for method, path, body in calls:
        answers, least = [], []
        for ids in (theirs, absent):
            times = []
            for _ in range(3):
                started = time.process_time()
                answer = await ground.http.request(
                    method, path.format(**ids), json=body, headers=ground.headers
                )
                times.append(time.process_time() - started)
            answers.append((answer.status_code, answer.content))
            least.append(min(times))
        assert answers[0] == answers[1], path
        assert answers[0][0] == 404, path
        assert max(least) < 3 * min(least) + 0.005, path


async def test_by_header(embedded: Installation, ground: Ground) -> None:
    """The other tenant's name in a header gets what a tenant nobody has gets."""
    answers = []
    for tenant in (embedded.other.tenant_id, "ten_unknown", ""):
        headers = {**ground.headers, "X-Tenant-ID": tenant}
        answer = await ground.http.get(f"/api/v1/devices/{ground.device}", headers=headers)
        answers.append((answer.status_code, answer.content))
    assert len(set(answers)) == 1
    assert answers[0][0] == 403
    same = {**ground.headers, "X-Tenant-ID": embedded.mine.tenant_id}
    answer = await ground.http.get(f"/api/v1/devices/{ground.device}", headers=same)
    assert answer.status_code == 404


async def test_by_list_and_body(embedded: Installation, ground: Ground) -> None:
    """Nothing of theirs is in a list of mine, and their tenant's name in a body is refused."""
    for path in ("/api/v1/devices", "/api/v1/epcr/encounters"):
        listed = await ground.http.get(path, headers=ground.headers)
        assert listed.status_code == 200
        assert ground.device not in listed.text
        assert ground.encounter not in listed.text
    body = {**ENROL, "serial_number": "S-2", "tenant_id": embedded.other.tenant_id}
    answer = await ground.http.post("/api/v1/devices/enrol", json=body, headers=ground.headers)
    assert answer.status_code == 422
