"""A gateway of form 1, with its own statements: what it writes, and what it can read.

Nothing of this comes from the code under test but the uplink contract's row.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation, SampleArrayObservation
from protocols.uplink.codec import decode_row, encode_row
from protocols.uplink.messages import UplinkRow
from tests.unit.edge.making import NOON

SCHEMA: Final = """
BEGIN;
CREATE TABLE boots (epoch INTEGER PRIMARY KEY, started_us INTEGER NOT NULL,
                    vehicle_id TEXT NOT NULL) STRICT;
CREATE TABLE held (id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL,
                   boot_epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, observation_id BLOB,
                   measured INTEGER NOT NULL, captured_us INTEGER NOT NULL, crc INTEGER NOT NULL,
                   body BLOB NOT NULL) STRICT;
CREATE INDEX held_in_order ON held (stream, id);
CREATE UNIQUE INDEX held_once ON held (measured, observation_id) WHERE observation_id IS NOT NULL;
CREATE TABLE quarantine (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL,
                         boot_epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
                         observation_id BLOB, captured_us INTEGER NOT NULL, body BLOB NOT NULL,
                         reason TEXT NOT NULL, moved_us INTEGER NOT NULL) STRICT;
CREATE TABLE totals (name TEXT PRIMARY KEY, amount INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
COMMIT;
"""
_INSERT: Final = (
    "INSERT INTO held (stream, boot_epoch, sequence, observation_id, measured, captured_us, crc,"
    " body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_US: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Read:
    """A row as the old gateway would send it."""

    stream: int
    boot_epoch: int
    sequence: int
    vehicle_id: str
    row: UplinkRow

    @property
    def key(self) -> tuple[int, int, int]:
        return self.stream, self.boot_epoch, self.sequence


def write(path: Path, contents: Sequence[Observation | DeviceInfo], *, epoch: int) -> None:
    """A new start of the old gateway that stored these."""
    is_new = not path.exists()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        if is_new:
            database.execute("PRAGMA page_size = 4096")
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        database.execute("PRAGMA journal_mode = WAL")
        if is_new:
            database.executescript(SCHEMA)
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        database.execute("INSERT INTO boots VALUES (?, ?, ?)", (epoch, 0, f"vehicle-{epoch}"))
        sequences = {0: 0, 1: 0}
        for content in contents:
            stream = int(isinstance(content, SampleArrayObservation))
            sequences[stream] += 1
            _insert(database, stream, epoch, sequences[stream], content)


def _insert(
    database: sqlite3.Connection,
    stream: int,
    epoch: int,
    sequence: int,
    content: Observation | DeviceInfo,
) -> None:
    body = encode_row(UplinkRow(sequence=0, captured_at=NOON, content=content))
    identity, measured = None, 0
    if not isinstance(content, DeviceInfo):
        identity = content.observation_id.bytes
        measured = _microseconds(content.observed_at.at)
    database.execute(
        _INSERT,
        (
            stream,
            epoch,
            sequence,
            identity,
            measured,
            _microseconds(NOON),
            _check(stream, epoch, sequence, identity, body),
            body,
        ),
    )


def read(path: Path) -> list[Read]:
    """What the old gateway would send, in its order; it refuses what it cannot read."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
        vehicles = dict(database.execute("SELECT epoch, vehicle_id FROM boots"))
        found = []
        for stream in (0, 1):
            for row in database.execute(
                "SELECT boot_epoch, sequence, observation_id, crc, body FROM held"
                " WHERE stream = ? ORDER BY id",
                (stream,),
            ):
                epoch, sequence, identity, crc, body = row
                if _check(stream, epoch, sequence, identity, body) != crc:
                    raise ValueError("damaged")
                found.append(Read(stream, epoch, sequence, vehicles[epoch], decode_row(body)))
        rest = "SELECT count(*) FROM held WHERE stream NOT IN (0, 1)"
        assert database.execute(rest).fetchone() == (0,)
        return found


def columns(path: Path) -> dict[str, list[str]]:
    """The columns of every table of form 1."""
    with closing(sqlite3.connect(path)) as database:
        return {
            table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            for table in ("boots", "held", "quarantine", "totals")
        }


def settle_all(path: Path) -> None:
    """The cloud acknowledged everything the old gateway sent."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM held")
        database.execute(
            "DELETE FROM boots WHERE epoch NOT IN (SELECT DISTINCT boot_epoch FROM held)"
            " AND epoch < (SELECT max(epoch) FROM boots)"
        )


def _check(stream: int, epoch: int, sequence: int, identity: bytes | None, body: bytes) -> int:
    head = f"{stream}/{epoch}/{sequence}/".encode() + (identity or b"")
    return zlib.crc32(body, zlib.crc32(head))


def _microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=NOON.tzinfo)) // _US
