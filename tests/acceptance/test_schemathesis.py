"""schemathesis over the API's own description: whatever is sent, no answer is a fault of ours.

Nor does an answer differ from what the description says of it: its status, its media type, its
headers, its shape. Nine of ten requests about something name what is there.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.work import utc_now
from tests.acceptance.judges import own_python
from tests.fixtures.handovers import DEVICES, arrest_handover
from tests.fixtures.served_cloud import ServedCloud, served_cloud

SCOPES = ["argus:*", "system/*.rs", "system/Subscription.cruds", "webhooks:*"]
SECONDS = 10
ENCOUNTERS = 8
"""So many that some are still open when others were handed over or cancelled."""
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_headers_conformance", "response_schema_conformance"),
)
SURFACES = {
    "fhir": "^/fhir/R4/",
    "epcr": "^/api/v1/epcr/",
    "devices": "^/api/v1/devices",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCloud]:
    """With an encounter in it, so that what is found is looked at too."""
    with served_cloud(tmp_path_factory.mktemp("cloud")) as served:
        with served.parts.database.begin(now=utc_now()) as work:
            row = work.session.get_one(ApplicationRow, served.client_id)
            row.approved_scopes = [*row.approved_scopes, *SCOPES]
        for number in range(1, ENCOUNTERS):
            served.open_encounter(f"RTW-1{number}", seconds_ago=SECONDS + 30)
        served.open_encounter("RTW-7", seconds_ago=SECONDS + 30)
        served.send("RTW-7", [device.info for device in DEVICES])
        readings = [one.observation for one in arrest_handover(SECONDS).observations]
        served.send("RTW-7", readings[:200])
        yield served


def known_ids(cloud: ServedCloud, token: str) -> dict[str, list[str]]:
    """What is there, by the path it is named in."""
    with httpx.Client(
        base_url=cloud.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        encounters = client.get("/api/v1/epcr/encounters").json()["encounters"]
        devices = client.get("/api/v1/devices").json()
        found = {
            "/api/v1/epcr/encounters/{encounter_id}": [one["id"] for one in encounters],
            "/api/v1/devices/{device_id}": [one["id"] for one in devices],
        }
        told = client.get("/fhir/R4/metadata").json()["rest"][0]["resource"]
        for kind in (one["type"] for one in told):
            entries = client.get(f"/fhir/R4/{kind}?_count=5").json().get("entry", [])
            found[f"/fhir/R4/{kind}/{{id}}"] = [one["resource"]["id"] for one in entries]
    return {path: ids for path, ids in found.items() if ids}


def settings(known: Mapping[str, Sequence[str]]) -> str:
    """What tells schemathesis to name what is there."""
    lines = []
    for number, (path, ids) in enumerate(known.items()):
        before, _, name = path.partition("{")
        lines += [
            f"[dictionaries.d{number}]",
            f"values = {json.dumps(ids)}",
            "[[operations]]",
            f"include-path-regex = {json.dumps('^' + before)}",
            "[operations.parameters]",
            f'"path.{name.rstrip("}")}" = {{ dictionary = "d{number}", probability = 0.9 }}',
        ]
    return "\n".join(lines)


def attack(cloud: ServedCloud, folder: Path, surface: str, examples: int) -> str:
    """What it tells in the end; AssertionError with its words when an answer was 5xx."""
    described = httpx.get(f"{cloud.base_url}/openapi.json").content
    (folder / "openapi.json").write_bytes(described)
    token = cloud.token(" ".join(SCOPES))
    (folder / "schemathesis.toml").write_text(settings(known_ids(cloud, token)), encoding="utf-8")
    done = subprocess.run(
        [
            str(own_python("schemathesis").parent / "schemathesis"),
            "run",
            str(folder / "openapi.json"),
            f"--url={cloud.base_url}",
            f"--header=Authorization: Bearer {token}",
            f"--include-path-regex={SURFACES[surface]}",
            f"--checks={','.join(CHECKS)}",
            f"--max-examples={examples}",
            "--generation-database=none",
            "--phases=examples,coverage,fuzzing",
            "--request-timeout=120",  # a machine that does other things is slow
            "--workers=1",  # with two, its parser of Python falls over itself
            "--suppress-health-check=all",
            "--continue-on-failure",
            "--no-color",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.acceptance
@pytest.mark.parametrize("surface", SURFACES)
def test_no_answer_is_a_fault(cloud: ServedCloud, tmp_path: Path, surface: str) -> None:
    told = attack(cloud, tmp_path, surface, 5)
    assert "Tested" in told


@pytest.mark.soak
@pytest.mark.parametrize("surface", SURFACES)
def test_no_answer_is_a_fault_for_long(cloud: ServedCloud, tmp_path: Path, surface: str) -> None:
    told = attack(cloud, tmp_path, surface, 400)
    assert "Tested" in told
