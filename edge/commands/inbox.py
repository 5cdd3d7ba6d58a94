"""The durable inbox: what came, what became of it, and what it left behind, in one commit each.

A command is written down before it is carried out. Its answer and what it changes on board are
written together, so that a power cut between them is impossible: either both are there, or the
command is carried out once more.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final
from uuid import UUID

from edge.errors import CommandStoreError
from protocols.errors import DecodeError
from protocols.uplink.answer_codec import decode_answer, encode_answer
from protocols.uplink.command_codec import decode_command, encode_command
from protocols.uplink.commands import Answer, Command, CommandAnswer, DeviceEnrolment

FILE_NAME: Final = "commands.db"
REMEMBERED: Final = timedelta(days=30)
_PRIVATE: Final = 0o600
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS commands (
    id BLOB PRIMARY KEY, position INTEGER NOT NULL, octets BLOB NOT NULL,
    expires_us INTEGER NOT NULL, answer BLOB, is_sent INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS enrolments (
    id BLOB PRIMARY KEY, octets BLOB NOT NULL
) WITHOUT ROWID;
"""


class Taken(Enum):
    """What the inbox makes of a command that came."""

    FRESH = "fresh"
    IN_HAND = "in hand"
    ANSWERED = "answered"


class CommandInbox:
    """One small SQLite file, for any thread; every write is on the disk when the call returns.

    CommandStoreError when the disk refuses: nothing of the call happened.
    """

    def __init__(self, folder: Path) -> None:
        self._in_hand: set[UUID] = set()
        self._lock = threading.RLock()
        with _translated():
            path = folder / FILE_NAME
            # Made first, so that it never was open to others; its log takes the file's mode.
            path.touch(mode=_PRIVATE)
            for part in folder.glob(f"{FILE_NAME}*"):
                part.chmod(_PRIVATE)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def take(self, command: Command) -> Taken:
        """Write a command down; whether it is new, being carried out, or answered already."""
        with self._transaction():
            found = self._database.execute(
                "SELECT answer FROM commands WHERE id = ?", (command.command_id.bytes,)
            ).fetchone()
            if found is None:
                self._database.execute(
                    "INSERT INTO commands (id, position, octets, expires_us)"
                    " SELECT ?, coalesce(max(position), 0) + 1, ?, ? FROM commands",
                    (
                        command.command_id.bytes,
                        encode_command(command),
                        int(command.expires_at.timestamp() * 1_000_000),
                    ),
                )
        if found is not None and found[0] is not None:
            return Taken.ANSWERED
        if command.command_id in self._in_hand:
            return Taken.IN_HAND
        self._in_hand.add(command.command_id)
        return Taken.FRESH

    def let_go(self, command_id: UUID) -> None:
        """It was not carried out after all: its next arrival, or the next start, tries again."""
        self._in_hand.discard(command_id)

    def finish(self, answer: CommandAnswer, keep: Mapping[str, str | None]) -> None:
        """Write the answer and what the command leaves behind (None: forget it), in one commit."""
        with self._transaction():
            self._database.execute(
                "UPDATE commands SET answer = ?, is_sent = 0 WHERE id = ?",
                (encode_answer(answer), answer.command_id.bytes),
            )
            self._keep(keep)
        self._in_hand.discard(answer.command_id)

    def unanswered(self) -> tuple[Command, ...]:
        """What was taken and not carried out when the power went, in the order it came."""
        rows = self._read("SELECT octets FROM commands WHERE answer IS NULL ORDER BY position")
        return tuple(command for (octets,) in rows if (command := _command(octets)) is not None)

    def unsent(self) -> tuple[CommandAnswer, ...]:
        """Answers no way has taken yet, in the order of their commands."""
        rows = self._read(
            "SELECT answer FROM commands WHERE answer IS NOT NULL AND NOT is_sent ORDER BY position"
        )
        found = (_read_answer(octets) for (octets,) in rows)
        return tuple(one for one in found if isinstance(one, CommandAnswer))

    def say_again(self, command_id: UUID) -> None:
        """The cloud asks once more: its answer is to be sent once more."""
        self._mark_sent(command_id, is_sent=False)

    def note_sent(self, command_id: UUID) -> None:
        """A way has taken the answer."""
        self._mark_sent(command_id, is_sent=True)

    def kept(self, name: str) -> str | None:
        """What was kept under a name."""
        rows = self._read("SELECT value FROM kept WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def keep(self, values: Mapping[str, str | None]) -> None:
        """Keep values of the gateway's own making (None: forget)."""
        with self._transaction():
            self._keep(values)

    def add_enrolment(self, enrolment: DeviceEnrolment) -> None:
        """Keep an enrolment until the cloud's list of devices names it."""
        with self._transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO enrolments VALUES (?, ?)",
                (enrolment.enrolment_id.bytes, encode_answer(enrolment)),
            )

    def enrolments(self) -> tuple[DeviceEnrolment, ...]:
        """What still has to go up."""
        rows = self._read("SELECT octets FROM enrolments ORDER BY id")
        found = (_read_answer(octets) for (octets,) in rows)
        return tuple(one for one in found if isinstance(one, DeviceEnrolment))

    def drop_enrolment(self, enrolment_id: UUID) -> None:
        """The cloud has it."""
        with self._transaction():
            self._database.execute("DELETE FROM enrolments WHERE id = ?", (enrolment_id.bytes,))

    def forget(self, *, now: datetime) -> int:
        """Drop answered commands that expired a month ago; how many."""
        limit = int((now - REMEMBERED).timestamp() * 1_000_000)
        with self._transaction():
            return self._database.execute(
                "DELETE FROM commands WHERE answer IS NOT NULL AND expires_us < ?", (limit,)
            ).rowcount

    def _mark_sent(self, command_id: UUID, *, is_sent: bool) -> None:
        with self._transaction():
            self._database.execute(
                "UPDATE commands SET is_sent = ? WHERE id = ?", (is_sent, command_id.bytes)
            )

    def _keep(self, values: Mapping[str, str | None]) -> None:
        for name, value in values.items():
            if value is None:
                self._database.execute("DELETE FROM kept WHERE name = ?", (name,))
            else:
                self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    def _read(self, statement: str, *values: object) -> list[tuple[bytes | str, ...]]:
        with self._lock, _translated():
            return self._database.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, _translated():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        words = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise CommandStoreError(
            f"the file of commands cannot be used ({(words or '').lower()})",
            mend="Look at the disk; with the file moved away the cloud sends its commands again",
        ) from exc


def _command(octets: bytes | str) -> Command | None:
    try:
        return decode_command(bytes(octets)) if isinstance(octets, bytes) else None
    except DecodeError:
        return None


def _read_answer(octets: bytes | str) -> Answer | None:
    try:
        return decode_answer(octets) if isinstance(octets, bytes) else None
    except DecodeError:
        return None
