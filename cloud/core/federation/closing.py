"""Reviewed access taken back, with what it opened."""

from __future__ import annotations

from sqlalchemy import select

from cloud.core.entitlements import access
from cloud.core.entitlements.access import FEDERATION
from cloud.core.entitlements.tables import AccessRequestRow
from cloud.core.federation.connections import ENDED, sign_everybody_out
from cloud.core.federation.tables import SamlConnectionRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork


def revoke_access(
    work: UnitOfWork, caller: Principal, request_id: str, *, reason: str
) -> AccessRequestRow:
    """Take back what was approved, at once; ConflictError `not_approved`.

    Whom the organisation's identity providers let in is signed out. The connections stay, for the
    day it is let in again.
    """
    row = access.revoke(work, caller, request_id, reason=reason)
    if row.capability == FEDERATION:
        standing = select(SamlConnectionRow).where(
            SamlConnectionRow.tenant_id == row.tenant_id, SamlConnectionRow.status != ENDED
        )
        for connection in work.session.scalars(standing):
            sign_everybody_out(work, connection, reason="access_revoked")
    return row
