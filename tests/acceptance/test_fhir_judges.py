"""Bundles before judges that live outside this project."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.fhir.bundle import HandoverPages
from cloud.fhir.json import dumps
from tests.acceptance.bundles import write_bundles
from tests.acceptance.hospital import Hospital, open_hospital
from tests.acceptance.judges import Judges
from tests.fixtures.handovers import START, arrest_handover

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def judges() -> Judges:
    return Judges.install()


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_bundles(tmp_path_factory.mktemp("bundles"))


@pytest.fixture
def hospital() -> Iterator[Hospital]:
    with open_hospital() as opened:
        yield opened


def test_the_json_schema_of_r4_objects_to_nothing(judges: Judges, bundles: list[Path]) -> None:
    assert [problem for bundle in bundles for problem in judges.by_schema(bundle)] == []


def test_google_fhir_objects_to_nothing(judges: Judges, bundles: list[Path]) -> None:
    assert judges.by_google(bundles) == dict.fromkeys(map(str, bundles))


def test_medplum_and_the_vital_signs_profiles_object_to_nothing(
    judges: Judges, bundles: list[Path]
) -> None:
    assert judges.by_medplum(bundles) == {str(bundle): [] for bundle in bundles}


def test_a_hospital_creates_everything_once_and_knows_it_the_second_time(
    hospital: Hospital, bundles: list[Path]
) -> None:
    seen: set[str] = set()
    # The peer looks through everything it holds for every condition: some pages are enough.
    for bundle in [path for path in bundles if path.stem not in ("full-2", "full-3", "full-4")]:
        content = bundle.read_bytes()
        conditions = [_condition(entry["request"]) for entry in json.loads(content)["entry"]]
        expected = ["200" if condition in seen else "201" for condition in conditions]
        assert [status for _, status in hospital.post(content)] == expected
        assert {status for _, status in hospital.post(content)} == {"200"}
        seen.update(conditions)


def test_the_hospital_holds_each_resource_once_with_its_references_resolved(
    hospital: Hospital, bundles: list[Path]
) -> None:
    trend = next(path for path in bundles if path.stem == "trend").read_bytes()
    hospital.post(trend)
    hospital.post(trend)
    kinds = Counter(entry["resource"]["resourceType"] for entry in json.loads(trend)["entry"])
    for kind, count in kinds.items():
        found = hospital.search(f"{kind}?_count=1000")
        assert len(found) == count
        assert "urn:uuid" not in json.dumps(found)


def test_a_hospital_that_pulled_earlier_learns_of_the_handover(hospital: Hospital) -> None:
    before = arrest_handover(30)
    ended = START + timedelta(minutes=40)
    after = replace(before, status="handed_over", handover_at=ended, version=2)
    early, late = (dumps(HandoverPages(one, update=True).bundle()) for one in (before, after))
    assert {status for _, status in hospital.post(early)} == {"201"}
    answers = hospital.post(late)
    assert ("Encounter", "200") in answers
    assert [kind for kind, status in answers if status == "201"] == ["Composition"]
    assert {status for _, status in hospital.post(late)} == {"200"}
    hospital.post(early)  # the old bundle comes once more, late: it undoes nothing
    (encounter,) = hospital.search("Encounter")
    assert encounter["status"] == "finished"
    assert encounter["period"] == {
        "start": "2026-11-23T10:14:00.000Z",
        "end": "2026-11-23T10:54:00.000Z",
    }
    reports = {one["status"]: one for one in hospital.search("Composition")}
    assert set(reports) == {"preliminary", "final"}
    replaced = json.dumps(reports["final"]["relatesTo"])
    assert json.dumps(reports["preliminary"]["identifier"]) in replaced


def _condition(request: dict[str, str]) -> str:
    """What a server looks for, whether to create or to update."""
    return request.get("ifNoneExist") or request["url"].partition("?")[2]


def _entry(bundle: Any, kind: str, **wanted: Any) -> Any:  # noqa: ANN401 - JSON
    return next(
        entry
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == kind
        and all(entry["resource"].get(name) == value for name, value in wanted.items())
    )


def _break(bundle: Any, how: str) -> None:  # noqa: ANN401 - JSON
    """Spoil one thing a judge must see."""
    spo2 = next(
        entry["resource"]
        for entry in bundle["entry"]
        if "oxygensat" in json.dumps(entry["resource"].get("meta", {}))
        and "valueQuantity" in entry["resource"]
    )
    match how:
        case "status missing":
            del spo2["status"]
        case "unknown status":
            spo2["status"] = "done"
        case "time without zone":
            spo2["effectiveDateTime"] = "2026-11-23T10:14:05"
        case "number as text":
            spo2["valueQuantity"]["value"] = "97"
        case "unknown element":
            spo2["valueNumber"] = 97
        case "SpO2 without LOINC":
            spo2["code"]["coding"] = spo2["code"]["coding"][-1:]
        case "empty section":
            section = _entry(bundle, "Composition")["resource"]["section"][0]
            section.pop("text")
            section.pop("entry")
        case _:
            raise AssertionError(how)


@pytest.mark.parametrize(
    "how",
    [
        "status missing",
        "unknown status",
        "time without zone",
        "number as text",
        "unknown element",
        "SpO2 without LOINC",
        "empty section",
    ],
)
def test_the_judges_are_awake(
    judges: Judges, bundles: list[Path], tmp_path: Path, how: str
) -> None:
    """A gate that cannot fail is none: each of these must be refused by at least one judge."""
    document = json.loads(next(path for path in bundles if path.stem == "trend").read_text("utf-8"))
    _break(document, how)
    spoiled = tmp_path / "spoiled.json"
    spoiled.write_text(json.dumps(document), encoding="utf-8")
    objections = [
        bool(judges.by_schema(spoiled)),
        judges.by_google([spoiled])[str(spoiled)] is not None,
        bool(judges.by_medplum([spoiled])[str(spoiled)]),
    ]
    assert any(objections)
