"""Provenance: who the record is from, who put it together, and when.

R4's Provenance has no identifier, so it cannot be created conditionally: it stands in documents,
and in transactions for servers that create what is put.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.encounter import began_at, period
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.times import instant

_AUTHOR: Final = "author"
_ASSEMBLER: Final = "assembler"


def provenance(names: Names, handover: Handover, *, recorded: datetime) -> Element:
    """Of the report and the encounter: the crew for their service, and the vehicle's gateways."""
    service = names.reference("Organization")
    crew = [
        _agent(_AUTHOR, names.reference("Practitioner", one), on_behalf_of=service)
        for one in handover.crew_ids
    ]
    gateways = [_agent(_ASSEMBLER, names.reference("Gateway", one)) for one in handover.gateway_ids]
    return element(
        resourceType="Provenance",
        target=[names.reference("Composition"), names.reference("Encounter")],
        occurredPeriod=period(began_at(handover), handover.handover_at),
        recorded=instant(recorded),
        agent=[*(crew or [_agent(_AUTHOR, service)]), *gateways],
    )


def _agent(kind: str, who: Element, *, on_behalf_of: Element | None = None) -> Element:
    return element(
        type={"coding": [{"system": systems.PROVENANCE_AGENT, "code": kind}]},
        who=who,
        onBehalfOf=on_behalf_of,
    )
