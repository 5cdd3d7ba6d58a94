"""HDLC-like frames: what a writer sends is read again, what is damaged is dropped and counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import EncodeError
from protocols.framing.crc import checksum_octets, fcs16
from protocols.framing.hdlc import (
    Frame,
    FrameFault,
    FrameForm,
    FrameReader,
    LongFrame,
    write_frame,
)

PLAIN = FrameForm()
MIB = FrameForm(header=bytes.fromhex("1101"))
CONTENT = bytes.fromhex("E4000002 0000 C0C17D 20 FF")
FORMS = pytest.mark.parametrize("form", [PLAIN, MIB], ids=["plain", "with header"])


def contents(found: list[Frame | LongFrame]) -> list[bytes]:
    return [frame.content for frame in found if isinstance(frame, Frame)]


def raw_frame(octets: bytes) -> bytes:
    """A frame around octets whose checksum is as given: nothing is added or stuffed."""
    return b"\xc0" + octets + b"\xc1"


def test_the_stuffed_octets_are_those_of_the_standard() -> None:
    frame = write_frame(b"\xc0\xc1\x7d\x20", PLAIN)
    assert frame[:8] == bytes.fromhex("C0 7DE0 7DE1 7D5D 20")
    assert frame[-1] == 0xC1
    assert frame[8:-1] == checksum_octets(fcs16(b"\xc0\xc1\x7d\x20"))


def test_the_check_value_of_the_catalogue_stands_in_a_frame() -> None:
    assert write_frame(b"123456789", PLAIN) == b"\xc0123456789\x6e\x90\xc1"


def test_the_header_names_the_length_of_the_content_alone() -> None:
    frame = write_frame(b"\x01\x02\x03", MIB)
    assert frame[:8] == bytes.fromhex("C0 1101 0003 010203")


def test_a_content_longer_than_its_length_field_is_refused() -> None:
    with pytest.raises(EncodeError):
        write_frame(bytes(65_536), MIB)
    assert len(write_frame(bytes(65_536), PLAIN)) > 65_536


def test_octets_of_an_open_frame_are_counted_with_those_that_were_stuffed() -> None:
    reader = FrameReader(PLAIN)
    octets = write_frame(b"\xc0\xc1\x7d\x20", PLAIN)
    reader.receive(b"noise" + octets[:5], now=0.0)
    assert reader.held == 5
    reader.receive(octets[5:] + b"more noise", now=0.0)
    assert reader.held == 0


@FORMS
@settings(max_examples=60)
@given(frames=st.lists(st.binary(min_size=1, max_size=40), max_size=5), step=st.integers(1, 30))
def test_any_contents_in_any_portions_are_read_as_they_were_written(
    form: FrameForm, frames: list[bytes], step: int
) -> None:
    reader = FrameReader(form)
    line = b"".join(write_frame(content, form) for content in frames)
    found = [
        frame
        for at in range(0, len(line), step)
        for frame in reader.receive(line[at : at + step], now=0.0)
    ]
    assert contents(found) == frames
    assert reader.take_discarded() == 0
    assert reader.next_deadline() is None


@FORMS
def test_octets_outside_frames_are_dropped_escapes_and_ends_too(form: FrameForm) -> None:
    reader = FrameReader(form)
    noise = b"login: \x7d\xc1\x7d"
    found = reader.receive(noise + write_frame(CONTENT, form) + noise, now=0.0)
    assert contents(found) == [CONTENT]
    assert reader.take_discarded() == 2 * len(noise)
    assert reader.faults == {FrameFault.NOISE: 2 * len(noise)}


def test_a_frame_that_begins_inside_another_wins() -> None:
    reader = FrameReader(PLAIN)
    lost = write_frame(CONTENT, PLAIN)[:-4]
    assert contents(reader.receive(lost + write_frame(CONTENT, PLAIN), now=0.0)) == [CONTENT]
    assert reader.faults == {FrameFault.RESTARTED: 1}
    assert reader.take_discarded() == len(lost)


def test_a_beginning_right_after_an_escape_still_begins() -> None:
    reader = FrameReader(PLAIN)
    assert contents(reader.receive(b"\xc0\x7d" + write_frame(b"ab", PLAIN), now=0.0)) == [b"ab"]
    assert reader.faults == {FrameFault.RESTARTED: 1}
    assert reader.take_discarded() == 2


def test_extra_beginnings_and_empty_frames_are_nothing() -> None:
    reader = FrameReader(PLAIN)
    line = b"\xc0\xc0\xc0\xc1\xc0\xc1" + b"\xc0\xc0" + write_frame(b"ab", PLAIN)
    assert contents(reader.receive(line, now=0.0)) == [b"ab"]
    assert reader.faults == {}
    assert reader.take_discarded() == 0


@FORMS
@pytest.mark.parametrize("octets", ["01", "0102", "0000", "E4000002", "C5"])
def test_a_wrong_or_missing_checksum_drops_the_frame(form: FrameForm, octets: str) -> None:
    reader = FrameReader(form)
    damaged = raw_frame(bytes.fromhex(octets))
    assert reader.receive(damaged, now=0.0) == []
    assert reader.faults == {FrameFault.CHECKSUM: 1}
    assert reader.take_discarded() == len(damaged)


def test_a_checksum_without_content_is_no_frame() -> None:
    reader = FrameReader(PLAIN)
    assert reader.receive(raw_frame(checksum_octets(fcs16(b""))), now=0.0) == []
    assert reader.faults == {FrameFault.CHECKSUM: 1}


@pytest.mark.parametrize(
    "octets",
    ["1101 0003 0102", "1101 0001 0102", "1102 0002 0102", "1001 0002 0102", "1101", "1101 00"],
)
def test_a_header_or_length_that_does_not_fit_drops_the_frame(octets: str) -> None:
    reader = FrameReader(MIB)
    assert reader.receive(write_frame(bytes.fromhex(octets), PLAIN), now=0.0) == []
    assert reader.faults == {FrameFault.HEADER: 1}


def test_a_header_around_no_content_is_a_frame() -> None:
    assert contents(FrameReader(MIB).receive(write_frame(b"", MIB), now=0.0)) == [b""]


def test_a_frame_its_sender_aborted_is_dropped() -> None:
    reader = FrameReader(PLAIN)
    assert reader.receive(b"\xc0\x01\x02\x7d\xc1", now=0.0) == []
    assert reader.faults == {FrameFault.ABORTED: 1}
    assert reader.take_discarded() == 5
    assert contents(reader.receive(write_frame(b"ab", PLAIN), now=0.0)) == [b"ab"]


@pytest.mark.parametrize("bit", range(8 * 14))
def test_no_single_wrong_bit_gives_a_wrong_content(bit: int) -> None:
    reader = FrameReader(PLAIN)
    line = bytearray(write_frame(bytes.fromhex("E7000102030405060708"), PLAIN))
    line[bit // 8] ^= 1 << bit % 8
    assert contents(reader.receive(bytes(line), now=0.0)) == []
    assert contents(reader.receive(write_frame(b"ab", PLAIN), now=0.1)) == [b"ab"]


@pytest.mark.parametrize("lost", range(14))
def test_no_lost_octet_gives_a_wrong_content(lost: int) -> None:
    reader = FrameReader(PLAIN)
    line = write_frame(bytes.fromhex("E7000102030405060708"), PLAIN)
    damaged = line[:lost] + line[lost + 1 :]
    assert contents(reader.receive(damaged + write_frame(b"ab", PLAIN), now=0.0)) == [b"ab"]


@FORMS
def test_a_good_frame_longer_than_allowed_is_named_not_kept(form: FrameForm) -> None:
    short = FrameForm(header=form.header, max_octets=20)
    reader = FrameReader(short)
    content = bytes(range(250)) * 40
    line = write_frame(content, form) + write_frame(bytes(20), form) + write_frame(bytes(21), form)
    found = [
        frame
        for at in range(0, len(line), 7)
        for frame in reader.receive(line[at : at + 7], now=0.0)
    ]
    assert found == [LongFrame(10_000, content[:16]), Frame(bytes(20)), LongFrame(21, bytes(16))]
    assert reader.faults == {}


def test_a_damaged_long_frame_is_dropped_like_any_other() -> None:
    reader = FrameReader(FrameForm(max_octets=20))
    line = bytearray(write_frame(bytes(500), PLAIN))
    line[300] ^= 1
    assert reader.receive(bytes(line), now=0.0) == []
    assert reader.faults == {FrameFault.CHECKSUM: 1}


def test_a_frame_whose_end_does_not_come_is_given_up_after_silence() -> None:
    reader = FrameReader(PLAIN)
    assert reader.next_deadline() is None
    reader.receive(b"\xc0\x01", now=1.0)
    reader.receive(b"\x02", now=2.5)
    assert reader.next_deadline() == 4.5
    reader.receive(b"", now=4.0)
    assert reader.next_deadline() == 4.5
    reader.handle_deadline(now=4.4)
    assert reader.faults == {}
    reader.handle_deadline(now=4.5)
    assert reader.faults == {FrameFault.OVERDUE: 1}
    assert reader.take_discarded() == 3
    assert reader.next_deadline() is None


def test_a_frame_that_never_ends_is_given_up_though_octets_keep_coming() -> None:
    reader = FrameReader(PLAIN)
    for second in range(10):
        assert reader.receive(b"\xc0\x01" if second == 0 else b"\x01", now=float(second)) == []
    assert reader.next_deadline() == 10.0
    assert contents(reader.receive(write_frame(b"ab", PLAIN), now=10.0)) == [b"ab"]
    assert reader.faults == {FrameFault.OVERDUE: 1}


def test_a_new_connection_forgets_an_open_frame() -> None:
    reader = FrameReader(PLAIN)
    reader.receive(b"\xc0\x01\x7d", now=0.0)
    reader.clear()
    assert reader.take_discarded() == 3
    reader.clear()
    assert reader.take_discarded() == 0
    assert contents(reader.receive(write_frame(b"ab", PLAIN), now=0.0)) == [b"ab"]


@settings(max_examples=100)
@given(st.lists(st.sampled_from([b"\xc0", b"\xc1", b"\x7d", b"\x00", b"\x11\x01", b"ab"])))
def test_whatever_comes_a_good_frame_after_it_is_read(pieces: list[bytes]) -> None:
    reader = FrameReader(PLAIN)
    assert contents(reader.receive(b"".join(pieces), now=0.0)) == []
    assert contents(reader.receive(write_frame(b"good", PLAIN), now=0.1)) == [b"good"]
