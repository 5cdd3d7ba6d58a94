"""One door to tenant data: every query over it starts here."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.principal import Principal


class TenantOwned:
    """Gives a table its owner: rows that belong to one tenant."""

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"), index=True)


T = TypeVar("T", bound=TenantOwned)


def scoped(principal: Principal, table: type[T]) -> Select[T]:
    """A select over the rows of `table` that belong to the caller's tenant."""
    return select(table).where(table.tenant_id == principal.tenant_id)


def scoped_at_home(principal: Principal, table: type[T]) -> Select[T]:
    """The same over what is not copied into a sandbox: applications, and what they were granted."""
    return select(table).where(table.tenant_id == principal.home)
