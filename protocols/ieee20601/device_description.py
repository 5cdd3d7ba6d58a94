"""The MDS of a device: who it is, and its clocks at the moment of the Get (20601 6.3.2).

facts = read_mds(rors_get.attributes, system_id=associated, utc=received_at)
facts.info -> DeviceInfo         facts.clock -> DeviceClock        facts.notes -> sentences
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import ProductSpecification
from protocols.ieee20601.attributes import Attribute, AttributeValue, find_readable
from protocols.ieee20601.device_clock import DeviceClock, read_clock
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, ODD_STRING, Tolerances
from protocols.model.codes import MdcCode, SystemId
from protocols.model.device import DeviceInfo

PARTITION_INFRASTRUCTURE: Final = 8
SERIAL_NUMBER: Final = 1
PART_NUMBER: Final = 2
HARDWARE_REVISION: Final = 3
SOFTWARE_REVISION: Final = 4
FIRMWARE_REVISION: Final = 5


@dataclass(frozen=True, slots=True)
class MdsFacts:
    """What an MDS said: identity, clocks, the configuration it names, oddities as sentences."""

    info: DeviceInfo
    clock: DeviceClock
    config_id: int | None
    notes: tuple[str, ...]


def read_mds(
    attributes: Iterable[AttributeValue],
    *,
    system_id: SystemId,
    utc: datetime,
    tolerances: Tolerances = DEFAULT_TOLERANCES,
) -> MdsFacts:
    """The facts of an MDS whose attributes arrived at `utc` (aware).

    `system_id` is the one the device associated with; it stays its identity even where the MDS
    names another. Attributes that cannot be read are left out with a note; nothing raises.
    """
    attributes = tuple(attributes)
    notes: list[str] = []
    named = find_readable(attributes, at.SYS_ID, notes)
    if named is not None and named != system_id:
        notes.append("the MDS names another System-Id than the association")
    model = find_readable(attributes, at.ID_MODEL, notes)
    if model and not _even(at.ID_MODEL, (model.manufacturer, model.model), notes, tolerances):
        model = None
    manufacturer, model_text = model.texts if model else ("", "")
    specifications = find_readable(attributes, at.ID_PROD_SPECN, notes) or ()
    if not _even(at.ID_PROD_SPECN, (item.octets for item in specifications), notes, tolerances):
        specifications = ()
    versions = find_readable(attributes, at.SYS_TYPE_SPEC_LIST, notes) or ()
    info = DeviceInfo(
        system_id=system_id,
        manufacturer=manufacturer,
        model=model_text,
        serial_number=_text(specifications, SERIAL_NUMBER),
        firmware=_text(specifications, FIRMWARE_REVISION),
        hardware=_text(specifications, HARDWARE_REVISION),
        software=_text(specifications, SOFTWARE_REVISION),
        specializations=tuple(
            (MdcCode(PARTITION_INFRASTRUCTURE, item.type), item.version) for item in versions
        ),
    )
    return MdsFacts(
        info=info,
        clock=read_clock(attributes, utc=utc, notes=notes, tolerances=tolerances),
        config_id=find_readable(attributes, at.DEV_CONFIG_ID, notes),
        notes=tuple(dict.fromkeys(notes)),
    )


def _even(
    kind: Attribute[object], texts: Iterable[bytes], notes: list[str], tolerances: Tolerances
) -> bool:
    """Whether the texts may be read: all are padded, or that they are not is forgiven."""
    if not any(len(text) % 2 for text in texts):
        return True
    try:
        tolerances.forgive(ODD_STRING, notes, attribute=kind.ref_id)
    except DecodeError as exc:
        notes.append(f"{kind.ref_id} cannot be read: {exc}")
        return False
    return True


def _text(specifications: tuple[ProductSpecification, ...], spec_type: int) -> str:
    for item in specifications:
        if item.spec_type == spec_type and item.text:
            return item.text
    return ""
