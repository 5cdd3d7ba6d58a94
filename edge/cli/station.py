"""vitalwire-edge station: say that the vehicle is at its station, or ask."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge.settings import load_settings
from edge.status.control import ask
from edge.status.text import station_in_words

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = commands.add_parser(
        "station", help="say that the vehicle is at its station, where waveforms may go up"
    )
    where = command.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, metavar="FILE", help="the gateway's settings")
    where.add_argument("--data", type=Path, metavar="DIR", help="the gateway's data folder")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--here", action="store_true", help="it is there")
    what.add_argument("--left", action="store_true", help="it has left")
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Tell the running gateway, and print how it stands."""
    folder = options.data if options.data is not None else load_settings(options.config).data
    wish = "station.here" if options.here else "station.left" if options.left else "station"
    print(station_in_words(ask(folder, wish)["station"]))
    return 0
