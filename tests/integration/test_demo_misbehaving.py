"""Devices that misbehave at a real gateway: what can be saved is saved once, nothing falls over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.incident import gateway
from simulators.incident.cloud_client import Credentials
from simulators.incident.listening import free_port
from simulators.incident.plan import HOST, SIMULATORS
from simulators.incident.processes import Child, Processes
from simulators.incident.tenant import Tenant
from simulators.journal import DeviceRecord
from tests.waiting import wait_until

SECONDS = 5


class Vehicle:
    """A gateway without a cloud, and devices with a fault each."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder = folder
        self.processes = processes
        self.port = free_port()
        self.config = folder / "edge.toml"
        tenant = Tenant("ten_1", Credentials("app_1", "x"), "gw_1", "unused")
        gateway.write_settings(
            self.config,
            tenant,
            data=folder / "edge",
            agents_port=self.port,
            mqtt_url="",
            http_url="",
            lines=[],
        )
        self.edge = processes.launch("edge", gateway.run_command(self.config))
        processes.wait_ready(self.edge, seconds=30)

    def start(self, name: str, fault: str) -> Child:
        command = [*SIMULATORS, "device", name, "--connect", f"tcp:{HOST}:{self.port}"]
        command += ["--journal", str(self.journal(name)), "--fault", fault]
        command += ["--duration", str(SECONDS), "--story-seconds", "20"]
        if name == "blood-pressure":
            command += ["--reading-every", "1"]
        return self.processes.launch(name, command)

    def journal(self, name: str) -> Path:
        return self.folder / f"{name}.jsonl"

    def record(self, name: str) -> DeviceRecord:
        return DeviceRecord.read(name, self.journal(name))


@pytest.fixture
def vehicle(tmp_path: Path) -> Iterator[Vehicle]:
    with Processes(tmp_path / "logs") as processes:
        yield Vehicle(tmp_path, processes)


def test_tolerable_faults_cost_no_reading_and_double_none(vehicle: Vehicle) -> None:
    faults = {
        "oximeter": "noise",
        "blood-pressure": "two-versions",
        "ecg": "wrong-order",
        "defibrillator": "repeated-report",
    }
    children = [vehicle.start(name, fault) for name, fault in faults.items()]
    wait_until(
        lambda: not any(child.running for child in children), timeout=40, what="the devices' end"
    )
    assert [child.process.returncode for child in children] == [0, 0, 0, 0]
    stored = 0
    for name in faults:
        record = vehicle.record(name)
        made = {reading.observation_id for reading in record.readings(live=False)}
        assert made, name
        assert record.confirmed_at.keys() == made, name
        stored += len(made)
        stored += sum(
            reading.observation_id in record.sent for reading in record.readings(live=True)
        )
        stored += record.associations  # what the device says of itself, each time
    wait_until(lambda: _held(vehicle) == stored, timeout=5, what="the last status file")
    assert vehicle.edge.running


def test_a_truncated_report_is_sent_again_and_stored_once(vehicle: Vehicle) -> None:
    child = vehicle.start("oximeter", "truncated")
    wait_until(lambda: not child.running, timeout=60, what="the device's end")
    record = vehicle.record("oximeter")
    made = {reading.observation_id for reading in record.made.values()}
    assert record.confirmed_at.keys() == made
    assert record.associations > 1
    stored = len(made) + record.associations
    wait_until(lambda: _held(vehicle) == stored, timeout=5, what="the last status file")


@pytest.mark.parametrize(
    "fault",
    [
        "no-answers",
        pytest.param("wrong-invoke-id", marks=pytest.mark.soak),
        pytest.param("late-answers", marks=pytest.mark.soak),
    ],
)
def test_a_device_that_does_not_answer_is_aborted_and_the_gateway_goes_on(
    vehicle: Vehicle, fault: str
) -> None:
    bad, good = vehicle.start("oximeter", fault), vehicle.start("blood-pressure", "gaps")
    wait_until(lambda: not good.running, timeout=40, what="the good device's end")
    record = vehicle.record("blood-pressure")
    assert record.confirmed_at.keys() == record.made.keys()
    wait_until(
        lambda: '"event":"ended"' in vehicle.journal("oximeter").read_text(encoding="utf-8"),
        timeout=20,
        what="the abort of the other",
    )
    bad.process.terminate()
    assert vehicle.edge.running


@pytest.mark.soak
def test_an_unknown_configuration_and_a_silent_device_harm_nobody_else(vehicle: Vehicle) -> None:
    vehicle.start("blood-pressure", "unknown-configuration")
    vehicle.start("ecg", "silent")
    good = vehicle.start("oximeter", "two-versions")
    wait_until(lambda: not good.running, timeout=40, what="the good device's end")
    record = vehicle.record("oximeter")
    assert record.confirmed_at.keys() == record.made.keys()
    assert not vehicle.record("blood-pressure").confirmed_at
    assert not vehicle.record("ecg").confirmed_at
    assert vehicle.edge.running


def _held(vehicle: Vehicle) -> int:
    waiting: dict[str, int] = gateway.status(vehicle.config)["buffer"]["waiting"]
    return sum(waiting.values())
