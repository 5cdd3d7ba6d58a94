"""Bundles before judges that live outside this project."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cloud.fhir.bundle import HandoverPages
from cloud.fhir.json import dumps
from tests.acceptance.bundles import write_bundles
from tests.acceptance.hospital import Hospital, open_hospital
from tests.acceptance.judges import Judges
from tests.acceptance.mutations import MUTATIONS
from tests.fixtures.fhir_checks import problems
from tests.fixtures.handovers import START, arrest_handover
from tests.fixtures.records import small_handover

pytestmark = pytest.mark.acceptance
SEEN_BY_OTHERS = [
    "01 missing status",
    "02 bad required code",
    "06 SpO2 without LOINC",
    "09 unknown element",
    "17 empty section",
    "21 number as string",
    "26 CodeableConcept required",
]
"""What must be seen without any check of our own."""
_SPOILT_INSIDE = ["10 two values", "15 duplicate fullUrl", "16 entry without request"]
"""What is seen of a bundle and its references as a whole, and of one resource."""


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


def test_no_judge_objects_to_anything(judges: Judges, bundles: list[Path]) -> None:
    assert judges.objections(bundles) == {str(bundle): [] for bundle in bundles}


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


def test_every_mutation_is_seen_by_a_judge_or_our_own_checks(
    judges: Judges, tmp_path: Path
) -> None:
    """A gate that cannot fail is none."""
    good = dumps(HandoverPages(small_handover()).bundle())
    paths = {}
    for name, spoil in MUTATIONS.items():
        document = json.loads(good)
        spoil(document)
        paths[name] = tmp_path / f"{name.replace('/', ' ')}.json"
        paths[name].write_text(json.dumps(document), encoding="utf-8")
    alive = {name: path for name, path in paths.items() if not _own_problems(path)}
    # Ours see most of them; those that are left must be seen by the others.
    verdicts = judges.objections(list(alive.values()))
    assert {name for name, path in alive.items() if not verdicts[str(path)]} == set()


@pytest.mark.parametrize("name", SEEN_BY_OTHERS)
def test_the_judges_of_others_are_awake(judges: Judges, tmp_path: Path, name: str) -> None:
    document = json.loads(dumps(HandoverPages(small_handover()).bundle()))
    MUTATIONS[name](document)
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text(json.dumps(document), encoding="utf-8")
    assert judges.objections([spoilt])[str(spoilt)]


def test_one_copy_of_a_bundle_changes_no_verdict(judges: Judges, tmp_path: Path) -> None:
    """The validator is spared its copies, not its work."""
    paths = []
    for name in (None, *_SPOILT_INSIDE):
        document = json.loads(dumps(HandoverPages(small_handover()).bundle()))
        if name:
            MUTATIONS[name](document)
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(document), encoding="utf-8")
    verdicts = judges.by_pyrofile(paths)
    assert verdicts == judges.by_pyrofile(paths, is_as_is=True)
    assert [bool(problems) for problems in verdicts.values()] == [False, True, True, True]


def _own_problems(path: Path) -> list[str]:
    try:
        return problems(json.loads(path.read_bytes(), parse_float=Decimal))
    except (KeyError, TypeError, AttributeError, ValueError) as broken:
        return [repr(broken)]
