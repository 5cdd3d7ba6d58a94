"""What every command is told, before its act or after it, and the acts some commands have."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Acts = argparse._SubParsersAction[argparse.ArgumentParser]


def add_settings(command: argparse.ArgumentParser, *, default: str | None = None) -> None:
    """Where the installation is, and how it logs."""
    command.add_argument(
        "--data", type=Path, metavar="DIR", default=default, help="the data folder"
    )
    command.add_argument(
        "--config", type=Path, metavar="FILE", default=default, help="settings, one TOML file"
    )
    command.add_argument(
        "--database-url",
        metavar="URL",
        default=default,
        help="postgresql+psycopg://... instead of SQLite in --data",
    )
    command.add_argument(
        "--log-level",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
        default=default,
        help="the least that is logged (default INFO)",
    )
    command.add_argument(
        "--log-format",
        choices=("text", "json"),
        default=default,
        help="form of the log lines (default text)",
    )


def add_acts(command: argparse.ArgumentParser, add: Callable[[Acts], None]) -> None:
    """The acts of a command; what every command is told is taken after their names too."""
    acts: Acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    add(acts)
    for act in acts.choices.values():
        # An act that is told nothing leaves what its command was told.
        add_settings(act, default=argparse.SUPPRESS)


def minutes(least: int, most: int) -> Callable[[str], int]:
    """The type of an argument in whole minutes; argparse.ArgumentTypeError outside of these."""

    def read(text: str) -> int:
        if not (text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"write {least} to {most} minutes")
        return int(text)

    return read
