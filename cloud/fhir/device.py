"""Device: what measured (HL7 PHD guide: PhdDevice) and what carried it (PhgDevice).

Serial number and EUI-64 stay in the pseudonymised projection: they name the service's equipment,
not the person, and tracing a faulty reading back to its device needs them.
"""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.handover import HandoverDevice
from cloud.fhir import systems
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.metric import is_monitor
from cloud.fhir.names import Names
from protocols.model.device import DeviceInfo

_MDS_SIMPLE: Final = "65573"
_MDS_GATEWAY: Final = "531981"
_MDS_MONITOR: Final = "69965"
_HARDWARE: Final = "531974"
_SOFTWARE: Final = "531975"
_FIRMWARE: Final = "531976"
STATUS: Final = {
    "active": "active",
    "discovered": "active",
    "offline": "active",
    "retired": "inactive",
    "quarantined": "inactive",
}


def system_id_identifier(info: DeviceInfo) -> Element:
    """The System-Id as the PHD guide writes it: octets in upper-case hexadecimal with dashes."""
    return {
        "type": {"coding": [{"system": systems.DEVICE_IDENTIFIERS, "code": "SYSID"}]},
        "system": systems.EUI_64,
        "value": str(info.system_id),
    }


def device(names: Names, told: HandoverDevice) -> Element:
    """What measured: local name its public id."""
    info = told.info
    value = names.within_tenant("Device", told.device_id)
    return element(
        resourceType="Device",
        identifier=[{"system": systems.DEVICE, "value": value}, system_id_identifier(info)],
        status=STATUS.get(told.status, "unknown"),
        manufacturer=info.manufacturer,
        serialNumber=info.serial_number,
        deviceName=[{"name": info.model, "type": "model-name"}] if info.model else None,
        modelNumber=info.model,
        type=(
            _mds_type(_MDS_MONITOR, "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS", told.device_class)
            if is_monitor(told)
            else _mds_type(_MDS_SIMPLE, "MDC_MOC_VMS_MDS_SIMP", told.device_class)
        ),
        specialization=[
            {"systemType": _mdc(str(profile.cf_code)), "version": str(version)}
            for profile, version in info.specializations
        ],
        version=_versions(info),
        owner=names.reference("Organization"),
    )


def gateway(names: Names, gateway_id: str) -> Element:
    """What carried the readings: local name its own id."""
    value = names.within_tenant("Gateway", gateway_id)
    return element(
        resourceType="Device",
        identifier=[{"system": systems.DEVICE, "value": value}],
        status="active",
        deviceName=[{"name": f"Vehicle gateway {gateway_id}", "type": "user-friendly-name"}],
        type=_mds_type(_MDS_GATEWAY, "MDC_MOC_VMS_MDS_AHD", "gateway"),
        owner=names.reference("Organization"),
    )


def _versions(info: DeviceInfo) -> list[JsonValue]:
    told = ((_FIRMWARE, info.firmware), (_SOFTWARE, info.software), (_HARDWARE, info.hardware))
    return [{"type": _mdc(code), "value": version} for code, version in told if version]


def _mds_type(code: str, reference_id: str, text: str | None) -> Element:
    return element(
        coding=[{"system": systems.MDC, "code": code, "display": reference_id}],
        text=text,
    )


def _mdc(code: str) -> Element:
    return {"coding": [{"system": systems.MDC, "code": code}]}
