"""The compiled path gives what the interpreted path gives, or leaves the report to it."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import HandleValueMap, ValueMapEntry
from protocols.ieee20601.compiled_reports import CompiledReports
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.device_clock import NO_CLOCK, DeviceClock
from protocols.ieee20601.event_reports import (
    ConfigObject,
    EventType,
    ObservationFixed,
    ScanReport,
    ScanReportFixed,
    ScanReportGrouped,
    decode_event_info,
    encode_event_info,
)
from protocols.ieee20601.metric_objects import numeric, value_map
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.remote_operations import EventReport, RoivConfirmedEventReport
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.ieee20601.transcription import Reception, Transcription, transcribe
from protocols.mder.numbers import encode_sfloat
from protocols.model.codes import MdcCode, UnitCode
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.random_reports import configurations, reports
from tests.unit.protocols.ieee20601.reports import (
    DEVICE,
    LOCAL,
    TWO_HOURS_AHEAD,
    absolute_clock,
    base_offset_clock,
    reception,
    stamp,
    ticking_clock,
)

PERCENT = UnitCode(544)
BEATS_PER_MINUTE = UnitCode(2720)
OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
STAMP = stamp().octets
SPO2 = encode_sfloat(Decimal(97)) + STAMP
PULSE = encode_sfloat(Decimal(72)) + STAMP
clocks = st.sampled_from(
    (
        NO_CLOCK,
        TWO_HOURS_AHEAD,
        DeviceClock(
            absolute=absolute_clock(timedelta(days=-1)).absolute,
            base_offset=base_offset_clock(timedelta(0)).base_offset,
            relative=ticking_clock(70_000).relative,
        ),
    )
)


def fixed(*observations: tuple[int, bytes], number: int = 7) -> EventReport:
    info = ScanReportFixed(0xF000, number, tuple(ObservationFixed(*item) for item in observations))
    octets = encode_event_info(EventType.SCAN_REPORT_FIXED, info)
    return RoivConfirmedEventReport(0, 0xFFFFFFFF, int(EventType.SCAN_REPORT_FIXED), octets)


def interpreted(
    report: EventReport, configuration: Configuration, facts: Reception
) -> tuple[ScanReport, Transcription]:
    info = decode_event_info(report.event_type, report.event_info)
    assert isinstance(info, ScanReportFixed | ScanReportGrouped)
    return info, transcribe(report, info, configuration, facts)


def assert_equal(
    compiled: CompiledReports, report: EventReport, facts: Reception, *, must: bool = False
) -> None:
    """Equal down to the digits, which equality of numbers does not see."""
    found = compiled.read(report, facts)
    assert found is not None or not must
    if found is not None:
        info, transcription = interpreted(report, compiled.configuration, facts)
        assert found.info == info
        assert found.transcription == transcription
        assert repr(found.transcription.observations) == repr(transcription.observations)


@settings(max_examples=150)
@given(data=st.data(), clock=clocks, test=st.booleans())
def test_any_report_is_read_as_the_interpreted_path_reads_it(
    data: st.DataObject, clock: DeviceClock, test: bool
) -> None:
    configuration = data.draw(configurations())
    compiled = CompiledReports(configuration, DEVICE)
    for counter in range(3):
        facts = reception(clock, counter=counter, test=test)
        assert_equal(compiled, data.draw(reports(configuration)), facts)


def test_a_fixed_report_of_a_known_shape_is_compiled() -> None:
    compiled = CompiledReports(OXIMETER, DEVICE)
    for clock in (NO_CLOCK, TWO_HOURS_AHEAD):
        assert_equal(compiled, fixed((1, SPO2), (10, PULSE)), reception(clock), must=True)


def test_the_shapes_of_one_length_are_told_apart_by_their_handles() -> None:
    compiled = CompiledReports(OXIMETER, DEVICE)
    for report in (fixed((1, SPO2)), fixed((10, PULSE)), fixed((10, PULSE)), fixed((1, SPO2))):
        assert_equal(compiled, report, reception(TWO_HOURS_AHEAD), must=True)


def test_a_report_that_is_not_exactly_of_its_shape_is_left_to_the_interpreted_path() -> None:
    compiled = CompiledReports(OXIMETER, DEVICE)
    good = fixed((1, SPO2), (10, PULSE))
    assert compiled.read(good, reception()) is not None
    for report in (
        changed(good, good.event_info + bytes(2)),
        changed(good, good.event_info[:-1]),
        changed(good, good.event_info[:5] + b"\3" + good.event_info[6:]),
        changed(good, b""),
        fixed((1, SPO2), (11, PULSE)),
        fixed((1, SPO2 + b"\0")),
        fixed(),
    ):
        assert compiled.read(report, reception()) is None


def changed(report: EventReport, octets: bytes) -> EventReport:
    return RoivConfirmedEventReport(report.handle, report.event_time, report.event_type, octets)


def test_reports_of_other_forms_are_left_to_the_interpreted_path() -> None:
    compiled = CompiledReports(OXIMETER, DEVICE)
    report = RoivConfirmedEventReport(0, 0, int(EventType.SCAN_REPORT_VAR), bytes(8))
    assert compiled.read(report, reception()) is None


def grouped(scanner: int, *groups: bytes) -> EventReport:
    event_type = int(EventType.UNBUF_SCAN_REPORT_GROUPED)
    octets = encode_event_info(event_type, ScanReportGrouped(0xF000, 9, groups))
    return RoivConfirmedEventReport(scanner, 0xFFFFFFFF, event_type, octets)


def scanned(*handles: int) -> Configuration:
    entries = (
        ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),
        ValueMapEntry(at.TIME_STAMP_ABS.attribute_id, 8),
    )
    maps = tuple(HandleValueMap(handle, entries) for handle in handles)
    scanner = ConfigObject(
        int(ObjectClass.EPISODIC_SCANNER), 60, (at.SCAN_HANDLE_ATTR_VAL_MAP.of(maps),)
    )
    metrics = (
        numeric(1, MdcCode(2, 19384), PERCENT),
        numeric(10, MdcCode(2, 18458), BEATS_PER_MINUTE),
    )
    return build_configuration(0x4000, (*metrics, scanner))


def test_groups_of_a_scanner_are_compiled_by_its_handle_map() -> None:
    compiled = CompiledReports(scanned(10, 1), DEVICE)
    later = stamp(LOCAL + timedelta(seconds=1)).octets
    for groups in ((PULSE + SPO2,), (PULSE + SPO2, SPO2[:2] + later + PULSE[:2] + later)):
        assert_equal(compiled, grouped(60, *groups), reception(TWO_HOURS_AHEAD), must=True)
    report = grouped(60, PULSE + SPO2, SPO2 + PULSE)
    assert compiled.read(report, reception(TWO_HOURS_AHEAD)) is None


def test_groups_nobody_can_place_are_left_to_the_interpreted_path() -> None:
    assert CompiledReports(scanned(1), DEVICE).read(grouped(61, SPO2), reception()) is None
    assert CompiledReports(scanned(1), DEVICE).read(grouped(0, SPO2), reception()) is None
    assert CompiledReports(scanned(2), DEVICE).read(grouped(60, SPO2), reception()) is None


def test_samples_without_a_specification_are_left_to_the_interpreted_path() -> None:
    entries = (ValueMapEntry(at.SIMP_SA_OBS_VAL.attribute_id, 4),)
    wave = ConfigObject(
        int(ObjectClass.SAMPLE_ARRAY),
        1,
        (at.ID_TYPE.of(MdcCode(2, 1)), at.ATTRIBUTE_VAL_MAP.of(entries)),
    )
    compiled = CompiledReports(build_configuration(0x4000, (wave,)), DEVICE)
    assert compiled.read(fixed((1, b"\0\2\1\1")), reception()) is None


def test_a_compound_of_very_many_parts_is_left_to_the_interpreted_path() -> None:
    for count, is_compiled in ((1000, True), (1100, False)):
        parts = at.ID_PHYSIO_LIST.of(tuple(range(1, count + 1)))
        layout = value_map((at.NU_CMPD_VAL_OBS_BASIC, 4 + 2 * count))
        many = numeric(1, MdcCode(2, 9), PERCENT, parts, layout=layout)
        compiled = CompiledReports(build_configuration(0x4000, [many]), DEVICE)
        report = fixed((1, struct.pack(">HH", count, 2 * count) + bytes(2 * count)))
        assert (compiled.read(report, reception()) is not None) == is_compiled


def test_a_device_of_ever_new_shapes_costs_a_bounded_number_of_them() -> None:
    handles = range(1, 41)
    configuration = build_configuration(
        0x4000, [numeric(handle, MdcCode(2, handle), PERCENT) for handle in handles]
    )
    compiled = CompiledReports(configuration, DEVICE)
    read = [compiled.read(fixed((handle, SPO2)), reception()) is not None for handle in handles]
    assert read == [True] * 32 + [False] * 8
    assert compiled.read(fixed((1, SPO2)), reception()) is not None
    assert compiled.read(fixed(*[(1, b"")] * 300), reception()) is None


def test_a_stamp_that_is_no_date_is_left_to_the_path_that_tells_it() -> None:
    compiled = CompiledReports(OXIMETER, DEVICE)
    assert compiled.read(fixed((1, SPO2)), reception()) is not None
    assert compiled.read(fixed((1, SPO2[:2] + bytes(8))), reception()) is None


def test_values_without_a_unit_are_left_to_the_path_that_refuses_them() -> None:
    (raw, *_) = OXIMETER.report.objects
    kept = tuple(item for item in raw.attributes if item.attribute_id != at.UNIT_CODE.attribute_id)
    unitless = build_configuration(0x4000, [replace(raw, attributes=kept)])
    compiled = CompiledReports(unitless, DEVICE)
    found = compiled.read(fixed((1, SPO2)), reception())
    assert found is not None
    assert found.transcription.without_unit == (1,)
    strict = replace(reception(), tolerances=STRICT_TOLERANCES)
    assert compiled.read(fixed((1, SPO2)), strict) is None


def test_a_report_of_a_source_that_is_not_configured_is_left_to_the_interpreted_path() -> None:
    compiled = CompiledReports(OXIMETER, DEVICE)
    report = fixed((1, SPO2))
    assert compiled.read(replace(report, handle=10), reception()) is not None
    assert compiled.read(replace(report, handle=77), reception()) is None


def test_a_handle_twice_with_one_stamp_is_left_to_the_interpreted_path() -> None:
    compiled = CompiledReports(OXIMETER, DEVICE)
    assert compiled.read(fixed((1, SPO2), (1, SPO2)), reception(TWO_HOURS_AHEAD)) is None
    later = encode_sfloat(Decimal(96)) + stamp(LOCAL + timedelta(seconds=1)).octets
    assert_equal(compiled, fixed((1, SPO2), (1, later)), reception(TWO_HOURS_AHEAD), must=True)
