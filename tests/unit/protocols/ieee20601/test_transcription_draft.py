"""A transcription while it is written: handles, overrides, the device itself, and identities."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import ValueMapEntry
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.device_clock import NO_CLOCK
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.ieee20601.transcription_draft import (
    LayoutError,
    Transcription,
    TranscriptionDraft,
    nothing_new,
    slices_of,
)
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import UnitCode
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.fixtures.namings import makes_its_id
from tests.unit.protocols.ieee20601.reports import LOCAL, reception, stamp

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
VALUE = at.NU_VAL_OBS_BASIC.of(Decimal(97))
KELVIN = at.UNIT_CODE.of(UnitCode(4000))


def written(
    *readings: tuple[int, tuple[AttributeValue, ...]], stored: bool = False, strict: bool = False
) -> Transcription:
    facts = reception()
    if strict:
        facts = replace(facts, tolerances=STRICT_TOLERANCES)
    draft = TranscriptionDraft(OXIMETER, facts, 3, NO_CLOCK, stored=stored)
    for handle, values in readings:
        draft.add(handle, values)
    return draft.finish()


def test_what_a_report_says_of_an_object_holds_unless_it_is_stored() -> None:
    live = written((1, (VALUE, KELVIN)))
    assert live.configuration.objects[1].unit == UnitCode(4000)
    assert written((1, (VALUE, KELVIN)), stored=True).configuration is OXIMETER


def test_values_of_an_unknown_handle_are_kept_as_octets() -> None:
    result = written((77, (VALUE, VALUE)))
    assert result.unknown_handles == (77,)
    assert [item.octets for item in result.unread] == [VALUE.octets * 2]
    assert result.notes == ("handle 77: no such handle in the configuration",)
    assert result.is_unreadable


def test_the_device_itself_tells_its_battery_and_its_clock() -> None:
    clock = at.TIME_ABS.of(AbsoluteTime.of(LOCAL))
    result = written((0, (at.VAL_BATT_CHARGE.of(80), at.POWER_STAT.of(0x8000), clock, stamp())))
    assert [item.type.term for item in result.observations] == [
        at.VAL_BATT_CHARGE.attribute_id,
        at.POWER_STAT.attribute_id,
    ]
    assert result.clock != NO_CLOCK
    assert written((0, (stamp(),))).clock == NO_CLOCK


def test_what_follows_is_of_another_person() -> None:
    draft = TranscriptionDraft(OXIMETER, reception(), 3, NO_CLOCK)
    for person in (1, 2):
        draft.turn_to(person)
        draft.add(1, (VALUE, stamp()))
    result = draft.finish()
    assert len({item.observation_id for item in result.observations}) == 2
    assert len(result.notes) == 2


def test_a_value_without_a_unit_is_named_where_it_is_forgiven() -> None:
    draft = TranscriptionDraft(OXIMETER, reception(), 3, NO_CLOCK)
    draft.observe(replace(OXIMETER.objects[1], unit=None), (VALUE,))
    assert draft.finish().without_unit == (1,)


def test_a_reading_of_one_identity_is_another_occurrence_of_it() -> None:
    (alone,) = written((1, (VALUE, stamp()))).observations
    result = written(*((1, (VALUE, stamp())),) * 3)
    assert result.observations[0] == alone
    assert len({item.observation_id for item in result.observations}) == 3
    assert result == written(*((1, (VALUE, stamp())),) * 3)


def test_another_occurrence_is_not_said_to_be_named_by_the_reception() -> None:
    draft = TranscriptionDraft(OXIMETER, reception(), 3, NO_CLOCK)
    for _ in range(2):
        draft.observe(OXIMETER.objects[1], (VALUE,))
    first, second = draft.finish().observations
    assert makes_its_id(first)
    assert second.named_by is None


def test_a_broken_value_is_told_by_its_attribute_and_a_vendors_is_no_fault() -> None:
    broken = written((1, (AttributeValue(at.NU_VAL_OBS_BASIC.attribute_id, b"\1"),)))
    assert broken.is_unreadable
    assert at.NU_VAL_OBS_BASIC.ref_id in broken.notes[0]
    vendor = written((1, (AttributeValue(0xF001, b"\1"),)))
    assert not vendor.is_unreadable
    assert len(vendor.notes) == 1
    assert written((1, (AttributeValue(0xF001, b"\1"),)), strict=True).is_unreadable


def test_nothing_new_says_nothing() -> None:
    said = nothing_new(OXIMETER, NO_CLOCK)
    assert (said.observations, said.notes, said.configuration) == ((), (), OXIMETER)


def test_octets_are_cut_by_the_map_and_no_others() -> None:
    entries = (ValueMapEntry(1, 2), ValueMapEntry(2, 1))
    assert list(slices_of(entries, b"abc")) == [AttributeValue(1, b"ab"), AttributeValue(2, b"c")]
    with pytest.raises(LayoutError, match="4 octets where the value map has 3"):
        list(slices_of(entries, b"abcd"))
