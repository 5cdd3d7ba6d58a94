"""Encounters over HTTP: opened once, read as projection and as FHIR, handed over."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.core.encounters.uplink import record_uplink
from tests.fixtures.cloud import START, VEHICLE, Installation, batch, device_info, numeric, waveform

pytestmark = pytest.mark.long_on_postgresql

PATH = "/api/v1/epcr/encounters"
WANTED = {
    "care_model": "prehospital_emergency",
    "vehicle_id": VEHICLE,
    "crew_ids": ["crew-1", "crew-2"],
    "cad_incident_id": "INC-1",
}


@dataclass(frozen=True, slots=True)
class Session:
    """My client with its headers."""

    cloud: Installation
    http: httpx.AsyncClient
    headers: dict[str, str]

    async def open(self, **changes: Any) -> httpx.Response:  # noqa: ANN401 - JSON of any shape
        return await self.http.post(PATH, json={**WANTED, **changes}, headers=self.headers)

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.headers)

    async def post(self, path: str, body: object) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers)

    def uplink(self, seconds: int = 5) -> None:
        """A device's readings, one a second, and a waveform with a hole."""
        readings = [
            numeric(f"9{second % 10}.50", START + timedelta(seconds=second))
            for second in range(seconds)
        ]
        chunks = [waveform(START + timedelta(seconds=second)) for second in (0, 0.2, 0.8)]
        sent = batch(self.cloud.mine, [device_info(), *readings, *chunks])
        with self.cloud.database.begin(now=self.cloud.clock()) as work:
            record_uplink(work, self.cloud.mine.gateway, sent)


@pytest.fixture
async def my(cloud: Installation) -> AsyncIterator[Session]:
    async with cloud.client() as client:
        yield Session(cloud, client, await cloud.headers(client))


async def test_opening_answers_with_the_projection(my: Session) -> None:
    response = await my.open(
        patient={"person_id": "NHS-943", "sex": "female"},
        chief_complaint={"display": "Collapse"},
        triage={"system": "START", "category": "immediate"},
    )
    body = response.json()
    assert response.status_code == 201
    assert body["id"].startswith("enc_")
    assert body["status"] == "in_progress"
    assert body["organization_id"] == my.cloud.mine.tenant_id
    assert body["crew"] == [{"id": "crew-1", "role": "crew"}, {"id": "crew-2", "role": "crew"}]
    assert body["chief_complaint"] == {"display": "Collapse"}
    assert "NHS-943" not in response.text


async def test_one_incident_and_vehicle_is_one_encounter(my: Session) -> None:
    first, again = await my.open(), await my.open(care_model="event_medical")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other_vehicle = await my.open(vehicle_id="AMB-8")
    assert other_vehicle.status_code == 201
    assert other_vehicle.json()["id"] != first.json()["id"]


async def test_a_person_has_one_pseudonym_in_a_tenant_and_another_elsewhere(my: Session) -> None:
    patient = {"person_id": "NHS-943"}
    mine = [
        (await my.open(patient=patient, cad_incident_id=incident)).json()["patient"]["pseudonym"]
        for incident in ("A", "B")
    ]
    strangers = await my.cloud.strangers_headers(my.http)
    theirs = await my.http.post(PATH, json={**WANTED, "patient": patient}, headers=strangers)
    nobody = [
        (await my.open(cad_incident_id=incident)).json()["patient"]["pseudonym"]
        for incident in ("C", "D")
    ]
    assert mine[0] == mine[1]
    assert len({mine[0], theirs.json()["patient"]["pseudonym"], *nobody}) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"care_model": "other"},
        {"vehicle_id": ""},
        {"vehicle_id": "a b"},
        {"vehicle_id": "A" * 65},
        {"crew_ids": "crew-1"},
        {"cad_incident_id": "I" * 81},
        {"started_at": "2026-11-23T10:06:00Z"},
        {"started_at": "0001-01-01T00:00:00+14:00"},
        {"organization_id": "ten_x"},
        {"status": "completed"},
        {"patient": {"name": "Somebody"}},
    ],
)
async def test_a_wrong_request_is_422(my: Session, changes: dict[str, Any]) -> None:
    response = await my.open(**changes)
    assert response.status_code == 422
    assert response.json()["issue_type"] == "invalid"
    assert "Somebody" not in response.text


async def test_readings_before_dispatch_belong_to_the_encounter_opened_since(my: Session) -> None:
    my.uplink()
    encounter = (await my.open(started_at=START.isoformat())).json()["id"]
    body = (await my.get(f"{PATH}/{encounter}")).json()
    assert body["vitals_total"] == 5
    assert {vital["source"] for vital in body["vitals"]} == {"device"}
    assert [vital["type"] for vital in body["vitals"]] == ["MDC_PULS_OXIM_SAT_O2"] * 5
    assert [(one["observations"], one["samples"]) for one in body["devices"]].count((5, 0)) == 1
    assert [gap["samples"] for gap in body["gaps"]] == [100]
    assert body["gaps"][0]["mdc_code"] == "MDC_ECG_ELEC_POTL_II"


async def test_digits_survive_to_the_projection_and_the_bundle(my: Session) -> None:
    encounter = (await my.open(started_at=START.isoformat())).json()["id"]
    my.uplink()
    for path in (f"{PATH}/{encounter}", f"{PATH}/{encounter}/fhir-bundle?detail=full"):
        assert '"value":90.50' in (await my.http.get(path, headers=my.headers)).text


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("?format=fhir", "*/*", "application/fhir+json"),
        ("", "application/fhir+json", "application/fhir+json"),
        ("/fhir-bundle", "*/*", "application/fhir+json"),
        ("", "application/json", "application/json"),
        ("?format=json", "application/fhir+json", "application/json"),
    ],
)
async def test_the_form_is_chosen_by_format_or_accept(
    my: Session, query: str, accept: str, media_type: str
) -> None:
    encounter = (await my.open()).json()["id"]
    response = await my.http.get(
        f"{PATH}/{encounter}{query}", headers={**my.headers, "Accept": accept}
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    is_bundle = response.json().get("resourceType") == "Bundle"
    assert is_bundle == (media_type == "application/fhir+json")


async def test_an_unknown_format_is_400_and_an_unknown_detail_422(my: Session) -> None:
    encounter = (await my.open()).json()["id"]
    response = await my.get(f"{PATH}/{encounter}", format="xml")
    assert (response.status_code, response.json()["error"]) == (400, "unknown_format")
    assert (await my.get(f"{PATH}/{encounter}/fhir-bundle", detail="all")).status_code == 422


async def test_fhir_errors_are_operation_outcomes(my: Session) -> None:
    response = await my.get(f"{PATH}/enc_absent/fhir-bundle")
    issue = response.json()["issue"][0]
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/fhir+json"
    assert (issue["code"], issue["details"]["text"]) == ("not-found", "encounter_not_found")


async def test_every_reading_is_in_the_full_bundle_page_by_page(my: Session) -> None:
    encounter = (await my.open(started_at=START.isoformat())).json()["id"]
    my.uplink(seconds=900)
    url: str | None = f"{PATH}/{encounter}/fhir-bundle?detail=full"
    times: list[str] = []
    pages = 0
    while url is not None:
        response = await my.http.get(url, headers=my.headers)
        assert response.status_code == 200, response.text
        bundle = json.loads(response.content)
        times += [
            entry["resource"]["effectiveDateTime"]
            for entry in bundle["entry"]
            if entry["resource"]["resourceType"] == "Observation"
            and "valueQuantity" in entry["resource"]
        ]
        links = {link["relation"]: link["url"] for link in bundle.get("link", [])}
        url = links.get("next")
        pages += 1
    assert pages > 1
    assert len(times) == len(set(times)) == 900
    beyond = await my.get(f"{PATH}/{encounter}/fhir-bundle", detail="full", page=99)
    assert (beyond.status_code, beyond.json()["issue"][0]["details"]["text"]) == (
        422,
        "no_such_page",
    )


async def test_the_bundle_is_the_same_when_asked_again(my: Session) -> None:
    encounter = (await my.open(started_at=START.isoformat())).json()["id"]
    my.uplink()
    answers = [await my.get(f"{PATH}/{encounter}/fhir-bundle") for _ in range(2)]
    assert answers[0].content == answers[1].content


async def test_a_handover_once_is_a_handover_for_good(my: Session) -> None:
    encounter = (await my.open()).json()["id"]
    body = {"facility_id": "ED-1", "received_by": "nurse-1"}
    first = await my.post(f"{PATH}/{encounter}/handover", body)
    my.cloud.clock.pass_(60)
    again = await my.post(f"{PATH}/{encounter}/handover", body)
    assert first.json() == again.json()
    assert first.json()["status"] == "handed_over"
    assert first.json()["destination"] == {"facility_id": "ED-1"}
    assert first.json()["version"] == 2
    elsewhere = await my.post(f"{PATH}/{encounter}/handover", {**body, "facility_id": "ED-2"})
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (409, "already_handed_over")


async def test_the_list_has_filters_and_pages(my: Session) -> None:
    ids = []
    for number in range(5):
        my.cloud.clock.pass_(1)
        opened = await my.open(cad_incident_id=f"I-{number}", vehicle_id=f"V-{number % 2}")
        ids.append(opened.json()["id"])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = (await my.get(PATH, limit=2, **({"cursor": cursor} if cursor else {}))).json()
        seen += [one["id"] for one in page["encounters"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids
    odd = (await my.get(PATH, vehicle_id="V-1")).json()["encounters"]
    assert [one["id"] for one in odd] == ids[1::2]
    since = (await my.get(PATH, since="2026-11-23T10:00:04Z")).json()["encounters"]
    assert [one["id"] for one in since] == ids[3:]
    assert (await my.get(PATH, status="completed")).json()["encounters"] == []
