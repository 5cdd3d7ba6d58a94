"""A whole simulated incident: all eight classes of devices, all a crew tells, both projections.

Whatever the cloud serves of it stands before every judge, and a hospital takes it twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from cloud.fhir.json import loads
from cloud.fhir.signature import is_signed_by, key_id
from tests.acceptance.hospital import open_hospital
from tests.acceptance.judges import Judges
from tests.fixtures.fhir_checks import problems
from tests.fixtures.incident import CLASSES, Incident, hand_over, play_incident
from tests.fixtures.served_cloud import ServedCloud, served_cloud

pytestmark = pytest.mark.acceptance

SECONDS = 60
PSEUDONYMISED, IDENTIFIED = "argus:epcr:read", "argus:epcr:handover"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServedCloud, Incident]]:
    with served_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        incident = play_incident(cloud, seconds=SECONDS, scenario="cardiac-arrest-rosc")
        hand_over(cloud, incident)
        yield cloud, incident


def get(played: tuple[ServedCloud, Incident], what: str, scope: str) -> list[bytes]:
    """What is served, every page of it."""
    cloud, incident = played
    url = f"{cloud.base_url}/api/v1/epcr/encounters/{incident.encounter_id}/{what}"
    headers = {"Authorization": f"Bearer {cloud.token(scope)}"}
    found = []
    while url:
        answer = httpx.get(url, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        found.append(answer.content)
        links = {one["relation"]: one["url"] for one in answer.json().get("link", [])}
        url = links.get("next", "")
    return found


def resources(octets: bytes, kind: str) -> list[Any]:
    return [
        one["resource"] for one in loads(octets)["entry"] if one["resource"]["resourceType"] == kind
    ]


@pytest.mark.parametrize("scope", [PSEUDONYMISED, IDENTIFIED])
@pytest.mark.parametrize("what", ["fhir-bundle?puts=true", "fhir-document"])
def test_every_judge_is_content(
    played: tuple[ServedCloud, Incident], tmp_path: Path, what: str, scope: str
) -> None:
    paths = []
    for number, octets in enumerate(get(played, what, scope)):
        assert problems(loads(octets)) == []
        path = tmp_path / f"{number}.json"
        path.write_bytes(octets)
        paths.append(path)
    assert Judges.install().objections(paths) == {str(path): [] for path in paths}


def test_every_class_of_device_is_told(played: tuple[ServedCloud, Incident]) -> None:
    (bundle, *_) = get(played, "fhir-bundle", PSEUDONYMISED)
    told = {one["type"].get("text") for one in resources(bundle, "Device")}
    assert set(CLASSES) <= told
    assert resources(bundle, "DeviceMetric")


def test_the_full_bundle_passes_our_own_gate(played: tuple[ServedCloud, Incident]) -> None:
    for octets in get(played, "fhir-bundle?detail=full", IDENTIFIED):
        assert problems(loads(octets)) == []


def test_only_the_destination_learns_who_it_is(played: tuple[ServedCloud, Incident]) -> None:
    for what in ("fhir-bundle", "fhir-document"):
        (pseudonymised, *_) = get(played, what, PSEUDONYMISED)
        (identified, *_) = get(played, what, IDENTIFIED)
        for words in (b"Hargreaves", b"greaves", b"daughter", b"9434765919", b"Quarry"):
            assert words not in pseudonymised
        assert b"Hargreaves" in identified
        assert b"The daughter has the keys." in identified


def test_the_document_is_signed_by_a_published_key(played: tuple[ServedCloud, Incident]) -> None:
    cloud, _ = played
    published = httpx.get(f"{cloud.base_url}/.well-known/jwks.json").json()["keys"]
    for scope in (PSEUDONYMISED, IDENTIFIED):
        (octets,) = get(played, "fhir-document", scope)
        document = loads(octets)
        kid = key_id(document["signature"])
        key = ECKey.import_key(next(one for one in published if one["kid"] == kid))
        assert is_signed_by(document, key)


def test_a_hospital_takes_it_twice(played: tuple[ServedCloud, Incident]) -> None:
    (trend, *_) = get(played, "fhir-bundle?puts=true", IDENTIFIED)
    requests = [one["request"] for one in loads(trend)["entry"]]
    # This peer says 200 of all that is put, be it new: Binary and Provenance.
    new = {"POST": "201", "PUT": "200"}
    with open_hospital() as hospital:
        first, second = hospital.post(trend), hospital.post(trend)
        assert [status for _, status in first] == [new[one["method"]] for one in requests]
        assert {status for _, status in second} == {"200"}
