"""vitalwire-edge top: the gateway at a glance, in a terminal, for technicians."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import SettingsError
from edge.settings import load_settings
from edge.status.control import ask

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = commands.add_parser(
        "top", help="devices, ways up, buffer, work and log of the running gateway, live"
    )
    where = command.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, metavar="FILE", help="the gateway's settings")
    where.add_argument("--data", type=Path, metavar="DIR", help="the gateway's data folder")
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Show it until told to stop."""
    folder = options.data if options.data is not None else load_settings(options.config).data
    if not folder.is_dir():
        raise SettingsError(
            f"there is no data folder {folder}", mend="Name the folder of a gateway that runs"
        )
    from edge.cli.top_screen import TopScreen  # noqa: PLC0415 - no other command needs its library

    TopScreen(partial(ask, folder)).run()
    return 0
