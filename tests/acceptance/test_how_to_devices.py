"""The how-to pages on devices and waiting readings, run as they are written against the server."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.integration.test_cloud_programs import run, started, token
from tests.postgres import PROJECT_ENVIRONMENT

pytestmark = pytest.mark.acceptance

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A running server's address and a token for it."""
    data = tmp_path_factory.mktemp("documented")
    made = run("bootstrap", "--json", "--name", "Mine", "--data", str(data))
    assert made.returncode == 0, made.stderr
    words = json.loads(made.stdout)
    arguments = ("serve", "--data", str(data), "--port", "0", "--no-broker", "--no-ingest")
    with started(*arguments, log=data / "log") as (_, ready):
        headers = token(ready["http"], words["client_id"], words["client_secret"])
        yield {"BASE": ready["http"], "TOKEN": headers["Authorization"].removeprefix("Bearer ")}


def measure_before_an_encounter(ground: dict[str, str]) -> None:
    """What dispatch entered late: a device measures, and the encounter begins after it."""
    headers = {"Authorization": f"Bearer {ground['TOKEN']}"}
    now = datetime.now(UTC)
    with httpx.Client(base_url=ground["BASE"], headers=headers) as client:
        device = client.post(
            "/api/v1/devices/enrol",
            json={
                "serial_number": "OX-1",
                "device_class": "oximeter",
                "manufacturer": "Acme",
                "vehicle_id": "AMB-7",
            },
        ).json()["id"]
        body = {
            "mdc_code": "150456",
            "value": 97,
            "unit_code": "%",
            "observed_at": (now - timedelta(minutes=10)).isoformat(),
        }
        sent = client.post(f"/api/v1/devices/{device}/observations", json=body)
        assert sent.status_code == 201, sent.text
        opened = client.post(
            "/api/v1/epcr/encounters",
            json={
                "care_model": "prehospital_emergency",
                "vehicle_id": "AMB-7",
                "crew_ids": [],
                "cad_incident_id": "INC-1",
                "started_at": (now - timedelta(minutes=5)).isoformat(),
            },
        )
        assert opened.status_code == 201, opened.text


@pytest.mark.parametrize("page", ["look-after-devices", "link-waiting-readings"])
def test_a_page_runs_as_it_is_written(ground: dict[str, str], tmp_path: Path, page: str) -> None:
    if page == "link-waiting-readings":
        measure_before_an_encounter(ground)
    blocks = BLOCK.findall((PAGES / f"{page}.md").read_text(encoding="utf-8"))
    assert blocks
    script = tmp_path / "script.sh"
    script.write_text("set -euxo pipefail\n" + "\n".join(blocks), encoding="utf-8")
    said = subprocess.run(
        ["bash", str(script)],
        cwd=tmp_path,
        env={**PROJECT_ENVIRONMENT, **ground},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert said.returncode == 0, said.stdout[-1000:] + said.stderr[-2000:]
