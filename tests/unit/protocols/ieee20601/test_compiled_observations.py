"""Observations of a layout: times, identities and states as the interpreted path has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SaFlags, SampleSpecification, ValueMapEntry
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.compiled_layouts import fixed_layout
from protocols.ieee20601.compiled_observations import ObservationMaker
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.device_clock import DeviceClock, tick_clock
from protocols.ieee20601.event_reports import (
    ConfigObject,
    ObservationFixed,
    ScanReportFixed,
    encode_event_info,
)
from protocols.ieee20601.metric_objects import numeric, value_map
from protocols.ieee20601.objects import ObjectClass
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.timestamps import TimeQuality
from tests.fixtures.namings import makes_its_id
from tests.unit.protocols.ieee20601.reports import (
    DEVICE,
    RECEIVED,
    TWO_HOURS_AHEAD,
    base_offset_clock,
    read,
    reception,
    stamp,
    ticking_clock,
)

CLOCK = DeviceClock(
    absolute=TWO_HOURS_AHEAD.absolute,
    base_offset=base_offset_clock(timedelta(0)).base_offset,
    relative=ticking_clock(70_000).relative,
    high_resolution=tick_clock(9_000_000, RECEIVED, 1, 1 << 64),
)
STAMP = stamp().octets
BASE = b"\xee\xb0\x3d\x80" + b"\x80\0" + b"\0\x3c"
PERCENT = at.UNIT_CODE.of(UnitCode(544))


def configured(
    *objects: tuple[tuple[tuple[Attribute[Any], int], ...], tuple[AttributeValue, ...]],
) -> Configuration:
    return build_configuration(
        0x4000,
        [
            ConfigObject(
                int(ObjectClass.NUMERIC),
                handle,
                (
                    at.ID_TYPE.of(MdcCode(2, handle)),
                    at.ATTRIBUTE_VAL_MAP.of(
                        tuple(ValueMapEntry(kind.attribute_id, length) for kind, length in entries)
                    ),
                    *more,
                ),
            )
            for handle, (entries, more) in enumerate(objects, start=1)
        ],
    )


def check(configuration: Configuration, *octets: bytes) -> None:
    """The compiled observations are the interpreted ones."""
    info = ScanReportFixed(
        0xF000, 3, tuple(ObservationFixed(h, item) for h, item in enumerate(octets, start=1))
    )
    layout = fixed_layout([configuration.objects[item.handle] for item in info.observations])
    assert layout is not None
    maker = ObservationMaker(layout, DEVICE)
    values = maker.layout.decode(encode_event_info(0x0D1D, info))
    assert values is not None
    for facts in (reception(CLOCK, test=True), reception()):
        wanted = read(info, configuration, facts)
        made = maker.observations(values, facts)
        assert made == wanted.observations
        assert [one.named_by for one in made] == [one.named_by for one in wanted.observations]
        assert maker.without_unit == wanted.without_unit
        assert wanted.observations


def test_objects_with_one_stamp_share_its_reading() -> None:
    entries = ((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_ABS, 8))
    check(
        configured((entries, (PERCENT,)), (entries, (PERCENT,))), b"\0\1" + STAMP, b"\0\2" + STAMP
    )
    other = STAMP[:-1] + b"\x99"
    check(
        configured((entries, (PERCENT,)), (entries, (PERCENT,))), b"\0\1" + STAMP, b"\0\2" + other
    )


def test_a_control_solution_is_test_data() -> None:
    solution = build_configuration(0x4000, [numeric(1, MdcCode(2, 29136), UnitCode(2130))])
    check(solution, b"\0\1" + STAMP)


def test_quantities_kept_made_are_bounded_however_many_objects_report() -> None:
    units = (UnitCode(544), UnitCode(2720), UnitCode(544))
    objects = [
        numeric(handle, MdcCode(2, handle), unit, layout=value_map((at.NU_VAL_OBS_SIMP, 4)))
        for handle, unit in enumerate(units, start=1)
    ]
    configuration = build_configuration(0x4000, objects)
    layout = fixed_layout(tuple(configuration.objects.values()))
    assert layout is not None
    maker = ObservationMaker(layout, DEVICE)
    for code in range(0, 9000, 3):
        items = (ObservationFixed(n, (code + n).to_bytes(4, "big")) for n in (1, 2, 3))
        maker.layout.decode(encode_event_info(0x0D1D, ScanReportFixed(1, 1, tuple(items))))
    tables = {id(table): table for _, table in maker.layout.numbers}
    assert len(tables) == 2
    assert 0 < sum(len(table) for table in tables.values()) <= 4096


def test_two_probes_of_one_kind_are_told_apart() -> None:
    probes = [numeric(handle, MdcCode(2, 19292), UnitCode(6048)) for handle in (1, 2)]
    check(build_configuration(0x4000, probes), b"\0\1" + STAMP, b"\0\2" + STAMP)


def test_equal_octets_of_another_kind_of_stamp_are_another_time() -> None:
    ticks = ((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_REL, 4))
    none = ((at.NU_VAL_OBS_BASIC, 2),)
    high = ((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_REL_HI_RES, 8))
    check(
        configured((ticks, ()), (high, ()), (none, ()), (none, ())),
        b"\0\1\0\1\0\0",
        b"\0\1\0\0\0\0\0\1\0\0",
        b"\0\1",
        b"\0\1",
    )


def test_an_id_without_a_calendar_says_what_it_was_named_by() -> None:
    ticks = ((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_REL, 4))
    configuration = configured((ticks, (PERCENT,)))
    layout = fixed_layout([configuration.objects[1]])
    assert layout is not None
    info = ScanReportFixed(0xF000, 3, (ObservationFixed(1, b"\0\1\0\1\0\0"),))
    maker = ObservationMaker(layout, DEVICE)
    values = maker.layout.decode(encode_event_info(0x0D1D, info))
    assert values is not None
    made = maker.observations(values, reception(CLOCK))
    assert made is not None
    assert makes_its_id(made[0])


def test_every_kind_of_stamp_is_read() -> None:
    entries = (
        (at.NU_VAL_OBS_SIMP, 4),
        (at.TIME_STAMP_BO, 8),
        (at.TIME_STAMP_REL, 4),
        (at.MSMT_STAT, 2),
        (at.TIME_PD_MSMT_ACTIVE, 4),
    )
    value = b"\xff\0\1\0"
    state = b"\x40\0" + b"\xff\0\0\x0f"
    for base, ticks in ((BASE, b"\0\1\0\0"), (bytes(8), b"\xff\xff\xff\xff")):
        check(configured((entries, (PERCENT,))), value + base + ticks + state)


def test_a_compound_and_an_accuracy_nobody_reads() -> None:
    entries = ((at.NU_CMPD_VAL_OBS_BASIC, 8), (at.NU_ACCUR_MSMT, 4), (at.TIME_STAMP_ABS, 8))
    parts = at.ID_PHYSIO_LIST.of((5, 6))
    check(configured((entries, (parts,))), b"\0\2\0\4\0\1\7\xff" + bytes(4) + STAMP)


def test_samples_without_a_specification_are_refused() -> None:
    configuration = configured((((at.SIMP_SA_OBS_VAL, 4),), ()))
    layout = fixed_layout([configuration.objects[1]])
    assert layout is not None
    with pytest.raises(DecodeError):
        ObservationMaker(layout, DEVICE)


def test_samples_with_odd_bits_are_left_to_the_interpreted_path_for_its_warning() -> None:
    about = (PERCENT, at.TIME_PD_SAMP.of(16))
    for flags, is_compiled in ((int(SaFlags.SA_EXT_VAL_RANGE), True), (0, False)):
        layout_of = at.SA_SPECN.of(SampleSpecification(2, 16, 12, flags))
        configuration = configured((((at.SIMP_SA_OBS_VAL, 6),), (*about, layout_of)))
        layout = fixed_layout([configuration.objects[1]])
        assert layout is not None
        maker = ObservationMaker(layout, DEVICE)
        info = ScanReportFixed(0xF000, 3, (ObservationFixed(1, b"\0\4\xf0\1\0\2"),))
        values = maker.layout.decode(encode_event_info(0x0D1D, info))
        assert values is not None
        wanted = read(info, configuration, reception())
        assert maker.observations(values, reception()) == (
            wanted.observations if is_compiled else None
        )
        assert len(wanted.notes) == (not is_compiled)


def test_a_mapped_stamp_is_the_devices_time() -> None:
    configuration = configured((((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_ABS, 8)), (PERCENT,)))
    info = ScanReportFixed(0xF000, 3, (ObservationFixed(1, b"\0\1" + STAMP),))
    layout = fixed_layout([configuration.objects[1]])
    assert layout is not None
    maker = ObservationMaker(layout, DEVICE)
    values = maker.layout.decode(encode_event_info(0x0D1D, info))
    assert values is not None
    made = maker.observations(values, reception(CLOCK))
    assert made is not None
    (observation,) = made
    assert observation.observed_at.quality is TimeQuality.DEVICE


def test_a_stamp_that_is_no_date_gives_no_observations() -> None:
    configuration = configured((((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_ABS, 8)), (PERCENT,)))
    layout = fixed_layout([configuration.objects[1]])
    assert layout is not None
    maker = ObservationMaker(layout, DEVICE)
    info = ScanReportFixed(0xF000, 3, (ObservationFixed(1, b"\0\1" + bytes(8)),))
    values = maker.layout.decode(encode_event_info(0x0D1D, info))
    assert values is not None
    assert maker.observations(values, reception(CLOCK)) is None


def test_two_readings_of_one_identity_are_left_to_the_interpreted_path() -> None:
    entries = ((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_ABS, 8))
    configuration = configured((entries, (PERCENT,)))
    subject = configuration.objects[1]
    layout = fixed_layout([subject, subject])
    assert layout is not None
    maker = ObservationMaker(layout, DEVICE)
    first = ObservationFixed(1, b"\0\1" + STAMP)
    later = ObservationFixed(1, b"\0\2" + STAMP[:-1] + b"\x99")
    for second, is_left in ((later, False), (first, True)):
        info = ScanReportFixed(0xF000, 3, (first, second))
        values = maker.layout.decode(encode_event_info(0x0D1D, info))
        assert values is not None
        wanted = read(info, configuration, reception(CLOCK)).observations
        assert len({item.observation_id for item in wanted}) == 2
        assert maker.observations(values, reception(CLOCK)) == (None if is_left else wanted)
