"""What every administrative call of the platform has in common: it counts against its client."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from cloud.api.shared.authentication import on_platform
from cloud.api.shared.rate_limits import ADMINISTRATION
from cloud.api.shared.services import AllServices
from cloud.core.kernel.principal import Principal


def counted(
    request: Request, services: AllServices, caller: Annotated[Principal, Depends(on_platform)]
) -> None:
    """Count a call of its client; ThrottledError when it is one too many."""
    services.limits.hit(request, ADMINISTRATION, caller.tenant_id, caller.client_id)
