"""What every command has."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from edge.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

BAD_START: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130


def unwritable(path: Path, exc: OSError) -> SettingsError:
    """What to tell of a file that was asked for and cannot be written."""
    return SettingsError(
        f"{path} cannot be written ({(exc.strerror or '').lower()})", mend="Name another file"
    )


def add_command(
    commands: Commands, name: str, text: str, more: str = ""
) -> argparse.ArgumentParser:
    """A command or an action; `text` is for the overview and its own help, where `more` follows."""
    description = f"{text[0].upper()}{text[1:]}. {more}".rstrip()
    return commands.add_parser(name, help=text, description=description)
