"""CapabilityStatement: what /fhir/R4 can do, told from the very rows it is served by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.rest.includes import pointers, pointing_to
from cloud.fhir.rest.kind import Kind
from cloud.fhir.rest.query import MOST_COUNT

FHIR_VERSION: Final = "4.0.1"
FORMATS: Final = ("application/fhir+json", "json")
_PUBLISHED: Final = "2026-11-26"
_INTERACTIONS: Final = ("read", "vread", "history-instance", "search-type")
_SMART: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def capability_statement(
    *,
    base: str,
    token_url: str,
    version: str,
    kinds: Mapping[str, Kind],
    more: Sequence[JsonValue] = (),
) -> Element:
    """The statement of the server at `base`; `more` are resources it serves in another way."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _PUBLISHED,
        "kind": "instance",
        "software": {"name": "Vitalwire", "version": version},
        "implementation": {
            "description": "The record of an ambulance service, read only.",
            "url": base,
        },
        "fhirVersion": FHIR_VERSION,
        "format": list(FORMATS),
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    f"A page holds at most {MOST_COUNT} matches. Parameters that are not known are "
                    "ignored and told, or refused with Prefer: handling=strict. In a search for a "
                    "Patient they are always refused."
                ),
                "security": _security(token_url),
                "resource": [*(_resource(kind, kinds) for kind in kinds.values()), *more],
            }
        ],
    }


def _security(token_url: str) -> Element:
    return {
        "extension": [
            {"url": _OAUTH_URIS, "extension": [{"url": "token", "valueUri": token_url}]},
        ],
        "cors": False,
        "service": [{"coding": [{"system": _SMART, "code": "SMART-on-FHIR"}]}],
        "description": (
            "SMART backend services: tokens by client credentials, with system/<type>.rs for each "
            "type, or argus:epcr:read for all of them."
        ),
    }


def _resource(kind: Kind, kinds: Mapping[str, Kind]) -> Element:
    operations: list[JsonValue] = [
        {
            "name": name,
            "definition": f"http://hl7.org/fhir/OperationDefinition/{kind.name}-{name}",
        }
        for name in kind.operations
    ]
    return element(
        type=kind.name,
        documentation=kind.says,
        interaction=[{"code": code} for code in _INTERACTIONS],
        versioning="versioned",
        readHistory=True,
        updateCreate=False,
        conditionalRead="full-support",
        searchInclude=[f"{kind.name}:{one.name}" for one in pointers(kind)],
        searchRevInclude=[f"{other.name}:{one.name}" for other, one in pointing_to(kind, kinds)],
        searchParam=[
            {"name": one.name, "type": one.type.value, "documentation": one.says}
            for one in kind.parameters
        ],
        operation=operations,
    )
