"""What an organisation may call only after it was let in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from cloud.api.shared.authentication import audit_refusal, on_platform
from cloud.api.shared.services import AllServices, Services
from cloud.core.entitlements.access import (
    REQUESTS_PATH,
    AccessReviewError,
    Capability,
    has_reviewed_access,
)
from cloud.core.kernel.principal import Principal


class ReviewedAccess:
    """A dependency that lets callers pass whose tenant has reviewed access to a capability;
    AccessReviewError otherwise, whatever scopes they hold. A refusal is audited.
    """

    def __init__(self, capability: Capability) -> None:
        self.capability = capability

    def __call__(
        self,
        request: Request,
        services: AllServices,
        principal: Annotated[Principal, Depends(on_platform)],
    ) -> None:
        """Look it up with every call: what was revoked is closed at once."""
        with services.database.reading(now=services.clock()) as work:
            is_let_in = has_reviewed_access(work, principal.tenant_id, self.capability)
        if not is_let_in:
            audit_refusal(services, principal, request)
            raise review_required(services, self.capability)


def review_required(services: Services, capability: Capability) -> AccessReviewError:
    """What to answer an organisation that was not let in."""
    url = f"{services.authorization.issuer}{REQUESTS_PATH}"
    return AccessReviewError(capability, request_url=url)
