"""Fields: whatever is in them, they end where they end."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import hl7
from hypothesis import given
from hypothesis import strategies as st

from cloud.hl7v2.encoding import components, message, repeated, segment, text, time
from cloud.hl7v2.framing import END, START

HEADER = segment("MSH", {3: text("US"), 9: components("ORU", "R01"), 12: text("2.5.1")})
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@given(words)
def test_a_foreign_reader_gets_back_what_was_written(word: str) -> None:
    # The reader takes blanks off the end of a message: another segment stands there.
    note = segment("NTE", {1: text("1"), 3: text(word), 4: text("end")})
    octets = message([HEADER, note])
    assert START not in octets
    assert END not in octets
    read = hl7.parse(octets.decode())
    assert len(read) == 2
    assert read.unescape(str(read.segment("NTE")[3])) == word


@given(st.lists(words, min_size=2, max_size=4))
def test_components_stay_apart(given_words: list[str]) -> None:
    note = segment("NTE", {1: text("1"), 3: components(*given_words), 4: text("end")})
    octets = message([HEADER, note])
    read = hl7.parse(octets.decode())
    parts = str(read.segment("NTE")[3]).split("^")
    assert [read.unescape(part) for part in parts] == given_words


def test_what_is_empty_at_the_end_is_left_out() -> None:
    assert components("a", "", "") == "a"
    assert segment("PID", {1: text("1"), 8: text("")}) == "PID|1"
    assert repeated([text("a"), text(""), text("b")]) == "a~b"


def test_times_carry_their_zone() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    at = datetime(2026, 3, 29, 6, 30, 0, 7_999, tzinfo=zone)
    assert time(at) == "20260329010000.007+0000"
