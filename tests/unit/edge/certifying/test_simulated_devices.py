"""Every simulated device passes the checks that our own runner holds devices to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.certifying.checks import Verdict
from simulators.devices.registry import DEVICES
from tests.unit.edge.certifying.examined import POLICY, failed, found
from tests.unit.edge.certifying.simulated import SimulatedExamined, made

# A drop of blood each 20 s is the slowest of them.
PATIENT = replace(POLICY, report_seconds=21.0)


@pytest.mark.parametrize("name", [kind.name for kind in DEVICES])
def test_a_simulated_device_fails_nothing_and_reports(name: str) -> None:
    device = made(name)
    record = SimulatedExamined(device).run(policy=PATIENT)
    assert failed(record) == {}
    for check_id in ("ASSOC-4", "CONF-3", "MDS-6", "OPER-3", "REP-5", "REP-9", "REL-3"):
        assert found(record, check_id).verdict is Verdict.PASS, check_id
    stored = Verdict.PASS if device.configuration.pm_stores else Verdict.NOT_TRIED
    assert {found(record, f"STORE-{number}").verdict for number in range(1, 7)} == {stored}
    assert record.device.model == device.identity.info.model
