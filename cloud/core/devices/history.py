"""What happened to a device, in the order it was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud.core.devices.history_tables import DeviceEventRow
from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork


def note(
    work: UnitOfWork,
    principal: Principal,
    row: DeviceRow,
    kind: str,
    *,
    reason: str = "",
    told: Mapping[str, Any] | None = None,
) -> None:
    """Keep that something happened to a device now."""
    work.session.add(
        DeviceEventRow(
            tenant_id=row.tenant_id,
            device_id=row.device_id,
            kind=kind,
            at=work.now,
            by=principal.client_id,
            reason=reason,
            data=dict(told or {}),
        )
    )


def events(
    work: UnitOfWork, principal: Principal, device_id: str, *, limit: int
) -> list[DeviceEventRow]:
    """What happened to a device, newest first."""
    statement = (
        scoped(principal, DeviceEventRow)
        .where(DeviceEventRow.device_id == device_id)
        .order_by(DeviceEventRow.row_id.desc())
    )
    return list(work.session.scalars(statement.limit(limit)))
