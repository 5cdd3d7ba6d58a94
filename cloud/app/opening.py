"""Opening what every program needs: the data folder, the database, the vault."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from cloud.app.parts import Parts
from cloud.core.kernel import audit
from cloud.core.kernel.vault import KEY_FILE, Vault, VaultError, open_vault, secret_file
from cloud.core.kernel.work import Database
from cloud.db.engine import open_engine, sqlite_file
from cloud.db.errors import StorageError
from cloud.migrations.runner import is_current, is_empty, migrate
from cloud.settings import CloudSettings

INGEST_SECRET_FILE: Final = "ingest.secret"  # noqa: S105 - a file name, not a secret


class StartError(Exception):
    """A program cannot start: the message is the cause and the mend in one line."""


@contextmanager
def opened(
    settings: CloudSettings, *, migrating: bool | None = None, existing: bool = False
) -> Iterator[Parts]:
    """The parts of a program, closed at the end.

    The schema is brought up to date unless told otherwise; `existing` wants one to be there.
    StartError for a folder that cannot be written, a full disk, a database that cannot be reached
    or has another schema.
    """
    make_folder(settings.data)
    try:
        engine = open_engine(data=settings.data, database_url=settings.database)
    except StorageError as exc:
        raise StartError(_with_mend(str(exc))) from exc
    try:
        if existing:
            _check_prepared(engine)
        yield _parts(settings, engine, settings.migrate if migrating is None else migrating)
    finally:
        engine.dispose()


@contextmanager
def opened_existing(settings: CloudSettings) -> Iterator[Parts]:
    """As `opened`, for what looks at an installation: StartError where there is none.

    Nothing is made then. A proof of what is not there would be worth nothing, and another master
    key opens nothing.
    """
    try:
        _check_files(settings)
    except StorageError as exc:
        raise StartError(_with_mend(str(exc))) from exc
    except OSError as exc:
        raise StartError(_os_line(settings.data, exc)) from exc
    with opened(settings, existing=True) as parts:
        yield parts


def _check_files(settings: CloudSettings) -> None:
    file = sqlite_file(data=settings.data, database_url=settings.database)
    if file is not None and not file.is_file():
        raise StartError(f"there is no database in {file.parent}. Correct --data or database_url")
    if not (settings.data / KEY_FILE).is_file():
        raise StartError(f"there is no {KEY_FILE} in {settings.data}. Correct --data")


def _check_prepared(engine: Engine) -> None:
    try:
        empty = is_empty(engine)
    except DBAPIError as exc:
        raise StartError(_with_mend("the database cannot be read")) from exc
    if empty:
        raise StartError("the database is empty. Correct --data or database_url")


def database_of(engine: Engine, vault: Vault) -> Database:
    """The database of an engine; it seals the audit's chains by the vault."""
    return Database(engine, seal_key=vault.derive(audit.SEAL_PURPOSE))


def _parts(settings: CloudSettings, engine: Engine, migrating: bool) -> Parts:
    try:
        vault = open_vault(settings.data)
        database = database_of(engine, vault)
        _prepare(database, migrating)
        return Parts(settings=settings, database=database, vault=vault)
    except (StorageError, VaultError) as exc:
        raise StartError(_with_mend(str(exc))) from exc
    except OSError as exc:
        raise StartError(_os_line(settings.data, exc)) from exc


def make_folder(path: Path) -> None:
    """The data folder, readable by its owner only; StartError when it cannot be written."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StartError(_os_line(path, exc)) from exc
    if not os.access(path, os.W_OK | os.X_OK):
        raise StartError(f"the data folder {path} cannot be written. Give --data a folder of yours")


def ingest_secret(data: Path) -> str:
    """The password of our own ingest at the embedded broker, made on first use; or StartError."""
    try:
        return secret_file(data / INGEST_SECRET_FILE, octets=32).hex()
    except OSError as exc:
        raise StartError(_os_line(data, exc)) from exc


def _prepare(database: Database, migrating: bool) -> None:
    if migrating:
        migrate(database.engine, seal_key=database.seal_key)
    elif not is_current(database.engine):
        raise StartError(
            "the database has another schema than this program. Run vitalwire-cloud migrate first"
        )


def _os_line(path: Path, exc: OSError) -> str:
    if exc.errno == errno.ENOSPC:
        return f"no space is left for {path}. Free some disk space"
    return f"the data folder {path} cannot be used ({exc.strerror}). Give --data another folder"


def _with_mend(cause: str) -> str:
    if "full" in cause or "space" in cause.lower():
        return f"{cause}. Free some disk space"
    if cause.startswith("database_url"):
        return f"{cause}. Write postgresql+psycopg://USER@HOST/NAME"
    return f"{cause}. Check that it runs and that database_url and --data are right"
