"""Octets and facts of a session have one meaning to the table, whatever the octets are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from protocols.ieee20601.association import AssociateResult, Supported
from protocols.ieee20601.classification import (
    SessionFacts,
    StoppedTransferError,
    UnknownObjectError,
    classify_for_manager,
    classify_oversize,
)
from protocols.ieee20601.compiled_reports import CompiledReport
from protocols.ieee20601.device_clock import NO_CLOCK
from protocols.ieee20601.event_reports import EventInfo, ScanReportVar
from protocols.ieee20601.framing import OversizeApdu
from protocols.ieee20601.invocations import Repeat
from protocols.ieee20601.reading_records import Unread
from protocols.ieee20601.remote_operations import EventReport, RorsGet
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.ieee20601.transcription import LayoutError, Transcription
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ, aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import CONFIG, FIXED, SEGMENT, spo2

T = Trigger
OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
READ = Transcription(
    observations=(),
    unknown_handles=(),
    unread=(),
    notes=("odd",),
    configuration=OXIMETER,
    clock=NO_CLOCK,
    without_unit=(),
)
UNREADABLE = replace(READ, unread=(Unread(1, 2636, b"\1", "too short"),))
FOREIGN = replace(READ, unknown_handles=(99,))
AARE = bytes.fromhex("E300 0006 0000 0000 0000")
PAGE = bytes.fromhex("0010 00000000 00000000 C000 0000")
CONFIRMED = report(3, FIXED, spo2(98))
LIVE = report(3, FIXED, spo2(98), confirmed=False)


def gives(result: Transcription | Exception) -> Callable[[EventReport, EventInfo], Transcription]:
    def transcribe(_report: EventReport, _info: EventInfo) -> Transcription:
        if isinstance(result, Exception):
            raise result
        return result

    return transcribe


FACTS = SessionFacts(
    draining=False,
    operating=True,
    remembered=False,
    supported=Supported(),
    has_room=lambda _id: True,
    can_hold=lambda _octets: True,
    find=lambda _device, config_id: OXIMETER if config_id == 0x0190 else None,
    expected_answer=lambda invoke_id: RorsGet if invoke_id == 7 else None,
    repeat=lambda _id, _octets: Repeat.NEW,
    transcribe=gives(READ),
    recognise=lambda _report: None,
)
REMEMBERED = replace(FACTS, remembered=True)


def meaning(octets: bytes, facts: SessionFacts = FACTS) -> T:
    return classify_for_manager(octets, facts).trigger


@pytest.mark.parametrize(
    ("octets", "trigger"),
    [
        (aarq(config_id=0x0190), T.RX_AARQ_KNOWN_CONFIG),
        (aarq(config_id=0x4001), T.RX_AARQ_UNKNOWN_CONFIG),
        (aarq(config_id=0x8001), T.RX_AARQ_UNACCEPTABLE),
        (aarq(config_id=0x4001, system_id=b""), T.RX_AARQ_UNACCEPTABLE),
        (AARE, T.RX_AARE),
        (RLRQ, T.RX_RLRQ),
        (RLRE, T.RX_RLRE),
        (abrt(0), T.RX_ABRT),
        (b"\xe4\x00\x00\x00", T.RX_UNDECODABLE),
        (prst(3, 0x0103, bytes(6)), T.RX_REQUEST),
        (prst(3, 0x0105, bytes(6)), T.RX_REQUEST),
        (prst(3, 0x0107, bytes(6)), T.RX_REQUEST),
        (prst(3, 0x0104, bytes(6)), T.RX_UNCONFIRMED_UNUSABLE),
        (prst(3, 0x0106, bytes(6)), T.RX_UNCONFIRMED_UNUSABLE),
        (prst(7, 0x0203, bytes(6)), T.RX_RESPONSE),
        (prst(7, 0x0205, bytes(6)), T.RX_RESPONSE_UNKNOWN),
        (prst(8, 0x0203, bytes(6)), T.RX_RESPONSE_UNKNOWN),
        (prst(7, 0x0300, bytes(4)), T.RX_ERROR),
        (prst(8, 0x0400, bytes(2)), T.RX_ERROR_UNKNOWN),
        (prst(3, 0x0103, b"\0"), T.RX_BADLY_STRUCTURED),
        (prst(3, 0x0100, b"\0"), T.RX_UNCONFIRMED_UNUSABLE),
        (prst(7, 0x0203, b"\0"), T.RX_ERROR),
        (prst(8, 0x0203, b"\0"), T.RX_ERROR_UNKNOWN),
        (report(3, CONFIG, bytes(6)), T.RX_CONFIG_REPORT),
        (report(3, CONFIG, bytes(6), confirmed=False), T.RX_UNCONFIRMED_UNUSABLE),
        (CONFIRMED, T.RX_REPORT_CONFIRMED),
        (LIVE, T.RX_REPORT_UNCONFIRMED),
        (report(3, 0x0DFF, b""), T.RX_REPORT_UNKNOWN_EVENT),
        (report(3, 0x0DFF, b"", confirmed=False), T.RX_UNCONFIRMED_UNUSABLE),
        (report(3, FIXED, b"\0"), T.RX_REPORT_UNDECODABLE),
    ],
)
def test_every_apdu_has_one_meaning(octets: bytes, trigger: T) -> None:
    assert meaning(octets) is trigger


def test_while_an_aborted_association_drains_only_a_request_to_associate_counts() -> None:
    draining = replace(FACTS, draining=True)
    for stale in (CONFIRMED, RLRQ, b"\xe4\x00\x00\x00"):
        assert meaning(stale, draining) is T.RX_STALE
    assert meaning(aarq(config_id=0x4001), draining) is T.RX_AARQ_UNKNOWN_CONFIG


def test_an_acceptable_request_takes_the_known_configuration_along() -> None:
    assert classify_for_manager(aarq(config_id=0x0190), FACTS).configuration is OXIMETER
    assert classify_for_manager(aarq(config_id=0x4001), FACTS).configuration is None


def test_a_refusal_takes_its_result_along() -> None:
    received = classify_for_manager(aarq(config_id=0x8001), FACTS)
    assert received.needed_decision.result is AssociateResult.REJECTED_PERMANENT
    assert received.why


@pytest.mark.parametrize("system_id", [b"LNIAGENT", b"\x01\x02\x03"], ids=["text", "three octets"])
def test_an_identity_that_is_no_eui_64_is_noted_where_it_is_forgiven_and_else_refused(
    system_id: bytes,
) -> None:
    request = aarq(config_id=0x0190, system_id=system_id)
    forgiven = classify_for_manager(request, FACTS)
    assert forgiven.trigger is T.RX_AARQ_KNOWN_CONFIG
    assert forgiven.notes == ("tolerated system-id-form: the System-Id is no EUI-64",)
    strict = classify_for_manager(request, replace(FACTS, tolerances=STRICT_TOLERANCES))
    assert strict.trigger is T.RX_AARQ_UNACCEPTABLE
    assert strict.needed_decision.result is AssociateResult.REJECTED_PERMANENT


def test_no_report_counts_before_the_configuration() -> None:
    waiting = replace(FACTS, operating=False)
    assert meaning(CONFIRMED, waiting) is T.RX_REPORT_CONFIRMED
    assert meaning(LIVE, waiting) is T.RX_UNCONFIRMED_UNUSABLE


@pytest.mark.parametrize(
    ("repeat", "trigger"),
    [
        (Repeat.ANSWERED, T.RX_REPORT_REPEATED),
        (Repeat.WAITING, T.RX_REPORT_REPEATED_WAITING),
    ],
)
def test_a_repeat_is_known_before_it_is_read(repeat: Repeat, trigger: T) -> None:
    facts = replace(
        FACTS, repeat=lambda _id, _octets: repeat, transcribe=gives(AssertionError("read"))
    )
    assert meaning(CONFIRMED, facts) is trigger


@pytest.mark.parametrize(
    ("result", "facts", "confirmed", "live"),
    [
        (READ, FACTS, T.RX_REPORT_CONFIRMED, T.RX_REPORT_UNCONFIRMED),
        (FOREIGN, FACTS, T.RX_REPORT_UNKNOWN_HANDLE, T.RX_REPORT_UNCONFIRMED),
        (FOREIGN, REMEMBERED, T.RX_REPORT_AGAINST_MEMORY, T.RX_REPORT_AGAINST_MEMORY),
        (UNREADABLE, FACTS, T.RX_REPORT_UNDECODABLE, T.RX_UNCONFIRMED_UNUSABLE),
        (LayoutError("length"), FACTS, T.RX_REPORT_UNDECODABLE, T.RX_UNCONFIRMED_UNUSABLE),
        (LayoutError("length"), REMEMBERED, T.RX_REPORT_AGAINST_MEMORY, T.RX_REPORT_AGAINST_MEMORY),
        (UnknownObjectError("who"), FACTS, T.RX_REPORT_UNKNOWN_HANDLE, T.RX_UNCONFIRMED_UNUSABLE),
    ],
)
def test_what_a_report_says_decides(
    result: Transcription | Exception, facts: SessionFacts, confirmed: T, live: T
) -> None:
    session = replace(facts, transcribe=gives(result))
    assert meaning(CONFIRMED, session) is confirmed
    assert meaning(LIVE, session) is live


@pytest.mark.parametrize(
    ("result", "trigger"),
    [
        (StoppedTransferError("given up"), T.RX_SEGMENT_STOPPED),
        (LayoutError("length"), T.RX_REPORT_UNDECODABLE),
        (UNREADABLE, T.RX_REPORT_CONFIRMED),
    ],
)
def test_a_page_never_blames_the_memory_and_is_confirmed_whatever_it_holds(
    result: Transcription | Exception, trigger: T
) -> None:
    session = replace(REMEMBERED, transcribe=gives(result))
    assert meaning(report(3, SEGMENT, PAGE, handle=0x0100), session) is trigger


def test_a_report_without_room_is_unwanted() -> None:
    full = replace(FACTS, has_room=lambda _id: False)
    holding = replace(FACTS, can_hold=lambda _octets: False)
    assert meaning(CONFIRMED, full) is T.RX_REPORT_UNWANTED
    assert meaning(LIVE, full) is T.RX_REPORT_UNCONFIRMED
    assert meaning(CONFIRMED, holding) is T.RX_REPORT_UNWANTED
    assert meaning(LIVE, holding) is T.RX_REPORT_UNCONFIRMED_UNWANTED


@pytest.mark.parametrize(
    ("octets", "trigger"),
    [(CONFIRMED, T.RX_REPORT_CONFIRMED), (LIVE, T.RX_REPORT_UNCONFIRMED)],
)
def test_a_report_of_a_compiled_shape_is_not_read_again(octets: bytes, trigger: T) -> None:
    compiled = CompiledReport(ScanReportVar(0xF000, 1, ()), READ)
    facts = replace(
        FACTS, recognise=lambda _report: compiled, transcribe=gives(AssertionError("read"))
    )
    received = classify_for_manager(octets, facts)
    assert received.trigger is trigger
    assert (received.info, received.transcription) == (compiled.info, READ)


def test_what_was_odd_goes_along_with_the_report() -> None:
    assert classify_for_manager(CONFIRMED, FACTS).notes == ("odd",)


@pytest.mark.parametrize(
    ("invoke_id", "choice", "trigger"),
    [
        (None, None, T.RX_OVERSIZE_UNREADABLE),
        (3, 0x0101, T.RX_OVERSIZE),
        (3, 0x0100, T.RX_UNCONFIRMED_UNUSABLE),
        (7, 0x0203, T.RX_ERROR),
        (8, 0x0203, T.RX_ERROR_UNKNOWN),
    ],
)
def test_an_apdu_too_long_to_keep_still_has_a_meaning(
    invoke_id: int | None, choice: int | None, trigger: T
) -> None:
    piece = OversizeApdu(total_octets=99_999, invoke_id=invoke_id, data_choice=choice)
    assert classify_oversize(piece, lambda known: known == 7).trigger is trigger
