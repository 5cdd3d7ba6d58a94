"""Acknowledgements, as different receivers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.hl7v2.acknowledgement import UnreadableAcknowledgementError, read_acknowledgement


def test_the_words_of_an_error_are_told() -> None:
    octets = (
        b"MSH|^~\\&|LAB|H|VITALWIRE||20261126||ACK^R01|7|P|2.5.1\r"
        b"MSA|AE|0123-0000|not today\r"
        b"ERR||OBX^1^6|103^Table value not found^HL70357|E||||unit \\T\\ code\r"
    )
    read = read_acknowledgement(octets)
    assert (read.code, read.control_id, read.is_good, read.is_error) == (
        "AE",
        "0123-0000",
        False,
        True,
    )
    assert read.words == ("not today\nOBX 1 6 103 Table value not found HL70357 E unit & code")


def test_an_old_receiver_with_its_own_delimiters_is_understood() -> None:
    read = read_acknowledgement(b"MSH#*~\\&#LAB\nMSA#CA#17\nERR#PID*1*5\n")
    assert (read.code, read.control_id, read.is_good) == ("CA", "17", True)
    assert read.words == "PID*1*5"


@pytest.mark.parametrize(
    "octets",
    [b"", b"MSH", b"HTTP/1.1 400", b"MSH|^~\\&|", b"MSH|^~\\&|\rMSA|XX|1", b"MSH|^~\\&|\rMSA"],
)
def test_anything_else_is_none(octets: bytes) -> None:
    with pytest.raises(UnreadableAcknowledgementError):
        read_acknowledgement(octets)


@given(st.binary(max_size=80))
def test_no_octets_do_more_than_be_unreadable(octets: bytes) -> None:
    try:
        read_acknowledgement(octets)
    except UnreadableAcknowledgementError:
        return
