"""Reading over /fhir/R4: versions, tags, formats, what goes along, and who may see what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.identifiers import uuid_of
from cloud.fhir.rest.registry import KINDS
from tests.integration.fhir_rest.conftest import BASE, Hospital, fill

pytestmark = pytest.mark.long_on_postgresql

SAME_WORDS = ("Location", "Observation", "Practitioner", "PractitionerRole")


async def test_a_read_has_a_tag_and_is_not_sent_again(small: Hospital) -> None:
    path = f"Encounter/{small.encounter}"
    answer = await small.get(path)
    assert answer.headers["etag"] == f'W/"{answer.json()["meta"]["versionId"]}"'
    assert answer.headers["last-modified"].endswith("GMT")
    for name, value in (
        ("If-None-Match", answer.headers["etag"]),
        ("If-Modified-Since", answer.headers["last-modified"]),
    ):
        again = await small.get(path, {name: value})
        assert (again.status_code, again.content) == (304, b"")
    changed = await small.get(path, {"If-None-Match": 'W/"0"'})
    assert changed.status_code == 200
    assert (await small.get(path, {"If-Modified-Since": "yesterday"})).status_code == 200


async def test_a_version_is_read_by_its_number_and_told_in_the_history(small: Hospital) -> None:
    encounter = await small.read(f"Encounter/{small.encounter}")
    for path in (f"Encounter/{small.encounter}", encounter["subject"]["reference"]):
        current = await small.read(path)
        version = current["meta"]["versionId"]
        assert await small.read(f"{path}/_history/{version}") == current
        assert (await small.get(f"{path}/_history/99")).status_code == 404
        history = await small.read(f"{path}/_history")
        assert history["type"] == "history"
        assert history["entry"][0]["resource"] == current


async def test_the_statement_names_what_is_served_and_nothing_else(small: Hospital) -> None:
    statement = (await small.http.get(f"{BASE}/metadata")).json()
    (rest,) = statement["rest"]
    assert (statement["fhirVersion"], rest["mode"]) == ("4.0.1", "server")
    served = {one["type"]: one for one in rest["resource"]}
    assert set(served) == {"Subscription", *(kind.name for kind in KINDS)}
    del served["Subscription"]
    for name, told in served.items():
        query = "&".join(
            [
                *(f"{one['name']}=2026" for one in told["searchParam"]),
                *(f"_include={one}" for one in told.get("searchInclude", [])),
                *(f"_revinclude={one}" for one in told.get("searchRevInclude", [])),
            ]
        )
        answer = await small.get(f"{name}?{query}", {"Prefer": "handling=strict"})
        assert answer.status_code == 200, answer.text


async def test_what_is_pointed_to_goes_along_once(small: Hospital) -> None:
    bundle = await small.read(
        f"Observation?encounter={small.encounter}&category=vital-signs"
        "&_include=Observation:patient&_include=Observation:device:Device&_include=Observation:*"
    )
    along = [one["resource"] for one in bundle["entry"] if one["search"]["mode"] == "include"]
    kinds = sorted(one["resourceType"] for one in along)
    assert kinds == ["Device", "Encounter", "Patient"]
    back = await small.read(f"Encounter?_id={small.encounter}&_revinclude=Observation:encounter")
    assert [one["search"]["mode"] for one in back["entry"]] == ["match", *["include"] * 9]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("_summary=true", {"code", "status", "valueQuantity"}),
        ("_summary=text", {"code", "status"}),
        ("_summary=data", {"code", "status", "valueQuantity", "category", "device"}),
        ("_elements=device", {"code", "status", "device"}),
    ],
)
async def test_a_part_of_a_resource_is_marked_so(
    small: Hospital, query: str, left: set[str]
) -> None:
    found = await small.search(f"Observation?encounter={small.encounter}&code=8867-4&{query}")
    (one,) = found
    assert left <= set(one)
    assert one["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert ("category" in one) == ("category" in left)


@pytest.mark.parametrize("query", ["_summary=count", "_count=0", "_total=accurate&_count=2"])
async def test_matches_are_counted(small: Hospital, query: str) -> None:
    bundle = await small.read(f"Observation?encounter={small.encounter}&{query}")
    assert bundle["total"] == 9


async def test_a_search_is_posted_and_its_words_stay_out_of_the_next_address(
    small: Hospital,
) -> None:
    answer = await small.http.post(
        f"{BASE}/Observation/_search",
        data={"encounter": small.encounter, "_count": "2"},
        headers=small.headers,
    )
    bundle = answer.json()
    (following,) = [one["url"] for one in bundle["link"] if one["relation"] == "next"]
    assert small.encounter not in following
    assert len((await small.read(following))["entry"]) == 2


async def test_unknown_parameters_are_told_unless_the_caller_is_strict(small: Hospital) -> None:
    bundle = await small.read("Encounter?colour=red")
    (outcome,) = [one["resource"] for one in bundle["entry"] if one["search"]["mode"] == "outcome"]
    assert outcome["issue"][0]["severity"] == "warning"
    strict = await small.get("Encounter?colour=red", {"Prefer": "handling=strict"})
    assert strict.status_code == 400
    assert strict.json()["issue"][0]["code"] == "not-supported"


async def test_formats(small: Hospital) -> None:
    for headers, query, status in (
        ({"Accept": "application/fhir+json"}, "", 200),
        ({"Accept": "application/fhir+xml"}, "", 406),
        ({"Accept": "application/fhir+xml"}, "?_format=json", 200),
        ({}, "?_format=application/fhir%2Bjson", 200),
        ({}, "?_format=xml", 406),
    ):
        answer = await small.get(f"Encounter/{small.encounter}{query}", headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/fhir+json"


async def test_what_is_not_read_only_is_not_there(small: Hospital) -> None:
    for method, path in (
        ("PUT", f"Encounter/{small.encounter}"),
        ("PATCH", f"Encounter/{small.encounter}"),
        ("DELETE", f"Encounter/{small.encounter}"),
        ("POST", "Encounter"),
        ("TRACE", "Encounter"),
    ):
        answer = await small.http.request(method, f"{BASE}/{path}", headers=small.headers)
        assert answer.status_code == 405
        assert answer.json()["issue"][0]["code"] == "not-supported"
    assert (await small.get("Claim")).json()["resourceType"] == "OperationOutcome"


async def test_a_token_opens_the_types_it_names(small: Hospital) -> None:
    mine = small.cloud.mine
    with small.cloud.database.begin(now=small.cloud.clock()) as work:
        _grant(work, mine.client_id, ["system/Observation.rs", "system/Encounter.r"])
    small.headers = await small.cloud.headers(small.http)
    found = await small.read(
        f"Observation?encounter={small.encounter}&_include=Observation:patient"
    )
    modes = [one["search"]["mode"] for one in found["entry"]]
    assert modes == [*["match"] * 9, "outcome"]
    assert (await small.get(f"Encounter/{small.encounter}")).status_code == 200
    for path in ("Encounter", f"Patient/{small.encounter}", "Condition"):
        refused = await small.get(path)
        assert refused.status_code == 403
        assert refused.json()["issue"][0]["code"] == "forbidden"
        assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    kinds = {
        one["resourceType"]
        for one in await small.search(f"Encounter/{small.encounter}/$everything")
    }
    assert kinds == {"Encounter", "Observation"}


def _grant(work: Any, client_id: str, scopes: list[str]) -> None:  # noqa: ANN401 - a unit of work
    row = work.session.get(ApplicationRow, client_id)
    row.scopes = scopes
    row.approved_scopes = scopes


async def test_every_access_is_in_the_audit(small: Hospital) -> None:
    await small.read(f"Encounter/{small.encounter}")
    await small.read(f"Observation?encounter={small.encounter}")
    await small.read(f"Encounter/{small.encounter}/$everything")
    await small.read(f"Encounter/{small.encounter}/_history")
    await small.read("Observation?_id=' OR 1=1,x y&patient.identifier=secret")
    with small.cloud.database.reading(now=small.cloud.clock()) as work:
        rows = list(work.session.scalars(select(AuditRow).order_by(AuditRow.position)))
    told = [(row.action, row.resource_type, row.resource_id) for row in rows]
    assert told[-5:] == [
        ("read", "Encounter", small.encounter),
        ("search", "Observation", small.encounter),
        ("everything", "Encounter", small.encounter),
        ("history", "Encounter", small.encounter),
        ("search", "Observation", "*"),
    ]


async def test_nothing_names_the_person(small: Hospital) -> None:
    whole = await small.search(f"Encounter/{small.encounter}/$everything")
    assert "NHS-943" not in json.dumps(whole)


async def test_a_stranger_finds_nothing_and_cannot_tell_it_from_nothing(hospital: Hospital) -> None:
    mine = await hospital.search(f"Encounter/{hospital.encounter}/$everything")
    bundle = await hospital.read(f"Observation?encounter={hospital.encounter}&_count=2")
    (following,) = [one["url"] for one in bundle["link"] if one["relation"] == "next"]
    fill(hospital.cloud, hospital.cloud.other, incident="THEIRS")
    hospital.headers = await hospital.cloud.strangers_headers(hospital.http)
    nobody = await hospital.get("Encounter/00000000-0000-4000-8000-000000000000")
    for one in mine:
        kind, identity = one["resourceType"], one["id"]
        answer = await hospital.get(f"{kind}/{identity}")
        if kind in SAME_WORDS and answer.status_code == 200:
            # A vehicle or crew of the same name and a reading of the same device are theirs too.
            assert answer.json() != one
            continue
        assert answer.status_code == 404
        assert _plain(answer.json()) == _plain(nobody.json()).replace("Encounter", kind)
        assert await hospital.search(f"{kind}?_id={identity}") == [], kind
    for path in (
        f"Observation?encounter={hospital.encounter}",
        f"Observation?patient={hospital.encounter}",
        f"Observation?device={uuid_of(_device(mine))}",
    ):
        assert await hospital.search(path) == []
    assert (await hospital.get(f"Encounter/{hospital.encounter}/$everything")).status_code == 404
    assert (await hospital.get(following)).status_code == 400


def _device(resources: list[dict[str, Any]]) -> str:
    readings = [one for one in resources if one["resourceType"] == "Observation"]
    return "dev_" + str(readings[0]["device"]["reference"]).rpartition("/")[2].replace("-", "")


def _plain(outcome: dict[str, Any]) -> str:
    return str(outcome["issue"][0]["diagnostics"]).partition(" (request")[0]
