"""What `vitalwire-sim device` refuses."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from simulators import device_command
from simulators.devices.misbehaving import FAULTS
from simulators.errors import DeviceSettingsError


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    device_command.add_arguments(parser)
    return parser.parse_args(words)


def test_a_device_is_raw_unless_told_otherwise(tmp_path: Path) -> None:
    line = ("oximeter", "--pty", str(tmp_path / "port"))
    assert parse(*line).framing == "raw"
    assert parse(*line, "--framing", "hdlc").framing == "hdlc"


def test_a_misbehaving_device_speaks_raw(tmp_path: Path) -> None:
    port = tmp_path / "port"
    words = ("oximeter", "--pty", str(port), "--fault", "noise", "--framing", "hdlc")
    with pytest.raises(DeviceSettingsError, match="speaks raw"):
        device_command.run(parse(*words))
    assert not port.is_symlink()


@pytest.mark.parametrize("fault", ["abort-in-segment", "cut-in-mid-page", "gap-in-segment"])
def test_a_fault_of_a_store_needs_a_store(tmp_path: Path, fault: str) -> None:
    port = tmp_path / "port"
    words = ("--pty", str(port), "--fault", fault)
    with pytest.raises(DeviceSettingsError) as told:
        device_command.run(parse("glucose-meter", *words))
    assert str(told.value) == "glucose-meter keeps no readings. Choose another --fault."
    assert not port.is_symlink()
    assert device_command.device_of(parse("night-oximeter", *words)).stores


def test_every_fault_and_a_wrong_clock_are_options(tmp_path: Path) -> None:
    line = ("oximeter", "--pty", str(tmp_path / "port"))
    for fault in FAULTS:
        assert parse(*line, "--fault", fault).fault == fault
    late = parse(*line, "--fault", "late-answers", "--fault-seconds", "9.5")
    assert late.fault_seconds == 9.5
    device = device_command.device_of(parse(*line, "--clock-ahead", "-600", "--clock-can-be-set"))
    assert device.identity.clock.ahead.total_seconds() == -600
    assert device.clock_can_be_set
    assert not device_command.device_of(parse(*line)).clock_can_be_set


@pytest.mark.parametrize("option", ["--duration", "--story-seconds", "--reading-every"])
@pytest.mark.parametrize("value", ["0", "-3", "nan", "inf"])
def test_a_time_that_does_not_pass_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit):
        parse("blood-pressure", "--connect", "tcp:127.0.0.1:9", f"{option}={value}")
    assert f"{option}: {value} is no time that passes; give seconds" in capsys.readouterr().err


def test_a_journal_that_cannot_be_written_is_told_before_the_device_starts(tmp_path: Path) -> None:
    words = ("oximeter", "--pty", str(tmp_path / "port"), "--journal", str(tmp_path))
    with pytest.raises(DeviceSettingsError) as told:
        device_command.run(parse(*words))
    assert str(told.value) == (
        f"the journal {tmp_path} cannot be written: Is a directory. Name another file."
    )
    assert not (tmp_path / "port").is_symlink()
