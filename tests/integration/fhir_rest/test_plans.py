"""What a search asks of the readings is answered by an index, on both databases."""

from __future__ import annotations

from tests.integration.fhir_rest.conftest import Hospital
from tests.integration.fhir_rest.test_projections import allow
from tests.integration.test_cloud_plans import listening, plan

QUERIES = [
    "Observation?encounter={0}",
    "Observation?encounter={0}&code=8867-4&_sort=-date&_count=1",
    "Observation?encounter={0}&category=vital-signs&date=ge2026-11-23T10:00:02Z",
    "Observation?patient.identifier=nobody",
    "Observation?encounter={0}&category=procedure&_sort=date&_count=1",
    "Observation?code=59408-5&date=2026-11-23",
    "Observation?device={1}",
    "Observation?_id={2}",
    "Observation/{2}",
    "Procedure?encounter={0}",
    "DocumentReference?encounter={0}",
    "Encounter/{0}/$everything",
]


async def test_every_search_of_readings_has_its_index(hospital: Hospital) -> None:
    engine = hospital.cloud.database.engine
    (one,) = await hospital.search(f"Observation?encounter={hospital.encounter}&code=8867-4")
    names = (hospital.encounter, one["device"]["reference"], one["id"])
    with listening(engine) as asked:
        for query in QUERIES:
            await hospital.read(query.format(*names))
    readings = [one for one in asked if "FROM observations" in one[0] or "FROM waveforms" in one[0]]
    assert len(readings) > len(QUERIES)
    for statement in {one[0]: one for one in readings}.values():
        words = plan(engine, *statement)
        assert "SEQ SCAN" not in words, (statement[0], words)
        assert "SCAN OBSERVATIONS" not in words, (statement[0], words)
        assert "SCAN WAVEFORMS" not in words, (statement[0], words)


async def test_what_a_facility_may_see_is_found_by_an_index(hospital: Hospital) -> None:
    engine = hospital.cloud.database.engine
    (device, *_) = [one["id"] for one in await hospital.search("Device")]
    await allow(hospital, "RX2", "argus:epcr:handover")
    with listening(engine) as asked:
        for query in ("Device", "Device?_summary=count", "DeviceMetric"):
            await hospital.read(query)
        await hospital.get(f"Device/{device}")
    readings = [one for one in asked if "FROM observations" in one[0]]
    assert readings
    for statement in {one[0]: one for one in readings}.values():
        words = plan(engine, *statement)
        assert "SCAN OBSERVATIONS" not in words, (statement[0], words)
        assert "SCAN WAVEFORMS" not in words, (statement[0], words)
