"""`vitalwire-sim bluetooth` as a program of its own, reached by stock bleak over the bus."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from bleak import BleakClient, BleakScanner

from protocols.gatt import battery
from simulators.bluetooth.message_bus import PrivateBus
from simulators.commands import main
from simulators.journal import read_lines
from tests.fixtures.bluetooth import bluetooth_process, orders, simulator
from tests.waiting import wait_until


async def test_the_program_says_where_it_is_and_its_devices_answer(
    message_bus: PrivateBus, tmp_path: Path
) -> None:
    words = ["--bus", message_bus.address, "--devices", "oximeter", "--journals", str(tmp_path)]
    with bluetooth_process(*words) as ready:
        assert ready["bus"] == message_bus.address
        devices = ready["devices"]
        assert isinstance(devices, list)
        found = await BleakScanner.find_device_by_address(devices[0]["address"], timeout=30)
        assert found is not None
        async with BleakClient(found) as client:
            level = battery.LEVEL.decode(bytes(await client.read_gatt_char(battery.LEVEL.uuid)))
        assert level.percent == 100
        journal = tmp_path / "oximeter.jsonl"
        wait_until(lambda: has_made(journal), timeout=30, what="a reading")


def has_made(journal: Path) -> bool:
    return any(line["event"] == "made" for line in read_lines(journal))


def test_a_private_bus_ends_with_the_program(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    with bluetooth_process("--private-bus", str(folder), "--devices", "oximeter") as ready:
        assert ready["bus"] == f"unix:path={folder}/bus"
    wait_until(lambda: not (folder / "bus").exists(), timeout=30, what="the end of the bus")


def test_a_device_it_does_not_know_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError), bluetooth_process("--private-bus", "x", "--devices", "tea"):
        pass
    assert "There is no device 'tea'" in capfd.readouterr().err


async def test_orders_come_over_the_control_socket_and_from_a_file(
    message_bus: PrivateBus, tmp_path: Path
) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"at": 0, "do": "rssi", "device": "oximeter:2", "dbm": -80}]))
    control = Path(tempfile.mkdtemp(prefix="vw-ctl-")) / "control"
    words = ["--bus", message_bus.address, "--control", str(control), "--faults", str(faults)]
    with bluetooth_process(*words, "--devices", "oximeter", "oximeter:2@just-works") as ready:
        assert ready["control"] == str(control)
        async with orders(control) as order:
            assert await order({"do": "mute", "device": "oximeter"}) == {"ok": True}
            state = await order({"do": "device-state", "device": "oximeter-2"})
            assert state["ok"] is True
            assert state["links"] == 0
            assert (await order({"do": "tea"}))["ok"] is False
            assert (await order([]))["error"] == "An order is a JSON object."
    assert not control.exists()


def test_one_device_over_bluetooth_is_a_device(tmp_path: Path) -> None:
    words = ["device", "thermometer", "--ble", "--private-bus", str(tmp_path / "b")]
    with simulator(*words) as ready:
        devices = ready["devices"]
        assert isinstance(devices, list)
        assert [device["name"] for device in devices] == ["thermometer"]


@pytest.mark.parametrize(
    "words",
    [
        ["--devices", "oximeter:0"],
        ["--devices", "oximeter@magic"],
        ["--devices", "oximeter@shows-passkey:x"],
        ["--devices", "oximeter", "--adapters", "9"],
        ["--devices", "oximeter", "--start-at", "noon"],
        ["--devices", "oximeter", "--faults", "/nowhere.json"],
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bluetooth", "--private-bus", str(tmp_path / "b"), *words]) == 2
    assert capsys.readouterr().err.startswith("vitalwire-sim: ")


def test_an_installation_without_the_bluetooth_packages_is_told_which_extra_has_them() -> None:
    words = "import sys; sys.modules['bumble'] = None; from simulators.commands import main"
    told = subprocess.run(
        [sys.executable, "-c", f"{words}; sys.exit(main(['bluetooth', '--kernel']))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert told.stderr == "vitalwire-sim: Bluetooth wants the extra vitalwire[sim-bluetooth].\n"
