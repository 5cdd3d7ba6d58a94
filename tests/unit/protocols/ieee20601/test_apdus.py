"""APDUs by hand: what each octet means, and what is refused."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.ieee20601.apdus import (
    Aare,
    Aarq,
    Abrt,
    Apdu,
    DataApdu,
    Prst,
    Rlre,
    Rlrq,
    decode_apdu,
    encode_apdu,
    readable_invoke_id,
)
from protocols.ieee20601.association import DataProtocol, NoSystemIdError
from protocols.ieee20601.event_reports import (
    ConfigReport,
    ConfigResult,
    EventType,
    ObservationFixed,
    ScanReportFixed,
    UnknownEventError,
    answer_configuration,
    confirm_report,
    decode_event_info,
    encode_event_info,
)
from protocols.ieee20601.remote_operations import (
    EventReport,
    Roer,
    RoivConfirmedAction,
    RoivConfirmedEventReport,
    RoivEventReport,
    RoivGet,
    Rorj,
    RorsConfirmedEventReport,
)
from protocols.ieee20601.requests import SetTime, decode_action_info
from protocols.mder.records import LENIENT
from protocols.model.codes import SystemId
from tests.unit.protocols.ieee20601.apdu_octets import aarq
from tests.vectors import own_apdus


def message_of(octets: bytes) -> DataApdu:
    apdu = decode_apdu(octets)
    assert isinstance(apdu, Prst)
    return apdu.data


def test_an_association_request_shows_its_offer() -> None:
    request = decode_apdu(own_apdus.AARQ_TWO_VERSIONS)
    assert isinstance(request, Aarq)
    offer = request.phd
    assert offer is not None
    assert offer.protocol_version == 0xC0000000
    assert offer.system_id == SystemId(bytes.fromhex("1122334455667788"))
    assert offer.config_id == 0x4001
    assert encode_apdu(request) == own_apdus.AARQ_TWO_VERSIONS


def test_a_refusal_carries_no_protocol() -> None:
    refusal = decode_apdu(own_apdus.AARE_REFUSED)
    assert refusal == Aare(5, DataProtocol(0, b""))
    assert isinstance(refusal, Aare)
    assert refusal.phd is None
    assert encode_apdu(refusal) == own_apdus.AARE_REFUSED


def test_a_foreign_data_protocol_keeps_its_octets() -> None:
    request = Aarq(0x80000000, (DataProtocol(0xFFFF, b"\x01\x02\x03"),))
    assert decode_apdu(encode_apdu(request)) == request
    assert request.phd is None


@pytest.mark.parametrize(
    ("apdu", "digits"),
    [
        (Rlrq(0), "e40000020000"),
        (Rlre(0), "e50000020000"),
        (Abrt(3), "e60000020003"),
        (Prst(DataApdu(0, RoivGet(0, ()))), "e700000e000c000001030006000000000000"),
        (
            Prst(DataApdu(0, RoivGet(0, (0x0987,)))),
            "e7000010000e0000010300080000000100020987",
        ),
    ],
)
def test_short_apdus_have_these_octets(apdu: Apdu, digits: str) -> None:
    assert encode_apdu(apdu).hex() == digits
    assert decode_apdu(bytes.fromhex(digits)) == apdu


def test_a_confirmed_report_is_read_and_confirmed() -> None:
    data = message_of(own_apdus.CONFIRMED_FIXED_REPORT)
    assert data.invoke_id == 0x1234
    report = data.message
    assert isinstance(report, RoivConfirmedEventReport)
    assert report.relative_time is None
    info = decode_event_info(report.event_type, report.event_info)
    assert info == ScanReportFixed(
        0xF000, 7, (ObservationFixed(1, bytes.fromhex("F3CF2026112301524850")),)
    )
    assert encode_event_info(report.event_type, info) == report.event_info
    answer = Prst(DataApdu(data.invoke_id, confirm_report(report)))
    assert encode_apdu(answer) == own_apdus.CONFIRMATION


def test_a_configuration_is_answered_with_its_id_and_a_verdict() -> None:
    report = RoivConfirmedEventReport(0, 0, EventType.CONFIG, own_apdus.CONFIGURATION)
    info = decode_event_info(report.event_type, report.event_info)
    assert isinstance(info, ConfigReport)
    reply = answer_configuration(report, info.config_id, ConfigResult.UNSUPPORTED)
    assert reply == RorsConfirmedEventReport(0, 0, 0x0D1C, bytes.fromhex("40000001"))


def test_errors_and_rejects_name_their_reason() -> None:
    assert message_of(own_apdus.REJECT) == DataApdu(0x1234, Rorj(2))
    assert message_of(own_apdus.ERROR) == DataApdu(0x1234, Roer(1, b""))
    for octets in (own_apdus.REJECT, own_apdus.ERROR):
        assert encode_apdu(decode_apdu(octets)) == octets


def test_set_time_is_an_action_with_a_local_time() -> None:
    action = message_of(own_apdus.SET_TIME).message
    assert isinstance(action, RoivConfirmedAction)
    argument = decode_action_info(action.action_type, action.action_info)
    assert isinstance(argument, SetTime)
    assert argument.at.octets == bytes.fromhex("2026112301524800")


@pytest.mark.parametrize(
    ("digits", "fault"),
    [
        ("", "header of 4 octets"),
        ("e700", "header of 4 octets"),
        ("e8000000", "no APDU begins with 0xE800"),
        ("e40000020000ff", "2 octets announced, 3 present"),
        ("e400000200", "2 octets announced, 1 present"),
        ("e40000010000", "1 octets announced, 2 present"),
        ("e4000003000000", "1 surplus octets"),
        ("e7000000", "holds no message"),
        ("e700000800060000010300000000", "8 octets announced, 10 present"),
        ("e7000008000500000103000000", "8 octets announced, 9 present"),
        ("e70000080005000001030000", "announces 5 octets and holds 6"),
        ("e70000080006000001030001", "announces 1 octets and has 0"),
        ("e70000080006000009990000", "no message has the choice 0x0999"),
    ],
)
def test_broken_apdus_say_what_is_wrong(digits: str, fault: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_apdu(bytes.fromhex(digits))
    assert fault in str(caught.value)
    assert caught.value.clause.startswith("20601")


def test_surplus_behind_an_apdu_can_be_forgiven() -> None:
    notes: list[str] = []
    apdu = decode_apdu(bytes.fromhex("e40000020000ffff"), leniency=LENIENT, notes=notes)
    assert apdu == Rlrq(0)
    assert notes == ["tolerated surplus-octets: 2 octets behind an APDU dropped"]


@pytest.mark.parametrize(
    ("digits", "invoke_id"),
    [
        ("e700ffffffff12340101", 0x1234),
        ("e700ffffffff12340103", 0x1234),
        ("e700ffffffff12340105", 0x1234),
        ("e700ffffffff12340107", 0x1234),
        ("e700ffffffff12340100", None),
        ("e700ffffffff12340201", None),
        ("e700ffffffff123401", None),
        ("e200ffffffff12340101", None),
    ],
)
def test_only_what_waits_for_an_answer_has_a_readable_invoke_id(
    digits: str, invoke_id: int | None
) -> None:
    assert readable_invoke_id(bytes.fromhex(digits)) == invoke_id


def test_an_unknown_event_type_is_told_from_broken_octets() -> None:
    with pytest.raises(UnknownEventError):
        decode_event_info(0x0D99, b"")
    with pytest.raises(DecodeError) as caught:
        decode_event_info(EventType.SCAN_REPORT_FIXED, b"\0")
    assert not isinstance(caught.value, UnknownEventError)


def test_other_than_zero_octets_behind_an_event_are_refused() -> None:
    with pytest.raises(DecodeError, match="surplus"):
        decode_event_info(EventType.SCAN_REPORT_FIXED, own_apdus.FIXED_REPORT + b"\0\1")


def test_an_invoke_id_beyond_16_bits_has_no_wire_form() -> None:
    with pytest.raises(EncodeError):
        encode_apdu(Prst(DataApdu(0x10000, RoivGet(0, ()))))


def test_confirmed_and_unconfirmed_reports_are_different_messages() -> None:
    messages: set[EventReport] = {
        RoivEventReport(0, 0, 0, b""),
        RoivConfirmedEventReport(0, 0, 0, b""),
    }
    assert len(messages) == 2


def test_a_request_without_a_system_id_is_told_from_noise() -> None:
    octets = aarq(config_id=0x0190, system_id=b"")
    with pytest.raises(NoSystemIdError):
        decode_apdu(octets)
    with pytest.raises(DecodeError) as caught:
        decode_apdu(octets[:-4] + b"\0\1\0\0")  # an option that is announced and not there
    assert not isinstance(caught.value, NoSystemIdError)
