"""vitalwire-edge status: how the gateway on this machine is."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import SettingsError
from edge.settings import load_settings
from edge.status.text import format_status, look

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = commands.add_parser("status", help="how the gateway on this machine is")
    where = command.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, metavar="FILE", help="the gateway's settings")
    where.add_argument("--data", type=Path, metavar="DIR", help="the gateway's data folder")
    command.add_argument("--json", action="store_true", help="all of it, as one JSON object")
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print how it is."""
    folder = options.data if options.data is not None else load_settings(options.config).data
    if not folder.is_dir():
        raise SettingsError(
            f"there is no data folder {folder}", mend="Name the folder of a gateway that has run"
        )
    status = look(folder)
    if options.json:
        print(json.dumps(status))
    else:
        print(format_status(status, now=datetime.now(UTC)))
    return 0
