"""IntelliVue's data messages: a real monitor's, and requests as public clients send them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.monitors.intellivue_pdus import (
    MdsCreate,
    ObjectClass,
    OperationError,
    OtherOperation,
    PolledObject,
    PollResult,
    decode_data,
    encode_extended_poll,
    encode_mds_create_answer,
    encode_poll,
)
from tests.vectors import intellivue as vectors

CAPTURED = [
    vectors.MDS_CREATE,
    vectors.LINKED_NUMERICS,
    vectors.EMPTY_RESULT,
    vectors.ECG_OBJECT,
    vectors.DEMOGRAPHICS,
]


def result(octets: bytes) -> PollResult:
    message = decode_data(octets)
    assert isinstance(message, PollResult)
    return message


def test_the_mds_says_who_and_when() -> None:
    event = decode_data(vectors.MDS_CREATE)
    assert isinstance(event, MdsCreate)
    assert (event.invoke_id, event.event_ticks) == (1, 0x0D58B800)
    assert len(event.attributes) == 17
    assert event.attributes[0x0987] == bytes.fromhex("2017110414445100")


def test_a_linked_result_lists_whole_objects_of_two_contexts() -> None:
    part = result(vectors.LINKED_NUMERICS)
    assert not part.is_last
    assert part.object_class == ObjectClass.NUMERIC
    assert part.local_time.at is None
    assert [(item.context, item.handle) for item in part.objects] == [
        (0, 0x8649), (0, 0x8662), (0, 0x867B), (0, 0x8694), (0, 0x86AD), (0, 0x86C6), (0, 0x8706),
        (0, 0x891A), (0, 0x8921), (1, 0x826A),
    ]  # fmt: skip
    assert part.objects[8].attributes[0x0950] == bytes.fromhex("480a04010aa00000003c")


def test_the_last_part_may_be_empty() -> None:
    last = result(vectors.EMPTY_RESULT)
    assert last.is_last
    assert last.objects == ()


def test_a_single_poll_s_result_has_no_sequence_number() -> None:
    record = result(vectors.DEMOGRAPHICS)
    assert record.object_class == 42
    assert [(item.context, item.handle) for item in record.objects] == [(0, 0x50)]


def test_a_waveform_s_description_is_an_object_like_others() -> None:
    assert result(vectors.ECG_OBJECT).objects[0].attributes[0x098D] == b"\x00\x00\x00\x10"


def test_requests_are_those_public_clients_send() -> None:
    assert encode_poll(1, ObjectClass.NUMERIC) == vectors.POLL_REQUEST
    extended = encode_extended_poll(4, ObjectClass.SAMPLE_ARRAY, ticks=600 * 8000)
    assert extended == vectors.EXTENDED_POLL_REQUEST


def test_the_mds_is_confirmed_as_public_clients_do() -> None:
    event = MdsCreate(1, bytes.fromhex("002100000000"), 0x000ABD00, {})
    assert encode_mds_create_answer(event) == vectors.MDS_CREATE_ANSWER


@pytest.mark.parametrize(
    "octets",
    [
        "E1000002 0004 0000",
        "E1000002 0001 0006 0001 0007 0000",
        "E1000002 0002 0006 0001 0003 0000",
        "E1000002 0001 0014 0001 0001 000E 002100000000 00000000 0D17 0000",
        "E1000002 0002 0010 0001 0007 000A 002100000000 0C17 0000",
    ],
)
def test_what_we_have_no_use_for_is_told_apart(octets: str) -> None:
    assert isinstance(decode_data(bytes.fromhex(octets)), OtherOperation)


def test_a_refused_request_says_why() -> None:
    octets = bytes.fromhex("E1000002 0003 0006 0007 0002 0000")
    assert decode_data(octets) == OperationError(7, 2)


@pytest.mark.parametrize("octets", ["", "E1000003 0002 0000", "0D000002", "E1000002 0002 0001"])
def test_what_is_no_data_message_is_refused(octets: str) -> None:
    with pytest.raises(DecodeError):
        decode_data(bytes.fromhex(octets))


@pytest.mark.parametrize("octets", CAPTURED, ids=lambda octets: str(len(octets)))
def test_every_cut_of_a_captured_message_is_refused(octets: bytes) -> None:
    for cut in range(len(octets)):
        with pytest.raises(DecodeError):
            decode_data(octets[:cut])


@settings(max_examples=150)
@given(st.sampled_from(CAPTURED), st.integers(0, 2000), st.integers(0, 255))
def test_a_changed_octet_raises_nothing_but_a_decode_error(
    message: bytes, at: int, octet: int
) -> None:
    octets = bytearray(message)
    octets[at % len(octets)] = octet
    try:
        decoded = decode_data(bytes(octets))
    except DecodeError:
        return
    if isinstance(decoded, PollResult):
        assert all(isinstance(item, PolledObject) for item in decoded.objects)
