"""The wall between facilities: who sees the encounters brought to one sees what is of those."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters import service as encounters
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.observations.tables import WaveformRow
from cloud.fhir.metric import MONITOR_CLASS
from tests.fixtures.cloud import START
from tests.fixtures.patients import FACILITY
from tests.integration.fhir_rest.conftest import Hospital
from tests.integration.fhir_rest.test_projections import allow, bring

pytestmark = pytest.mark.long_on_postgresql

WALLED = (
    "Device",
    "DeviceMetric",
    "Encounter",
    "Location",
    "Observation",
    "Patient",
    "Practitioner",
    "PractitionerRole",
)
HANDOVER = "argus:epcr:handover"
READ = "argus:epcr:read"


async def names(hospital: Hospital, kinds: tuple[str, ...] = WALLED) -> set[str]:
    """What the caller finds of these types."""
    return {f"{kind}/{one['id']}" for kind in kinds for one in await hospital.search(kind)}


def another_encounter(hospital: Hospital) -> str:
    """An encounter of another vehicle and crew, on its way nowhere yet, that has the waveforms of
    the first; its defibrillator counts as a monitor. The device's id.
    """
    cloud = hospital.cloud
    wanted = encounters.NewEncounter(
        care_model="prehospital_emergency",
        vehicle_id="AMB-9",
        crew_ids=("crew-9",),
        cad_incident_id="INC-9",
        started_at=START,
    )
    with cloud.database.begin(now=cloud.clock()) as work:
        row, _ = encounters.create(work, cloud.mine.caller, cloud.parts.vault, wanted)
        device_id = work.session.scalars(select(WaveformRow.device_id)).first()
        assert device_id is not None
        work.session.execute(update(WaveformRow).values(encounter_id=row.encounter_id))
        work.session.execute(update(DeviceRow).values(device_class=MONITOR_CLASS))
        return device_id


async def test_a_facility_without_a_patient_sees_nothing_of_anybody(hospital: Hospital) -> None:
    another_encounter(hospital)
    everything = await names(hospital)
    assert {one.partition("/")[0] for one in everything} == set(WALLED)
    await allow(hospital, "RX2", HANDOVER)
    assert await names(hospital) == set()
    for name in sorted(everything):
        assert (await hospital.get(name)).status_code == 404, name
        assert (await hospital.get(f"{name}/_history")).status_code == 404, name
    for kind in WALLED:
        for shape in ("_summary=count", "_total=accurate&_count=1"):
            assert (await hospital.read(f"{kind}?{shape}"))["total"] == 0, kind
    for query in ("Location:organization", "PractitionerRole:organization"):
        bundle = await hospital.read(f"Organization?_revinclude={query}")
        assert len(bundle["entry"]) == 1, query


async def test_a_facility_sees_what_is_of_the_encounters_brought_to_it(hospital: Hospital) -> None:
    elsewhere = f"Device/{uuid_of(another_encounter(hospital))}"
    bring(hospital, hospital.encounter_id)
    everything = await names(hospital)
    assert elsewhere in everything
    await allow(hospital, FACILITY, HANDOVER)
    seen = await names(hospital)
    hidden = everything - seen
    assert {one.partition("/")[0] for one in hidden} == set(WALLED)
    assert {one.partition("/")[0] for one in seen} == set(WALLED)
    assert elsewhere in hidden
    for name in sorted(seen):
        assert (await hospital.get(name)).status_code == 200, name
    for name in sorted(hidden):
        assert (await hospital.get(name)).status_code == 404, name
    along = await hospital.read(
        "Encounter?_include=Encounter:*&_revinclude=Observation:encounter"
        "&_revinclude=Provenance:target"
    )
    given = {f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in along["entry"]}
    assert given
    assert not given & hidden
    devices = await hospital.read("Observation?_include=Observation:device&_count=200")
    given = {
        f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in devices["entry"]
    }
    assert not given & hidden
    assert (await hospital.read("Organization"))["total"] == 1
    back = await hospital.read("Device?_revinclude=DeviceMetric:source")
    kinds = {one["resource"]["resourceType"] for one in back["entry"]}
    assert kinds == {"Device", "DeviceMetric"}


@pytest.mark.parametrize("scopes", [(READ,), (READ, HANDOVER), ("system/*.rs",)])
async def test_who_reads_every_encounter_sees_every_device(
    small: Hospital, scopes: tuple[str, ...]
) -> None:
    another_encounter(small)
    everything = await names(small)
    await allow(small, "RX2", *scopes)
    assert await names(small) == everything
