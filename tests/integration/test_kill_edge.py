"""kill -9 of the gateway in the middle of an incident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulators.incident.incident import Incident
from tests.integration.kill_incident import assert_reconciles, ledger_after, missing_samples


def kill_the_gateway(incident: Incident) -> Callable[[], None]:
    incident.processes.kill(incident.running_edge)

    def start_again() -> None:
        incident.processes.wait_ready(incident.processes.again(incident.running_edge), seconds=30)

    return start_again


def test_after_the_gateway_died_nothing_confirmed_is_lost_and_the_silence_is_a_gap(
    tmp_path: Path,
) -> None:
    ledger = ledger_after(tmp_path, kill_the_gateway)
    assert_reconciles(ledger)
    # Two seconds and more without a gateway: two strips of 200 samples a second.
    assert missing_samples(ledger) >= 2 * 2 * 200
