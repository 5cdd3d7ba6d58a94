"""The bundle of a served cloud: fetched over HTTP as a hospital would, judged and posted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.core.kernel.work import utc_now
from cloud.core.observations.recording import UNCHARTED_STATUS
from protocols.model.observation import Observation, SampleArrayObservation
from tests.acceptance.hospital import open_hospital
from tests.acceptance.judges import Judges
from tests.fixtures.fhir_checks import problems
from tests.fixtures.handovers import DEVICES, START, arrest_handover
from tests.fixtures.served_cloud import ServedCloud, served_cloud

pytestmark = pytest.mark.acceptance

SECONDS = 60


@pytest.fixture(scope="module")
def readings() -> list[Observation]:
    """The arrest as if it had happened until just now."""
    shift = utc_now() - timedelta(seconds=SECONDS + 10) - START
    found = []
    for stored in arrest_handover(SECONDS).observations:
        observation = stored.observation
        observed = replace(observation.observed_at, at=observation.observed_at.at + shift)
        found.append(replace(observation, observed_at=observed))
    return found


@pytest.fixture(scope="module")
def cloud(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Observation]
) -> Iterator[tuple[ServedCloud, str]]:
    with served_cloud(tmp_path_factory.mktemp("cloud")) as opened:
        encounter_id = opened.open_encounter("RTW-7", seconds_ago=SECONDS + 30)
        opened.send("RTW-7", [device.info for device in DEVICES])
        for first in range(0, len(readings), 200):
            opened.send("RTW-7", readings[first : first + 200])
        yield opened, encounter_id


def pages(cloud: tuple[ServedCloud, str], detail: str) -> list[bytes]:
    """Every page of the bundle, following the links."""
    served, encounter_id = cloud
    url = f"{served.base_url}/api/v1/epcr/encounters/{encounter_id}/fhir-bundle?detail={detail}"
    headers = {"Authorization": f"Bearer {served.token()}"}
    found = []
    while url:
        answer = httpx.get(url, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/fhir+json")
        found.append(answer.content)
        links = {one["relation"]: one["url"] for one in answer.json()["link"]}
        url = links.get("next", "")
    return found


def parsed(octets: bytes) -> Any:  # noqa: ANN401 - JSON
    return json.loads(octets, parse_float=Decimal)


@pytest.mark.parametrize("detail", ["trend", "full"])
def test_every_judge_is_content_with_what_is_served(
    cloud: tuple[ServedCloud, str], tmp_path: Path, detail: str
) -> None:
    judges = Judges.install()
    paths = []
    for number, octets in enumerate(pages(cloud, detail)):
        assert problems(parsed(octets)) == []
        path = tmp_path / f"{detail}-{number}.json"
        path.write_bytes(octets)
        paths.append(path)
    assert judges.objections(paths) == {str(path): [] for path in paths}


def test_the_full_bundle_holds_every_reading_and_every_sample_once(
    cloud: tuple[ServedCloud, str], readings: list[Observation]
) -> None:
    held: Counter[str] = Counter()
    samples = 0
    for octets in pages(cloud, "full"):
        for entry in parsed(octets)["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] != "Observation" or "encounter" not in resource:
                continue
            if "valueSampledData" in resource:
                samples += resource["valueSampledData"]["data"].count(" ") + 1
            else:
                held[resource["identifier"][0]["value"]] += 1
    # Test and demonstration data are the device's, never a patient's.
    charted = [one for one in readings if not one.status.value & UNCHARTED_STATUS]
    assert len(charted) < len(readings)
    waves = [one for one in charted if isinstance(one, SampleArrayObservation)]
    others = [one for one in charted if not isinstance(one, SampleArrayObservation)]
    assert held == Counter(str(one.observation_id) for one in others)
    assert samples == sum(one.count for one in waves)


def test_a_hospital_takes_the_served_bundle_twice(cloud: tuple[ServedCloud, str]) -> None:
    (trend,) = pages(cloud, "trend")
    with open_hospital() as hospital:
        assert {status for _, status in hospital.post(trend)} == {"201"}
        assert {status for _, status in hospital.post(trend)} == {"200"}


def test_the_same_question_gets_the_same_octets(cloud: tuple[ServedCloud, str]) -> None:
    assert pages(cloud, "full") == pages(cloud, "full")
