"""The attributes an agent's MDS answers a Get with (20601 6.3.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_clock import AgentClock
from protocols.ieee20601.attribute_values import ProductSpecification, SystemModel, TypeVersion
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.device_description import FIRMWARE_REVISION, SERIAL_NUMBER
from protocols.ieee20601.policies import MdsDescription
from protocols.mder.sequences import padded
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import SystemId

_UNSPECIFIED_COMPONENT: Final = 0


def mds_attributes(
    mds: MdsDescription,
    clock: AgentClock,
    *,
    system_id: SystemId,
    config_id: int,
    utc: datetime,
) -> tuple[AttributeValue, ...]:
    """All attributes of the MDS at the aware time `utc`, those without a value left out."""
    attributes = [
        at.SYS_TYPE_SPEC_LIST.of(
            tuple(TypeVersion(code.term, version) for code, version in mds.specializations)
        ),
        at.ID_MODEL.of(SystemModel(padded(mds.manufacturer), padded(mds.model))),
        at.SYS_ID.of(system_id),
        at.DEV_CONFIG_ID.of(config_id),
    ]
    facts = ((SERIAL_NUMBER, mds.serial_number), (FIRMWARE_REVISION, mds.firmware))
    specifications = tuple(
        ProductSpecification(kind, _UNSPECIFIED_COMPONENT, padded(text))
        for kind, text in facts
        if text
    )
    if specifications:
        attributes.append(at.ID_PROD_SPECN.of(specifications))
    info, local, base = clock.time_info(), clock.local(utc), clock.base_offset(utc)
    if info is not None and local is not None:
        attributes.append(at.MDS_TIME_INFO.of(info))
        attributes.append(at.TIME_ABS.of(AbsoluteTime.of(local)))
    if base is not None:
        attributes.append(at.TIME_BO.of(base))
    return tuple(attributes)
