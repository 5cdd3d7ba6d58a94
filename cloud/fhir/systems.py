"""Names of code and identifier systems.

Our own systems stand under one arc of 2.25, which anyone may derive from a UUID without
registration (ITU-T X.667): `OID_ROOT` is 2.25 followed by our UUID as a number.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

OID_ROOT: Final = f"urn:oid:2.25.{UUID('f3cf63e0-616d-43ae-a45f-0cac3595fa03').int}"

# Identifiers whose values are ours and unique everywhere: safe in a conditional create.
PATIENT_PSEUDONYM: Final = f"{OID_ROOT}.1.1"
ENCOUNTER: Final = f"{OID_ROOT}.1.2"
ORGANIZATION: Final = f"{OID_ROOT}.1.3"
DEVICE: Final = f"{OID_ROOT}.1.4"
OBSERVATION: Final = f"{OID_ROOT}.1.5"
PROCEDURE: Final = f"{OID_ROOT}.1.6"
COMPOSITION: Final = f"{OID_ROOT}.1.7"
VEHICLE: Final = f"{OID_ROOT}.1.8"
CREW_MEMBER: Final = f"{OID_ROOT}.1.9"
FACILITY: Final = f"{OID_ROOT}.1.10"
SCENE: Final = f"{OID_ROOT}.1.11"
CONDITION: Final = f"{OID_ROOT}.1.12"
ALLERGY: Final = f"{OID_ROOT}.1.13"
MEDICATION: Final = f"{OID_ROOT}.1.14"
DOCUMENT: Final = f"{OID_ROOT}.1.15"
METRIC: Final = f"{OID_ROOT}.1.16"
FILED: Final = f"{OID_ROOT}.1.17"

# Identifiers whose values are the service's own words, unique only within it.
CREW: Final = f"{OID_ROOT}.2.1"
VEHICLE_NAME: Final = f"{OID_ROOT}.2.2"
CAD_INCIDENT: Final = f"{OID_ROOT}.2.3"
FACILITY_NAME: Final = f"{OID_ROOT}.2.4"

# Codes 10101 has no term for, and words about a bundle's page or a reading's flags.
PRIVATE_TERMS: Final = f"{OID_ROOT}.3.1"
FLAGS: Final = f"{OID_ROOT}.3.2"
PAGES: Final = f"{OID_ROOT}.3.3"

# Extensions R4 has no element for.
AGE_BAND: Final = f"{OID_ROOT}.4.1"
BEFORE_ARRIVAL: Final = f"{OID_ROOT}.4.2"

ABSENT_UNKNOWN: Final = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ALLERGY_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_VERIFICATION: Final = (
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
)
CONDITION_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"
CONDITION_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONDITION_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
DATA_ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
DEVICE_IDENTIFIERS: Final = "http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers"
EMPTY_REASON: Final = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
EUI_64: Final = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
LOCATION_PHYSICAL_TYPE: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
LOINC: Final = "http://loinc.org"
MDC: Final = "urn:iso:std:iso:11073:10101"
MEASUREMENT_STATUS: Final = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
NEMSIS: Final = "http://www.nemsis.org"
NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
NHS_NUMBER_STATUS: Final = (
    "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"
)
OBSERVATION_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
OBSERVATION_VALUE: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
PHD_BITS: Final = "http://hl7.org/fhir/uv/phd/CodeSystem/ASN1ToHL7"
PROVENANCE_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
ROLE_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
YES_NO: Final = "http://terminology.hl7.org/CodeSystem/v2-0136"

GATEWAY_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"
NHS_NUMBER_STATUS_EXTENSION: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
)
NHS_NUMBER_UNAVAILABLE_EXTENSION: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberUnavailableReason"
)
DATA_ABSENT_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
