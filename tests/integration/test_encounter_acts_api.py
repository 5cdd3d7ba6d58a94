"""Acts on encounters over HTTP: who may, once a key, on the version that was seen."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters.crew_tables import AttachmentPartRow
from cloud.core.identity.service import create_site
from tests.fixtures.administration import administrator
from tests.fixtures.cloud import Installation
from tests.fixtures.patients import FACILITY, audited, open_encounter
from tests.integration.test_encounter_acts import PNG

pytestmark = pytest.mark.long_on_postgresql

PATH = "/api/v1/epcr/encounters"
HANDOVER = {"facility_id": FACILITY, "received_by": "nurse-1"}
SMITH = {
    "family_name": "Smith",
    "given_name": "Jo",
    "birth_date": "1981-04-12",
    "sex": "female",
    "nhs_number": "943 476 5919",
    "nhs_number_status": "verified",
    "address": ["1 High Street"],
    "postcode": "LS1 4AP",
    "next_of_kin": {"name": "Al Smith", "phone": "+44 113 496 0001"},
}


@dataclass(frozen=True, slots=True)
class Scene:
    """An encounter, its crew's application and the hospital's."""

    cloud: Installation
    http: httpx.AsyncClient
    crew: dict[str, str]
    partner: dict[str, str]
    hospital: dict[str, str]
    encounter: str

    async def act(self, act: str, body: object = None, **more: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
        headers = {**self.crew, **more.pop("headers", {})}
        path = f"{PATH}/{self.encounter}/{act}"
        method = more.pop("method", "POST")
        return await self.http.request(method, path, json=body, headers=headers)

    async def read(self, end: str = "", *, as_: str = "partner", **query: Any) -> httpx.Response:  # noqa: ANN401 - as above
        headers: dict[str, str] = getattr(self, as_)
        path = f"{PATH}/{self.encounter}{end}"
        return await self.http.get(path, params=query, headers=headers)


async def places(cloud: Installation, client: httpx.AsyncClient) -> dict[str, str]:
    """The headers of an application of the facility."""
    admin = await administrator(cloud, client)
    new = {
        "name": "Emergency department",
        "grant_types": ["client_credentials"],
        "requested_scopes": [],
    }
    made = await admin.made("/v1/platform/apps", new)
    app = f"/v1/platform/apps/{made['client_id']}"
    scopes = {"scopes": ["argus:epcr:handover"]}
    assert (await admin.ask("POST", f"{app}/approve-scopes", scopes)).status_code == 200
    placed = await admin.ask("PUT", f"{app}/facility", {"facility_id": FACILITY})
    assert placed.status_code == 200
    return await cloud.token(client, made["client_id"], made["client_secret"])


@pytest.fixture
async def scene(embedded: Installation) -> AsyncIterator[Scene]:
    async with embedded.client() as client:
        yield Scene(
            embedded,
            client,
            await embedded.headers(client, "argus:epcr:write"),
            await embedded.headers(client, "argus:epcr:read"),
            await places(embedded, client),
            open_encounter(embedded),
        )


async def test_an_encounter_goes_its_whole_way(scene: Scene) -> None:
    ready = await scene.act("ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready_for_handover")
    assert ready.headers["etag"] == 'W/"2"'
    alert = {"facility_id": FACILITY, "eta": "2026-11-23T10:20:00Z", "resources": ["cath_lab"]}
    announced = (await scene.act("pre-alert", alert)).json()
    assert announced["eta_at"] == "2026-11-23T10:20:00Z"
    assert announced["destination"] == {"facility_id": FACILITY}
    known = {"acknowledged_by": "dr-1", "note": "Bay 2"}
    assert (await scene.act("acknowledgement", known)).status_code == 403
    heard = await scene.act("acknowledgement", known, headers=scene.hospital)
    assert heard.status_code == 200, heard.text
    signature = {"media_type": "image/png", "data": base64.b64encode(PNG).decode()}
    handed = await scene.act("handover", {**HANDOVER, "signature": signature})
    assert (handed.status_code, handed.json()["status"]) == (200, "handed_over")
    outcome = {"diagnosis": [{"display": "STEMI"}], "status_30_days": "alive"}
    assert (await scene.act("outcome", outcome, headers=scene.hospital)).status_code == 200
    assert (await scene.act("complete")).json()["status"] == "completed"
    assert (await scene.act("cancel", {"reason": "late"})).json()["error"] == "invalid_transition"


async def test_only_the_destination_acknowledges_and_tells_the_outcome(scene: Scene) -> None:
    for act, body in (
        ("acknowledgement", {"acknowledged_by": "dr-1"}),
        ("outcome", {"disposition": "admitted"}),
    ):
        refused = await scene.act(act, body, headers=scene.hospital)
        assert (refused.status_code, refused.json()["error"]) == (404, "encounter_not_found")
    assert (await scene.act("ready", headers=scene.hospital)).status_code == 403
    assert (await scene.act("ready", headers=scene.partner)).status_code == 403


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("pre-alert", {"facility_id": FACILITY, "eta": "soon"}),
    ("pre-alert", {"facility_id": FACILITY, "eta": "2026-11-23T09:00:00Z"}),
    ("destination", {"facility_id": FACILITY}),
    ("handover", {**HANDOVER, "status": "completed"}),
    ("handover", {**HANDOVER, "at": "2026-11-23T11:00:00Z"}),
    ("handover", {**HANDOVER, "signature": {"media_type": "image/png", "data": "PHN2Zz4="}}),
    ("handover", {**HANDOVER, "signature": {"media_type": "image/svg+xml", "data": "AAAA"}}),
    ("refusal", {"refused": "care", "has_capacity": "yes", "are_risks_told": True}),
    ("outcome", {"status_30_days": "fine"}),
    ("complete", {"not_conveyed": "lost"}),
    ("cancel", {"reason": " "}),
    ("duplicate", {"duplicate_of": "enc_absent"}),
    ("patient", {"nhs_number": "9434765918"}),
    ("patient", {"birth_date": "2026-02-30"}),
    ("patient", {"birth_date": "2027"}),
    ("patient", {"birth_date": "12.4.1981"}),
    ("patient", {"family_name": "a\nb"}),
    ("patient", {"tenant_id": "ten_x"}),
    ("patient", {}),
    ("patient/unlink", {"reason": ""}),
]


@pytest.mark.parametrize(("act", "body"), WRONG)
async def test_a_wrong_act_is_422_and_changes_nothing(
    scene: Scene, act: str, body: dict[str, Any]
) -> None:
    before = (await scene.read()).json()
    response = await scene.act(act, body)
    assert response.status_code == 422, response.text
    assert "9434765918" not in response.text
    assert (await scene.read()).json() == before


async def test_an_act_is_done_once_a_key_and_on_the_version_that_was_seen(scene: Scene) -> None:
    seen = (await scene.read()).headers["etag"]
    assert seen == 'W/"1"'
    alert = {"facility_id": FACILITY, "eta": "2026-11-23T10:20:00Z"}
    once = {"Idempotency-Key": "k-1", "If-Match": seen}
    first = await scene.act("pre-alert", alert, headers=once)
    again = await scene.act("pre-alert", alert, headers=once)
    assert (first.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    other = await scene.act("pre-alert", {**alert, "facility_id": "RX2"}, headers=once)
    assert other.headers["idempotency-payload-mismatch"] == "true"
    assert other.json()["destination"] == {"facility_id": FACILITY}
    stale = await scene.act("cancel", {"reason": "no"}, headers={"If-Match": seen})
    assert (stale.status_code, stale.json()["error"]) == (412, "precondition_failed")
    fresh = {"If-Match": f'"{first.json()["version"]}"'}
    assert (await scene.act("cancel", {"reason": "no"}, headers=fresh)).status_code == 200
    long = await scene.act("ready", headers={"Idempotency-Key": "k" * 256})
    assert long.status_code == 400


async def test_a_stranger_finds_no_encounter(scene: Scene) -> None:
    strangers = await scene.cloud.strangers_headers(scene.http)
    for act, body in (
        ("ready", None),
        ("handover", HANDOVER),
        ("cancel", {"reason": "x"}),
        ("patient", SMITH),
        ("patient/unlink", {"reason": "x"}),
    ):
        theirs = await scene.act(act, body, headers=strangers)
        absent = await scene.http.post(
            f"{PATH}/enc_absent/{act}", json=body, headers={**scene.crew}
        )
        assert (theirs.status_code, absent.status_code) == (404, 404)
        assert theirs.json()["error"] == absent.json()["error"]
    for end in ("/timeline", "/versions", "/patient/history"):
        path = f"{PATH}/{scene.encounter}{end}"
        assert (await scene.http.get(path, headers=strangers)).status_code == 404


async def test_partners_see_a_pseudonym_and_the_destination_a_person(scene: Scene) -> None:
    identified = await scene.act("patient", SMITH)
    assert identified.status_code == 200, identified.text
    assert "Smith" not in identified.text
    await scene.act("handover", HANDOVER)
    partner, hospital = await scene.read(), await scene.read(as_="hospital")
    patient = partner.json()["patient"]
    assert patient == {
        "pseudonym": patient["pseudonym"],
        "status": "known",
        "age_band": "45-49",
        "sex": "female",
        "postcode_area": "LS",
    }
    for secret in ("Smith", "High Street", "1981", "9434765919", "LS1", "496 0000", "nurse-1"):
        assert secret not in partner.text
    identity = hospital.json()["patient"]["identity"]
    assert (identity["family_name"], identity["nhs_number"]) == ("Smith", "9434765919")
    assert identity["next_of_kin"]["name"] == "Al Smith"
    assert audited(scene.cloud)[-2:] == ["read", "read-identified"]
    bundle = await scene.read("/fhir-bundle", as_="hospital")
    assert bundle.status_code == 200
    assert audited(scene.cloud)[-2:] == ["export-identified-trend", "tell-export"]


async def test_a_patient_is_corrected_and_unlinked_and_stays_in_history(scene: Scene) -> None:
    await scene.act("patient", SMITH)
    differs = await scene.act("patient", {**SMITH, "given_name": "Joe"})
    assert (differs.status_code, differs.json()["error"]) == (409, "identity_differs")
    assert differs.json()["details"] == {"fields": ["given_name"]}
    anew = {"identity": {**SMITH, "given_name": "Joe"}, "reason": "misheard"}
    assert (await scene.act("patient", anew, method="PUT")).status_code == 200
    gone = await scene.act("patient/unlink", {"reason": "wrong bag"})
    assert "sex" not in gone.json()["patient"]
    assert (await scene.act("patient", {"sex": "male"})).status_code == 200
    first, second = (await scene.read("/patient/history", as_="crew")).json()["links"]
    assert (first["entered_in_error"], first["reason"]) == (True, "wrong bag")
    assert second["entered_in_error"] is False
    assert (await scene.read("/patient/history")).status_code == 403


async def test_the_old_version_stays_readable(scene: Scene) -> None:
    assert (await scene.read("/versions")).json() == {"versions": []}
    await scene.act("handover", HANDOVER)
    await scene.act("patient", SMITH)
    kinds = [one["kind"] for one in (await scene.read("/versions")).json()["versions"]]
    assert kinds == ["handed_over", "patient_identified"]
    old = await scene.read("/versions/2", as_="hospital")
    assert (old.status_code, old.json()["version"]) == (200, 2)
    assert (await scene.read("/versions/9")).status_code == 404
    assert (await scene.read("/versions/0")).status_code == 422


async def test_the_name_of_a_known_place_is_shown(scene: Scene) -> None:
    with scene.cloud.database.begin(now=scene.cloud.clock()) as work:
        site = create_site(
            work, tenant_id=scene.cloud.mine.tenant_id, name="Leeds General", kind="hospital"
        )
        place = {"facility_id": site.site_id, "reason": "nearest"}
    await scene.act("destination", place)
    shown = (await scene.read()).json()["destination"]
    assert shown == {"facility_id": place["facility_id"], "name": "Leeds General"}


async def test_a_facility_lists_what_comes_to_it_and_nothing_else(scene: Scene) -> None:
    other = open_encounter(scene.cloud, "INC-2")
    path = f"{PATH}/{scene.encounter}/destination"
    await scene.http.post(
        path, json={"facility_id": FACILITY, "reason": "nearest"}, headers=scene.crew
    )
    mine = await scene.http.get(PATH, headers=scene.hospital)
    assert [one["id"] for one in mine.json()["encounters"]] == [scene.encounter]
    whole = await scene.http.get(PATH, headers=scene.partner)
    assert {one["id"] for one in whole.json()["encounters"]} == {other, scene.encounter}
    there = await scene.http.get(f"{PATH}?facility_id={FACILITY}", headers=scene.partner)
    assert [one["id"] for one in there.json()["encounters"]] == [scene.encounter]
    with scene.cloud.database.begin(now=scene.cloud.clock()) as work:
        work.session.execute(update(ApplicationRow).values(facility_id=None, changed_at=work.now))
    nowhere = await scene.http.get(PATH, headers=scene.hospital)
    assert (nowhere.status_code, nowhere.json()["error"]) == (403, "not_the_destination")


async def test_the_destination_gets_the_signature_and_nobody_else(scene: Scene) -> None:
    signature = {"media_type": "image/png", "data": base64.b64encode(PNG).decode()}
    await scene.act("handover", {**HANDOVER, "signature": signature})
    with scene.cloud.database.begin(now=scene.cloud.clock()) as work:
        part = work.session.scalars(select(AttachmentPartRow)).one()
        end = f"/attachments/{part.attachment_id}"
        stray = AttachmentPartRow(
            tenant_id=part.tenant_id,
            attachment_id=UUID(int=9),
            part=0,
            parts=1,
            octets=b"<svg>",
            gateway_id="gw",
            sequence=1,
            received_at=work.now,
        )
        work.session.add(stray)
    picture = await scene.read(end, as_="hospital")
    assert (picture.status_code, picture.content) == (200, PNG)
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-disposition"].startswith("attachment")
    assert audited(scene.cloud)[-1] == "read-attachment"
    assert (await scene.read(end)).status_code == 403
    elsewhere = await scene.read(f"/attachments/{UUID(int=9)}", as_="hospital")
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (404, "attachment_not_found")
    with scene.cloud.database.begin(now=scene.cloud.clock()) as work:
        work.session.execute(update(AttachmentPartRow).values(octets=b"<svg>"))
    damaged = await scene.read(end, as_="hospital")
    assert (damaged.status_code, damaged.json()["error"]) == (409, "attachment_damaged")


async def test_impatient_presses_are_one_handover(scene: Scene) -> None:
    """The same key at the same time: one answer for all."""
    once = {"Idempotency-Key": "k-9"}
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(scene.act("handover", HANDOVER, headers=once)) for _ in range(8)]
    answers = {task.result().content for task in asked}
    assert len(answers) == 1
    assert {task.result().status_code for task in asked} == {200}
    versions = (await scene.read("/versions")).json()["versions"]
    assert [one["version"] for one in versions] == [2]


async def test_a_patient_who_refuses_ends_the_encounter_on_scene(scene: Scene) -> None:
    early = await scene.act("complete")
    assert (early.status_code, early.json()["error"]) == (409, "not_handed_over")
    refusal = {"refused": "care", "has_capacity": True, "are_risks_told": True, "reason": "no"}
    assert (await scene.act("refusal", refusal)).status_code == 200
    assert (await scene.act("complete", {})).json()["status"] == "completed"
    told = await scene.act("outcome", {"disposition": "discharged"})
    assert told.status_code == 200, told.text


async def test_the_timeline_is_read_page_by_page(scene: Scene) -> None:
    device = await scene.http.post(
        "/api/v1/devices/enrol",
        json={"serial_number": "S-1", "device_class": "oximeter", "manufacturer": "Acme"},
        headers=await scene.cloud.headers(scene.http),
    )
    reading = {"mdc_code": "MDC_PULS_OXIM_SAT_O2", "value": 97, "unit_code": "%"}
    sent = await scene.http.post(
        f"/api/v1/devices/{device.json()['id']}/observations",
        json={**reading, "encounter_id": scene.encounter},
        headers=await scene.cloud.headers(scene.http),
    )
    assert sent.status_code == 201
    scene.cloud.clock.pass_(60)
    await scene.act("handover", HANDOVER)
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await scene.read("/timeline", limit=1, **cursor)).json()
        seen += page["entries"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert {(one["source"], one["what"]) for one in seen} == {
        ("act", "created"),
        ("reading", "MDC_PULS_OXIM_SAT_O2"),
        ("act", "handed_over"),
    }
    assert "nurse-1" not in str(seen)
    other = open_encounter(scene.cloud, "INC-2")
    path = f"{PATH}/{other}/timeline"
    strange = await scene.http.get(path, params=cursor, headers=scene.partner)
    assert (strange.status_code, strange.json()["error"]) == (400, "invalid_cursor")
    assert "nurse-1" in (await scene.read("/timeline", as_="hospital")).text
