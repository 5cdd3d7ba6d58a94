"""Takes everything out of a sandbox but its audit."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Table, delete, or_, select

from cloud.core.devices.tables import DeviceRow
from cloud.core.identity.tables import TenantRow
from cloud.core.kernel.audit import AuditHeadRow, AuditRow
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.tables import ObservationRow, WaveformRow
from cloud.db.base import Base

_KEPT: Final = frozenset(kind.__tablename__ for kind in (TenantRow, AuditHeadRow, AuditRow))
_MEASURED: Final = (ObservationRow, WaveformRow)
_APART: Final = _KEPT | {kind.__tablename__ for kind in _MEASURED}
_DEVICES_AT_ONCE: Final = 500


def empty(work: UnitOfWork, sandbox_id: str) -> None:
    """Delete every row of the sandbox, and what hangs on one, from the leaves down.

    Which tables these are is read from the schema: a new one is emptied too.
    """
    _forget_readings(work, sandbox_id)
    for table in reversed(Base.metadata.sorted_tables):
        belongs = None if table.name in _APART else _belonging(table, sandbox_id)
        if belongs is not None:
            # every tenant: `belongs` names the one, whichever table it is.
            work.session.execute(
                delete(table).where(belongs), execution_options={"synchronize_session": False}
            )
    work.session.expire_all()


def _forget_readings(work: UnitOfWork, sandbox_id: str) -> None:
    """Readings are found by their devices: by their tenant, everybody's would be looked at."""
    own = select(DeviceRow.device_id).where(DeviceRow.tenant_id == sandbox_id)
    devices = list(work.session.scalars(own))
    for first in range(0, len(devices), _DEVICES_AT_ONCE):
        some = devices[first : first + _DEVICES_AT_ONCE]
        for kind in _MEASURED:
            work.session.execute(
                delete(kind).where(kind.device_id.in_(some), kind.tenant_id == sandbox_id),
                execution_options={"synchronize_session": False},
            )


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
