"""vitalwire-edge explain: what a code stands for."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from edge.cli.base import add_command
from edge.decoding.explaining import explain, meanings_as_lines

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(commands, "explain", "what a code stands for")
    command.add_argument(
        "code",
        nargs="+",
        metavar="CODE",
        help="MDC_..., partition:term, a number, decimal or 0x..., or words of a name",
    )
    command.add_argument("--json", action="store_true", help="one JSON object a meaning")
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print what the code stands for."""
    meanings = explain(" ".join(options.code))
    if options.json:
        for meaning in meanings:
            print(json.dumps(asdict(meaning)))
    else:
        for line in meanings_as_lines(meanings):
            print(line)
    return 0
