"""Organization and Location: the ambulance service and its vehicle."""

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
        type=[{"coding": [{"system": systems.ROLE_CODE, "code": "AMB", "display": "Ambulance"}]}],
        physicalType={
            "coding": [
                {"system": systems.LOCATION_PHYSICAL_TYPE, "code": "ve", "display": "Vehicle"}
            ]
        },
        managingOrganization=names.reference("Organization"),
    )
