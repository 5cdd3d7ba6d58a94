"""Bring a database to the newest schema, and tell where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from cloud.db.engine import WRITING
from cloud.db.errors import StorageFaultError

_FOLDER: Final = Path(__file__).parent
_ADVISORY_LOCK: Final = 7_361_001


def migrate(engine: Engine, *, to: str = "head") -> str:
    """Apply what is missing up to a revision, all or nothing; where the database is afterwards.

    Several processes may call it at once: one works, the others wait. StorageFaultError when the
    database refuses (no space, no right).
    """
    try:
        with engine.execution_options(**{WRITING: True}).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            command.upgrade(_config(connection), to)
            return current(connection) or ""
    except DBAPIError as exc:
        cause = str(exc.orig).strip().splitlines()
        raise StorageFaultError(
            f"the database cannot be prepared: {cause[0] if cause else type(exc).__name__}"
        ) from exc


def current(connection: Connection) -> str | None:
    """The revision a database is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The newest revision this program knows."""
    return ScriptDirectory(str(_FOLDER)).get_current_head() or ""


def is_current(engine: Engine) -> bool:
    """Whether the database has the schema this program wants."""
    with engine.connect() as connection:
        return current(connection) == newest()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
