"""Mend a stopped gateway's buffer: what is broken set aside and read, the form led up or back.

None of it may happen under a running gateway: the caller holds the data folder for itself.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

from edge.buffer.database import connect, connect_to_read
from edge.buffer.faults import translated
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import FILE_NAME, Recovery, open_store
from edge.buffer.schema import downgrade, form_of
from edge.errors import BufferFaultError


def repair(folder: Path, *, policy: BufferPolicy, now: datetime) -> Recovery | None:
    """Open the file as a start does, and let it go again; what was done to a broken one."""
    refuse_without_file(folder)
    opened = open_store(folder, policy=policy, vehicle_id="", now=now)
    opened.store.close()
    return opened.recovery


def lead_up(folder: Path, *, policy: BufferPolicy, now: datetime) -> int:
    """Lead the file to the newest form; the form it had."""
    refuse_without_file(folder)
    with translated(), closing(connect_to_read(folder / FILE_NAME)) as database:
        before = form_of(database)
    repair(folder, policy=policy, now=now)
    return before


def lead_back(folder: Path, *, to: int) -> int:
    """Lead the file to an older form, for an older gateway; the form it had."""
    refuse_without_file(folder)
    with translated(), closing(connect(folder / FILE_NAME)) as database:
        database.execute("PRAGMA synchronous = FULL")
        return downgrade(database, to=to)


def refuse_without_file(folder: Path) -> None:
    """BufferFaultError when there is nothing to mend."""
    if not (folder / FILE_NAME).is_file():
        raise BufferFaultError(
            f"there is no buffer in {folder}", mend="Name the data folder of a gateway that has run"
        )
