"""Reviewed access: an organisation asks for a capability and says why, the operator decides.

The operator is whoever runs the service, never an administrator of the organisation that asks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Select, select, tuple_

from cloud.core.entitlements.tables import AccessRequestRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import OPERATOR_ACCESS
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork

Capability = Literal["control_plane", "saml_federation"]
Status = Literal["pending", "approved", "refused", "revoked"]
CONTROL_PLANE: Final = "control_plane"
FEDERATION: Final = "saml_federation"
CAPABILITIES: Final[tuple[Capability, ...]] = (CONTROL_PLANE, FEDERATION)
STATUSES: Final[tuple[Status, ...]] = ("pending", "approved", "refused", "revoked")
REQUESTS_PATH: Final = "/v1/platform/access-requests"
Place = tuple[datetime, str]
"""Time and id of the last request of the page before."""


class AccessReviewError(ForbiddenError):
    """The organisation was not let into this; `request_url` is where it asks to be."""

    def __init__(self, capability: str, *, request_url: str) -> None:
        super().__init__(
            "access_review_required",
            "Ask for access at request_url, and say what for.",
            details={"capability": capability},
        )
        self.request_url = request_url


def has_reviewed_access(work: UnitOfWork, tenant_id: str, capability: str) -> bool:
    """Whether the operator let the tenant into it, and has not taken that back."""
    statement = select(AccessRequestRow.request_id).where(
        AccessRequestRow.tenant_id == tenant_id,
        AccessRequestRow.capability == capability,
        AccessRequestRow.status == "approved",
    )
    return work.session.scalars(statement.limit(1)).first() is not None


def request_access(
    work: UnitOfWork, caller: Principal, *, capability: Capability, justification: str
) -> AccessRequestRow:
    """Ask for a capability; ConflictError `access_requested` or `access_granted` where there is
    nothing to ask for.
    """
    standing = work.session.scalars(
        scoped(caller, AccessRequestRow).where(
            AccessRequestRow.capability == capability, AccessRequestRow.stands.is_(True)
        )
    ).one_or_none()
    if standing is not None:
        reason = "access_requested" if standing.status == "pending" else "access_granted"
        raise ConflictError(
            reason,
            "There is a request for it already.",
            details={"request_id": standing.request_id},
        )
    row = AccessRequestRow(
        request_id=new_id("acr"),
        tenant_id=caller.tenant_id,
        capability=capability,
        justification=justification,
        status="pending",
        stands=True,
        requested_at=work.now,
        requested_by=caller.user_id or caller.client_id,
    )
    work.session.add(row)
    work.session.flush()
    _note(work, caller, row, "access.requested")
    return row


def requests(
    work: UnitOfWork,
    caller: Principal,
    *,
    limit: int,
    after: Place | None = None,
    status: Status | None = None,
) -> list[AccessRequestRow]:
    """What the caller's tenant asked for, the newest first."""
    return _page(work, scoped(caller, AccessRequestRow), limit, after, status)


def find_request(work: UnitOfWork, caller: Principal, request_id: str) -> AccessRequestRow:
    """One request of the caller's tenant; NotFoundError otherwise."""
    return _one(work, scoped(caller, AccessRequestRow), request_id)


def reviews(
    work: UnitOfWork,
    caller: Principal,
    *,
    limit: int,
    after: Place | None = None,
    status: Status | None = None,
) -> list[AccessRequestRow]:
    """What every tenant asked for, the newest first, for the operator."""
    _check_operator(caller)
    # every tenant: the operator of the service decides for all of them.
    return _page(work, select(AccessRequestRow), limit, after, status)


def approve(
    work: UnitOfWork, caller: Principal, request_id: str, *, reason: str = ""
) -> AccessRequestRow:
    """Let a tenant in; ConflictError `not_pending` for what was decided before, ForbiddenError
    `own_request` for a client of the tenant that asked, whatever it holds.
    """
    return _decide(work, caller, request_id, was="pending", becomes="approved", reason=reason)


def refuse(
    work: UnitOfWork, caller: Principal, request_id: str, *, reason: str
) -> AccessRequestRow:
    """Leave it out, and say why; ConflictError `not_pending`."""
    return _decide(work, caller, request_id, was="pending", becomes="refused", reason=reason)


def revoke(
    work: UnitOfWork, caller: Principal, request_id: str, *, reason: str
) -> AccessRequestRow:
    """Take back what was approved, at once; ConflictError `not_approved`."""
    return _decide(work, caller, request_id, was="approved", becomes="revoked", reason=reason)


def _decide(
    work: UnitOfWork,
    caller: Principal,
    request_id: str,
    *,
    was: Status,
    becomes: Status,
    reason: str,
) -> AccessRequestRow:
    _check_operator(caller)
    # every tenant: the operator of the service decides for all of them.
    statement = select(AccessRequestRow).with_for_update()
    row = _one(work, statement, request_id)
    if becomes == "approved" and not caller.is_operator and caller.tenant_id == row.tenant_id:
        raise ForbiddenError(
            "own_request", "Somebody outside of the organisation that asks has to let it in."
        )
    if row.status != was:
        raise ConflictError(
            f"not_{was}", f"The request is {row.status}.", details={"status": row.status}
        )
    row.status = becomes
    row.stands = True if becomes == "approved" else None
    row.decided_at, row.decided_by = work.now, caller.user_id or caller.client_id
    row.reason = reason
    work.session.flush()
    _note(work, caller, row, f"access.{becomes}")
    return row


def _note(work: UnitOfWork, caller: Principal, row: AccessRequestRow, what: str) -> None:
    """In the chain of the tenant whose request it is, whoever decided."""
    who = replace(caller, tenant_id=row.tenant_id)
    audit.record(work, who, what, "access_request", row.request_id, note=row.capability)
    outbox.publish(
        work,
        tenant_id=row.tenant_id,
        event_type=what,
        resource_type="access_request",
        resource_id=row.request_id,
        data={"request_id": row.request_id, "capability": row.capability, "status": row.status},
    )


def _check_operator(caller: Principal) -> None:
    # By its very name: no wildcard makes an administrator of one tenant the operator of all.
    if not caller.is_operator and OPERATOR_ACCESS not in caller.scopes:
        raise ForbiddenError(
            "insufficient_scope",
            "Only the operator of the service decides this.",
            details={"required": [OPERATOR_ACCESS]},
        )


def _page(
    work: UnitOfWork,
    statement: Select[AccessRequestRow],
    limit: int,
    after: Place | None,
    status: Status | None,
) -> list[AccessRequestRow]:
    place = tuple_(AccessRequestRow.requested_at, AccessRequestRow.request_id)
    if status is not None:
        statement = statement.where(AccessRequestRow.status == status)
    if after is not None:
        statement = statement.where(place < tuple_(*after))
    order = (AccessRequestRow.requested_at.desc(), AccessRequestRow.request_id.desc())
    return list(work.session.scalars(statement.order_by(*order).limit(limit)))


def _one(
    work: UnitOfWork, statement: Select[AccessRequestRow], request_id: str
) -> AccessRequestRow:
    row = work.session.scalars(
        statement.where(AccessRequestRow.request_id == request_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("access_request_not_found", "Use the id of a request for access.")
    return row
