"""Remote operations: which choice is which message, and every octet of each."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.remote_operations import (
    CHOICE_OF,
    MESSAGES,
    AttributeModification,
    Message,
    Roer,
    RoivAction,
    RoivConfirmedAction,
    RoivConfirmedEventReport,
    RoivConfirmedSet,
    RoivEventReport,
    RoivGet,
    RoivSet,
    Rorj,
    RorsConfirmedAction,
    RorsConfirmedEventReport,
    RorsConfirmedSet,
    RorsGet,
    read_event_report,
    write_event_answer,
)

REPORT = "0000 FFFFFFFF 0D1D 0002 F000"
SET = "0037 0001 0008 0000 0953 0002 0001"
ACTION = "0000 0C17 0004 00000000"
VALUES = "0037 0001 0006 0953 0002 0001"
CHANGES = (AttributeModification(0, 0x0953, b"\0\1"),)
ATTRIBUTES = (AttributeValue(0x0953, b"\0\1"),)
EXAMPLES: tuple[tuple[int, str, Message], ...] = (
    (0x0100, REPORT, RoivEventReport(0, 0xFFFF_FFFF, 0x0D1D, b"\xf0\0")),
    (0x0101, REPORT, RoivConfirmedEventReport(0, 0xFFFF_FFFF, 0x0D1D, b"\xf0\0")),
    (0x0103, "0000 0001 0002 0987", RoivGet(0, (0x0987,))),
    (0x0104, SET, RoivSet(0x37, CHANGES)),
    (0x0105, SET, RoivConfirmedSet(0x37, CHANGES)),
    (0x0106, ACTION, RoivAction(0, 0x0C17, bytes(4))),
    (0x0107, ACTION, RoivConfirmedAction(0, 0x0C17, bytes(4))),
    (0x0201, REPORT, RorsConfirmedEventReport(0, 0xFFFF_FFFF, 0x0D1D, b"\xf0\0")),
    (0x0203, VALUES, RorsGet(0x37, ATTRIBUTES)),
    (0x0205, VALUES, RorsConfirmedSet(0x37, ATTRIBUTES)),
    (0x0207, ACTION, RorsConfirmedAction(0, 0x0C17, bytes(4))),
    (0x0300, "0009 0001 AA", Roer(9, b"\xaa")),
    (0x0400, "0067", Rorj(103)),
)


@pytest.mark.parametrize(
    ("choice", "digits", "message"), EXAMPLES, ids=[type(one).__name__ for _, _, one in EXAMPLES]
)
def test_every_choice_is_one_message(choice: int, digits: str, message: Message) -> None:
    octets = bytes.fromhex(digits)
    assert CHOICE_OF[type(message)] == choice
    decoded = MESSAGES[choice].decode(octets)
    assert (type(decoded), decoded) == (type(message), message)
    assert MESSAGES[choice].encode(message) == octets
    with pytest.raises(DecodeError, match=type(message).__name__):
        MESSAGES[choice].decode(octets[:-1])


def test_no_choice_is_missing_an_example() -> None:
    assert {choice for choice, _, _ in EXAMPLES} == set(MESSAGES)


@pytest.mark.parametrize(("event_time", "ticks"), [(0xFFFF_FFFF, None), (0, 0), (8000, 8000)])
def test_an_event_of_a_device_without_a_counter_has_no_time(
    event_time: int, ticks: int | None
) -> None:
    assert RoivEventReport(0, event_time, 0x0D1D, b"").relative_time == ticks


@given(st.sampled_from([0x0100, 0x0101]), st.binary(max_size=24))
@example(0x0100, bytes.fromhex(REPORT))
@example(0x0101, bytes.fromhex(REPORT))
@example(0x0100, bytes.fromhex("0000 FFFFFFFF 0D1D 0000"))
def test_an_event_report_is_read_as_its_codec_reads_it_or_left_to_it(
    choice: int, octets: bytes
) -> None:
    report = read_event_report(choice, octets)
    try:
        expected = MESSAGES[choice].decode(octets)
    except DecodeError:
        assert report is None
    else:
        assert (type(report), report) == (type(expected), expected)


def test_no_other_message_is_an_event_report() -> None:
    others = [one for one in EXAMPLES if one[0] not in (0x0100, 0x0101)]
    assert {read_event_report(one[0], bytes.fromhex(one[1])) for one in others} == {None}


@given(
    st.integers(-1, 0x1_0000),
    st.integers(-1, 0x1_0000_0000),
    st.integers(-1, 0x1_0000),
    st.binary(max_size=8),
)
@example(0, 0xFFFF_FFFF, 0x0D1D, b"")
@example(0, 0, 0, bytes(0x1_0000))
def test_a_confirmation_is_written_as_its_codec_writes_it_or_left_to_it(
    handle: int, current_time: int, event_type: int, reply: bytes
) -> None:
    answer = RorsConfirmedEventReport(handle, current_time, event_type, reply)
    written = write_event_answer(answer)
    try:
        expected = MESSAGES[CHOICE_OF[RorsConfirmedEventReport]].encode(answer)
    except EncodeError:
        assert written is None
    else:
        assert written == expected


def test_no_other_message_is_a_confirmation() -> None:
    others = [message for choice, _, message in EXAMPLES if choice != 0x0201]
    assert {write_event_answer(message) for message in others} == {None}
