"""Search over /fhir/R4: what fits is found, page by page, on both databases."""

from __future__ import annotations

from typing import Any

from tests.integration.fhir_rest.conftest import Hospital

READINGS = 6
STRIPS = 2
TOLD = 1
ALL = READINGS + STRIPS + TOLD


async def test_every_reading_of_an_encounter_is_found_once_whatever_the_page(
    hospital: Hospital,
) -> None:
    query = f"Observation?encounter={hospital.encounter}"
    whole = await hospital.search(query)
    assert len(whole) == ALL
    for size in (1, 3):
        paged = await hospital.search(f"{query}&_count={size}")
        assert [one["id"] for one in paged] == [one["id"] for one in whole]


async def test_a_sorted_search_is_in_the_order_of_time_over_all_that_is_measured_and_told(
    hospital: Hospital,
) -> None:
    for sort in ("date", "-date"):
        await in_order(hospital, sort)


async def in_order(hospital: Hospital, sort: str) -> None:
    found = await hospital.search(
        f"Observation?encounter={hospital.encounter}&_sort={sort}&_count=3"
    )
    times = [_time(one) for one in found]
    assert len({one["id"] for one in found}) == ALL
    assert times == sorted(times, reverse=sort.startswith("-"))


def _time(resource: dict[str, Any]) -> str:
    at = resource.get("effectiveDateTime") or resource["effectivePeriod"]["start"]
    return str(at)


FILTERS = [
    ("code=http://loinc.org|59408-5", 5),
    ("code=59408-5,8867-4", 6),
    ("code=urn:iso:std:iso:11073:10101|150456", 5),
    ("code=urn:iso:std:iso:11073:10101|59408-5", 0),
    ("code:not=59408-5", 1 + STRIPS + TOLD),
    ("category=vital-signs", 6),
    ("category=procedure", STRIPS),
    ("category=exam", 0),
    ("status=final", ALL),
    ("status=preliminary", 0),
    ("date=2026-11-23", ALL),
    ("date=ge2026-11-23T10:00:03Z", 2 + STRIPS + TOLD),
    ("date=gt2026-11-23T10:00:03Z&date=lt2026-11-23T10:00:11Z&category=vital-signs", 1),
    ("date=2026-11-23T11:00:02%2B01:00&category=vital-signs", 1),
    ("date=lt2026-11-23", 0),
    ("_lastUpdated=ge2026", ALL),
    ("patient.identifier=unheard-of", 0),
]


async def test_a_filter_finds_what_fits(hospital: Hospital) -> None:
    for query, expected in FILTERS:
        found = await hospital.search(f"Observation?encounter={hospital.encounter}&{query}")
        assert (query, len(found)) == (query, expected)


async def test_what_is_found_is_what_is_read(hospital: Hospital) -> None:
    for one in await hospital.search(f"Encounter/{hospital.encounter}/$everything?_count=4"):
        assert await hospital.read(f"{one['resourceType']}/{one['id']}") == one


async def test_every_reference_leads_somewhere(hospital: Hospital) -> None:
    found = await hospital.search(f"Encounter/{hospital.encounter}/$everything")
    names = {name for one in found for name in _references(one)}
    assert {name.partition("/")[0] for name in names} >= {"Patient", "Device", "Observation"}
    for name in sorted(names):
        assert (await hospital.read(name))["resourceType"] == name.partition("/")[0]


def _references(value: object) -> list[str]:
    if isinstance(value, list):
        return [name for one in value for name in _references(one)]
    if isinstance(value, dict):
        own = [str(value["reference"])] if isinstance(value.get("reference"), str) else []
        return own + [name for one in value.values() for name in _references(one)]
    return []
