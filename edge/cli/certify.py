"""vitalwire-edge certify: drive a device through the checks of 20601."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.certifying import command as certify
from edge.cli.base import add_command

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(
        commands, "certify", "drive a device through the checks of 20601 and report"
    )
    certify.add_arguments(command)
    command.set_defaults(act=certify.act)
