"""vitalwire-edge status: how the gateway on this machine is."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.cli.base import add_command
from edge.cli.place import add_place, used_folder_of
from edge.status.text import format_status, look

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(commands, "status", "how the gateway on this machine is")
    add_place(command)
    command.add_argument("--json", action="store_true", help="all of it, as one JSON object")
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print how it is."""
    status = look(used_folder_of(options))
    if options.json:
        print(json.dumps(status))
    else:
        print(format_status(status, now=datetime.now(UTC)))
    return 0
