"""The schema behind the curated operations. It is not published: no introspection, no dump."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import DisableIntrospection
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from cloud.api.graphql import telephony, webhooks
from cloud.api.graphql.acqi import AcqiMetric, acqi_metrics
from cloud.api.graphql.scalars import DATE_TIME
from cloud.api.graphql.sizes import at_most
from cloud.api.graphql.telephony import TelephonyProvider, TelephonyRoute
from cloud.api.graphql.webhooks import IncidentWebhook, IncidentWebhookDelivery

LOG: Final = logging.getLogger("vitalwire.graphql")


@strawberry.type
class Query:
    """What can be read."""

    acqi_metrics: list[AcqiMetric] = strawberry.field(resolver=acqi_metrics, metadata=at_most(30))
    telephony_providers: list[TelephonyProvider] | None = strawberry.field(
        resolver=telephony.telephony_providers
    )
    telephony_routes: list[TelephonyRoute] | None = strawberry.field(
        resolver=telephony.telephony_routes
    )
    incident_webhooks: list[IncidentWebhook] | None = strawberry.field(
        resolver=webhooks.incident_webhooks, metadata=at_most(webhooks.LIST_SIZE)
    )
    incident_webhook_deliveries: list[IncidentWebhookDelivery] | None = strawberry.field(
        resolver=webhooks.incident_webhook_deliveries
    )


@strawberry.type
class Mutation:
    """What can be changed. One that fails leaves the others of the operation as they are."""

    upsert_telephony_provider: TelephonyProvider | None = strawberry.mutation(
        resolver=telephony.upsert_telephony_provider
    )
    delete_telephony_provider: strawberry.ID | None = strawberry.mutation(
        resolver=telephony.delete_telephony_provider
    )
    upsert_telephony_route: TelephonyRoute | None = strawberry.mutation(
        resolver=telephony.upsert_telephony_route
    )
    delete_telephony_route: strawberry.ID | None = strawberry.mutation(
        resolver=telephony.delete_telephony_route
    )
    upsert_incident_webhook: IncidentWebhook | None = strawberry.mutation(
        resolver=webhooks.upsert_incident_webhook
    )
    delete_incident_webhook: strawberry.ID | None = strawberry.mutation(
        resolver=webhooks.delete_incident_webhook
    )
    send_test_to_incident_webhook: IncidentWebhookDelivery | None = strawberry.mutation(
        resolver=webhooks.send_test_to_incident_webhook
    )


class CuratedSchema(strawberry.Schema):
    """Strawberry's own log of errors prints documents and variables: this one writes nothing."""

    @property
    def graphql_schema(self) -> GraphQLSchema:
        """The schema in graphql-core's form."""
        return self._schema

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: what goes to the log goes there in our own words (see `answers`)."""


SCHEMA: Final = CuratedSchema(
    query=Query,
    mutation=Mutation,
    extensions=[DisableIntrospection],
    config=StrawberryConfig(disable_field_suggestions=True, scalar_map={datetime: DATE_TIME}),
)
