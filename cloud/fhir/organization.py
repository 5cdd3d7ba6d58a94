"""Organization and Location: the ambulance service, its vehicle, the scene and the destination."""

from __future__ import annotations

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names


def organization(names: Names, handover: Handover) -> Element:
    """The service the tenant is."""
    value = names.within_tenant("Organization")
    return element(
        resourceType="Organization",
        identifier=[{"system": systems.ORGANIZATION, "value": value}],
        active=True,
        name=handover.tenant_name or "Ambulance service",
    )


def vehicle(names: Names, handover: Handover) -> Element:
    """The vehicle the encounter took place in; where it was is not told."""
    value = names.within_tenant("Location", handover.vehicle_id)
    return element(
        resourceType="Location",
        identifier=[
            {"system": systems.VEHICLE, "value": value},
            {
                "system": systems.VEHICLE_NAME,
                "value": handover.vehicle_id,
                "assigner": names.reference("Organization"),
            },
        ],
        status="active",
        name=f"Ambulance {handover.vehicle_id}",
        mode="instance",
        type=[_role("AMB", "Ambulance")],
        physicalType={
            "coding": [
                {"system": systems.LOCATION_PHYSICAL_TYPE, "code": "ve", "display": "Vehicle"}
            ]
        },
        managingOrganization=names.reference("Organization"),
    )


def scene(names: Names) -> Element:
    """Where the patient was found; the place itself is not told."""
    return element(
        resourceType="Location",
        identifier=[{"system": systems.SCENE, "value": names.within_encounter("Scene")}],
        status="active",
        name="Scene of the incident",
        mode="instance",
        type=[_role("ACC", "accident site")],
        managingOrganization=names.reference("Organization"),
    )


def facility(names: Names, handover: Handover, facility_id: str) -> Element:
    """Where the patient is taken, by the name the service has for it: local name that name."""
    return element(
        resourceType="Location",
        identifier=[
            {"system": systems.FACILITY, "value": names.within_tenant("Facility", facility_id)},
            {
                "system": systems.FACILITY_NAME,
                "value": facility_id,
                "assigner": {"display": handover.tenant_name or "Ambulance service"},
            },
        ],
        status="active",
        name=facility_id,
        mode="instance",
        type=[_role("ER", "Emergency room")],
    )


def _role(code: str, display: str) -> Element:
    return {"coding": [{"system": systems.ROLE_CODE, "code": code, "display": display}]}
