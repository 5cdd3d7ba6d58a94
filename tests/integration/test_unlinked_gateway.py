"""A real gateway beside a real cloud: what was measured before, during and after an encounter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.cloud import VEHICLE, install
from tests.fixtures.gateway import Gateway
from tests.integration.test_cloud_programs import started, token
from tests.waiting import wait_until

SETTINGS = """
gateway_id = "{gateway}"
tenant_id = "{tenant}"
vehicle_id = "{vehicle}"
gateway_secret = "{secret}"
data = "{data}"
listen = "tcp:127.0.0.1:0"
[uplink]
http_url = "{url}"
"""
PATIENCE = 40.0


@contextmanager
def oximeter(agents: str) -> Iterator[None]:
    """A simulated device of its own process that dials the gateway and measures every second."""
    words = ["device", "oximeter", "--connect", agents, "--seed", "7"]
    process = subprocess.Popen([sys.executable, "-m", "simulators", *words])
    try:
        yield
    finally:
        process.kill()
        process.wait()


class Hospital:
    """A partner at the API."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON of any shape
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON of any shape
        answer = self.client.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def waiting(self, reason: str) -> int:
        """How many numbers wait for this reason."""
        found = self.get("/api/v1/epcr/unlinked-readings", reason=reason)["stretches"]
        return sum(one["observations"] for one in found)

    def charted(self, encounter_id: str) -> int:
        total: int = self.get(f"/api/v1/epcr/encounters/{encounter_id}")["vitals_total"]
        return total

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        wait_until(is_so, timeout=PATIENCE, what=what)


def test_readings_of_a_gateway_before_during_and_after_an_encounter(tmp_path: Path) -> None:
    (tmp_path / "cloud").mkdir()
    mine, _ = install(tmp_path / "cloud")
    arguments: list[str | Path] = [
        "serve",
        "--data",
        tmp_path / "cloud",
        "--port",
        "0",
        "--no-broker",
        "--no-ingest",
    ]
    with started(*arguments, log=tmp_path / "cloud.log") as (_, ready):
        edge = Gateway.start_with(
            tmp_path / "edge",
            SETTINGS.format(
                gateway=mine.gateway_id,
                tenant=mine.tenant_id,
                secret=mine.gateway_secret,
                vehicle=VEHICLE,
                data=tmp_path / "edge" / "data",
                url=ready["http"],
            ),
        )
        headers = token(ready["http"], mine.client_id, mine.client_secret)
        with (
            httpx.Client(base_url=ready["http"], headers=headers, timeout=PATIENCE) as client,
            oximeter(edge.agents),
        ):
            try:
                follow(Hospital(client), mine.gateway_id)
            finally:
                ended = edge.stop()
        assert ended == 0


def follow(at: Hospital, gateway_id: str) -> None:
    at.until(lambda: at.waiting("no_encounter") >= 4, "readings before any encounter")
    opened = at.post(
        "/api/v1/epcr/encounters",
        care_model="prehospital_emergency",
        vehicle_id=VEHICLE,
        crew_ids=[],
        cad_incident_id="INC-1",
        started_at=(datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
    )
    encounter_id = opened["id"]
    at.until(lambda: at.charted(encounter_id) >= 4, "readings during the encounter")
    before = at.waiting("no_encounter")
    assert before, "what was measured before its start waits, however late it came"
    at.until(lambda: at.charted(encounter_id) >= 8, "more readings during the encounter")
    assert at.waiting("no_encounter") == before
    at.until(lambda: is_bound(at, gateway_id), "the gateway bound")
    at.post(f"/api/v1/epcr/encounters/{encounter_id}/handover", facility_id="ED-1", received_by="N")
    at.until(lambda: at.waiting("released") >= 4, "readings after the handover")
    during = at.charted(encounter_id)
    (early,) = at.get("/api/v1/epcr/unlinked-readings", reason="no_encounter")["stretches"]
    assert encounter_id in early["candidates"]
    moved = at.post(
        "/api/v1/epcr/reading-moves",
        to_encounter_id=encounter_id,
        vehicle_id=early["vehicle_id"],
        device_ids=[early["device_id"]],
        since=early["since"],
        until=early["until"],
        reason="the call was entered late",
    )
    assert moved["observations"] == early["observations"] == before
    assert at.charted(encounter_id) >= during + before
    assert at.waiting("no_encounter") == 0


def is_bound(at: Hospital, gateway_id: str) -> bool:
    """Whether the gateway says it carried out `encounter.bind`."""
    commands = at.get(f"/api/v1/gateways/{gateway_id}/commands")["commands"]
    return any(one["kind"] == "encounter.bind" and one["status"] == "done" for one in commands)
