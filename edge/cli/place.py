"""Which gateway of this machine a command is about: by its settings, or by its data folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import SettingsError
from edge.settings import load_settings

if TYPE_CHECKING:
    import argparse


def add_place(command: argparse.ArgumentParser) -> None:
    """The two ways to name it, one of which has to be there."""
    where = command.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, metavar="FILE", help="the gateway's settings")
    where.add_argument("--data", type=Path, metavar="DIR", help="the gateway's data folder")


def folder_of(options: argparse.Namespace) -> Path:
    """Its data folder, whether it is there or not."""
    folder: Path = options.data if options.data is not None else load_settings(options.config).data
    return folder


def used_folder_of(options: argparse.Namespace) -> Path:
    """Its data folder; SettingsError when there is none."""
    folder = folder_of(options)
    if not folder.is_dir():
        raise SettingsError(
            f"there is no data folder {folder}", mend="Name the folder of a gateway that has run"
        )
    return folder
