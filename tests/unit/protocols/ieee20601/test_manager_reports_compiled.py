"""A running manager reads known shapes the compiled way, and follows what reports change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.event_reports import (
    EventType,
    ObservationFixed,
    ObservationVar,
    ScanReport,
    ScanReportFixed,
    ScanReportVar,
    encode_event_info,
)
from protocols.ieee20601.manager_association import ManagerAssociation
from protocols.ieee20601.remote_operations import EventReport
from protocols.mder.numbers import encode_sfloat
from protocols.model.codes import UnitCode
from protocols.model.observation import NumericObservation
from tests.unit.protocols.ieee20601.reports import stamp
from tests.unit.protocols.ieee20601.test_manager_association import association

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SPO2 = encode_sfloat(Decimal("97.0")) + stamp().octets
KILOGRAMS = UnitCode(1731)


def report(event_type: EventType, info: ScanReport) -> EventReport:
    return EventReport(0, 0xFFFFFFFF, int(event_type), encode_event_info(event_type, info))


FIXED = report(
    EventType.SCAN_REPORT_FIXED, ScanReportFixed(0xF000, 1, (ObservationFixed(1, SPO2),))
)


def unit_of(known: ManagerAssociation) -> UnitCode:
    found = known.recognise(FIXED, utc=NOON)
    assert found is not None
    assert found.info == ScanReportFixed(0xF000, 1, (ObservationFixed(1, SPO2),))
    assert found.transcription == known.transcribe(FIXED, found.info, utc=NOON)
    (observation,) = found.transcription.observations
    assert isinstance(observation, NumericObservation)
    return observation.value.unit


def test_a_report_that_changes_a_unit_changes_how_the_next_is_compiled() -> None:
    known = association()
    before = unit_of(known)
    info = ScanReportVar(0xF000, 2, (ObservationVar(1, (at.UNIT_CODE.of(KILOGRAMS),)),))
    var = report(EventType.SCAN_REPORT_VAR, info)
    assert known.recognise(var, utc=NOON) is None
    transcription = known.transcribe(var, info, utc=NOON)
    known.adopt(var, info, transcription, utc=NOON, invoke_id=None, size=0)
    assert (before, unit_of(known)) == (UnitCode(544), KILOGRAMS)


def test_a_report_that_repeats_what_is_known_leaves_the_configuration_as_it_is() -> None:
    known = association()
    unit = at.UNIT_CODE.of(UnitCode(544))
    info = ScanReportVar(0xF000, 2, (ObservationVar(1, (unit,)),))
    transcription = known.transcribe(report(EventType.SCAN_REPORT_VAR, info), info, utc=NOON)
    assert transcription.configuration is known.configuration


def test_test_associations_mark_compiled_readings_too() -> None:
    known = replace(association(), test=True)
    found = known.recognise(FIXED, utc=NOON)
    assert found is not None
    (observation,) = found.transcription.observations
    assert observation.status.name == "TEST_DATA"
