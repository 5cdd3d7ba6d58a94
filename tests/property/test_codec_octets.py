"""Whatever the octets: a value or a DecodeError, and what is read is written back."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Prst, decode_apdu, encode_apdu, readable_invoke_id
from protocols.ieee20601.attribute_table import ATTRIBUTES
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.configuration import decode_configuration, encode_configuration
from protocols.ieee20601.device_clock import NO_CLOCK
from protocols.ieee20601.device_description import read_mds
from protocols.ieee20601.event_reports import (
    EVENT_INFOS,
    ConfigReport,
    EventType,
    ObservationVar,
    ScanReportVar,
    decode_event_info,
    encode_event_info,
)
from protocols.ieee20601.persistent_store import SEGMENT_INFOS, SegmentData
from protocols.ieee20601.remote_operations import EventReport, RoivEventReport, RorsGet
from protocols.ieee20601.requests import ACTION_ARGUMENTS, decode_action_info
from protocols.ieee20601.transcription import LayoutError, Reception, transcribe
from protocols.mder.records import LENIENT, STRICT, Leniency
from protocols.model.codes import SystemId
from protocols.specializations.base import Specialization
from protocols.specializations.registry import SPECIALIZATIONS
from tests.property.mutations import mutated

DEVICE = SystemId(b"PROPERTY")
NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
RECEPTION = Reception(device=DEVICE, received_at=NOW, report_counter=1, clock=NO_CLOCK)
leniencies = st.sampled_from([STRICT, LENIENT])
attribute_values = st.builds(
    AttributeValue,
    attribute_id=st.sampled_from(sorted(ATTRIBUTES)) | st.integers(0, 0xFFFF),
    octets=st.binary(max_size=40),
)


@settings(max_examples=400)
@given(octets=st.binary(max_size=200) | mutated())
def test_an_apdu_is_read_or_refused_and_survives_writing(octets: bytes) -> None:
    readable_invoke_id(octets)
    refusal: DecodeError | None = None
    try:
        apdu = decode_apdu(octets)
    except DecodeError as exc:
        refusal = exc
    if refusal is not None:
        assert refusal.clause
        return
    assert encode_apdu(apdu) == octets
    if isinstance(apdu, Prst) and isinstance(apdu.data.message, EventReport):
        check_report(apdu.data.message)
    if isinstance(apdu, Prst) and isinstance(apdu.data.message, RorsGet):
        read_mds(apdu.data.message.attributes, system_id=DEVICE, utc=NOW)


def check_report(report: EventReport) -> None:
    """Read the content of a report and turn it into observations, by any configuration."""
    try:
        info = decode_event_info(report.event_type, report.event_info)
    except DecodeError:
        return
    again = encode_event_info(report.event_type, info)
    assert report.event_info.startswith(again)
    assert not any(report.event_info[len(again) :])
    if isinstance(info, ConfigReport):
        configuration = decode_configuration(again)
        assert encode_configuration(configuration) == again
    elif not isinstance(info, SegmentData):
        for item in SPECIALIZATIONS:
            with contextlib.suppress(LayoutError):
                transcribe(report, info, item.configuration, RECEPTION)


@settings(max_examples=200)
@given(octets=mutated(), leniency=leniencies)
def test_forgiving_finds_nothing_but_values_and_decode_errors(
    octets: bytes, leniency: Leniency
) -> None:
    notes: list[str] = []
    with contextlib.suppress(DecodeError):
        apdu = decode_apdu(octets, leniency=leniency, notes=notes)
        if isinstance(apdu, Prst) and isinstance(apdu.data.message, EventReport):
            report = apdu.data.message
            decode_event_info(report.event_type, report.event_info, leniency=leniency, notes=notes)


@settings(max_examples=100)
@given(event_type=st.sampled_from(sorted(EVENT_INFOS)), octets=st.binary(max_size=100))
def test_event_contents_are_read_or_refused(event_type: int, octets: bytes) -> None:
    check_report(RoivEventReport(0, 0, event_type, octets))


@settings(max_examples=100)
@given(octets=st.binary(max_size=80), leniency=leniencies)
def test_configurations_are_read_or_refused(octets: bytes, leniency: Leniency) -> None:
    with contextlib.suppress(DecodeError):
        decode_configuration(octets, leniency=leniency)


@pytest.mark.parametrize("kind", ATTRIBUTES.values(), ids=lambda kind: kind.ref_id)
@settings(max_examples=25)
@given(octets=st.binary(max_size=40))
def test_an_attribute_is_read_or_refused_and_survives_writing(
    kind: Attribute[Any], octets: bytes
) -> None:
    try:
        value = kind.decode(octets)
    except DecodeError:
        return
    assert kind.encode(value) == octets


@settings(max_examples=150)
@given(
    values=st.lists(attribute_values, max_size=6).map(tuple),
    handle=st.integers(0, 12),
    item=st.sampled_from(SPECIALIZATIONS),
)
def test_any_attributes_become_observations_or_kept_octets(
    values: tuple[AttributeValue, ...], handle: int, item: Specialization
) -> None:
    info = ScanReportVar(0xF000, 1, (ObservationVar(handle, values),))
    report = RoivEventReport(0, 0, EventType.SCAN_REPORT_VAR, b"")
    result = transcribe(report, info, item.configuration, RECEPTION)
    assert all(observation.device == DEVICE for observation in result.observations)
    if item.configuration.find(handle) is None and handle:
        assert result.unknown_handles == (handle,)


@settings(max_examples=150)
@given(values=st.lists(attribute_values, max_size=8))
def test_reading_an_mds_never_raises(values: list[AttributeValue]) -> None:
    facts = read_mds(values, system_id=DEVICE, utc=NOW)
    assert facts.info.system_id == DEVICE


@settings(max_examples=100)
@given(
    action=st.sampled_from(sorted(ACTION_ARGUMENTS)) | st.integers(0, 0xFFFF),
    octets=st.binary(max_size=40),
)
def test_action_arguments_are_read_or_refused(action: int, octets: bytes) -> None:
    with contextlib.suppress(DecodeError):
        decode_action_info(action, octets)
    with contextlib.suppress(DecodeError):
        SEGMENT_INFOS.decode(octets)


@pytest.mark.fuzz
@settings(max_examples=100_000)
@given(octets=mutated())
def test_a_hundred_thousand_mutations_raise_nothing_but_decode_errors(octets: bytes) -> None:
    with contextlib.suppress(DecodeError):
        apdu = decode_apdu(octets)
        if isinstance(apdu, Prst) and isinstance(apdu.data.message, EventReport):
            check_report(apdu.data.message)
