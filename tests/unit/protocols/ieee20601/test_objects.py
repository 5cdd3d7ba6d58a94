"""What an object's attributes say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    HandleValueMap,
    SaFlags,
    SampleSpecification,
    ScaleAndRange,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass, describe_object, scale_of
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.model.codes import MdcCode

SCALE = ScaleAndRange(Decimal(0), Decimal(10), 0, 100)


def described(*attributes: AttributeValue, notes: list[str] | None = None) -> ConfiguredObject:
    raw = ConfigObject(int(ObjectClass.NUMERIC), 1, attributes)
    return describe_object(raw, [] if notes is None else notes)


def test_a_metric_id_is_more_exact_than_the_type() -> None:
    kind = at.ID_TYPE.of(MdcCode(2, 100))
    assert described(kind).type == MdcCode(2, 100)
    assert described(kind, at.ID_PHYSIO.of(101)).type == MdcCode(2, 101)
    assert described(at.ID_PHYSIO.of(101)).type == MdcCode(2, 101)
    own = described(kind, at.ID_PHYSIO.of(101), at.METRIC_ID_PART.of(3))
    assert own.type == MdcCode(3, 101)


def test_entries_of_a_map_without_octets_are_left_out() -> None:
    basic = ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2)
    entries = (ValueMapEntry(at.MSMT_STAT.attribute_id, 0), basic)
    assert described(at.ATTRIBUTE_VAL_MAP.of(entries)).value_map == (basic,)
    maps = at.SCAN_HANDLE_ATTR_VAL_MAP.of((HandleValueMap(1, entries),))
    assert described(maps).handle_maps == (HandleValueMap(1, (basic,)),)


def test_only_an_object_with_a_twin_is_told_apart_by_its_handle() -> None:
    alone = described(at.ID_TYPE.of(MdcCode(2, 100)))
    assert alone.apart == ""
    assert replace(alone, has_twin=True).apart == "object=1"


def test_the_parts_of_a_compound_belong_to_the_types_partition_or_their_own() -> None:
    parts = at.ID_PHYSIO_LIST.of((5, 6))
    assert described(at.ID_TYPE.of(MdcCode(130, 1)), parts).parts[0] == MdcCode(130, 5)
    assert described(parts).parts == (MdcCode(2, 5), MdcCode(2, 6))
    assert described(parts, at.METRIC_ID_PART.of(3)).parts[1] == MdcCode(3, 6)


def test_what_cannot_be_read_is_left_out_with_a_sentence_that_names_the_object() -> None:
    notes: list[str] = []
    broken = AttributeValue(at.UNIT_CODE.attribute_id, b"\1")
    found = described(broken, notes=notes)
    assert found.unit is None
    assert found.attributes == (broken,)
    assert notes[0].startswith("object 1: MDC_ATTR_UNIT_CODE cannot be read")
    assert notes[1] == "object 1: a metric object without a type"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (0, []),
        (SaFlags.STATIC_SCALE | SaFlags.SA_EXT_VAL_RANGE, []),
        (SaFlags.SMOOTHED_CURVE, ["smoothed"]),
        (SaFlags.DELAYED_CURVE, ["later"]),
        (0xFFFF, ["smoothed", "later"]),
    ],
)
def test_what_a_reader_of_a_curve_should_know_is_told(flags: int, told: list[str]) -> None:
    notes: list[str] = []
    specification = SampleSpecification(2, 16, 12, int(flags))
    described(at.ID_TYPE.of(MdcCode(2, 258)), at.SA_SPECN.of(specification), notes=notes)
    assert len(notes) == len(told)
    for note, word in zip(notes, told, strict=True):
        assert note.startswith("object 1: ")
        assert word in note


def test_a_scanner_needs_no_type() -> None:
    notes: list[str] = []
    scanner = describe_object(ConfigObject(int(ObjectClass.EPISODIC_SCANNER), 60, ()), notes)
    assert not scanner.is_metric
    assert notes == []


@pytest.mark.parametrize("kind", [at.SCALE_SPECN_I8, at.SCALE_SPECN_I16, at.SCALE_SPECN_I32])
def test_a_scale_of_any_width_is_found(kind: Attribute[ScaleAndRange]) -> None:
    assert scale_of((kind.of(SCALE),), []) == SCALE
    assert scale_of((), []) is None


def test_the_mds_clock_in_a_value_map_is_read_as_a_stamp() -> None:
    entries = (
        ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),
        ValueMapEntry(at.TIME_ABS.attribute_id, 8),
    )
    raw = ConfigObject(
        int(ObjectClass.NUMERIC),
        1,
        (at.ID_TYPE.of(MdcCode(2, 1)), at.ATTRIBUTE_VAL_MAP.of(entries)),
    )
    notes: list[str] = []
    assert describe_object(raw, notes).value_map == (
        entries[0],
        ValueMapEntry(at.TIME_STAMP_ABS.attribute_id, 8),
    )
    assert len(notes) == 1
    with pytest.raises(DecodeError):
        describe_object(raw, [], STRICT_TOLERANCES)


def test_a_vendors_term_is_kept_and_told() -> None:
    notes: list[str] = []
    found = described(at.ID_TYPE.of(MdcCode(2, 0xF012)), notes=notes)
    assert found.type == MdcCode(2, 0xF012)
    assert notes == ["tolerated private-term: object 1: vendor term 2:61458"]
