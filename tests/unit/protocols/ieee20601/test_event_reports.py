"""What event reports say, and the answers to them."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.ieee20601.event_reports import CONFIG_RESPONSE as RESPONSE
from protocols.ieee20601.event_reports import (
    EVENT_INFOS,
    ConfigReportResponse,
    ConfigResult,
    EventType,
    ObservationFixed,
    ScanReportFixed,
    ScanReportGrouped,
    UnknownEventError,
    answer_configuration,
    confirm_report,
    decode_event_info,
    encode_event_info,
)
from protocols.ieee20601.remote_operations import RoivConfirmedEventReport
from protocols.mder.records import LENIENT

FIXED = int(EventType.SCAN_REPORT_FIXED)
REPORT = ScanReportFixed(0xF000, 7, (ObservationFixed(1, b"\0\x61"),))
OCTETS = bytes.fromhex("F000 0007 0001 0006 0001 0002 0061")


def test_every_event_type_has_a_content() -> None:
    assert set(EVENT_INFOS) == set(EventType)


def test_contents_go_there_and_back() -> None:
    assert encode_event_info(FIXED, REPORT) == OCTETS
    assert decode_event_info(FIXED, OCTETS) == REPORT
    grouped = ScanReportGrouped(1, 2, (b"\1", b""))
    octets = encode_event_info(EventType.BUF_SCAN_REPORT_GROUPED, grouped)
    assert decode_event_info(EventType.BUF_SCAN_REPORT_GROUPED, octets) == grouped


def test_an_unknown_type_is_told_from_broken_octets() -> None:
    with pytest.raises(UnknownEventError):
        decode_event_info(0x0D00, OCTETS)
    with pytest.raises(UnknownEventError):
        encode_event_info(0x0D00, REPORT)
    with pytest.raises(EncodeError, match="ScanReportFixed is no ConfigReport"):
        encode_event_info(EventType.CONFIG, REPORT)
    with pytest.raises(DecodeError) as caught:
        decode_event_info(FIXED, OCTETS[:-1])
    assert not isinstance(caught.value, UnknownEventError)


def test_zeros_behind_the_list_are_dropped_other_octets_only_by_wish() -> None:
    notes: list[str] = []
    assert decode_event_info(FIXED, OCTETS + bytes(2), notes=notes) == REPORT
    assert [note.split(":")[0] for note in notes] == ["tolerated surplus-zeros"]
    with pytest.raises(DecodeError, match="surplus octets"):
        decode_event_info(FIXED, OCTETS + b"\1")
    assert decode_event_info(FIXED, OCTETS + b"\1", leniency=LENIENT) == REPORT


def test_a_confirmation_repeats_the_event_and_a_verdict_names_its_configuration() -> None:
    event = RoivConfirmedEventReport(0, 0xFFFFFFFF, int(EventType.CONFIG), OCTETS)
    confirmation = confirm_report(event)
    assert (confirmation.handle, confirmation.event_type) == (0, EventType.CONFIG)
    verdict = answer_configuration(event, 0x4000, ConfigResult.UNSUPPORTED)
    assert RESPONSE.decode(verdict.event_reply_info) == ConfigReportResponse(0x4000, 1)
    assert confirmation.event_reply_info == b""
