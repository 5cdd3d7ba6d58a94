"""Who may read which type: SMART's scopes by type and interaction, or the ePCR's own."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from cloud.api.shared.authentication import Requirement, on_platform
from cloud.api.shared.services import AllServices
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import (
    EPCR_HANDOVER,
    EPCR_READ,
    SUBSCRIPTIONS,
    WEBHOOKS_WRITE,
    check_required,
)
from cloud.fhir.rest.desk import may

READ: Final = "r"
SEARCH: Final = "s"


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


class SubscriptionRequirement(Requirement):
    """Lets callers pass who may have events sent to addresses of theirs."""

    def __init__(self) -> None:
        super().__init__((check_required(SUBSCRIPTIONS), check_required(WEBHOOKS_WRITE)))

    def __call__(
        self,
        request: Request,
        services: AllServices,
        principal: Annotated[Principal, Depends(on_platform)],
    ) -> Principal:
        """As `Requirement`."""
        return super().__call__(request, services, principal)

    def check_query(self, request: Request) -> None:
        """Left to the search."""
