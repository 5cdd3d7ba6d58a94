"""kill -9 of the broker, a process of its own, in the middle of an incident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.incident.incident import Incident
from tests.integration.kill_incident import assert_reconciles, ledger_after, missing_samples


def kill_the_broker(incident: Incident) -> Callable[[], None]:
    broker = incident.cloud.broker
    assert broker is not None
    incident.processes.kill(broker)

    def start_again() -> None:
        incident.processes.wait_ready(incident.processes.again(broker), seconds=30)

    return start_again


@pytest.mark.soak
def test_after_the_broker_died_everything_arrives_once(tmp_path: Path) -> None:
    ledger = ledger_after(tmp_path, kill_the_broker, separate_broker=True)
    assert_reconciles(ledger)
    assert missing_samples(ledger) == 0
