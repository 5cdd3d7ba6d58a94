"""`vitalwire-sim device NAME --ble`: one Bluetooth device with a bluetoothd that reaches it.

Devices that shall be in one place, on one air, are started together: `vitalwire-sim bluetooth`.
"""

from __future__ import annotations

import argparse
from typing import Final

from simulators.bluetooth.command import add_place_arguments, serve
from simulators.bluetooth.personalities.registry import KINDS

OPTION: Final = "--ble"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    names = ", ".join(kind.name for kind in KINDS)
    parser.add_argument(
        "name", metavar="DEVICE", help=f"NAME, NAME:NUMBER or NAME@PAIRING[:PASSKEY] of {names}"
    )
    parser.add_argument(
        OPTION,
        action="store_true",
        help="over Bluetooth; without it: over TCP or a pseudo-terminal",
    )
    add_place_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Be the device until SIGTERM or Ctrl-C; 0."""
    return serve(arguments, [arguments.name])
