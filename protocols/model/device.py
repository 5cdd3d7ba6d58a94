"""What a device says about itself (20601 MDS object; FHIR profile PhdDevice)."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.model.codes import MdcCode, SystemId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """One device. Texts are empty where the device left them so.

    `specializations` are (profile term, version) pairs of MDC_ATTR_SYS_TYPE_SPEC_LIST, partition 8.
    """

    system_id: SystemId
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    firmware: str = ""
    hardware: str = ""
    software: str = ""
    specializations: tuple[tuple[MdcCode, int], ...] = ()
