"""Ways to sign in besides a password, as the sign-in page offers them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from cloud.api.shared.services import Services
from cloud.core.federation import connections, relay
from cloud.core.federation.service_provider import PATH


@dataclass(frozen=True, slots=True)
class OtherWay:
    """An identity provider by its name, and where signing in over it begins."""

    name: str
    address: str


def other_ways(services: Services, tenant_id: str, again: str) -> tuple[OtherWay, ...]:
    """Those of a tenant; `again` is the request that asked for somebody, to go on to afterwards.

    None for a request that is too long to be carried along.
    """
    if len(again) > relay.LONGEST:
        return ()
    with services.database.reading(now=services.clock()) as work:
        rows = connections.offered(work, tenant_id)
    query = urlencode({"RelayState": again})
    return tuple(OtherWay(row.name, f"{PATH}/{row.connection_id}/login?{query}") for row in rows)
