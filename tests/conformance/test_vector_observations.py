"""Recorded reports with their recorded configurations: the observations they become."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.apdus import Prst, decode_apdu
from protocols.ieee20601.attributes import find
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.ieee20601.device_clock import NO_CLOCK, DeviceClock
from protocols.ieee20601.device_description import read_mds
from protocols.ieee20601.event_reports import ConfigReport, decode_event_info
from protocols.ieee20601.persistent_store import SEGMENT_INFOS, SegmentData
from protocols.ieee20601.remote_operations import (
    EventReport,
    Message,
    RorsConfirmedAction,
    RorsGet,
)
from protocols.ieee20601.segment_transcription import transcribe_segment
from protocols.ieee20601.transcription import Reception, Transcription, transcribe
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CompoundNumericObservation,
    NumericObservation,
)
from protocols.model.quantity import SpecialValue
from protocols.model.timestamps import DeviceTime, TimeQuality
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.vectors_folder import needs_vectors, phd

pytestmark = needs_vectors

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DEVICE = SystemId(bytes.fromhex("001465004507b951"))


def message(vector_id: str) -> Message:
    (vector,) = [item for item in phd()["vectors"] if item["id"] == vector_id]
    apdu = decode_apdu(bytes.fromhex(vector["hex"]))
    assert isinstance(apdu, Prst)
    return apdu.data.message


def configuration(vector_id: str) -> Configuration:
    report = message(vector_id)
    assert isinstance(report, EventReport)
    return decode_configuration(report.event_info)


def read(vector_id: str, known: Configuration, clock: DeviceClock = NO_CLOCK) -> Transcription:
    report = message(vector_id)
    assert isinstance(report, EventReport)
    info = decode_event_info(report.event_type, report.event_info)
    assert not isinstance(info, ConfigReport | SegmentData)
    reception = Reception(device=DEVICE, received_at=NOW, report_counter=1, clock=clock)
    return transcribe(report, info, known, reception)


def test_a_real_cuff_reports_pressures_pulse_and_a_vendor_number() -> None:
    result = read("scan-mpfixed-bp-omron", configuration("config-bp-omron-ext"))
    pressures, pulse, private = result.observations
    assert isinstance(pressures, CompoundNumericObservation)
    assert [(code.term, str(value.number)) for code, value in pressures.components] == [
        (18949, "113"),
        (18950, "71"),
        (18951, "85"),
    ]
    assert isinstance(pulse, NumericObservation)
    assert str(pulse.value.number) == "71"
    assert isinstance(private, NumericObservation)
    assert private.type == MdcCode(2, 61458)
    assert pressures.observed_at.device_time == DeviceTime("absolute", "2010-07-21T15:35:53.00")
    assert result.notes == (
        "a multi-person report: readings of person 66 are taken as the patient's",
    )


def test_a_real_scale_keeps_two_decimals_and_its_own_unit() -> None:
    result = read("scan-var-scale-real", configuration("config-scale-H221"))
    weights = [item for item in result.observations if isinstance(item, NumericObservation)]
    assert [str(item.value.number) for item in weights] == [
        "72.60",
        "72.70",
        "72.60",
        "72.70",
        "72.60",
    ]
    assert {item.value.unit for item in weights} == {UnitCode(1731)}
    assert len({item.observation_id for item in weights}) == 5


def test_a_grouped_report_without_its_scanner_is_an_unknown_handle() -> None:
    result = read("scanner-unbuf-grouped", STANDARD_CONFIGURATIONS[0x0190])
    assert result.unknown_handles == (55,)
    assert len(result.unread[0].octets) == 20


def test_the_pens_doses_are_mapped_from_its_seconds_and_the_empty_one_survives() -> None:
    answer = message("mds-get-rsp-novopen")
    assert isinstance(answer, RorsGet)
    facts = read_mds(answer.attributes, system_id=DEVICE, utc=NOW)
    assert facts.info.serial_number == "EGDO2U"
    assert facts.info.software == "01.08.00"
    infos = message("pm-get-info-rsp")
    assert isinstance(infos, RorsConfirmedAction)
    (segment,) = SEGMENT_INFOS.decode(infos.action_info)
    entry_map = find(segment.attributes, at.PM_SEG_MAP)
    assert entry_map is not None
    page = message("pm-segment-data-3")
    assert isinstance(page, EventReport)
    data = decode_event_info(page.event_type, page.event_info)
    assert isinstance(data, SegmentData)
    result = transcribe_segment(
        data,
        entry_map,
        configuration("config-novopen-pmstore"),
        Reception(device=DEVICE, received_at=NOW, report_counter=1, clock=facts.clock),
    )
    doses = [item for item in result.observations if isinstance(item, NumericObservation)]
    assert [str(item.value.number) for item in doses] == ["3.0", "2.0", "None"]
    assert doses[2].value.value is SpecialValue.NAN
    assert doses[0].observed_at.at == NOW - timedelta(seconds=116243 - 116177)
    assert doses[1].observed_at.at == NOW - timedelta(seconds=116243 - 331)
    assert {item.observed_at.quality for item in doses} == {TimeQuality.DEVICE}
    flags = [item for item in result.observations if isinstance(item, BitsObservation)]
    assert [(item.type.term, item.bits) for item in flags] == [
        (13314, 0x0800),
        (61440, 0),
        (13314, 0x0800),
        (61440, 0),
        (13314, 0x0400),
        (61440, 8),
    ]


def test_an_mds_of_zeros_is_a_device_without_name_or_clock() -> None:
    answer = message("live-mds-zero-attrs")
    assert isinstance(answer, RorsGet)
    facts = read_mds(answer.attributes, system_id=DEVICE, utc=NOW)
    assert (facts.info.manufacturer, facts.info.model) == ("", "")
    assert replace(facts.clock, info=None) == NO_CLOCK
    assert facts.config_id == 400


def test_our_standard_configurations_say_what_recorded_ones_say() -> None:
    for vector_id, config_id in (
        ("config-scale-3obj", 0x05DC),
        ("config-oximeter-spot-0191", 0x0191),
    ):
        ours, theirs = STANDARD_CONFIGURATIONS[config_id], configuration(vector_id)
        assert list(ours.objects) == list(theirs.objects)
        for handle, item in ours.objects.items():
            other = theirs.objects[handle]
            assert (item.type, item.unit, item.value_map, item.supplements) == (
                other.type,
                other.unit,
                other.value_map,
                other.supplements,
            )
            assert item.source_handle == other.source_handle
