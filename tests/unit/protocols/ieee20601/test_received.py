"""What a row needs of an APDU is there, or it is our own mistake."""

from __future__ import annotations

import pytest

from protocols.ieee20601.association import NO_SYSTEM_ID
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.device_clock import NO_CLOCK
from protocols.ieee20601.event_reports import ScanReportVar
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import EventReport, Rorj
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.transcription import Transcription

NEEDED = (
    "needed_invoke_id",
    "needed_report",
    "needed_decision",
    "needed_message",
    "needed_info",
    "needed_invoke",
    "needed_transcription",
)


def test_only_a_confirmed_report_is_to_confirm() -> None:
    assert Received(trigger=Trigger.RX_REPORT_CONFIRMED).is_to_confirm
    assert not Received(trigger=Trigger.RX_REPORT_UNCONFIRMED).is_to_confirm


def test_what_was_decoded_is_there() -> None:
    transcription = Transcription(
        observations=(),
        unknown_handles=(),
        unread=(),
        notes=(),
        configuration=build_configuration(0x4001, ()),
        clock=NO_CLOCK,
        without_unit=(),
    )
    report, info = EventReport(0, 0, 0x0D1F, b""), ScanReportVar(0xF000, 0, ())
    received = Received(
        trigger=Trigger.RX_REPORT_CONFIRMED,
        invoke_id=3,
        message=Rorj(0),
        report=report,
        info=info,
        transcription=transcription,
        decision=NO_SYSTEM_ID,
        invoke=int,
    )
    found = [getattr(received, name) for name in NEEDED]
    assert found == [3, report, NO_SYSTEM_ID, Rorj(0), info, int, transcription]


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_not_there_is_a_mistake_of_ours(name: str) -> None:
    with pytest.raises(AssertionError, match="RLRQ"):
        getattr(Received(trigger=Trigger.RX_RLRQ), name)
