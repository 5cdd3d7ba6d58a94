"""schemathesis over the API's own description: whatever is sent, no answer is a fault of ours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
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
        served.open_encounter("RTW-7", seconds_ago=SECONDS + 30)
        served.send("RTW-7", [device.info for device in DEVICES])
        readings = [one.observation for one in arrest_handover(SECONDS).observations]
        served.send("RTW-7", readings[:200])
        yield served


def attack(cloud: ServedCloud, folder: Path, surface: str, examples: int) -> str:
    """What it tells in the end; AssertionError with its words when an answer was 5xx."""
    described = httpx.get(f"{cloud.base_url}/openapi.json").content
    (folder / "openapi.json").write_bytes(described)
    token = cloud.token(" ".join(SCOPES))
    done = subprocess.run(
        [
            str(own_python("schemathesis").parent / "schemathesis"),
            "run",
            str(folder / "openapi.json"),
            f"--url={cloud.base_url}",
            f"--header=Authorization: Bearer {token}",
            f"--include-path-regex={SURFACES[surface]}",
            "--checks=not_a_server_error",
            f"--max-examples={examples}",
            "--generation-database=none",
            "--phases=examples,coverage,fuzzing",
            "--workers=2",
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
