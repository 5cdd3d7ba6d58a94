"""Putting segments together: whatever goes missing, two observations are never mixed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.ghs_segments import (
    COUNTERS,
    Segment,
    SegmentAssembly,
    read_segment,
    split,
    write_segment,
)
from tests.vectors_folder import needs_vectors, phd

CLAUSE = "GHSS"


def segment(counter: int, text: bytes, *, first: bool = False, last: bool = False) -> Segment:
    return Segment(is_first=first, is_last=last, counter=counter, octets=text)


def run(*segments: Segment, max_octets: int = 100) -> tuple[list[bytes], list[str]]:
    """What comes out, and what is said."""
    assembly, warnings = SegmentAssembly(max_octets=max_octets), list[str]()
    whole = [assembly.add(item, warnings) for item in segments]
    assert assembly.held <= max_octets
    return [octets for octets in whole if octets is not None], warnings


A1, A2, A3 = segment(0, b"a", first=True), segment(1, b"b"), segment(2, b"c", last=True)
B1, B2 = segment(3, b"x", first=True), segment(4, b"y", last=True)


@needs_vectors
def test_the_recorded_segments_make_one_unbroken_observation() -> None:
    (vector,) = [item for item in phd()["vectors"] if item["decoder"] == "ghs_draft_tlv"]
    parts = [bytes.fromhex(part) for part in vector["hex"].split("|")]
    segments = [read_segment(FieldReader(part, clause=CLAUSE)) for part in parts]
    assert [item.counter for item in segments] == [1, 2, 3, 4, 5]
    whole, warnings = run(*segments)
    assert whole == [b"".join(part[1:] for part in parts)]
    assert warnings == []


def test_observations_follow_one_another() -> None:
    assert run(A1, A2, A3, B1, B2) == ([b"abc", b"xy"], [])


def test_an_observation_of_one_segment_is_whole_at_once() -> None:
    assert run(segment(9, b"z", first=True, last=True)) == ([b"z"], [])


@pytest.mark.parametrize(
    ("segments", "whole", "said"),
    [
        ((A1, A3, B1, B2), [b"xy"], ["segments are missing: what was collected was dropped"]),
        ((A1, A2, B1, B2), [b"xy"], ["an observation without its last segment was dropped"]),
        ((A2, A3, B1, B2), [b"xy"], ["a segment without its first one was dropped"] * 2),
        ((A1, A2, A3, B2), [b"abc"], ["a segment without its first one was dropped"]),
        ((B1, B2, A1, A2, A3), [b"xy", b"abc"], ["segments between two observations are missing"]),
        ((A1, A2, A2, A3), [], ["segments are missing: what was collected was dropped",
                                "a segment without its first one was dropped"]),
    ],
    ids=["gap", "no last", "no first", "lost first", "lost between", "twice"],
)  # fmt: skip
def test_what_does_not_fit_is_dropped_and_said(
    segments: tuple[Segment, ...], whole: list[bytes], said: list[str]
) -> None:
    assert run(*segments) == (whole, said)


def test_too_many_octets_are_not_held() -> None:
    whole, warnings = run(
        segment(0, b"12345", first=True), segment(1, b"678901"), segment(2, b"2", last=True),
        segment(3, b"ok", first=True, last=True), max_octets=10,
    )  # fmt: skip
    assert whole == [b"ok"]
    assert warnings == [
        "an observation too long was dropped",
        "a segment without its first one was dropped",
    ]


def test_the_counter_rolls_over() -> None:
    assert split(b"abcdef", size=2, counter=63)[1].counter == 0
    assert run(*split(b"abcdef", size=2, counter=63)) == ([b"abcdef"], [])


def test_a_segment_reads_and_writes_its_header() -> None:
    writer = FieldWriter(clause=CLAUSE)
    write_segment(segment(5, b"\xaa", last=True), writer)
    assert writer.octets == b"\x16\xaa"
    assert read_segment(FieldReader(writer.octets, clause=CLAUSE)) == segment(5, b"\xaa", last=True)
    with pytest.raises(DecodeError):
        read_segment(FieldReader(b"", clause=CLAUSE))
    with pytest.raises(EncodeError, match="six bits"):
        write_segment(segment(COUNTERS, b""), writer)


messages = st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=4)


@given(messages, st.data())
def test_losing_any_segments_never_makes_an_observation_that_was_not_sent(
    sent: list[bytes], data: st.DataObject
) -> None:
    segments: list[Segment] = []
    for octets in sent:
        segments += split(octets, size=3, counter=len(segments) % COUNTERS)
    lost = data.draw(st.sets(st.integers(0, len(segments) - 1)))
    whole, _ = run(*(item for number, item in enumerate(segments) if number not in lost))
    assert [octets for octets in whole if octets not in sent] == []
    if not lost:
        assert whole == sent
