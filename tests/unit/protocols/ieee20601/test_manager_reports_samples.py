"""Samples of a waveform that never came are told before the report that follows the gap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SaFlags, SampleSpecification
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import (
    Configuration,
    build_configuration,
    encode_configuration,
)
from protocols.ieee20601.event_reports import (
    EventType,
    ObservationFixed,
    ObservationVar,
    ScanReportFixed,
    ScanReportVar,
    encode_event_info,
)
from protocols.ieee20601.events import ObservationsReported, ProtocolWarning, SamplesMissed
from protocols.mder.times import AbsoluteTime
from protocols.model.observation import SampleArrayObservation
from protocols.specializations.cardiac_objects import SAMPLES_PER_REPORT, ecg_lead_ii
from tests.unit.protocols.ieee20601.apdu_octets import aarq, report
from tests.unit.protocols.ieee20601.exchange import CONFIG, START, Bench

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


def flagged(flags: int) -> Configuration:
    """Lead II with samples of twelve bits, and what its device says of the curve."""
    lead = ecg_lead_ii(HANDLE)
    layout = at.SA_SPECN.of(SampleSpecification(SAMPLES_PER_REPORT, 16, 12, flags))
    others = (item for item in lead.attributes if item.attribute_id != layout.attribute_id)
    return build_configuration(0x4001, [replace(lead, attributes=(layout, *others))])


def fixed(number: int, sample: int) -> bytes:
    """A strip as a fixed report, which is compiled: all its samples are alike."""
    samples = b"\0\x64" + sample.to_bytes(2, "big") * SAMPLES_PER_REPORT
    begun = START.replace(tzinfo=None) + timedelta(milliseconds=250 * number)
    stamp = at.TIME_STAMP_ABS.of(AbsoluteTime.of(begun)).octets
    observation = ObservationFixed(HANDLE, samples + stamp)
    info = ScanReportFixed(0xF000, number, (observation,))
    octets = encode_event_info(EventType.SCAN_REPORT_FIXED, info)
    return report(number, EventType.SCAN_REPORT_FIXED, octets, confirmed=False)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (0, ["tolerated non-significant-bits: handle 7"]),
        (SaFlags.SA_EXT_VAL_RANGE, []),
    ],
)
def test_what_is_odd_about_samples_is_told_once_and_no_sample_is_lost(
    flags: int, told: list[str]
) -> None:
    bench = Bench(configurations=lambda _id, _config: flagged(int(flags)))
    bench.operate(0x4001)
    for number, sample in enumerate((0x0123, 0xF123, 0x0123, 0xF123)):
        bench.receive(fixed(number, sample))
    warnings = [event.text for event in bench.events if isinstance(event, ProtocolWarning)]
    assert len(warnings) == len(told)
    for warning, beginning in zip(warnings, told, strict=True):
        assert warning.startswith(beginning)
    strips = [
        item
        for event in bench.events
        if isinstance(event, ObservationsReported)
        for item in event.observations
    ]
    assert len(strips) == 4
    for item in strips:
        assert isinstance(item, SampleArrayObservation)
        assert item.samples == (0x0123).to_bytes(4, "little") * SAMPLES_PER_REPORT


def test_a_smoothed_curve_is_told_with_its_configuration() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x4001))
    octets = encode_configuration(flagged(int(SaFlags.SMOOTHED_CURVE)))
    bench.receive(report(1, CONFIG, octets))
    assert bench.take_warnings() == ["object 7: its device smoothed this curve"]
