"""NFC PHDC: records as a public reader of insulin pens writes them, and who speaks when."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError, LocalProtocolError
from protocols.framing.phdc_nfc import (
    EMPTY_RECORD,
    PhdcExchange,
    PhdRecord,
    decode_record,
    encode_record,
)

RLRQ = bytes.fromhex("E40000020000")
RECORD = bytes.fromhex("D1 03 07 504844 82 E40000020000")


def test_a_record_is_a_short_one_of_type_phd_with_a_control_octet() -> None:
    assert encode_record(PhdRecord(2, RLRQ)) == RECORD
    assert decode_record(RECORD) == PhdRecord(2, RLRQ)


def test_an_identifier_in_a_record_is_skipped() -> None:
    octets = bytes.fromhex("D9 03 07 02 504844 6161 82 E40000020000")
    assert decode_record(octets) == PhdRecord(2, RLRQ)


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "D103",
        "D00000",
        "D903 07",
        "D10307 504844 82 E400000200",
        "D10307 504844 82 E4000002000000",
        "510307 504844 82 E40000020000",
        "F10307 504844 82 E40000020000",
        "C10307 504844 82 E40000020000",
        "D20307 504844 82 E40000020000",
        "D10307 504845 82 E40000020000",
        "D10300 504844",
        "D10307 504844 02 E40000020000",
        "D10307 504844 92 E40000020000",
    ],
)
def test_another_record_or_a_damaged_one_is_refused(octets: str) -> None:
    with pytest.raises(DecodeError):
        decode_record(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "record", [PhdRecord(0, bytes(255)), PhdRecord(16, b""), PhdRecord(-1, b"")]
)
def test_what_does_not_fit_a_short_record_is_refused(record: PhdRecord) -> None:
    with pytest.raises(EncodeError):
        encode_record(record)


@settings(max_examples=100)
@given(st.integers(0, 15), st.binary(max_size=254))
def test_every_record_reads_as_it_was_written(sequence: int, apdu: bytes) -> None:
    record = PhdRecord(sequence, apdu)
    assert decode_record(encode_record(record)) == record


@settings(max_examples=100)
@given(st.binary(max_size=30))
def test_whatever_is_on_a_tag_only_a_decode_error_leaves(octets: bytes) -> None:
    with suppress(DecodeError):
        assert len(decode_record(octets).apdu) < len(octets)


def test_reader_and_device_speak_in_turn_with_numbers_that_go_round() -> None:
    exchange = PhdcExchange()
    for turn in range(0, 40, 2):
        assert not exchange.may_send
        apdu = exchange.receive(encode_record(PhdRecord(turn % 16, RLRQ)))
        assert apdu == RLRQ
        assert exchange.may_send
        exchange.send(RLRQ)
        assert exchange.to_write() == [
            EMPTY_RECORD,
            encode_record(PhdRecord((turn + 1) % 16, RLRQ)),
        ]
    assert exchange.to_write() == []
    assert exchange.faults == 0


def test_an_empty_record_from_the_tag_is_no_news() -> None:
    exchange = PhdcExchange()
    assert exchange.receive(EMPTY_RECORD) is None
    assert exchange.to_write() == []
    assert exchange.faults == 0


def test_a_record_without_an_apdu_only_passes_the_turn() -> None:
    exchange = PhdcExchange()
    assert exchange.receive(encode_record(PhdRecord(0, b""))) is None
    assert exchange.may_send
    assert exchange.to_write() == [EMPTY_RECORD]


def test_a_repeated_an_early_and_a_damaged_record_are_not_taken() -> None:
    exchange = PhdcExchange()
    assert exchange.receive(encode_record(PhdRecord(1, RLRQ))) is None
    assert exchange.receive(RECORD[:-1]) is None
    exchange.receive(encode_record(PhdRecord(0, RLRQ)))
    assert exchange.receive(encode_record(PhdRecord(0, RLRQ))) is None
    assert exchange.faults == 3
    assert exchange.to_write() == [EMPTY_RECORD]


def test_speaking_out_of_turn_is_a_fault_of_ours() -> None:
    with pytest.raises(LocalProtocolError):
        PhdcExchange().send(RLRQ)


def test_an_apdu_too_long_for_a_record_leaves_the_turn_with_us() -> None:
    exchange = PhdcExchange()
    exchange.receive(encode_record(PhdRecord(0, RLRQ)))
    with pytest.raises(EncodeError):
        exchange.send(bytes(255))
    assert exchange.may_send


def test_the_next_contact_begins_with_the_first_number() -> None:
    exchange = PhdcExchange()
    exchange.receive(encode_record(PhdRecord(0, RLRQ)))
    exchange.clear()
    assert exchange.to_write() == []
    assert exchange.receive(encode_record(PhdRecord(0, RLRQ))) == RLRQ
