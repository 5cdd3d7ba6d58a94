"""Every type that is served: one line each. Routes and the CapabilityStatement are made of it."""

from __future__ import annotations

from typing import Final

from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.kinds import (
    composition,
    device,
    device_metric,
    document_reference,
    encounter,
    location,
    observation,
    organization,
    patient,
    practitioner,
    provenance,
    statements,
)

KINDS: Final[tuple[Kind, ...]] = (
    statements.ALLERGY,
    composition.KIND,
    statements.CONDITION,
    device.KIND,
    device_metric.KIND,
    document_reference.KIND,
    encounter.KIND,
    location.KIND,
    statements.MEDICATION,
    statements.STATEMENT,
    observation.KIND,
    organization.KIND,
    patient.KIND,
    practitioner.KIND,
    practitioner.ROLE,
    statements.PROCEDURE,
    provenance.KIND,
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
