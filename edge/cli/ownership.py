"""Commands that root types write what the service must read: they act as the data folder's owner.

Files are private to their owner, so one left by root would keep the gateway from its next start.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.errors import SettingsError

_PROGRAM: Final = Path(__file__).parents[1]
_ROOT: Final = 0
_PRIVATE: Final = 0o077


@dataclass(frozen=True, slots=True)
class Owner:
    """A user and the group of the folder; `name` is the number where the user has none."""

    user: int
    group: int
    name: str


def owner_to_become(folder: Path, *, acting: int) -> Owner | None:
    """Who is to write into the folder; None: the acting user, or whoever finds no folder yet."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    if acting != _ROOT or found.st_uid == _ROOT:
        return None
    return Owner(found.st_uid, found.st_gid, _name_of(found.st_uid))


def act_as_owner(folder: Path, *, reads: str = "") -> None:
    """From now on, and for good, this process is the folder's owner where it was root.

    `reads`: a file that is needed afterwards; SettingsError when the owner cannot read it, or the
    program itself, most of which is loaded only when it is needed.
    """
    owner = owner_to_become(folder, acting=os.geteuid())
    if owner is None:
        return
    if owner.name.isdecimal():
        os.setgroups([owner.group])
    else:
        os.initgroups(owner.name, owner.group)
    os.setgid(owner.group)
    os.setuid(owner.user)
    os.umask(_PRIVATE)
    if reads and not os.access(reads, os.R_OK):
        raise SettingsError(
            f"{reads} cannot be read by {owner.name}, to whom the data folder belongs",
            mend="Put it where that user can read it, as in /etc/vitalwire",
        )
    if not os.access(_PROGRAM, os.R_OK | os.X_OK):
        raise SettingsError(
            f"the program in {_PROGRAM} cannot be read by {owner.name}, to whom the data folder"
            " belongs",
            mend="Install it where that user can read it, as in /opt",
        )


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
