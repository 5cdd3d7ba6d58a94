"""Small files of the crew that must be whole after a power cut: written beside, synced, renamed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.errors import BufferFaultError, BufferFullError

PRIVATE: Final = 0o600
_ENOSPC: Final = 28


def write_durably(path: Path, octets: bytes) -> None:
    """Replace a file's whole content; BufferFullError or BufferFaultError when it cannot be."""
    beside = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb"
        ) as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as exc:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise fault_of(exc) from exc


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fault_of(exc: OSError) -> BufferFaultError:
    """Our error for one of the disk's."""
    if exc.errno == _ENOSPC:
        return BufferFullError("the disk has no room for what the crew wrote")
    return BufferFaultError(f"what the crew wrote cannot be kept ({(exc.strerror or '').lower()})")


def crew_folder(data: Path) -> Path:
    """The crew's own folder in the data folder, for its owner alone."""
    folder = data / "crew"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
