"""Samples of a waveform that never came are told before the report that follows the gap."""

from __future__ import annotations

from datetime import timedelta

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import (
    EventType,
    ObservationVar,
    ScanReportVar,
    encode_event_info,
)
from protocols.ieee20601.events import ObservationsReported, SamplesMissed
from protocols.mder.times import AbsoluteTime
from protocols.specializations.cardiac_objects import SAMPLES_PER_REPORT, ecg_lead_ii
from tests.unit.protocols.ieee20601.apdu_octets import report
from tests.unit.protocols.ieee20601.exchange import START, Bench

HANDLE = 7


def strip(milliseconds: int, number: int) -> bytes:
    """A quarter of a second of lead II, stamped so long after noon."""
    begun = START.replace(tzinfo=None) + timedelta(milliseconds=milliseconds)
    values = (
        AttributeValue(
            at.SIMP_SA_OBS_VAL.attribute_id, b"\x00\x64" + bytes(2 * SAMPLES_PER_REPORT)
        ),
        at.TIME_STAMP_ABS.of(AbsoluteTime.of(begun)),
    )
    info = ScanReportVar(0xF000, number, (ObservationVar(HANDLE, values),))
    octets = encode_event_info(EventType.SCAN_REPORT_VAR, info)
    return report(number, EventType.SCAN_REPORT_VAR, octets, confirmed=False)


def test_a_gap_between_two_strips_is_told_in_samples() -> None:
    lead = build_configuration(0x4001, (ecg_lead_ii(HANDLE),))
    bench = Bench(configurations=lambda _id, _config: lead)
    bench.operate(0x4001)
    bench.take_events()
    bench.now = 1.0
    for number, milliseconds in enumerate((0, 250, 750)):
        bench.receive(strip(milliseconds, number))
    first, second, missed, third = bench.take_events()
    assert missed == SamplesMissed(HANDLE, 50)
    assert all(isinstance(event, ObservationsReported) for event in (first, second, third))
