"""One transaction per request or task."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, Insert, Row, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.sql.selectable import TypedReturnsRows

from cloud.db.base import Stamped, table_of
from cloud.db.engine import WRITING, empty_log
from cloud.db.errors import StorageConflictError, StorageFaultError
from cloud.db.traces import current_trace

_NOW: Final = "now"
_CHANGED: Final = "changed"
_ERASED: Final = "erased"
LOG: Final = logging.getLogger("vitalwire.db")
_WRITTEN: Final = "written"
_INSERTS: Final[dict[type[object], Insert]] = {}
"""Statements made once, by table."""


class _WatchedSession(Session):
    """Knows which tables it wrote rows of, and stamps those that bear the time of their change."""


@event.listens_for(_WatchedSession, "before_flush")
def _note_changes(session: Session, _context: UOWTransaction, _instances: object) -> None:
    changed = session.info[_CHANGED]
    session.info[_WRITTEN] += len(session.new) + len(session.deleted)
    for row in (*session.new, *session.deleted):
        changed.add(type(row))
    for row in session.dirty:
        if session.is_modified(row):
            changed.add(type(row))
            session.info[_WRITTEN] += 1
            if isinstance(row, Stamped):
                row.changed_at = session.info[_NOW]


class UnitOfWork:
    """One transaction: `session` for queries, `now` the aware UTC time that all of it bears.

    `seal_key` is what the database itself does not know: with it a row can be sealed so that who
    writes to the tables alone cannot make another. Empty where nobody gave one.
    """

    def __init__(self, session: Session, now: datetime, seal_key: bytes = b"") -> None:
        self.session = session
        self.now = now
        self.seal_key = seal_key

    def leave_no_trace(self) -> None:
        """What this unit deletes shall stand in no file of ours once it has committed."""
        self.session.info[_ERASED] = True

    @property
    def written(self) -> int:
        """How many rows this unit wrote or will write; statements past the session are not seen."""
        session = self.session
        flushed: int = session.info[_WRITTEN]
        return flushed + len(session.new) + len(session.deleted)

    def rows(
        self, statement: TypedReturnsRows[*tuple[Any, ...]], values: Mapping[str, object]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """What a statement finds, past the mapper: a fifth of what a query by it costs.

        That holds of a statement that is made once and takes its `values` by name (`bindparam`).
        What this unit changed so far is seen.
        """
        self.session.flush()
        return self.session.connection().execute(statement, values).all()

    def insert(self, mapped: type[object], values: Mapping[str, object]) -> None:
        """Insert a row past the mapper, at a third of its cost; what numbers it is not read back.

        It counts among those this unit wrote.
        """
        self.session.flush()
        statement = _INSERTS.get(mapped)
        if statement is None:
            statement = _INSERTS[mapped] = table_of(mapped).insert().inline()
        self.session.connection().execute(statement, values)
        self.session.info[_CHANGED].add(mapped)
        self.session.info[_WRITTEN] += 1

    @property
    def is_postgresql(self) -> bool:
        """Whether statements only PostgreSQL knows may be used."""
        return self.session.get_bind().dialect.name == "postgresql"


class Database:
    """Hands out units of work over one engine."""

    def __init__(self, engine: Engine, *, seal_key: bytes = b"") -> None:
        self.engine = engine
        self.seal_key = seal_key
        self._writing = engine.execution_options(**{WRITING: True})
        self._watchers: list[tuple[frozenset[type], Callable[[], None]]] = []

    def watch(self, tables: Iterable[type], act: Callable[[], None]) -> None:
        """Call `act` after every unit of this process that changed rows of these tables.

        Statements that go past the session are not seen.
        """
        self._watchers.append((frozenset(tables), act))

    @contextmanager
    def begin(self, *, now: datetime) -> Iterator[UnitOfWork]:
        """A unit that commits at the end of the block and rolls back when it raises.

        The transaction starts with the first statement. StorageFaultError or StorageConflictError
        when the database refuses; nothing of the unit is kept then.
        """
        began = time.perf_counter_ns()
        with self._unit(self._writing, now) as work:
            yield work
            work.session.commit()
            if work.session.info.get(_ERASED) and not self.empty_log():
                LOG.warning("event=erased_words_in_log note=the worker empties it within minutes")
            _note_unit(work, began)
            changed = work.session.info[_CHANGED]
            for tables, act in self._watchers if changed else ():
                if tables & changed:
                    act()

    def empty_log(self) -> bool:
        """Let nothing that was deleted stand in the embedded database's log of changes; whether
        that was done. Somebody who reads for long keeps it there until this is called again.
        """
        try:
            return empty_log(self.engine)
        except (DBAPIError, PoolTimeoutError):
            return False

    @contextmanager
    def reading(self, *, now: datetime) -> Iterator[UnitOfWork]:
        """A unit that only reads: one snapshot, no write lock."""
        with self._unit(self.engine, now) as work:
            yield work

    @contextmanager
    def _unit(self, engine: Engine, now: datetime) -> Iterator[UnitOfWork]:
        info: dict[str, object] = {_NOW: now, _CHANGED: set(), _WRITTEN: 0}
        with _WatchedSession(engine, expire_on_commit=False, info=info) as session:
            try:
                yield UnitOfWork(session, now, self.seal_key)
            except IntegrityError as exc:
                session.rollback()
                raise StorageConflictError(
                    f"the store refused a row that breaks its rules: {_kind_of(exc)}"
                ) from None
            except (DBAPIError, PoolTimeoutError) as exc:
                session.rollback()
                raise StorageFaultError(f"the store gave up: {_kind_of(exc)}") from None
            finally:
                session.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _note_unit(work: UnitOfWork, began: int) -> None:
    """Tell the trace at hand of a unit that changed something."""
    trace = current_trace()
    if trace is not None and work.written:
        trace.add(
            "unit",
            "unit of work",
            started_at=work.now,
            microseconds=(time.perf_counter_ns() - began) // 1000,
            facts={"rows": work.written},
        )


def _kind_of(exc: DBAPIError | PoolTimeoutError) -> str:
    """The fault's class and the database's own code for it.

    Never its text: parameters, and the row that PostgreSQL shows in full, may hold patient data.
    """
    driver = exc.orig if isinstance(exc, DBAPIError) else None
    code = getattr(driver, "sqlstate", None) or getattr(driver, "sqlite_errorname", None)
    return f"{type(exc).__name__} {code}" if code else type(exc).__name__
