"""Attribute values of one object -> observations.

A `Reading` is what one report says about one object. Attributes in it stand before those of the
configuration: unit, supplemental types, scale and so on. A value that cannot be read becomes an
`Unread` with its octets; the other values of the reading are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeVar
from uuid import UUID

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_table import ATTRIBUTES
from protocols.ieee20601.attribute_values import (
    SaFlags,
    SampleSpecification,
    ScaleAndRange,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import Attribute, AttributeValue, find_readable
from protocols.ieee20601.objects import (
    PARTITION_SCADA,
    ConfiguredObject,
    curve_notes,
    scale_of,
    usable_map,
)
from protocols.ieee20601.observation_cases import MAKERS, NEED_UNIT
from protocols.ieee20601.reading_records import Reading, Reception, Unread
from protocols.ieee20601.tolerances import (
    CHANGED_STATIC_SCALE,
    DEFAULT_TOLERANCES,
    PRIVATE_ATTRIBUTE,
    Tolerances,
)
from protocols.model.codes import MdcCode
from protocols.model.identifiers import marked_id
from protocols.model.observation import Observation

T = TypeVar("T")
U = TypeVar("U")

DESCRIBING: Final = {
    kind.attribute_id
    for kind in (
        at.UNIT_CODE,
        at.SUPPLEMENTAL_TYPES,
        at.SA_SPECN,
        at.TIME_PD_SAMP,
        at.ENUM_OBS_VAL_PART,
        at.ATTRIBUTE_VAL_MAP,
        at.SCALE_SPECN_I8,
        at.SCALE_SPECN_I16,
        at.SCALE_SPECN_I32,
        at.ID_PHYSIO,
    )
}
"""What a report may say of the object itself."""


def with_overrides(
    subject: ConfiguredObject,
    values: tuple[AttributeValue, ...],
    notes: list[str],
    tolerances: Tolerances = DEFAULT_TOLERANCES,
) -> ConfiguredObject:
    """The object as a report's own attributes describe it.

    20601 7.4.5: a report carries attributes that changed; they hold until changed again. One that
    cannot be read, or deviates in a way nobody forgives, becomes a note and changes nothing.
    """
    if not any(value.attribute_id in DESCRIBING for value in values):
        return subject
    partition = subject.type.partition if subject.type else PARTITION_SCADA
    term = find_readable(values, at.ID_PHYSIO, notes)
    samples = _said(values, at.SA_SPECN, subject.samples, notes)
    changed = replace(
        subject,
        type=subject.type if term is None else MdcCode(partition, term),
        unit=_said(values, at.UNIT_CODE, subject.unit, notes),
        supplements=_said(values, at.SUPPLEMENTAL_TYPES, subject.supplements, notes),
        samples=samples,
        period_ticks=_said(values, at.TIME_PD_SAMP, subject.period_ticks, notes),
        enumeration_partition=_said(
            values, at.ENUM_OBS_VAL_PART, subject.enumeration_partition, notes
        ),
        value_map=_value_map(subject, values, notes, tolerances),
        scale=_scale(subject, samples, values, notes, tolerances),
    )
    if samples != subject.samples:
        notes.extend(f"handle {subject.handle}: {told}" for told in curve_notes(samples))
    # Numbers are equal whatever their digits are; only a scale holds such.
    return subject if changed.scale is subject.scale and changed == subject else changed


def _said(
    values: tuple[AttributeValue, ...], kind: Attribute[T], before: U, notes: list[str]
) -> T | U:
    """What a report says of an object, or what was known before."""
    found = find_readable(values, kind, notes)
    return before if found is None else found


def _scale(
    subject: ConfiguredObject,
    samples: SampleSpecification | None,
    values: tuple[AttributeValue, ...],
    notes: list[str],
    tolerances: Tolerances,
) -> ScaleAndRange | None:
    """The scale a report leaves in force; see CHANGED_STATIC_SCALE."""
    said = scale_of(values, notes)
    before = subject.scale
    if said is None:
        return before
    is_static = samples is not None and samples.flags & SaFlags.STATIC_SCALE
    if is_static and before is not None and said != before:
        try:
            tolerances.forgive(CHANGED_STATIC_SCALE, notes, handle=subject.handle)
        except DecodeError as exc:
            notes.append(f"{exc}; the scale before it counts")
            return before
    return said


def _value_map(
    subject: ConfiguredObject,
    values: tuple[AttributeValue, ...],
    notes: list[str],
    tolerances: Tolerances,
) -> tuple[ValueMapEntry, ...]:
    entries = find_readable(values, at.ATTRIBUTE_VAL_MAP, notes)
    if entries is None:
        return subject.value_map
    try:
        return usable_map(entries, subject.handle, notes, tolerances)
    except DecodeError as exc:
        notes.append(f"handle {subject.handle}: {exc}")
        return subject.value_map


def lacks_unit(reading: Reading) -> bool:
    """Whether a value needs a unit that neither the configuration nor the report names."""
    return reading.subject.unit is None and any(
        value.attribute_id in NEED_UNIT for value in reading.values
    )


def observations_of(
    reading: Reading, reception: Reception, notes: list[str], unread: list[Unread]
) -> Iterator[Observation]:
    """The observations of one reading, in the order of its values.

    Of several forms of one value, the first that can be read counts. A value of another kind is
    a reading of its own: its attribute is part of its identity.
    """
    subject = reading.subject
    read: set[int] = set()
    kinds: dict[UUID, set[type]] = {}
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
            observation = maker(value.octets, subject.type, reading, reception, notes)
        except DecodeError as exc:
            unread.append(_unread(reading, value, str(exc)))
            continue
        read.add(value.attribute_id)
        told = kinds.setdefault(observation.observation_id, set())
        if type(observation) in told:
            unread.append(_unread(reading, value, "another form of a value before it"))
            continue
        if told:
            mark = f"attribute={value.attribute_id:04X}"
            identity = marked_id(observation.observation_id, mark)
            yield replace(observation, observation_id=identity, named_by=None)
        else:
            yield observation
        told.add(type(observation))


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
