"""The file's form, in numbered steps: each leads up from the form before, and back down to it.

A new file is made in the first form and led up like any other, so there is one way to every
form. A step is one transaction: a power cut leaves the form before or the form after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.buffer import schema_2, schema_3
from edge.buffer.database import Database
from edge.errors import BufferFaultError

_FIRST: Final = Path(__file__).with_name("schema_1.sql")


@dataclass(frozen=True, slots=True)
class Step:
    """From form `to - 1` to form `to`, and back. Both run inside a transaction."""

    to: int
    up: Callable[[Database], None]
    down: Callable[[Database], None]


STEPS: Final = (
    Step(2, schema_2.up, schema_2.down),
    Step(3, schema_3.up, schema_3.down),
)
FIRST_FORM: Final = 1
FORM: Final = STEPS[-1].to


def form_of(database: Database) -> int:
    """The form of an open file; 0 for one that holds nothing yet."""
    form: int = database.execute("PRAGMA user_version").fetchone()[0]
    return form


def refuse_newer(form: int, name: str) -> None:
    """BufferFaultError for a form of a gateway newer than this one."""
    if form > FORM:
        raise BufferFaultError(
            f"{name} was made by a newer gateway (form {form}, known {FORM})",
            mend="Install that version again and let it lead the file back"
            f" (vitalwire-edge buffer downgrade --to {FORM}), or start with another data folder",
        )


def create(database: Database) -> None:
    """Make the first form in an empty file."""
    database.executescript(
        f"BEGIN IMMEDIATE; {_FIRST.read_text(encoding='utf-8')}"
        f" PRAGMA user_version = {FIRST_FORM}; COMMIT;"
    )


def upgrade(database: Database, *, to: int = FORM) -> int:
    """Lead an open file up; the form it had before. Nothing happens to one that is there."""
    before = form_of(database)
    for step in STEPS:
        if before < step.to <= to:
            _walk(database, step.up, step.to)
    return before


def downgrade(database: Database, *, to: int) -> int:
    """Lead an open file back to a form an older gateway knows; the form it had before."""
    before = form_of(database)
    refuse_newer(before, "the buffer's file")
    if not FIRST_FORM <= to <= FORM:
        raise BufferFaultError(
            f"there is no form {to} of the buffer's file",
            mend=f"Name a form from {FIRST_FORM} to {FORM}",
        )
    for step in reversed(STEPS):
        if to < step.to <= before:
            _walk(database, step.down, step.to - 1)
    return before


def _walk(database: Database, act: Callable[[Database], None], form: int) -> None:
    database.execute("BEGIN IMMEDIATE")
    try:
        act(database)
        database.execute(f"PRAGMA user_version = {form}")
        database.execute("COMMIT")
    except BaseException:
        # Some errors end the transaction by themselves.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
