"""Every scope there is: its name, the sentence a person reads, and the surface it opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PLATFORM: Final = "platform"
CLINICAL: Final = "clinical"
PORTAL: Final = "portal"
PARTNER: Final = "partner"
INTEGRATIONS: Final = "integrations"
FHIR: Final = "fhir"
VEHICLE: Final = "vehicle"


@dataclass(frozen=True, slots=True)
class Scope:
    """One row of the catalogue.

    `is_requestable`: an application may ask for it by itself. `is_sensitive`: the consent page
    marks it, for it opens what identifies a patient or changes what others may do.
    """

    name: str
    description: str
    surface: str = PLATFORM
    is_requestable: bool = True
    is_sensitive: bool = False


EPCR_READ: Final = "argus:epcr:read"
EPCR_WRITE: Final = "argus:epcr:write"
EPCR_HANDOVER: Final = "argus:epcr:handover"
DEVICES_READ: Final = "argus:devices:read"
DEVICES_WRITE: Final = "argus:devices:write"
PLATFORM_ADMIN: Final = "argus:platform:admin"
ACQI_READ: Final = "argus:acqi:read"
TELEPHONY_READ: Final = "argus:telephony:read"
TELEPHONY_WRITE: Final = "argus:telephony:write"
APPS_READ: Final = "platform:apps:read"
APPS_WRITE: Final = "platform:apps:write"
OBSERVABILITY_READ: Final = "argus:observability:read"
DISCOVERY_READ: Final = "argus:discovery:read"
GATEWAY_UPLINK: Final = "gateway:uplink"
CLIENTS_ADMIN: Final = "clients:admin"
AUDIT_READ: Final = "audit:read"
OPERATOR_ACCESS: Final = "operator:access"
"""Over all tenants: given on the machine the cloud runs on, and nowhere else."""
SUBSCRIPTIONS: Final = "system/Subscription.cruds"
WEBHOOKS_READ: Final = "webhooks:read"
WEBHOOKS_WRITE: Final = "webhooks:write"
JOBS_READ: Final = "argus:jobs:read"
JOBS_WRITE: Final = "argus:jobs:write"
OPENID: Final = "openid"
PROFILE_READ: Final = "profile_read"

FHIR_TYPES: Final = (
    "AllergyIntolerance",
    "Binary",
    "Bundle",
    "Composition",
    "Condition",
    "Device",
    "DeviceMetric",
    "DocumentReference",
    "Encounter",
    "Location",
    "MedicationAdministration",
    "MedicationStatement",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
)
"""The R4 types a hospital's own system may read and search."""


def _fhir(kind: str) -> Scope:
    name = f"system/{kind}.rs"
    return Scope(name, f"Read and search {kind} resources.", FHIR, is_sensitive=True)


_PLATFORM: Final = (
    Scope(DEVICES_READ, "List devices and read what they measured."),
    Scope(DEVICES_WRITE, "Enrol devices and send observations for them."),
    Scope(EPCR_READ, "Read encounters and their pseudonymised FHIR bundle."),
    Scope(EPCR_WRITE, "Open encounters and hand them over."),
    Scope(
        EPCR_HANDOVER,
        "Read who the patient is in encounters handed over to you.",
        is_requestable=False,
        is_sensitive=True,
    ),
    Scope(ACQI_READ, "Read the quality indicators of the service."),
    Scope(TELEPHONY_READ, "See which telephone lines lead where."),
    Scope(TELEPHONY_WRITE, "Change telephone lines and where they lead.", is_sensitive=True),
    Scope(JOBS_READ, "See long work and its results."),
    Scope(JOBS_WRITE, "Start and cancel long work."),
    Scope(OBSERVABILITY_READ, "Follow what calls did in the tenant, trace by trace."),
    Scope(DISCOVERY_READ, "Read the schemas of what is exchanged."),
    Scope(
        PLATFORM_ADMIN,
        "Administer the tenant's applications.",
        is_requestable=False,
        is_sensitive=True,
    ),
    Scope(APPS_READ, "Read the tenant's applications.", is_requestable=False),
    Scope(
        APPS_WRITE,
        "Register and change the tenant's applications.",
        is_requestable=False,
        is_sensitive=True,
    ),
    Scope(
        OPERATOR_ACCESS,
        "Decide which organisations are let into what is reviewed.",
        is_requestable=False,
        is_sensitive=True,
    ),
    Scope(WEBHOOKS_READ, "See webhooks and what they delivered."),
    Scope(WEBHOOKS_WRITE, "Have events sent to addresses of yours."),
)
_CLINICAL: Final = (
    Scope("assessments:read", "Read assessments.", CLINICAL, is_sensitive=True),
    Scope("assessments:write", "Begin and submit assessments.", CLINICAL),
    Scope("patients:read", "Read who patients are.", CLINICAL, is_sensitive=True),
    Scope("patients:write", "Register patients and correct them.", CLINICAL, is_sensitive=True),
    Scope("cases:read", "Read cases and what was found.", CLINICAL, is_sensitive=True),
    Scope("cases:write", "Open cases and write down what was found.", CLINICAL),
    Scope("images:read", "See pictures of patients.", CLINICAL, is_sensitive=True),
    Scope("images:write", "Send pictures of patients.", CLINICAL),
    Scope("orchestrator:read", "Read how work flows.", CLINICAL),
    Scope("orchestrator:read-instances", "See where each case stands.", CLINICAL),
    Scope("orchestrator:advance-instance", "Move a case to its next step.", CLINICAL),
    Scope("derm_review:read", "Read reviews made by machine.", CLINICAL, is_sensitive=True),
    Scope("derm_review:write", "Ask for reviews by machine.", CLINICAL),
    Scope("human_review:read", "Read reviews made by people.", CLINICAL, is_sensitive=True),
    Scope("human_review:write", "Write reviews.", CLINICAL),
    Scope("consent:read", "Read what patients agreed to.", CLINICAL, is_sensitive=True),
    Scope("consent:write", "Write down what patients agreed to.", CLINICAL),
    Scope("events:read", "Read what happened.", CLINICAL),
    Scope(AUDIT_READ, "Read who looked at what.", CLINICAL, is_sensitive=True),
    Scope(
        CLIENTS_ADMIN,
        "Administer API clients, their credentials and users.",
        CLINICAL,
        is_requestable=False,
        is_sensitive=True,
    ),
)
_PORTAL: Final = (
    Scope(OPENID, "Know that it is you.", PORTAL),
    Scope(PROFILE_READ, "Read your name and how to reach you.", PORTAL, is_sensitive=True),
    Scope("appointment_read", "Read your appointments and join video calls.", PORTAL),
    Scope("appointment_write", "Book, move and cancel appointments for you.", PORTAL),
    Scope(
        "appointment_guest_lookup",
        "Look appointments up for people without an account.",
        PORTAL,
        is_requestable=False,
    ),
    Scope(
        "appointment_guest_write",
        "Book for people without an account.",
        PORTAL,
        is_requestable=False,
    ),
)
_INNER: Final = (
    Scope("bp:partner", "Act as a scribe partner.", PARTNER, is_requestable=False),
    Scope("integrations:read", "Read a person's connections.", INTEGRATIONS, is_requestable=False),
    Scope(GATEWAY_UPLINK, "Send batches as one gateway.", VEHICLE, is_requestable=False),
)
CATALOGUE: Final[tuple[Scope, ...]] = (
    *_PLATFORM,
    *_CLINICAL,
    *_PORTAL,
    *(_fhir(kind) for kind in FHIR_TYPES),
    Scope(SUBSCRIPTIONS, "Have what happens to encounters sent to addresses of yours.", FHIR),
    *_INNER,
)
BY_NAME: Final = {scope.name: scope for scope in CATALOGUE}
