"""Frames, however they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.hl7v2.framing import FrameReader, FramingError, frame

messages = st.lists(
    st.binary(max_size=30).map(lambda some: some.replace(b"\x0b", b"").replace(b"\x1c", b"")),
    max_size=4,
)


@given(messages, st.integers(1, 7))
def test_messages_come_out_whole_whatever_the_portions(given: list[bytes], size: int) -> None:
    stream = b"".join(b"noise" + frame(one) for one in given)
    reader = FrameReader()
    found: list[bytes] = []
    for first in range(0, len(stream), size):
        found += reader.feed(stream[first : first + size])
    assert found == given
    assert not reader.is_within


def test_a_frame_that_has_begun_is_known_to_be_half() -> None:
    reader = FrameReader()
    assert reader.feed(b"\x0bMSH|") == []
    assert reader.is_within


def test_a_frame_without_an_end_is_refused() -> None:
    reader = FrameReader(most_octets=10)
    with pytest.raises(FramingError):
        reader.feed(b"\x0b" + b"a" * 20)


def test_a_message_cannot_hold_the_marks() -> None:
    for octets in (b"a\x0bb", b"a\x1cb"):
        with pytest.raises(AssertionError):
            frame(octets)
