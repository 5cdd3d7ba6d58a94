"""Who may read which type: SMART's scopes by type and interaction, or the ePCR's own."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from cloud.api.shared.authentication import Requirement, on_platform
from cloud.api.shared.services import AllServices
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ, check_required

READ: Final = "r"
SEARCH: Final = "s"


def may(principal: Principal, kind: str, interaction: str) -> bool:
    """Whether the scopes let the caller read (`r`) or search (`s`) a type."""
    wanted = (f"system/{kind}.{interaction}", EPCR_READ, EPCR_HANDOVER)
    return any(principal.may(scope) for scope in wanted)


def may_all(principal: Principal) -> bool:
    """Whether the caller reads of every encounter, not only of those brought to it."""
    scopes = principal.scopes
    return principal.may(EPCR_READ) or any(scope.startswith("system/") for scope in scopes)


class FhirRequirement(Requirement):
    """Lets callers pass who may do this with a type. What stands in the query is FHIR's affair."""

    def __init__(self, kind: str, interaction: str) -> None:
        super().__init__((check_required(f"system/{kind}.rs"), EPCR_READ, EPCR_HANDOVER))
        self._kind = kind
        self._interaction = interaction

    def __call__(
        self,
        request: Request,
        services: AllServices,
        principal: Annotated[Principal, Depends(on_platform)],
    ) -> Principal:
        """As `Requirement`."""
        return super().__call__(request, services, principal)

    def allows(self, principal: Principal) -> bool:
        """By the scope of the interaction."""
        return may(principal, self._kind, self._interaction)

    def check_query(self, request: Request) -> None:
        """Left to the search: its parameters have a grammar of their own."""
