"""The status file: written whole or not at all, read by anyone who may read the data folder."""

from __future__ import annotations

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


def write_status(folder: Path, snapshot: Snapshot) -> None:
    """Put `snapshot` in place of the last one. OSError when the disk refuses."""
    draft = folder / f"{STATUS_NAME}.draft"
    draft.write_text(json.dumps(snapshot), encoding="utf-8")
    draft.replace(folder / STATUS_NAME)


def read_status(folder: Path) -> Snapshot | None:
    """The last snapshot; None when there is none that can be read."""
    try:
        snapshot = json.loads((folder / STATUS_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return snapshot if isinstance(snapshot, dict) else None


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
