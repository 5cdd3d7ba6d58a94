"""Whom work is done for when nobody calls: an application in its tenant, or in its sandbox."""

from __future__ import annotations

from dataclasses import dataclass

from cloud.core.authorization.service_tokens import in_sandbox
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.identity.tables import TenantRow
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Acting:
    """What an application may now, and where: `sandbox_of` is empty among real data."""

    scopes: tuple[str, ...]
    sandbox_of: str = ""


def acting(work: UnitOfWork, tenant_id: str, client_id: str) -> Acting | None:
    """What this application may in this tenant by now; None for one that is not approved any more,
    or that is neither the tenant's nor of the tenant whose sandbox it is.
    """
    application = work.session.get(ApplicationRow, client_id)
    if application is None or not application.is_approved:
        return None
    if application.tenant_id == tenant_id:
        return Acting(tuple(application.approved_scopes))
    tenant = work.session.get(TenantRow, tenant_id)
    if tenant is None or tenant.sandbox_of != application.tenant_id:
        return None
    return Acting(in_sandbox(application.approved_scopes), application.tenant_id)
