"""Values as entries of a segment, laid out by the configuration's objects."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from protocols.errors import EncodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime, SegmentElement, ValueMapEntry
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.segment_building import build_entry, segment_map
from protocols.ieee20601.segment_entries import EntryHeader, join_entry
from protocols.ieee20601.stored_segment import StoredSegment
from protocols.model.codes import MdcCode
from protocols.model.quantity import SpecialValue
from protocols.specializations import blood_pressure, pulse_oximeter

OXIMETRY = pulse_oximeter.SPECIALIZATION.configuration
CUFF = blood_pressure.SPECIALIZATION.configuration
NOON = datetime(2026, 11, 23, 12)  # noqa: DTZ001  # the device's own timeline


def test_an_entry_has_its_time_once_and_then_its_values() -> None:
    entry_map = segment_map(OXIMETRY, (1, 10))
    assert entry_map.elements == (
        SegmentElement(6, MdcCode(2, 19384), 1, (ValueMapEntry(2636, 2),)),
        SegmentElement(6, MdcCode(2, 18458), 10, (ValueMapEntry(2636, 2),)),
    )
    entry = build_entry(OXIMETRY, entry_map, {1: Decimal(98), 10: SpecialValue.NAN}, local=NOON)
    assert join_entry(entry_map, entry).hex() == "2026112312000000" + "0062" + "07ff"


def test_an_entry_may_have_every_time_and_a_compound_value() -> None:
    entry_map = segment_map(CUFF, (1,), EntryHeader(0xF000))
    values = {1: (Decimal(120), Decimal(80), Decimal(93))}
    entry = build_entry(
        CUFF, entry_map, values, ticks=7, microseconds=8, base_offset=BaseOffsetTime(9, 0, 60)
    )
    octets = join_entry(entry_map, entry).hex()
    times = "00" * 8 + "00000007" + "0000000000000008" + "000000090000003c"
    assert octets == times + "00030006" + "00780050005d"


def test_an_entry_without_a_calendar_has_none() -> None:
    entry_map = segment_map(OXIMETRY, (1,), EntryHeader.RELATIVE_TIME)
    entry = build_entry(OXIMETRY, entry_map, {1: Decimal(98)}, local=NOON, ticks=7)
    assert join_entry(entry_map, entry).hex() == "00000007" + "0062"


UNMAPPED = build_configuration(
    0x4000,
    (
        ConfigObject(int(ObjectClass.NUMERIC), 1, (at.ID_TYPE.of(MdcCode(2, 19384)),)),
        ConfigObject(int(ObjectClass.NUMERIC), 2, ()),
    ),
)


@pytest.mark.parametrize("handle", [1, 2, 3], ids=["no value map", "no type", "no object"])
def test_what_a_configuration_does_not_lay_out_cannot_be_kept(handle: int) -> None:
    with pytest.raises(EncodeError):
        segment_map(UNMAPPED, (handle,))


def test_an_entry_needs_a_value_for_each_of_its_objects() -> None:
    entry_map = segment_map(OXIMETRY, (1, 10))
    with pytest.raises(EncodeError, match="no value for object 10"):
        build_entry(OXIMETRY, entry_map, {1: Decimal(98)}, local=NOON)
    with pytest.raises(EncodeError, match="no value for object 1"):
        build_entry(UNMAPPED, segment_map(OXIMETRY, (10, 1)), {}, local=NOON)


def test_a_segment_takes_what_was_built_for_its_map() -> None:
    entry_map = segment_map(OXIMETRY, (1,))
    kept = StoredSegment(instance=1, entry_map=entry_map)
    kept.add(build_entry(OXIMETRY, entry_map, {1: Decimal(98)}, local=NOON))
    assert len(kept) == 1
