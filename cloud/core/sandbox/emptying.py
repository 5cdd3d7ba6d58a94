"""Takes everything out of a sandbox but its audit."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Table, delete, or_, select

from cloud.core.identity.tables import TenantRow
from cloud.core.kernel.audit import AuditHeadRow, AuditRow
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import Base

_KEPT: Final = frozenset(kind.__tablename__ for kind in (TenantRow, AuditHeadRow, AuditRow))


def empty(work: UnitOfWork, sandbox_id: str) -> None:
    """Delete every row of the sandbox, and what hangs on one, from the leaves down.

    Which tables these are is read from the schema: a new one is emptied too.
    """
    for table in reversed(Base.metadata.sorted_tables):
        belongs = None if table.name in _KEPT else _belonging(table, sandbox_id)
        if belongs is not None:
            # every tenant: `belongs` names the one, whichever table it is.
            work.session.execute(
                delete(table).where(belongs), execution_options={"synchronize_session": False}
            )
    work.session.expire_all()


def _belonging(table: Table, sandbox_id: str) -> ColumnElement[bool] | None:
    """What is the sandbox's in a table, None for one that is nobody's."""
    if "tenant_id" in table.c:
        return table.c.tenant_id == sandbox_id
    found = []
    for key in table.foreign_keys:
        above = key.column.table
        belongs = None if above is table else _belonging(above, sandbox_id)
        if belongs is not None:
            # every tenant: `belongs` names the one, at the end of the way up.
            found.append(key.parent.in_(select(key.column).where(belongs)))
    return or_(*found) if found else None
