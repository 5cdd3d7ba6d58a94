"""Requests for reviewed access on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from cloud.api.shared.strict_json import StrictModel
from cloud.core.entitlements.access import Capability, Status
from cloud.core.entitlements.tables import (
    JUSTIFICATION_LENGTH,
    REASON_LENGTH,
    AccessRequestRow,
)

Justification = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=JUSTIFICATION_LENGTH,
        pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$",
    ),
]
Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=REASON_LENGTH, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
]
SaidReason = Annotated[Reason, StringConstraints(min_length=1)]


class AccessRequest(StrictModel):
    """Which capability, and what it is for; a person reads that."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "capability": "saml_federation",
                    "justification": "Our dispatchers sign in with the accounts of the county.",
                }
            ]
        }
    )

    capability: Capability
    justification: Justification


class ApprovalRequest(StrictModel):
    """Let it in; the reason may be left out."""

    reason: Reason = ""


class RefusalRequest(StrictModel):
    """Leave it out, or no longer let it in, and say why."""

    reason: SaidReason


class AccessRequestModel(BaseModel):
    """A request and what was decided; `reason` is the operator's word."""

    id: str
    capability: Capability
    justification: str
    status: Status
    requested_at: datetime
    requested_by: str
    decided_at: datetime | None = None
    reason: str | None = None


class AccessRequestsModel(BaseModel):
    """Requests, the newest first; `next_cursor` is null at the end."""

    access_requests: list[AccessRequestModel]
    next_cursor: str | None = None


class AccessReviewModel(AccessRequestModel):
    """A request as the operator sees it: whose it is, and who decided."""

    tenant_id: str
    decided_by: str | None = None


class AccessReviewsModel(BaseModel):
    """Requests of all organisations, the newest first; `next_cursor` is null at the end."""

    access_reviews: list[AccessReviewModel]
    next_cursor: str | None = None


def request_model(row: AccessRequestRow) -> AccessRequestModel:
    """A request as its own tenant sees it."""
    return AccessRequestModel.model_validate(_members(row))


def review_model(row: AccessRequestRow) -> AccessReviewModel:
    """A request as the operator sees it."""
    return AccessReviewModel.model_validate(
        {**_members(row), "tenant_id": row.tenant_id, "decided_by": row.decided_by}
    )


def _members(row: AccessRequestRow) -> dict[str, object]:
    return {
        "id": row.request_id,
        "capability": row.capability,
        "justification": row.justification,
        "status": row.status,
        "requested_at": row.requested_at,
        "requested_by": row.requested_by,
        "decided_at": row.decided_at,
        "reason": row.reason or None,
    }
