"""Hospitals' servers and deliveries over the API: who may do what, and what is never shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.fixtures.administration import Administrator, administrator
from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import FACILITY, LOOPBACK, Exchange, exchange_of
from tests.fixtures.hospitals import Said, ScriptedHospital, outcome, scripted_hospital

CONNECTIONS = "/api/v1/epcr/hospital-connections"
DELIVERIES = "/api/v1/epcr/deliveries"


@pytest.fixture
def hospital() -> Iterator[ScriptedHospital]:
    with scripted_hospital() as opened:
        yield opened


@pytest.fixture
async def admin(embedded: Installation) -> AsyncIterator[Administrator]:
    services = embedded.app.state.services
    embedded.app.state.services = replace(services, outbound=LOOPBACK)
    async with embedded.client() as http:
        yield await administrator(embedded, http)


@pytest.fixture
def exchange(embedded: Installation) -> Exchange:
    return exchange_of(embedded)


def wanted(address: str, **more: object) -> dict[str, object]:
    return {
        "facility_id": FACILITY,
        "name": "General",
        "kind": "fhir",
        "address": address,
        **more,
    }


async def test_a_connection_is_made_tested_changed_and_ended(
    admin: Administrator, hospital: ScriptedHospital
) -> None:
    hospital.token = "s3cret"
    access = {"kind": "bearer", "secret": "s3cret"}
    made = await admin.made(CONNECTIONS, wanted(hospital.url, access=access))
    assert made["access_kind"] == "bearer"
    assert "s3cret" not in json.dumps(made)
    path = f"{CONNECTIONS}/{made['id']}"
    trial = (await admin.ask("POST", f"{path}/test")).json()
    assert (trial["ok"], trial["facts"]["fhir_version"]) == (True, "4.0.1")
    hospital.token = "another"
    trial = (await admin.ask("POST", f"{path}/test")).json()
    assert (trial["ok"], trial["reason"], trial["response_status"]) == (False, "not_let_in", 401)
    change = {"wants": ["handover"], "is_paused": True, "access": {"kind": "none"}}
    changed = (await admin.ask("PATCH", path, change)).json()
    assert (changed["wants"], changed["status"]) == (["handover"], "paused")
    assert (await admin.ask("DELETE", path)).json()["status"] == "ended"
    assert (await admin.ask("DELETE", path)).json()["status"] == "ended"
    assert (await admin.ask("PATCH", path, change)).status_code == 409
    assert (await admin.ask("GET", CONNECTIONS)).json() == {"connections": []}
    assert [one for one in admin.audited() if one.startswith("hospital.")] == [
        "hospital.connected",
        "hospital.tested",
        "hospital.tested",
        "hospital.changed",
        "hospital.ended",
    ]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"address": "https://10.0.0.1/fhir"}, "invalid_address"),
        ({"address": "https://169.254.169.254/"}, "invalid_address"),
        ({"address": "https://[::ffff:10.0.0.1]/fhir"}, "invalid_address"),
        ({"address": "https://user:pass@fhir.example/"}, "invalid_address"),
        ({"address": "ftp://fhir.example/"}, "invalid_address"),
        ({"address": "https://fhir.example/?a=b"}, "invalid_address"),
        ({"kind": "mllp", "address": "mllps://hl7.example"}, "invalid_address"),
        ({"kind": "mllp", "address": "mllps://10.0.0.1:2575"}, "invalid_address"),
        ({"kind": "mllp", "address": "mllps://hl7.example:2575/x"}, "invalid_address"),
        (
            {"access": {"kind": "client_credentials", "client_id": "a", "secret": "b"}},
            "invalid_access",
        ),
        (
            {
                "access": {
                    "kind": "private_key_jwt",
                    "client_id": "a",
                    "token_url": "http://10.0.0.1/token",
                }
            },
            "invalid_address",
        ),
        ({"access": {"kind": "bearer", "secret": "a\nb"}}, "invalid_access"),
        ({"access": {"kind": "none", "certificate": "x"}}, "invalid_access"),
        ({"authorities": "no PEM"}, "invalid_access"),
        ({"wants": ["handover", "handover"]}, "invalid_wants"),
        ({"wants": []}, "invalid_request"),
        ({"tenant_id": "other"}, "invalid_request"),
    ],
    ids=str,
)
async def test_what_could_never_work_is_refused_at_once(
    admin: Administrator, more: dict[str, Any], reason: str
) -> None:
    body = {**wanted("https://fhir.example/r4"), **more}
    answer = await admin.ask("POST", CONNECTIONS, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"] == reason


async def test_nobody_but_an_administrator_of_the_tenant_sees_or_changes_them(
    admin: Administrator, hospital: ScriptedHospital
) -> None:
    made = await admin.made(CONNECTIONS, wanted(hospital.url))
    stranger = await administrator(admin.cloud, admin.http, of=admin.cloud.other)
    plain = replace(admin, headers=await admin.cloud.headers(admin.http))
    for method, path in (
        ("GET", CONNECTIONS),
        ("GET", f"{CONNECTIONS}/{made['id']}"),
        ("POST", f"{CONNECTIONS}/{made['id']}/test"),
        ("DELETE", f"{CONNECTIONS}/{made['id']}"),
        ("GET", DELIVERIES),
    ):
        assert (await plain.ask(method, path)).status_code == 403
    assert (await stranger.ask("GET", CONNECTIONS)).json() == {"connections": []}
    for method, path in (
        ("GET", f"{CONNECTIONS}/{made['id']}"),
        ("POST", f"{CONNECTIONS}/{made['id']}/test"),
        ("DELETE", f"{CONNECTIONS}/{made['id']}"),
    ):
        assert (await stranger.ask(method, path)).status_code == 404


async def test_a_refusal_is_seen_by_whom_it_concerns_and_sent_again(
    admin: Administrator, exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange.connect(hospital.url)
    hospital.script.append(Said(422, outcome("unknown unit of the patient")))
    encounter_id = exchange.open_encounter("97")
    exchange.hand_over(encounter_id)
    exchange.deliver()
    (listed,) = (await admin.ask("GET", f"{DELIVERIES}?state=refused")).json()["deliveries"]
    assert (listed["reason"], listed["response_status"]) == ("refused", 422)
    assert "words" not in listed
    path = f"{DELIVERIES}/{listed['id']}"
    detail = (await admin.ask("GET", path)).json()
    assert "unknown unit of the patient" in detail["words"]
    assert detail["placed"] == []
    crew = replace(admin, headers=await admin.cloud.headers(admin.http))
    own = await crew.ask("GET", f"/api/v1/epcr/encounters/{encounter_id}/deliveries")
    assert [one["state"] for one in own.json()["deliveries"]] == ["refused"]
    assert "words" not in own.text
    metrics = (await admin.http.get("/metrics")).text
    assert 'vitalwire_exchange_deliveries{state="refused"} 1.0' in metrics
    again = await admin.ask("POST", f"{path}/replay", {})
    assert (again.status_code, again.json()["state"]) == (200, "waiting")
    assert (await admin.ask("POST", f"{path}/replay", {})).status_code == 409
    exchange.deliver()
    assert hospital.heard[0].body == hospital.heard[1].body
    detail = (await admin.ask("GET", path)).json()
    assert detail["state"] == "taken"
    assert len(detail["placed"]) == len(hospital.resources)
    exchange.measure(f"AMB-{encounter_id}", "91")
    fresh = await admin.ask("POST", f"{path}/replay", {"fresh": True})
    assert fresh.status_code == 200
    exchange.deliver()
    assert exchange.states() == ["taken", "taken"]
    assert "delivery.replayed" in admin.audited()
    assert ("epcr.delivery.settled", listed["id"]) in admin.events()


async def test_the_list_has_pages(
    admin: Administrator, exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange.connect(hospital.url)
    for _ in range(3):
        exchange.hand_over(exchange.open_encounter())
    first = (await admin.ask("GET", f"{DELIVERIES}?limit=2")).json()
    second = (await admin.ask("GET", f"{DELIVERIES}?limit=2&cursor={first['next_cursor']}")).json()
    ids = [one["id"] for one in first["deliveries"] + second["deliveries"]]
    assert ids == [row.delivery_id for row in exchange.deliveries()][::-1]
    assert second["next_cursor"] is None
