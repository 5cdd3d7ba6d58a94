"""An encounter with everything told of it, as partners see it and as its destination does."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx
import pytest

from cloud.core.encounters import handing_over, patients
from cloud.core.encounters.patients import ToldPatient
from cloud.core.encounters.uplink import record_uplink
from tests.fixtures.cloud import START, Installation, batch, numeric
from tests.fixtures.patients import FACILITY, SMITH, hospital, open_encounter
from tests.fixtures.tablets import MINE, Crew, op

SECRET = "Jo Smith of 1 High Street"
PLACED = "argus:epcr:read argus:epcr:handover"
_NUMBERS = count(1)


def told(path: str, value: object) -> dict[str, Any]:
    number = next(_NUMBERS)
    return op(number, path, value, vector={MINE: number})


def everything() -> list[dict[str, Any]]:
    """Operations that tell something of every kind, a secret in every free text."""
    note = {"note": SECRET, "by": "crew-1"}
    return [
        told("narrative", SECRET),
        told("chief_complaint", {"display": "Chest pain", "code": "29857009"}),
        told("acuity", "critical"),
        told("triage", {"system": "START", "category": "immediate"}),
        told("disposition", "conveyed"),
        told("alerts", ["stemi"]),
        told("patient.age_years", 45),
        told("times.call", "2026-11-23T09:51:00Z"),
        told("times.on_scene", "2026-11-23T09:59:00Z"),
        told("vitals", {"type": "temperature", "values": {"value": 36.60}, "unit": "Cel", **note}),
        told("vitals", {"type": "gcs", "values": {"eye": 3, "verbal": 4, "motor": 6}}),
        told("vitals", {"type": "avpu", "values": {"level": "A"}, "before_arrival": True}),
        told(
            "medications",
            {"code": {"display": "Aspirin"}, "dose": 300, "unit": "mg", "route": "PO", **note},
        ),
        told("medications", {"code": "Glyceryl trinitrate", "not_done": "contraindication_noted"}),
        told(
            "procedures",
            {"code": {"display": "Cannula"}, "success": True, "complication": SECRET, **note},
        ),
        told("impressions", {"code": {"display": "STEMI"}, "is_primary": True}),
        told("allergies", {"status": "allergic", "code": "Penicillin", "reaction": SECRET}),
        told("history", {"kind": "condition", "code": "Asthma"}),
        told("notes", {"text": SECRET}),
    ]


@pytest.fixture
async def seen(embedded: Installation) -> tuple[httpx.Response, httpx.Response]:
    """The same encounter to a partner and to its destination."""
    encounter = open_encounter(embedded)
    with embedded.database.begin(now=embedded.clock()) as work:
        sent = batch(embedded.mine, [numeric("97.0", START)])
        record_uplink(work, embedded.mine.gateway, sent)
        patients.identify(
            work, embedded.parts.vault, embedded.mine.caller, encounter, ToldPatient(identity=SMITH)
        )
    async with embedded.client() as client:
        crew = Crew(embedded, client, await embedded.headers(client), encounter)
        await crew.tell(MINE, *everything())
        with embedded.database.begin(now=embedded.clock()) as work:
            handing_over.hand_over(
                work, embedded.mine.caller, encounter, facility_id=FACILITY, received_by=SECRET
            )
        hospital(embedded)
        partner = await client.get(
            crew.path, headers=await embedded.headers(client, "argus:epcr:read")
        )
        there = await client.get(crew.path, headers=await embedded.headers(client, PLACED))
    return partner, there


async def test_a_partner_sees_what_the_contract_lists(
    seen: tuple[httpx.Response, httpx.Response],
) -> None:
    partner, _ = seen
    shown = partner.json()
    assert partner.status_code == 200
    assert set(shown) == {
        "id", "organization_id", "care_model", "status", "vehicle_id", "crew", "cad_incident_id",
        "started_at", "call_at", "on_scene_at", "handover_at", "patient", "chief_complaint",
        "impression", "triage", "acuity", "vitals", "vitals_total", "medications", "procedures",
        "narrative_available", "disposition", "destination", "alerts", "devices", "gaps", "events",
        "early_warning", "version", "updated_at",
    }  # fmt: skip
    assert shown["patient"] == {
        "pseudonym": shown["patient"]["pseudonym"],
        "status": "known",
        "age_band": "45-49",
        "sex": "female",
        "postcode_area": "LS",
    }
    for secret in ("Smith", "High Street", "1981", "9434765919", "LS1", "Penicillin", "Asthma"):
        assert secret not in partner.text
    assert shown["narrative_available"] is True
    assert shown["chief_complaint"]["display"] == "Chest pain"
    assert (shown["call_at"], shown["alerts"]) == ("2026-11-23T09:51:00Z", ["stemi"])
    assert shown["impression"][0]["primary"] is True


async def test_digits_and_what_was_not_done_are_told(
    seen: tuple[httpx.Response, httpx.Response],
) -> None:
    partner, _ = seen
    shown = partner.json()
    by_type = {vital["type"]: vital for vital in shown["vitals"]}
    assert '"value":97.0,' in partner.text
    assert by_type["temperature"]["source"] == "manual"
    assert by_type["MDC_PULS_OXIM_SAT_O2"]["source"] == "device"
    assert by_type["gcs"]["values"].items() >= {"eye": 3, "verbal": 4, "motor": 6}.items()
    level = by_type["avpu"]
    assert level == {
        "id": level["id"],
        "at": "2026-11-23T10:00:00Z",
        "type": "avpu",
        "values": {"level": "A"},
        "source": "manual",
        "before_arrival": True,
    }
    given = {one["display"]: one for one in shown["medications"]}
    aspirin, nitrate = given["Aspirin"], given["Glyceryl trinitrate"]
    assert (aspirin["dose"], aspirin["unit"]) == (300, "mg")
    assert nitrate["not_done"] == "contraindication_noted"


async def test_the_destination_sees_the_person_and_every_word(
    seen: tuple[httpx.Response, httpx.Response],
) -> None:
    _, there = seen
    shown = there.json()
    assert shown["patient"]["identity"]["family_name"] == "Smith"
    assert shown["patient"]["identity"]["next_of_kin"]["relationship"] == "spouse"
    assert shown["narrative"] == SECRET
    assert shown["notes"][0]["text"] == SECRET
    assert shown["allergies"][0]["substance"] == {"display": "Penicillin"}
    assert shown["history"][0]["kind"] == "condition"
    assert shown["procedures"][0]["complication"] == SECRET
