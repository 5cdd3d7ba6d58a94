"""Objects as data: every building block is read back as the object it says it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import ScaleAndRange, ValueMapEntry
from protocols.ieee20601.attributes import find
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.metric_objects import (
    MetricSpec,
    WaveformShape,
    bits,
    coded,
    compound,
    numeric,
    persistent_store,
    text,
    waveform,
)
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.segment_selection import StoreCapability
from protocols.mder.sequences import text_of
from protocols.model.codes import MdcCode, UnitCode

TYPE = MdcCode(2, 19384)
PERCENT = UnitCode(544)


def described(made: ConfigObject) -> ConfiguredObject:
    """The object as a manager reads it, without a remark."""
    configuration = build_configuration(0x4000, (made,))
    assert configuration.warnings == ()
    return configuration.objects[made.handle]


def test_the_usual_metric_specifications_are_the_recorded_ones() -> None:
    """As in Antidote's tables and in recorded configurations of an oximeter and a scale."""
    assert int(MetricSpec.STORED_BY_AGENT) == 0x4040
    assert int(MetricSpec.EPISODIC) == 0xF040
    assert int(MetricSpec.CALCULATED) == 61506
    assert int(MetricSpec.MANUAL) == 61512
    assert int(MetricSpec.WAVEFORM) == 0x0040


def test_a_numeric_is_an_sfloat_with_its_time() -> None:
    item = described(numeric(1, TYPE, PERCENT, at.SOURCE_HANDLE_REF.of(7)))
    assert (item.object_class, item.type, item.unit) == (ObjectClass.NUMERIC, TYPE, PERCENT)
    assert item.value_map == (ValueMapEntry(2636, 2), ValueMapEntry(2448, 8))
    assert item.source_handle == 7


def test_a_compound_has_a_slice_for_every_component() -> None:
    item = described(compound(2, TYPE, PERCENT, (1, 2, 3, 4)))
    assert [part.term for part in item.parts] == [1, 2, 3, 4]
    assert item.value_map[0] == ValueMapEntry(2677, 4 + 4 * 2)


def test_an_enumeration_of_codes_may_name_another_partition() -> None:
    own, other = described(coded(3, TYPE)), described(coded(3, TYPE, codes_from=3))
    assert (own.enumeration_partition, other.enumeration_partition) == (None, 3)
    assert own.value_map == other.value_map == (ValueMapEntry(2633, 2), ValueMapEntry(2448, 8))


@pytest.mark.parametrize(("width", "entry"), [(16, (2662, 2)), (32, (2661, 4))])
def test_bits_are_16_or_32_wide(width: int, entry: tuple[int, int]) -> None:
    item = described(bits(4, TYPE, width=width))
    assert item.object_class == ObjectClass.ENUMERATION
    assert item.value_map[0] == ValueMapEntry(*entry)


def test_text_has_no_value_map_for_its_length_varies() -> None:
    assert described(text(5, TYPE)).value_map == ()


@pytest.mark.parametrize("width", [8, 16, 32])
def test_a_waveform_says_how_long_its_array_is_and_what_a_sample_means(width: int) -> None:
    scale = ScaleAndRange(Decimal(-5), Decimal(5), 0, 200)
    shape = WaveformShape(samples=10, period_ticks=80, bits=width, scale=scale)
    item = described(waveform(6, TYPE, PERCENT, shape))
    assert item.object_class == ObjectClass.SAMPLE_ARRAY
    assert (item.scale, item.period_ticks) == (scale, 80)
    assert item.value_map[0] == ValueMapEntry(2632, 2 + 10 * width // 8)


def test_a_store_says_what_it_can_do_and_how_much_it_holds() -> None:
    store = persistent_store(7, at.CONFIRM_TIMEOUT.of(8_000), label="day", capacity=100, segments=2)
    configuration = build_configuration(0x4000, (store,))
    assert configuration.pm_stores == (7,)
    can = find(store.attributes, at.PM_STORE_CAPAB)
    assert can == StoreCapability.EPISODIC_ENTRIES | StoreCapability.CLEAR_BY_LIST
    assert find(store.attributes, at.METRIC_STORE_CAPAC_CNT) == 100
    assert find(store.attributes, at.NUM_SEG) == 2
    assert find(store.attributes, at.CONFIRM_TIMEOUT) == 8_000
    label = find(store.attributes, at.PM_STORE_LABEL_STRING)
    assert label is not None
    assert text_of(label) == "day"
