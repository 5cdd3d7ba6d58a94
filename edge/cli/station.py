"""vitalwire-edge station: say that the vehicle is at its station, or ask."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edge.cli.base import add_command
from edge.cli.place import add_place, folder_of
from edge.status.control import ask
from edge.status.text import station_in_words

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(
        commands,
        "station",
        "say that the vehicle is at its station, where waveforms may go up, or ask",
        "It makes a difference under a thin budget of the uplink. Without --here and --left the"
        " command changes nothing: it prints whether the vehicle counts as there, and why.",
    )
    add_place(command)
    what = command.add_mutually_exclusive_group()
    what.add_argument(
        "--here",
        action="store_true",
        help="it is there: counts until an encounter begins, for `[station] hours` at most",
    )
    what.add_argument("--left", action="store_true", help="it has left: waveforms wait again")
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Tell the running gateway, and print how it stands."""
    wish = "station.here" if options.here else "station.left" if options.left else "station"
    print(station_in_words(ask(folder_of(options), wish)["station"]))
    return 0
