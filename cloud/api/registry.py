"""Every surface: one line each."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from cloud.api.authorization import (
    account,
    authorize,
    logout,
    metadata,
    partners,
    pushed,
    saml,
    saml_connections,
    tokens,
    userinfo,
)
from cloud.api.clinical import clients, credentials, keys, users
from cloud.api.console import board, patient_routes, sign_in
from cloud.api.discovery import data_schemas, document_routes, well_known
from cloud.api.epcr import (
    deliveries,
    device_care,
    device_observations,
    devices,
    encounter_acts,
    encounter_changes,
    encounter_documents,
    encounter_patients,
    encounter_photos,
    encounter_pictures,
    encounter_timeline,
    encounter_versions,
    encounters,
    gateway_commands,
    gateways,
    handover_paper,
    hospital_connections,
    nemsis,
    quality,
    readings,
)
from cloud.api.fhir import everything as fhir_everything
from cloud.api.fhir import metadata as fhir_metadata
from cloud.api.fhir import resources as fhir_resources
from cloud.api.fhir import subscriptions as fhir_subscriptions
from cloud.api.graphql import endpoint as graphql
from cloud.api.platform import (
    access_requests,
    applications,
    certificates,
    downlink,
    jobs,
    joining,
    observability,
    operation_bundles,
    operations,
    registries,
    retention,
    sandbox,
    service_tokens,
    uplink,
    webhook_deliveries,
    webhook_events,
    webhooks,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    tokens.router,
    metadata.router,
    partners.router,
    authorize.router,
    pushed.router,
    userinfo.router,
    logout.router,
    account.router,
    saml_connections.router,
    saml.router,
    saml.rest,
    applications.router,
    certificates.router,
    service_tokens.router,
    # Before the others of webhooks: `events` is no id of one.
    webhook_events.router,
    webhooks.router,
    webhook_deliveries.router,
    clients.router,
    credentials.router,
    keys.router,
    users.router,
    devices.router,
    device_care.router,
    device_observations.router,
    encounters.router,
    encounter_acts.router,
    encounter_pictures.router,
    encounter_patients.router,
    encounter_timeline.router,
    encounter_versions.router,
    encounter_changes.router,
    encounter_documents.router,
    readings.router,
    handover_paper.router,
    gateways.router,
    gateway_commands.router,
    hospital_connections.router,
    nemsis.router,
    deliveries.router,
    quality.router,
    joining.router,
    downlink.router,
    operations.router,
    observability.router,
    well_known.router,
    data_schemas.router,
    document_routes.router,
    operation_bundles.router,
    retention.router,
    sandbox.router,
    jobs.router,
    access_requests.router,
    registries.router,
    sign_in.router,
    patient_routes.router,
    fhir_metadata.router,
    fhir_everything.router,
    fhir_resources.router,
    fhir_subscriptions.router,
    board.router,
    graphql.router,
)
BATCH_ROUTERS: Final[tuple[APIRouter, ...]] = (uplink.router, encounter_photos.router)
"""Surfaces that take whole batches or pictures and so have a body limit of their own."""
