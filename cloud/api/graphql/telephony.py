"""Telephone carriers and routes of a tenant. What a carrier knows us by goes in and never out."""

from __future__ import annotations

from typing import Annotated, Final

import strawberry

from cloud.api.graphql.asking import Info
from cloud.api.graphql.sizes import LONGEST_PAGE, page
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.scopes import TELEPHONY_READ, TELEPHONY_WRITE
from cloud.core.telephony import providers, routes
from cloud.core.telephony.carriers import Carrier
from cloud.core.telephony.routes import Subsystem
from cloud.core.telephony.tables import TelephonyProviderRow, TelephonyRouteRow

TelephonyCarrier: Final = strawberry.enum(Carrier, name="TelephonyCarrier")
TelephonySubsystem: Final = strawberry.enum(Subsystem, name="TelephonySubsystem")
First = Annotated[int, strawberry.argument(description="How many at most, 100.")]
After = Annotated[
    strawberry.ID | None, strawberry.argument(description="The id of the last one seen.")
]
Tenant = Annotated[strawberry.ID, strawberry.argument(description="The token's own tenant.")]
_MOST_CREDENTIALS: Final = 10


@strawberry.type(description="An account with a carrier.")
class TelephonyProvider:
    """Exactly one of a tenant's is the default."""

    id: strawberry.ID
    tenant_id: strawberry.ID
    name: str
    carrier: Carrier
    is_default: bool
    is_active: bool


@strawberry.type(description="Where calls to a number, or for a subaccount, lead.")
class TelephonyRoute:
    """`did` is in E.164; lower `priority` goes first."""

    id: strawberry.ID
    tenant_id: strawberry.ID
    provider_id: strawberry.ID
    did: str | None
    subaccount: str | None
    subsystem: Subsystem
    priority: int
    is_active: bool


@strawberry.input(description="One thing the carrier knows the tenant by. It is never given back.")
class TelephonyCredential:
    """`name` is one of those the carrier wants."""

    name: str
    value: str


@strawberry.input(description="What a provider is to be; what is left out stays as it is.")
class TelephonyProviderInput:
    """Without `id` it is a new one, which needs a name and a carrier."""

    id: strawberry.ID | None = None
    name: str | None = None
    carrier: Carrier | None = None
    credentials: list[TelephonyCredential] | None = None
    is_default: bool | None = None
    is_active: bool | None = None


@strawberry.input(description="What a route is to be; what is left out stays as it is.")
class TelephonyRouteInput:
    """Without `id` it is a new one, which needs a provider, a subsystem and one origin."""

    id: strawberry.ID | None = None
    provider_id: strawberry.ID | None = None
    did: str | None = None
    subaccount: str | None = None
    subsystem: Subsystem | None = None
    priority: int | None = None
    is_active: bool | None = None


def telephony_providers(
    info: Info, tenant_id: Tenant, first: First = LONGEST_PAGE, after: After = None
) -> list[TelephonyProvider]:
    """The tenant's carriers by age, without what they know it by."""
    info.context.check_tenant(tenant_id)
    with info.context.work(TELEPHONY_READ) as work:
        rows = providers.providers(work, info.context.caller, after=after, limit=page(first))
        return [_provider(row) for row in rows]


def telephony_routes(
    info: Info,
    tenant_id: Tenant,
    provider_id: Annotated[
        strawberry.ID | None, strawberry.argument(description="One provider's.")
    ] = None,
    first: First = LONGEST_PAGE,
    after: After = None,
) -> list[TelephonyRoute]:
    """Where the tenant's numbers lead, by priority."""
    info.context.check_tenant(tenant_id)
    with info.context.work(TELEPHONY_READ) as work:
        rows = routes.routes(
            work, info.context.caller, provider_id=provider_id, after=after, limit=page(first)
        )
        return [_route(row) for row in rows]


def upsert_telephony_provider(
    info: Info,
    tenant_id: Tenant,
    input: TelephonyProviderInput,
) -> TelephonyProvider:
    """Make or change a carrier. A new default takes the place of the former."""
    info.context.check_tenant(tenant_id)
    wanted = providers.WantedProvider(
        name=input.name,
        carrier=input.carrier,
        credentials=_credentials(input.credentials),
        is_default=input.is_default,
        is_active=input.is_active,
    )
    with info.context.work(TELEPHONY_WRITE) as work:
        vault = info.context.services.vault
        row = providers.upsert_provider(work, vault, info.context.caller, input.id, wanted)
        return _provider(row)


def delete_telephony_provider(
    info: Info,
    tenant_id: Tenant,
    id: strawberry.ID,
) -> strawberry.ID:
    """End a carrier that no route goes over; the default only as the last one."""
    info.context.check_tenant(tenant_id)
    with info.context.work(TELEPHONY_WRITE) as work:
        providers.delete_provider(work, info.context.caller, id)
    return id


def upsert_telephony_route(
    info: Info,
    tenant_id: Tenant,
    input: TelephonyRouteInput,
) -> TelephonyRoute:
    """Make or change a route; a number leads to one place only."""
    info.context.check_tenant(tenant_id)
    wanted = routes.WantedRoute(
        provider_id=input.provider_id,
        did=input.did,
        subaccount=input.subaccount,
        subsystem=input.subsystem,
        priority=input.priority,
        is_active=input.is_active,
    )
    with info.context.work(TELEPHONY_WRITE) as work:
        return _route(routes.upsert_route(work, info.context.caller, input.id, wanted))


def delete_telephony_route(
    info: Info,
    tenant_id: Tenant,
    id: strawberry.ID,
) -> strawberry.ID:
    """End a route."""
    info.context.check_tenant(tenant_id)
    with info.context.work(TELEPHONY_WRITE) as work:
        routes.delete_route(work, info.context.caller, id)
    return id


def _credentials(given: list[TelephonyCredential] | None) -> dict[str, str] | None:
    if given is None:
        return None
    named = {one.name: one.value for one in given[: _MOST_CREDENTIALS + 1]}
    if len(named) != len(given):
        raise InvalidError("invalid_credentials", "Send each credential once.")
    return named


def _provider(row: TelephonyProviderRow) -> TelephonyProvider:
    return TelephonyProvider(
        id=strawberry.ID(row.provider_id),
        tenant_id=strawberry.ID(row.tenant_id),
        name=row.name,
        carrier=Carrier(row.carrier),
        is_default=row.is_default,
        is_active=row.is_active,
    )


def _route(row: TelephonyRouteRow) -> TelephonyRoute:
    return TelephonyRoute(
        id=strawberry.ID(row.route_id),
        tenant_id=strawberry.ID(row.tenant_id),
        provider_id=strawberry.ID(row.provider_id),
        did=row.did,
        subaccount=row.subaccount,
        subsystem=Subsystem(row.subsystem),
        priority=row.priority,
        is_active=row.is_active,
    )
