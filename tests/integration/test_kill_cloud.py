"""kill -9 of the cloud in the middle of an incident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulators.incident.incident import Incident
from tests.integration.kill_incident import assert_reconciles, ledger_after, missing_samples


def kill_the_cloud(incident: Incident) -> Callable[[], None]:
    incident.processes.kill(incident.cloud.api)

    def start_again() -> None:
        incident.processes.wait_ready(incident.processes.again(incident.cloud.api), seconds=30)

    return start_again


def test_after_the_cloud_died_everything_arrives_once(tmp_path: Path) -> None:
    ledger = ledger_after(tmp_path, kill_the_cloud)
    assert_reconciles(ledger)
    assert missing_samples(ledger) == 0  # the gateway's buffer held them
