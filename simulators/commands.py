"""vitalwire-sim: simulated devices, their patient, and the whole incident from one command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, Protocol, cast

from simulators.early_interrupt import ending_at_once
from simulators.errors import SimulatorError

PROGRAM: Final = "vitalwire-sim"
FAILED: Final = 1
BAD_START: Final = 2
INTERRUPTED: Final = 130


class Command(Protocol):
    """A module that is a command; loaded by name, so that a device starts without the demo."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add its options."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""
        ...


COMMANDS: Final = {
    "bluetooth": ("simulators.bluetooth.command", "Bluetooth devices, and their bluetoothd"),
    "demo": ("simulators.incident.demo_command", "a whole incident, from devices to bundle"),
    "device": ("simulators.device_command", "one simulated device; --ble: over Bluetooth"),
    "ambulance": ("simulators.ambulance.command", "a whole vehicle: every device at one patient"),
    "fleet": ("simulators.ambulance.fleet_command", "many vehicles at once against one cloud"),
    "patient": ("simulators.patient_story", "the patient's story, second by second"),
    "scenarios": ("simulators.scenarios_command", "the stories there are, and what is in them"),
}


BLUETOOTH: Final = "--ble"
BLUETOOTH_PACKAGES: Final = ("bumble", "dbus_fast")
BLUETOOTH_DEVICE: Final = "simulators.bluetooth.device_command"


def _module_of(words: Sequence[str]) -> tuple[str, str]:
    """The module of a command and what it does; a device over Bluetooth has its own options."""
    module, summary = COMMANDS[words[0]]
    is_bluetooth = words[0] == "device" and BLUETOOTH in words
    return (BLUETOOTH_DEVICE if is_bluetooth else module), summary


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 or 2 when it could not."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] not in COMMANDS:
        _overview().parse_args(words)
        return BAD_START
    module, summary = _module_of(words)
    try:
        with ending_at_once():
            command = cast("Command", importlib.import_module(module))
        parser = argparse.ArgumentParser(prog=f"{PROGRAM} {words[0]}", description=summary)
        command.add_arguments(parser)
        return command.run(parser.parse_args(words[1:]))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in BLUETOOTH_PACKAGES:
            raise
        sys.stderr.write(f"{PROGRAM}: Bluetooth wants the extra vitalwire[sim-bluetooth].\n")
        return BAD_START
    except SimulatorError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return BAD_START
    except BrokenPipeError:
        # Whoever read our output has gone; there is nothing left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _overview() -> argparse.ArgumentParser:
    """What there is; ends the program with help or the right complaint."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary)
    return parser
