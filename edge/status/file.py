"""The status file: written whole, private to the gateway's user.

It is padded to a size of its own, so that on a full disk the next one fits into its room.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.errors import StartError
from edge.status.snapshot import Snapshot

STATUS_NAME: Final = "status.json"
LOCK_NAME: Final = "edge.lock"
_ATTEMPTS: Final = 5
_BETWEEN_SECONDS: Final = 0.05
_PRIVATE: Final = 0o600
_ROOM_OCTETS: Final = 16 << 10


def write_status(folder: Path, snapshot: Snapshot) -> None:
    """Put `snapshot` in place of the last one. OSError when the disk refuses.

    Where there is no room for a second file the last one is overwritten: a reader in that
    instant finds no status and looks again.
    """
    octets = json.dumps(snapshot).encode()
    octets += b" " * (-len(octets) % _ROOM_OCTETS)
    path = folder / STATUS_NAME
    draft = folder / f"{STATUS_NAME}.draft"
    try:
        _write(draft, octets, os.O_CREAT | os.O_TRUNC)
        draft.replace(path)
    except OSError:
        if not path.is_file() or path.stat().st_size < len(octets):
            raise
        with contextlib.suppress(OSError):
            draft.unlink()
        _write(path, octets.ljust(path.stat().st_size), 0)  # no shorter: its room stays ours


def _write(path: Path, octets: bytes, flags: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | flags, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)


def read_status(folder: Path) -> Snapshot | None:
    """The last snapshot; None when there is none that can be read."""
    for _ in range(_ATTEMPTS):
        try:
            snapshot = json.loads((folder / STATUS_NAME).read_text(encoding="utf-8"))
        except OSError:
            return None
        except ValueError:
            # Perhaps it is being overwritten in this instant.
            time.sleep(_BETWEEN_SECONDS)
        else:
            return snapshot if isinstance(snapshot, dict) else None
    return None


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process alone; StartError when another one does."""
    path = folder / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise StartError(
            f"the data folder {folder} cannot be written ({(exc.strerror or '').lower()})",
            mend="Give the gateway's user the folder, or name another one in 'data'",
        ) from exc
    try:
        if not _lock(descriptor):
            raise StartError(
                f"another gateway uses the data folder {folder}",
                mend="Stop it, or name another folder in 'data'",
            )
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the lock. `is_in_use` holds it for an instant, so one refusal is not believed."""
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_BETWEEN_SECONDS)
        else:
            return True
    return False


def is_in_use(folder: Path) -> bool:
    """Whether a gateway runs on the data folder."""
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
