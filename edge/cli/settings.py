"""vitalwire-edge settings: the settings file, explained, or checked before it is used."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.base import add_command
from edge.settings import load_settings
from edge.settings.explained import settings_file

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(
        commands, "settings", "print a settings file with every key explained, or check one"
    )
    command.add_argument(
        "--check", type=Path, metavar="FILE", help="say whether the gateway would start with it"
    )
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print the file, or check one; SettingsError names what is wrong."""
    if options.check is None:
        print(settings_file(), end="")
        return 0
    settings = load_settings(options.check)
    settings.check_files()
    print(f"{options.check}: in order, gateway {settings.gateway_id}")
    return 0
