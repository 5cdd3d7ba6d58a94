"""Having incidents sent to an address: the webhooks of an application, as far as they are about
incidents. The secret that signs goes in and never out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import strawberry

from cloud.api.graphql.asking import Info
from cloud.api.graphql.sizes import LONGEST_PAGE, at_most, page
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.scopes import WEBHOOKS_WRITE
from cloud.core.webhooks import deliveries, endpoints
from cloud.core.webhooks.addresses import check_receiver
from cloud.core.webhooks.endpoints import MOST_OF_A_CLIENT, Change, Wanted
from cloud.core.webhooks.tables import DeliveryRow, EndpointRow

LIST_SIZE: Final = MOST_OF_A_CLIENT
_INCIDENT: Final = "incident."
_MOST_EVENTS: Final = 20
_LONGEST_URL: Final = 2_000


@strawberry.type(description="An address that incidents are sent to.")
class IncidentWebhook:
    """`events` are those about incidents; `status` is active, paused or disabled."""

    id: strawberry.ID
    url: str
    events: list[str] = strawberry.field(metadata=at_most(_MOST_EVENTS))
    status: str
    created_at: datetime
    updated_at: datetime


@strawberry.type(description="One event on its way to an address.")
class IncidentWebhookDelivery:
    """`status` is queued, sending, retrying, succeeded, failed or discarded."""

    id: strawberry.ID
    event: str
    status: str
    created_at: datetime


@strawberry.input(description="What a webhook is to be; what is left out stays as it is.")
class IncidentWebhookInput:
    """Without `id` it is a new one, which needs an address, events and the secret that signs."""

    id: strawberry.ID | None = None
    url: str | None = None
    events: list[str] | None = None
    secret: str | None = None
    is_active: bool | None = None


def incident_webhooks(info: Info) -> list[IncidentWebhook]:
    """The application's own that are sent anything about incidents."""
    with info.context.work(WEBHOOKS_WRITE) as work:
        rows = endpoints.listing(work, info.context.caller)
        return [_webhook(row) for row in rows if _of_incidents(row.events)]


def incident_webhook_deliveries(
    info: Info,
    webhook_id: strawberry.ID,
    first: Annotated[int, strawberry.argument(description="How many at most, 100.")] = LONGEST_PAGE,
) -> list[IncidentWebhookDelivery]:
    """What was sent there lately, newest first."""
    with info.context.work(WEBHOOKS_WRITE) as work:
        endpoint = endpoints.find(work, info.context.caller, webhook_id)
        rows = deliveries.listing(work, endpoint, limit=page(first))
        return [_delivery(row) for row in rows]


def upsert_incident_webhook(info: Info, input: IncidentWebhookInput) -> IncidentWebhook:
    """Make or change one. Events about other things that it has besides stay."""
    events = None if input.events is None else _checked(input.events)
    services, caller = info.context.services, info.context.caller
    if input.url is not None:
        if len(input.url) > _LONGEST_URL:
            raise InvalidError("address_refused", f"Send at most {_LONGEST_URL} characters.")
        # No transaction is open while a name is looked up.
        check_receiver(input.url, services.outbound)
    with info.context.work(WEBHOOKS_WRITE) as work:
        if input.id is None:
            if not (input.url and events and input.secret):
                raise InvalidError("incomplete_webhook", "Send the url, events and the secret.")
            wanted = Wanted(url=input.url, events=events, secret=input.secret)
            row, _ = endpoints.create(work, services.vault, caller, wanted)
            if input.is_active is False:
                endpoints.change(work, services.vault, caller, row, Change(is_active=False))
            return _webhook(row)
        row = endpoints.find(work, caller, input.id, to_change=True)
        if events is not None:
            events += [one for one in row.events if not one.startswith(_INCIDENT)]
        change = Change(
            url=input.url, events=events, secret=input.secret, is_active=input.is_active
        )
        endpoints.change(work, services.vault, caller, row, change)
        return _webhook(row)


def delete_incident_webhook(info: Info, id: strawberry.ID) -> strawberry.ID:
    """Nothing more goes there, whatever else it was sent."""
    with info.context.work(WEBHOOKS_WRITE) as work:
        row = endpoints.find(work, info.context.caller, id, to_change=True)
        endpoints.remove(work, info.context.caller, row)
    return id


def send_test_to_incident_webhook(
    info: Info, id: strawberry.ID, event: str | None = None
) -> IncidentWebhookDelivery:
    """Have the sample of an event sent there, marked as a test."""
    named = _checked([event])[0] if event is not None else ""
    with info.context.work(WEBHOOKS_WRITE) as work:
        row = endpoints.find(work, info.context.caller, id, to_change=True)
        chosen = named or next(iter(_of_incidents(row.events)), "")
        return _delivery(deliveries.send_test(work, info.context.caller, row, chosen))


def _checked(events: list[str]) -> list[str]:
    if not events or not all(one.startswith(_INCIDENT) for one in events):
        raise InvalidError("unknown_event", "Name events about incidents: incident.updated.")
    return list(dict.fromkeys(events))


def _of_incidents(events: list[str]) -> list[str]:
    return [one for one in events if one.startswith(_INCIDENT)]


def _webhook(row: EndpointRow) -> IncidentWebhook:
    return IncidentWebhook(
        id=strawberry.ID(row.endpoint_id),
        url=row.url,
        events=_of_incidents(row.events),
        status=row.status,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _delivery(row: DeliveryRow) -> IncidentWebhookDelivery:
    return IncidentWebhookDelivery(
        id=strawberry.ID(row.delivery_id),
        event=row.event_type,
        status=row.state,
        created_at=row.created_at,
    )
