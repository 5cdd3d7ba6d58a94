"""Bring a database to the newest schema, and tell where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cloud.core.identity.tables import TenantRow
from cloud.core.kernel import audit
from cloud.core.kernel.work import UnitOfWork, utc_now
from cloud.db.engine import WRITING
from cloud.db.errors import StorageFaultError

_FOLDER: Final = Path(__file__).parent
_ADVISORY_LOCK: Final = 7_361_001


def migrate(engine: Engine, *, to: str = "head", seal_key: bytes = b"") -> str:
    """Apply what is missing up to a revision, all or nothing; where the database is afterwards.

    With `seal_key` the audit's chains are sealed when the revision that knows seals comes in, and
    at no other time. Several processes may call it at once: one works, the others wait.
    StorageFaultError when the database refuses (no space, no right).
    """
    try:
        with engine.execution_options(**{WRITING: True}).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            knew_seals = _knows_seals(connection)
            command.upgrade(_config(connection), to)
            if seal_key and not knew_seals and _knows_seals(connection):
                _seal_chains(connection, seal_key)
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


def is_empty(engine: Engine) -> bool:
    """Whether the database never got a schema of ours."""
    with engine.connect() as connection:
        return current(connection) is None


def _knows_seals(connection: Connection) -> bool:
    found = inspect(connection)
    heads = audit.AuditHeadRow.__tablename__
    return found.has_table(heads) and any(
        column["name"] == audit.AuditHeadRow.seal.key for column in found.get_columns(heads)
    )


def _seal_chains(connection: Connection, seal_key: bytes) -> None:
    with Session(connection) as session:
        # every tenant: the schema is everybody's.
        owners = session.scalars(select(TenantRow.tenant_id)).all()
        work = UnitOfWork(session, utc_now(), seal_key)
        audit.seal_chains(work, (*owners, audit.INSTALLATION))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
