"""A tenant's sandbox: a tenant of its own in the shadow of the tenant, so that nothing that looks
at data has to know of sandboxes.
"""

from __future__ import annotations

from sqlalchemy import select

from cloud.core.identity.service import create_tenant
from cloud.core.identity.tables import TenantRow
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork


def sandbox_of(work: UnitOfWork, tenant_id: str) -> str | None:
    """The id of a tenant's sandbox, None while it has none."""
    # every tenant: `sandbox_of` names the one.
    statement = select(TenantRow.tenant_id).where(TenantRow.sandbox_of == tenant_id)
    return work.session.scalar(statement)


def open_sandbox(work: UnitOfWork, vault: Vault, tenant_id: str) -> str:
    """The id of a tenant's sandbox, made when there is none."""
    # Two that ask at once wait here, so that the second finds what the first has made.
    work.session.execute(
        select(TenantRow.tenant_id).where(TenantRow.tenant_id == tenant_id).with_for_update()
    )
    found = sandbox_of(work, tenant_id)
    if found is not None:
        return found
    made = create_tenant(work, vault, f"sandbox of {tenant_id}")
    made.sandbox_of = tenant_id
    work.session.flush()
    return made.tenant_id
