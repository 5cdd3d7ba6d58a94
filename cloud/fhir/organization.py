"""Organization and Location: the ambulance service and its vehicle."""

from __future__ import annotations

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names, entry


def organization_entry(names: Names, handover: Handover) -> Element:
    """The service the tenant is."""
    value = names.within_tenant("Organization")
    resource = element(
        resourceType="Organization",
        identifier=[{"system": systems.ORGANIZATION, "value": value}],
        active=True,
        name=handover.tenant_name or "Ambulance service",
    )
    return entry(names.urn("Organization"), resource, systems.ORGANIZATION, value)


def vehicle_entry(names: Names, handover: Handover) -> Element:
    """The vehicle the encounter took place in; where it was is not told."""
    value = names.within_tenant("Location", handover.vehicle_id)
    resource = element(
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
    return entry(names.urn("Location"), resource, systems.VEHICLE, value)
