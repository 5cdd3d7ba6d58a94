"""Who is named to whom over /fhir/R4, and how an amended record is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters import handing_over, patients
from cloud.core.encounters.finding import find
from cloud.core.encounters.patients import ToldPatient
from cloud.core.encounters.versions import amend
from cloud.core.kernel.audit import AuditRow
from tests.fixtures.patients import FACILITY, NHS_NUMBER, SMITH
from tests.integration.fhir_rest.conftest import Hospital, fill

pytestmark = pytest.mark.long_on_postgresql


async def allow(hospital: Hospital, facility: str | None, *scopes: str) -> None:
    """My client as one of a facility's, with these scopes."""
    cloud = hospital.cloud
    with cloud.database.begin(now=cloud.clock()) as work:
        work.session.execute(
            update(ApplicationRow)
            .where(ApplicationRow.client_id == cloud.mine.client_id)
            .values(facility_id=facility, approved_scopes=list(scopes), changed_at=work.now)
        )
    cloud.clock.pass_(1)  # a token of the second of the change is judged by what was known before
    hospital.headers = await cloud.headers(hospital.http)


def bring(hospital: Hospital, encounter_id: str) -> None:
    """The patient, who is known, to the facility."""
    cloud = hospital.cloud
    with cloud.database.begin(now=cloud.clock()) as work:
        patients.identify(
            work, cloud.parts.vault, cloud.mine.caller, encounter_id, ToldPatient(identity=SMITH)
        )
        handing_over.hand_over(
            work, cloud.mine.caller, encounter_id, facility_id=FACILITY, received_by="Dr A"
        )


async def whole(hospital: Hospital) -> list[dict[str, Any]]:
    return await hospital.search(f"Encounter/{hospital.encounter}/$everything")


async def test_the_destination_sees_who_it_is_and_nobody_else(hospital: Hospital) -> None:
    bring(hospital, hospital.encounter_id)
    partner = json.dumps(await whole(hospital))
    labelled = await hospital.read("Patient")
    assert [one["code"] for one in labelled["meta"]["security"]] == ["PSEUDED"]
    for secret in ("Smith", NHS_NUMBER, "1981-04", "High Street", "LS1 4AP", "496 0000", "stairs"):
        assert secret not in partner
    await allow(hospital, "ELSEWHERE", "argus:epcr:read", "argus:epcr:handover")
    assert "Smith" not in json.dumps(await whole(hospital))
    await allow(hospital, FACILITY, "system/*.rs")
    assert "Smith" not in json.dumps(await whole(hospital))
    await allow(hospital, FACILITY, "system/*.rs", "argus:epcr:handover")
    (patient,) = [one for one in await whole(hospital) if one["resourceType"] == "Patient"]
    labelled = await hospital.read(f"Patient?_id={patient['id']}")
    assert [one["code"] for one in labelled["meta"]["security"]] == ["R"]
    assert patient["name"][0]["family"] == "Smith"
    assert NHS_NUMBER in [one["value"] for one in patient["identifier"]]
    bundle = await hospital.read(f"Patient/{patient['id']}")
    assert bundle == patient
    with hospital.cloud.database.reading(now=hospital.cloud.clock()) as work:
        mine = select(AuditRow).where(AuditRow.tenant_id == hospital.cloud.mine.tenant_id)
        rows = work.session.scalars(mine.order_by(AuditRow.position.desc()).limit(2))
        told = [(row.action, row.resource_id) for row in rows]
    assert told == [
        ("read-identified", hospital.encounter_id),
        ("read", patient["id"]),
    ]


async def test_who_may_see_the_destinations_encounters_alone_sees_no_other(
    hospital: Hospital,
) -> None:
    bring(hospital, hospital.encounter_id)
    other = fill(hospital.cloud, hospital.cloud.mine, incident="INC-2")
    everything = await hospital.search("Observation?_sort=date")
    await allow(hospital, FACILITY, "argus:epcr:handover")
    assert [one["id"] for one in await hospital.search("Encounter")] == [hospital.encounter]
    assert len(await hospital.search("Patient")) == 1
    mine = await hospital.search("Observation")
    assert {one["encounter"]["reference"] for one in mine} == {f"Encounter/{hospital.encounter}"}
    hidden = {one["id"] for one in everything} - {one["id"] for one in mine}
    for identity in sorted(hidden)[:3]:
        assert (await hospital.get(f"Observation/{identity}")).status_code == 404
        assert await hospital.search(f"Observation?_id={identity}") == []
    device = mine[0]["device"]["reference"]
    assert len(await hospital.search(f"Observation?device={device}")) < len(everything)
    await allow(hospital, None, "argus:epcr:handover")
    assert await hospital.search("Encounter") == []
    del other


async def test_an_amended_record_keeps_its_earlier_versions(small: Hospital) -> None:
    bring(small, small.encounter_id)
    before = await small.read(f"Encounter/{small.encounter}")
    cloud = small.cloud
    cloud.clock.pass_(60)
    with cloud.database.begin(now=cloud.clock()) as work:
        row = find(work, cloud.mine.caller, small.encounter_id)
        amend(work, cloud.mine.caller, row, "The time of arrival was wrong")
    after = await small.read(f"Encounter/{small.encounter}")
    history = await small.read(f"Encounter/{small.encounter}/_history")
    versions = [one["resource"]["meta"]["versionId"] for one in history["entry"]]
    assert versions[0] == after["meta"]["versionId"]
    assert before["meta"]["versionId"] in versions[1:]
    old = await small.read(f"Encounter/{small.encounter}/_history/{versions[-1]}")
    assert old["status"] == "finished"
    assert history["total"] == len(versions) == len(set(versions))
