"""vitalwire-edge crew-pin: set the PIN that opens the crew page."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.base import add_command
from edge.cli.ownership import act_as_owner
from edge.crew.folder import crew_folder
from edge.crew.pin import PinStore
from edge.errors import SettingsError
from edge.settings import load_settings

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(
        commands, "crew-pin", "set the PIN of the crew page; read twice, or one line from a pipe"
    )
    command.add_argument("--config", type=Path, metavar="FILE", help="the gateway's settings")
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Ask for it and keep its hash; a running gateway takes it at the next sign-in."""
    settings = load_settings(options.config)
    if sys.stdin.isatty():
        pin = getpass.getpass("New PIN: ")
        if getpass.getpass("Again: ") != pin:
            raise SettingsError("the two PINs differ", mend="Try again")
    else:
        pin = sys.stdin.readline().strip()
    act_as_owner(settings.data)
    PinStore(crew_folder(settings.data)).set(pin)
    print("PIN set")
    return 0
