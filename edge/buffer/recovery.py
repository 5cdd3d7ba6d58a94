"""Open the store whatever state it was left in; what is broken is set aside, never deleted."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from edge.buffer.database import Connect, Database, connect, connect_to_read
from edge.buffer.faults import DISK_FULL_MEND, translated
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.reserve import DiskReserve
from edge.buffer.rows import to_microseconds
from edge.buffer.salvage import finish_setting_aside, salvage, set_aside, unread_files
from edge.buffer.schema import FORM, create, form_of, refuse_newer, upgrade
from edge.buffer.store import ObservationStore, Tell
from edge.errors import BufferDamagedError, BufferFaultError, BufferFullError

log = logging.getLogger(__name__)
T = TypeVar("T")

FILE_NAME: Final = "buffer.db"
RESERVE_NAME: Final = "buffer.reserve"
_EPOCHS_BEGIN: Final = datetime(2025, 1, 1, tzinfo=UTC)
# After damage the last epoch may be unreadable: leave room for more starts than there can be.
_EPOCHS_SKIPPED: Final = 3600
# The log keeps its room after a checkpoint, so that writing goes on when the disk fills up.
_LOG_OCTETS: Final = 8 << 20
_PRIVATE: Final = 0o600
_ROWS: Final = ("SELECT coalesce(sum(rows), 0) FROM held", "SELECT count(*) FROM held")
_IN_USE: Final = "SELECT boot_epoch FROM held UNION SELECT boot_epoch FROM quarantine"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening found: where the broken file went, and how many rows were read from it.

    `is_complete`: it was read to its end; else the next start with more room goes on.
    """

    set_aside: Path
    salvaged: int
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """The store and, when the file was broken, what was done."""

    store: ObservationStore
    recovery: Recovery | None


def open_store(
    folder: Path,
    *,
    policy: BufferPolicy,
    vehicle_id: str,
    now: datetime,
    connect: Connect = connect,
    tell: Tell | None = None,
    machine_boot: str = "",
) -> OpenedStore:
    """Open or make the store in `folder` and begin a new boot epoch.

    A file of an older form is led up first. `tell` makes what is said of waveforms that gave way.
    `machine_boot` names this run of the machine.
    Raises BufferFullError when the disk has no room to begin, BufferFaultError when the file
    belongs to a newer program or cannot be opened.
    """
    path = folder / FILE_NAME
    reserve = DiskReserve(folder / RESERVE_NAME, policy.disk_reserve_bytes)
    finish_setting_aside(path)
    begin = partial(_open, path, policy, connect)
    try:
        database = _with_room(begin, reserve)
    except BufferDamagedError as exc:
        aside = set_aside(path, now)
        log.warning("buffer damaged reason=%r set_aside=%s", str(exc), aside.name)
        database = _with_room(begin, reserve)
    try:
        recovery = _recover(folder, database)
        epoch, vehicles = _with_room(
            partial(_begin_epoch, database, vehicle_id, now, skip=recovery is not None), reserve
        )
        store = ObservationStore(
            database,
            policy=policy,
            reserve=reserve,
            boot_epoch=epoch,
            vehicles=vehicles,
            tell=tell,
            machine_boot=machine_boot,
        )
        _refuse_useless_start(store, reserve)
    except BaseException:
        database.close()
        raise
    return OpenedStore(store, recovery)


def _recover(folder: Path, database: Database) -> Recovery | None:
    """Read every file that was set aside and not read to its end."""
    done = [salvage(broken, database) for broken in unread_files(folder)]
    for item in done:
        log.warning(
            "buffer salvaged file=%s rows=%d complete=%s",
            item.set_aside.name,
            item.salvaged,
            item.is_complete,
        )
    if not done:
        return None
    return Recovery(
        done[-1].set_aside,
        sum(item.salvaged for item in done),
        all(item.is_complete for item in done),
    )


def _refuse_useless_start(store: ObservationStore, reserve: DiskReserve) -> None:
    """With rows inside, a full disk is a reason to run and send them; with none it is not."""
    if not reserve.hold() and not sum(store.counts().waiting.values()):
        raise BufferFullError(
            f"the disk has no room for the buffer's reserve of {reserve.octets} octets",
            mend=DISK_FULL_MEND,
        )


def held_rows(folder: Path) -> int:
    """Rows that wait in a folder whose gateway does not run; 0 when there is no store."""
    path = folder / FILE_NAME
    if not path.is_file():
        return 0
    with translated(), closing(connect_to_read(path)) as database:
        return sum(one[0] for one in database.execute(_ROWS[form_of(database) < FORM]))


def _with_room(act: Callable[[], T], reserve: DiskReserve) -> T:
    """Do it; on a full disk once more, with the reserve given up."""
    try:
        return act()
    except BufferFullError:
        if not reserve.give_up():
            raise
        log.warning("disk reserve given up to start octets=%d", reserve.octets)
        return act()


def _make_private(path: Path) -> None:
    """For its owner alone, before the first row; sqlite gives the log and its index the same."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE))
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.chmod(_PRIVATE)
    except OSError as exc:
        # Whether the file is of use is for sqlite to say.
        log.warning("buffer not made private reason=%r", exc.strerror)


def _open(path: Path, policy: BufferPolicy, connect: Connect) -> Database:
    _make_private(path)
    with translated():
        database = connect(path)
    try:
        with translated():
            _prepare(database, path, policy)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: Database, path: Path, policy: BufferPolicy) -> None:
    form = form_of(database)
    refuse_newer(form, path.name)
    if form == 0:
        database.execute(f"PRAGMA page_size = {PAGE_OCTETS}")
        # Free pages can be given back, so that a disk we filled ourselves can recover.
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    # FULL: the log is synced to disk at every commit; this is what a confirm stands on.
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"PRAGMA max_page_count = {policy.max_pages}")
    database.execute(f"PRAGMA journal_size_limit = {_LOG_OCTETS}")
    database.execute(f"PRAGMA wal_autocheckpoint = {policy.log_pages}")
    if form == 0:
        create(database)
        upgrade(database)
        return
    verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise BufferDamagedError(f"the buffer's file is damaged ({verdict})")
    if form < FORM:
        upgrade(database)
        log.info("buffer led up form=%d to=%d", form, FORM)


def _begin_epoch(
    database: Database, vehicle_id: str, now: datetime, *, skip: bool
) -> tuple[int, dict[int, str]]:
    """Write the new epoch; it is greater than every one before, even in a file now lost."""
    by_clock = int((now - _EPOCHS_BEGIN).total_seconds()) + (_EPOCHS_SKIPPED if skip else 0)
    try:
        with translated():
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                f"DELETE FROM boots WHERE epoch NOT IN ({_IN_USE})"  # noqa: S608 - a constant
                " AND epoch < (SELECT max(epoch) FROM boots)"
            )
            # Not by `boots`: of a broken file the rows and their clock may be all there is.
            database.execute(f"DELETE FROM clocks WHERE boot_epoch NOT IN ({_IN_USE})")  # noqa: S608 - a constant
            last = database.execute(
                "SELECT max((SELECT coalesce(max(epoch), 0) FROM boots),"
                " (SELECT coalesce(max(boot_epoch), 0) FROM held))"
            ).fetchone()[0]
            epoch = max(last + 1, by_clock, 1)
            database.execute(
                "INSERT INTO boots (epoch, started_us, vehicle_id) VALUES (?, ?, ?)",
                (epoch, to_microseconds(now), vehicle_id),
            )
            database.execute("COMMIT")
            return epoch, dict(database.execute("SELECT epoch, vehicle_id FROM boots"))
    except BufferFaultError:
        if database.in_transaction:
            with translated():
                database.execute("ROLLBACK")
        raise
