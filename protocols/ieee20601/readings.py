"""Attribute values of one object -> observations.

A `Reading` is what one report says about one object. Attributes in it stand before those of the
configuration: unit, supplemental types, scale and so on. A value that cannot be read becomes an
`Unread` with its octets; the other values of the reading are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_table import ATTRIBUTES
from protocols.ieee20601.attributes import Attribute, AttributeValue, find_readable
from protocols.ieee20601.objects import PARTITION_SCADA, ConfiguredObject, scale_of, with_octets
from protocols.ieee20601.observation_cases import (
    MAKERS,
    NEED_UNIT,
    Case,
)
from protocols.ieee20601.reading_records import Reading, Reception, Unread
from protocols.ieee20601.tolerances import (
    PRIVATE_ATTRIBUTE,
    Tolerances,
)
from protocols.model.codes import MdcCode
from protocols.model.observation import (
    Observation,
)


def with_overrides(
    subject: ConfiguredObject, values: tuple[AttributeValue, ...], notes: list[str]
) -> ConfiguredObject:
    """The object as a report's own attributes describe it.

    20601 7.4.5: a report carries attributes that changed; they hold until changed again.
    """
    changes: dict[str, Any] = {}
    kinds: tuple[tuple[str, Attribute[Any]], ...] = (
        ("unit", at.UNIT_CODE),
        ("supplements", at.SUPPLEMENTAL_TYPES),
        ("samples", at.SA_SPECN),
        ("period_ticks", at.TIME_PD_SAMP),
        ("enumeration_partition", at.ENUM_OBS_VAL_PART),
        ("value_map", at.ATTRIBUTE_VAL_MAP),
    )
    present = {value.attribute_id for value in values}
    for field, kind in kinds:
        if kind.attribute_id in present:
            found = find_readable(values, kind, notes)
            if found is not None:
                changes[field] = found
    if "value_map" in changes:
        changes["value_map"] = with_octets(changes["value_map"])
    scale = scale_of(values, notes)
    if scale is not None:
        changes["scale"] = scale
    if at.ID_PHYSIO.attribute_id in present:
        term = find_readable(values, at.ID_PHYSIO, notes)
        if term is not None:
            partition = subject.type.partition if subject.type else PARTITION_SCADA
            changes["type"] = MdcCode(partition, term)
    # Numbers are equal whatever their digits are; only a scale holds such.
    if "scale" not in changes and all(getattr(subject, key) == changes[key] for key in changes):
        return subject
    return replace(subject, **changes)


def lacks_unit(reading: Reading) -> bool:
    """Whether a value needs a unit that neither the configuration nor the report names."""
    return reading.subject.unit is None and any(
        value.attribute_id in NEED_UNIT for value in reading.values
    )


def observations_of(
    reading: Reading, reception: Reception, notes: list[str], unread: list[Unread]
) -> Iterator[Observation]:
    """The observations of one reading, in the order of its values."""
    subject = reading.subject
    read: set[int] = set()
    for value in reading.values:
        maker = MAKERS.get(value.attribute_id)
        if maker is None:
            if value.attribute_id not in ATTRIBUTES:
                unread.append(_unknown(reading, value, reception.tolerances, notes))
            continue
        if subject.type is None:
            unread.append(_unread(reading, value, "an object without a type"))
            continue
        if value.attribute_id in read:
            # Both would be one measurement, and nothing says which of them it was.
            unread.append(_unread(reading, value, "the attribute stands there twice"))
            continue
        try:
            decoded = ATTRIBUTES[value.attribute_id].decode(value.octets)
            observation = maker(Case(decoded, subject.type, reading, reception, notes))
        except DecodeError as exc:
            unread.append(_unread(reading, value, str(exc)))
            continue
        read.add(value.attribute_id)
        yield observation


def _unknown(
    reading: Reading, value: AttributeValue, tolerances: Tolerances, notes: list[str]
) -> Unread:
    """A value of an attribute we do not know; see PRIVATE_ATTRIBUTE."""
    unread = _unread(reading, value, "an unknown attribute")
    name = at.name_of(value.attribute_id)
    try:
        tolerances.forgive(PRIVATE_ATTRIBUTE, notes, handle=reading.subject.handle, attribute=name)
    except DecodeError:
        return unread
    return replace(unread, is_vendor=True)


def _unread(reading: Reading, value: AttributeValue, reason: str) -> Unread:
    return Unread(reading.subject.handle, value.attribute_id, value.octets, reason)
