"""What one report says about one object: overrides, values, and what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    SaFlags,
    SampleSpecification,
    ScaleAndRange,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.reading_records import Reading, Unread
from protocols.ieee20601.readings import (
    lacks_unit,
    observations_of,
    with_overrides,
)
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import NumericObservation, Observation
from tests.unit.protocols.ieee20601.reports import reception

SUBJECT = ConfiguredObject(
    handle=1, object_class=ObjectClass.NUMERIC, type=MdcCode(2, 19384), unit=UnitCode(544)
)
VALUE = at.NU_VAL_OBS_BASIC.of(Decimal(97))
VENDOR = AttributeValue(0xF001, b"\1")
BROKEN = AttributeValue(at.NU_VAL_OBS_BASIC.attribute_id, b"\1")
SCALE = ScaleAndRange(Decimal(0), Decimal(10), 0, 100)


def reading(*values: AttributeValue, subject: ConfiguredObject = SUBJECT) -> Reading:
    return Reading(subject=subject, values=values, position=1, sequence=3)


def read(
    *values: AttributeValue, subject: ConfiguredObject = SUBJECT, strict: bool = False
) -> tuple[list[Observation], list[Unread]]:
    facts = reception()
    if strict:
        facts = replace(facts, tolerances=STRICT_TOLERANCES)
    unread: list[Unread] = []
    made = list(observations_of(reading(*values, subject=subject), facts, [], unread))
    return made, unread


@pytest.mark.parametrize(
    ("value", "changed"),
    [
        (at.UNIT_CODE.of(UnitCode(1731)), replace(SUBJECT, unit=UnitCode(1731))),
        (
            at.SUPPLEMENTAL_TYPES.of((MdcCode(2, 5),)),
            replace(SUBJECT, supplements=(MdcCode(2, 5),)),
        ),
        (
            at.SA_SPECN.of(SampleSpecification(1, 8, 8, 0)),
            replace(SUBJECT, samples=SampleSpecification(1, 8, 8, 0)),
        ),
        (at.TIME_PD_SAMP.of(16), replace(SUBJECT, period_ticks=16)),
        (at.ENUM_OBS_VAL_PART.of(3), replace(SUBJECT, enumeration_partition=3)),
        (
            at.ATTRIBUTE_VAL_MAP.of((ValueMapEntry(1, 2),)),
            replace(SUBJECT, value_map=(ValueMapEntry(1, 2),)),
        ),
        (at.SCALE_SPECN_I16.of(SCALE), replace(SUBJECT, scale=SCALE)),
        (at.ID_PHYSIO.of(7), replace(SUBJECT, type=MdcCode(2, 7))),
    ],
)
def test_a_report_may_change_what_an_object_is(
    value: AttributeValue, changed: ConfiguredObject
) -> None:
    assert with_overrides(SUBJECT, (value, VALUE), []) == changed


def test_what_does_not_change_it_leaves_the_same_object() -> None:
    same = (VALUE, at.UNIT_CODE.of(UnitCode(544)), at.ID_PHYSIO.of(19384))
    assert with_overrides(SUBJECT, same, []) is SUBJECT
    assert with_overrides(SUBJECT, (), []) is SUBJECT


def test_an_object_without_a_type_takes_its_partition_from_the_standard() -> None:
    untyped = replace(SUBJECT, type=None)
    assert with_overrides(untyped, (at.ID_PHYSIO.of(7),), []).type == MdcCode(2, 7)


def test_a_change_that_cannot_be_read_is_told_and_changes_nothing() -> None:
    notes: list[str] = []
    broken = (
        AttributeValue(at.UNIT_CODE.attribute_id, b""),
        AttributeValue(at.ID_PHYSIO.attribute_id, b""),
    )
    assert with_overrides(SUBJECT, broken, notes) is SUBJECT
    assert len(notes) == 2


CLOCK_MAP = at.ATTRIBUTE_VAL_MAP.of(
    (
        ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),
        ValueMapEntry(at.TIME_ABS.attribute_id, 8),
    )
)


def test_a_value_map_of_a_report_may_name_the_clock_for_the_stamp() -> None:
    notes: list[str] = []
    changed = with_overrides(SUBJECT, (CLOCK_MAP,), notes)
    kinds = [entry.attribute_id for entry in changed.value_map]
    assert kinds == [at.NU_VAL_OBS_BASIC.attribute_id, at.TIME_STAMP_ABS.attribute_id]
    assert "clock-in-value-map" in notes[0]


def test_where_that_is_not_forgiven_the_map_stays_as_it_was() -> None:
    notes: list[str] = []
    assert with_overrides(SUBJECT, (CLOCK_MAP,), notes, STRICT_TOLERANCES) is SUBJECT
    assert len(notes) == 1


STATIC = replace(
    SUBJECT, samples=SampleSpecification(2, 16, 12, int(SaFlags.STATIC_SCALE)), scale=SCALE
)
OTHER = replace(SCALE, upper_scaled=200)


def test_a_static_scale_that_is_changed_counts_and_is_told() -> None:
    notes: list[str] = []
    assert with_overrides(STATIC, (at.SCALE_SPECN_I16.of(OTHER),), notes).scale == OTHER
    assert len(notes) == 1
    assert notes[0].startswith("tolerated changed-static-scale: handle 1")


def test_where_that_is_not_forgiven_the_scale_stays_as_it_was() -> None:
    notes: list[str] = []
    value = at.SCALE_SPECN_I16.of(OTHER)
    assert with_overrides(STATIC, (value,), notes, STRICT_TOLERANCES) is STATIC
    assert len(notes) == 1


def test_a_static_scale_may_be_said_again_or_for_the_first_time() -> None:
    notes: list[str] = []
    value = at.SCALE_SPECN_I16.of(SCALE)
    for subject in (STATIC, replace(STATIC, scale=None)):
        assert with_overrides(subject, (value,), notes, STRICT_TOLERANCES) == STATIC
    assert notes == []


def test_a_scale_that_is_not_static_any_more_may_change() -> None:
    notes: list[str] = []
    layout = SampleSpecification(2, 16, 12, 0)
    values = (at.SA_SPECN.of(layout), at.SCALE_SPECN_I16.of(OTHER))
    changed = with_overrides(STATIC, values, notes, STRICT_TOLERANCES)
    assert (changed.samples, changed.scale, notes) == (layout, OTHER, [])


def test_a_curve_that_is_smoothed_from_now_on_is_told_once() -> None:
    notes: list[str] = []
    value = at.SA_SPECN.of(SampleSpecification(2, 16, 12, int(SaFlags.SMOOTHED_CURVE)))
    smoothed = with_overrides(SUBJECT, (value,), notes)
    assert with_overrides(smoothed, (value,), notes) is smoothed
    assert notes == ["handle 1: its device smoothed this curve"]


def test_a_value_needs_a_unit_a_state_does_not() -> None:
    unitless = replace(SUBJECT, unit=None)
    assert lacks_unit(reading(VALUE, subject=unitless))
    assert not lacks_unit(reading(at.MSMT_STAT.of(0), subject=unitless))
    assert not lacks_unit(reading(VALUE))


def test_one_bad_value_leaves_the_others() -> None:
    made, unread = read(BROKEN, VALUE, at.MSMT_STAT.of(0))
    assert [type(item) for item in made] == [NumericObservation]
    assert [(item.handle, item.octets, item.is_vendor) for item in unread] == [(1, b"\1", False)]


def test_a_vendors_attribute_is_no_fault_unless_nothing_is_forgiven() -> None:
    for strict, is_vendor in ((False, True), (True, False)):
        made, unread = read(VALUE, VENDOR, strict=strict)
        assert len(made) == 1
        assert [item.is_vendor for item in unread] == [is_vendor]


def test_values_of_an_object_without_a_type_are_kept_as_octets() -> None:
    made, unread = read(VALUE, subject=replace(SUBJECT, type=None))
    assert made == []
    assert unread[0].reason == "an object without a type"
