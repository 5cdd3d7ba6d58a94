"""A whole vehicle: its wires, ids and settings, its orders, and a short ride with a manager."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulators.ambulance import command
from simulators.ambulance.orders import Orders
from simulators.ambulance.radio_devices import RadioDevices
from simulators.ambulance.vehicle import (
    GRACE_SECONDS,
    SERIAL_DEVICES,
    USUAL_DEVICES,
    Vehicle,
    VehiclePlan,
    numbered,
)
from simulators.devices.registry import BY_NAME
from simulators.errors import DeviceSettingsError
from simulators.patient.scenario_files import find_scenario
from simulators.patient.virtual_clock import VirtualClock
from simulators.patient.vital_signs import Patient
from tests.fixtures.gatt_peer import turns

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def vehicle_in(folder: Path, *devices: str) -> Vehicle:
    plan = VehiclePlan(
        folder=folder, agents=("127.0.0.1", 9), seconds=5.0, devices=devices or USUAL_DEVICES
    )
    patient = Patient(seed=1, scenario=find_scenario("stable"))
    return Vehicle(patient, VirtualClock(NOON, NOON, 10.0), plan)


def is_there(port: Path) -> bool:
    return port.is_symlink()


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


async def test_the_settings_it_prints_are_those_of_a_gateway(tmp_path: Path) -> None:
    vehicle = vehicle_in(tmp_path)
    settings = tomllib.loads("\n".join(vehicle.settings_lines()))
    assert settings["listen"] == "tcp:127.0.0.1:9"
    assert {one["name"] for one in settings["devices"]} == set(SERIAL_DEVICES)
    for one in settings["devices"]:
        path = Path(one["transport"].removeprefix("serial:").partition(",")[0])
        assert is_there(path)
        assert path.parent.name == "by-id"
    for one in vehicle.devices.values():
        one.link.remove()
        one.journal.close()
    assert not list((tmp_path / "serial" / "by-id").iterdir())


def test_devices_of_two_vehicles_are_told_apart() -> None:
    identities = [
        numbered(kind.identity, number, "run") for kind in BY_NAME.values() for number in (0, 1, 9)
    ]
    assert len({one.info.system_id for one in identities}) == len(identities)
    assert len({one.info.serial_number for one in identities}) == len(identities)


async def test_a_device_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceSettingsError, match="Choose from oximeter"):
        vehicle_in(tmp_path, "toaster")


def test_a_story_told_faster_than_life_lies_in_the_past() -> None:
    fast = command.clock_of(parse("--speed", "20"), 3600.0)
    assert fast.begins_at - fast.start_at == timedelta(hours=1)
    live = command.clock_of(parse(), 3600.0)
    assert live.begins_at == live.start_at


@pytest.mark.parametrize("address", ["tcp:host", "udp:127.0.0.1:1", "tcp:127.0.0.1:99999", "x"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(DeviceSettingsError, match="Write tcp:HOST:PORT"):
        command.run(parse("--connect", address, "--scenario", "stable"))


async def test_orders_pull_wires_and_spoil_octets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vehicle = vehicle_in(tmp_path, "oximeter", "ecg")
    reader, writer = os.pipe()
    with os.fdopen(reader) as source:
        lines = "unplug ecg\n\naway oximeter 0.1\ncorrupt ecg 3\nstall ecg 1\ntruncate ecg 2\n"
        os.write(writer, (lines + "dance ecg\nplug nobody\ndance ecg 4\n").encode())
        os.close(writer)
        async with asyncio.timeout(10):
            await Orders(vehicle, source).obey()
    assert not vehicle.devices["ecg"].link.is_plugged
    assert vehicle.devices["oximeter"].link.is_plugged  # back again after its tenth of a second
    told = capsys.readouterr().err
    assert told.count("not_understood") == 3
    for one in vehicle.devices.values():
        one.link.remove()
        one.journal.close()


async def test_half_an_order_holds_nothing_up_and_is_obeyed_when_it_is_whole(
    tmp_path: Path,
) -> None:
    vehicle = vehicle_in(tmp_path, "oximeter", "ecg")
    ecg, oximeter = (vehicle.devices[name].link for name in ("ecg", "oximeter"))
    reader, writer = os.pipe()
    with os.fdopen(reader) as source:
        os.write(writer, b"unplug ecg\nunplug oxi")
        obeying = asyncio.create_task(Orders(vehicle, source).obey())
        async with asyncio.timeout(10):
            while ecg.is_plugged:
                await turns(1)
            assert oximeter.is_plugged
            os.write(writer, b"meter\nplug ecg")
            while oximeter.is_plugged:
                await turns(1)
            os.close(writer)
            await obeying
    assert ecg.is_plugged, "the end of the input ends the last line"
    for one in vehicle.devices.values():
        one.link.remove()
        one.journal.close()


def test_nobody_waits_for_a_reader_of_the_progress(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "w") as target:
        assert command.takes_a_line(target)
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        assert not command.takes_a_line(target)
    with (tmp_path / "log").open("w") as log:
        assert command.takes_a_line(log)
    assert command.takes_a_line(io.StringIO())


def test_a_vehicle_whose_gateway_says_nothing_ends_soon_after_it_is_told_to(
    tmp_path: Path,
) -> None:
    """And whose input was left in the middle of a line."""
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        port = gateway.getsockname()[1]
        words = ["ambulance", "--quiet", "--scenario", "stable", "--folder", str(tmp_path)]
        words += ["--devices", "oximeter", "defibrillator", "--connect", f"tcp:127.0.0.1:{port}"]
        with subprocess.Popen(
            [sys.executable, "-m", "simulators", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as vehicle:
            assert vehicle.stdin is not None
            assert vehicle.stdout is not None
            try:
                assert b'"ready"' in vehicle.stdout.readline()
                vehicle.stdin.write(b"unplug oxi")
                vehicle.stdin.flush()
                device, _ = gateway.accept()
                assert device.recv(4096)[:1] == b"\xe2"
                vehicle.send_signal(signal.SIGTERM)
                assert vehicle.wait(GRACE_SECONDS + 5) == 0
                device.close()
            finally:
                vehicle.kill()


async def test_progress_is_told_in_words(tmp_path: Path) -> None:
    vehicle = vehicle_in(tmp_path, "oximeter")
    vehicle.devices["oximeter"].journal.counts.update(made=1200, confirmed=1100)
    line = command.progress_line(vehicle)
    assert "sinus rhythm" in line
    assert "made 1,200, confirmed 1,100, unheard 0" in line
    vehicle.devices["oximeter"].link.remove()
    vehicle.devices["oximeter"].journal.close()


async def test_radio_devices_measure_the_same_patient_and_are_told_to_the_gateway(
    tmp_path: Path,
) -> None:
    clock = VirtualClock(NOON, datetime.now(UTC), 10.0)
    patient = Patient(seed=1, scenario=find_scenario("stable"))
    with tempfile.TemporaryDirectory(prefix="vw-bus-") as short:  # a socket's path must be
        async with asyncio.timeout(30):
            async with RadioDevices(patient, clock, Path(short), ("oximeter",)) as radios:
                told = tomllib.loads("\n".join(radios.settings_lines()))
                assert radios.bus_address.startswith("unix:path=")
    (device,) = told["bluetooth"]["devices"]
    assert device["address"] == radios.addresses["oximeter"]
    with pytest.raises(DeviceSettingsError, match="no Bluetooth device 'toaster'"):
        RadioDevices(patient, clock, tmp_path, ("toaster",))
