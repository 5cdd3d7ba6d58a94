"""Who calls the clinical surfaces: their tokens are made out to another audience."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from cloud.api.shared.authentication import Authentication, Requirement
from cloud.api.shared.rate_limits import ADMINISTRATION
from cloud.api.shared.services import AllServices
from cloud.core.authorization.profiles import CLINICAL
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import CLIENTS_ADMIN, check_required

on_clinical = Authentication((CLINICAL.audience,))


class ClinicalRequirement(Requirement):
    """Lets callers of the clinical surfaces pass who hold any one of `any_of`."""

    def __call__(
        self,
        request: Request,
        services: AllServices,
        principal: Annotated[Principal, Depends(on_clinical)],
    ) -> Principal:
        """As `Requirement`, for tokens of the clinical audience."""
        return super().__call__(request, services, principal)


class Administering(ClinicalRequirement):
    """The same, and each call counts against the client."""

    def __call__(
        self,
        request: Request,
        services: AllServices,
        principal: Annotated[Principal, Depends(on_clinical)],
    ) -> Principal:
        """The caller; ThrottledError when it is one call too many."""
        services.limits.hit(request, ADMINISTRATION, principal.tenant_id, principal.client_id)
        return super().__call__(request, services, principal)


ClientsAdmin = Annotated[Principal, Depends(Administering((check_required(CLIENTS_ADMIN),)))]
