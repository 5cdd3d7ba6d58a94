"""`vitalwire-sim bluetooth` as a program of its own, reached by stock bleak over the bus."""

from __future__ import annotations

from pathlib import Path

import pytest
from bleak import BleakClient, BleakScanner

from protocols.gatt import battery
from simulators.bluetooth.message_bus import PrivateBus
from simulators.journal import read_lines
from tests.fixtures.bluetooth import bluetooth_process
from tests.waiting import wait_until


async def test_the_program_says_where_it_is_and_its_devices_answer(
    message_bus: PrivateBus, tmp_path: Path
) -> None:
    words = ["--bus", message_bus.address, "--devices", "oximeter", "--journals", str(tmp_path)]
    with bluetooth_process(*words) as ready:
        assert ready["bus"] == message_bus.address
        devices = ready["devices"]
        assert isinstance(devices, list)
        found = await BleakScanner.find_device_by_address(devices[0]["address"], timeout=10)
        assert found is not None
        async with BleakClient(found) as client:
            level = battery.LEVEL.decode(bytes(await client.read_gatt_char(battery.LEVEL.uuid)))
        assert level.percent == 100
        journal = tmp_path / "oximeter.jsonl"
        wait_until(lambda: has_made(journal), timeout=5, what="a reading")


def has_made(journal: Path) -> bool:
    return any(line["event"] == "made" for line in read_lines(journal))


def test_a_private_bus_ends_with_the_program(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    with bluetooth_process("--private-bus", str(folder), "--devices", "oximeter") as ready:
        assert ready["bus"] == f"unix:path={folder}/bus"
    wait_until(lambda: not (folder / "bus").exists(), timeout=5, what="the end of the bus")


def test_a_device_it_does_not_know_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError), bluetooth_process("--private-bus", "x", "--devices", "tea"):
        pass
    assert "invalid choice: 'tea'" in capfd.readouterr().err
