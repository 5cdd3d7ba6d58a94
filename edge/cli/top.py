"""vitalwire-edge top: the gateway at a glance, in a terminal, for technicians."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from edge.cli.base import add_command
from edge.cli.place import add_place, used_folder_of
from edge.status.control import ask

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(
        commands, "top", "devices, ways up, buffer, work and log of the running gateway, live"
    )
    add_place(command)
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Show it until told to stop."""
    folder = used_folder_of(options)
    from edge.cli.top_screen import TopScreen  # noqa: PLC0415 - no other command needs its library

    TopScreen(partial(ask, folder)).run()
    return 0
