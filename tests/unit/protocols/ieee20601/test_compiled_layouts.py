"""Layouts: what is constant is compared, what is a value comes out exact."""

from __future__ import annotations

import struct
from decimal import Decimal

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import HandleValueMap, ValueMapEntry
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.compiled_layouts import (
    Meanings,
    Table,
    ValueField,
    fixed_layout,
    grouped_layout,
    value_at,
)
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.mder.numbers import encode_float, encode_sfloat
from protocols.model.codes import MdcCode
from protocols.model.quantity import SpecialValue
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.reports import stamp

STAMP = stamp().octets
OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
PRESSURE = STANDARD_CONFIGURATIONS[0x02BC]


def described(*value_map: tuple[int, int], more: tuple[AttributeValue, ...] = ()) -> ConfigObject:
    entries = at.ATTRIBUTE_VAL_MAP.of(tuple(ValueMapEntry(*entry) for entry in value_map))
    return ConfigObject(int(ObjectClass.NUMERIC), 1, (at.ID_TYPE.of(MdcCode(2, 1)), entries, *more))


def subject(*value_map: tuple[int, int], more: tuple[AttributeValue, ...] = ()) -> ConfiguredObject:
    return build_configuration(0x4000, [described(*value_map, more=more)]).objects[1]


def fixed(*observations: tuple[int, bytes]) -> bytes:
    members = b"".join(
        struct.pack(">HH", handle, len(octets)) + octets for handle, octets in observations
    )
    return struct.pack(">HHHH", 0xF000, 7, len(observations), len(members)) + members


def test_numbers_come_out_exact_and_stamps_as_they_came() -> None:
    layout = fixed_layout([OXIMETER.objects[1], OXIMETER.objects[10]])
    assert layout is not None
    octets = fixed(
        (1, encode_sfloat(Decimal("97.0")) + STAMP), (10, encode_sfloat(SpecialValue.NRES) + STAMP)
    )
    values = layout.decode(octets)
    assert values == (0xF000, 7, Decimal("97.0"), STAMP, SpecialValue.NRES, STAMP)
    assert str(values[2]) == "97.0"
    assert [reading.fields[0] for reading in layout.readings] == [
        ValueField(at.NU_VAL_OBS_BASIC.attribute_id, 2),
        ValueField(at.NU_VAL_OBS_BASIC.attribute_id, 4),
    ]
    assert [octets[reading.octets][2:] for reading in layout.readings] == [STAMP, STAMP]


def test_a_compounds_own_count_and_length_are_constants() -> None:
    layout = fixed_layout([PRESSURE.objects[1]])
    assert layout is not None
    numbers = b"".join(encode_sfloat(Decimal(value)) for value in (120, 80, 93))
    right = fixed((1, struct.pack(">HH", 3, 6) + numbers + STAMP))
    assert layout.decode(right) == (0xF000, 7, Decimal(120), Decimal(80), Decimal(93), STAMP)
    assert layout.decode(fixed((1, struct.pack(">HH", 2, 6) + numbers + STAMP))) is None
    assert layout.decode(right + b"\0") is None


@pytest.mark.parametrize(
    "value",
    [
        (at.NU_VAL_OBS_SIMP.attribute_id, 4, encode_float(Decimal("1.50")), (Decimal("1.50"),)),
        (at.ENUM_OBS_VAL_SIMP_OID.attribute_id, 2, b"\1\2", (0x0102,)),
        (at.SIMP_SA_OBS_VAL.attribute_id, 5, b"\0\3abc", (b"abc",)),
    ],
)
def test_every_kind_of_value_has_its_field(
    value: tuple[int, int, bytes, tuple[object, ...]],
) -> None:
    kinds: tuple[tuple[int, int, bytes, tuple[object, ...]], ...] = (
        value,
        (at.TIME_STAMP_BO.attribute_id, 8, b"\0\0\0\1\0\2\xff\xc4", (1, 2, -60)),
        (at.NU_ACCUR_MSMT.attribute_id, 4, b"\xff\xff\xff\xff", ()),
        (at.UNIT_LABEL_STRING.attribute_id, 0, b"", ()),
        (at.MSMT_STAT.attribute_id, 2, b"\x80\0", (0x8000,)),
    )
    layout = fixed_layout([subject(*((kind, length) for kind, length, _, _ in kinds))])
    assert layout is not None
    expected = tuple(value for _, _, _, values in kinds for value in values)
    octets = fixed((1, b"".join(octets for _, _, octets, _ in kinds)))
    assert layout.decode(octets) == (0xF000, 7, *expected)


@pytest.mark.parametrize(
    "value_map",
    [
        ((0xF123, 2),),
        ((at.UNIT_CODE.attribute_id, 2),),
        ((at.NU_VAL_OBS_BASIC.attribute_id, 4),),
        ((at.NU_CMPD_VAL_OBS_BASIC.attribute_id, 10),),
        ((at.SIMP_SA_OBS_VAL.attribute_id, 2),),
        ((at.NU_VAL_OBS_BASIC.attribute_id, 2), (at.NU_VAL_OBS_BASIC.attribute_id, 2)),
        ((at.NU_VAL_OBS_BASIC.attribute_id, 2), (at.NU_VAL_OBS_SIMP.attribute_id, 4)),
    ],
)
def test_what_has_no_fixed_form_is_left_to_the_interpreted_path(
    value_map: tuple[tuple[int, int], ...],
) -> None:
    assert fixed_layout([subject(*value_map)]) is None


def test_a_report_without_objects_or_too_long_for_one_has_no_layout() -> None:
    assert fixed_layout([]) is None
    long = subject((at.NU_ACCUR_MSMT.attribute_id, 0xFFFF))
    assert fixed_layout([long, long]) is None


def test_groups_follow_the_scanners_map() -> None:
    entries = (ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),)
    scanner = ConfiguredObject(
        handle=60,
        object_class=ObjectClass.EPISODIC_SCANNER,
        handle_maps=(HandleValueMap(10, entries), HandleValueMap(1, entries)),
    )
    layout = grouped_layout(scanner, OXIMETER.find, 2)
    assert layout is not None
    group = encode_sfloat(Decimal(72)) + encode_sfloat(Decimal(97))
    octets = struct.pack(">HHHH", 0xF000, 7, 2, 12) + (b"\0\4" + group) * 2
    assert layout.decode(octets) == (0xF000, 7, *(Decimal(72), Decimal(97)) * 2)
    assert [octets[at_group] for at_group in layout.groups] == [group, group]
    assert grouped_layout(scanner, OXIMETER.find, 0) is None
    assert grouped_layout(scanner, PRESSURE.find, 1) is None


def test_a_table_works_out_each_code_once_and_stays_bounded() -> None:
    asked: list[int] = []

    def decode(raw: int) -> int:
        asked.append(raw)
        return raw + 1

    table = Table(decode, most=2)
    assert [table[raw] for raw in (1, 1, 2, 3, 1)] == [2, 2, 3, 4, 2]
    assert asked == [1, 2, 3, 1]
    assert len(table) == 2


def test_another_meaning_of_the_codes_leaves_the_shape() -> None:
    layout = fixed_layout([OXIMETER.objects[1]])
    assert layout is not None
    asked: list[int] = []

    def choose(place: int, table: Meanings) -> Meanings:
        asked.append(place)
        return Table(lambda raw: bytes((raw,)) + str(table[raw]).encode())

    octets = fixed((1, b"\0\x61" + STAMP))
    values = layout.with_tables(choose).decode(octets)
    assert values is not None
    assert values[2] == b"\x6197"
    assert asked == [2]


def test_a_value_is_taken_as_the_kind_its_place_has() -> None:
    values = (0xF000, 7, STAMP)
    assert value_at(values, 1, int) == 7
    assert value_at(values, 2, bytes) == STAMP
    with pytest.raises(AssertionError, match="no int at its place 2"):
        value_at(values, 2, int)
