"""What the gateway says of itself is an observation with its own System-Id."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from edge.buffer.recovery import Recovery
from edge.buffer.rows import Stream, stream_of, to_microseconds
from edge.buffer.thinning import Dropped
from edge.pipeline.happenings import happening, recovery_in_words, teller_of
from protocols.model.codes import SystemId
from protocols.nomenclature.private import GATEWAY_EVENT
from tests.unit.edge.making import NOON

GATEWAY = SystemId(b"gateway1")


def test_a_happening_travels_in_the_lane_of_events_under_the_gateways_name() -> None:
    said = happening("the clock was set", gateway=GATEWAY, at=NOON)
    assert stream_of(said) is Stream.EVENTS
    assert (said.device, said.type, said.text) == (GATEWAY, GATEWAY_EVENT, "the clock was set")


def test_two_happenings_of_one_moment_stay_two_and_a_repeat_stays_one() -> None:
    first = happening("one", gateway=GATEWAY, at=NOON)
    assert happening("two", gateway=GATEWAY, at=NOON).observation_id != first.observation_id
    assert happening("one", gateway=GATEWAY, at=NOON) == first


def test_rows_that_gave_way_are_told_with_their_number_and_time() -> None:
    begin, end = (to_microseconds(NOON + timedelta(minutes=minute)) for minute in (1, 2))
    dropped = Dropped(is_thinned=True, rows=64, octets=9000, first_us=begin, last_us=end)
    said = teller_of(GATEWAY)(dropped, NOON)
    assert said.text == (
        "no room in the buffer: every second stretch of waveform dropped, 64 captured from"
        " 2026-03-01T12:01:00+00:00 to 2026-03-01T12:02:00+00:00"
    )
    dropped.is_thinned = False
    assert "the oldest stretches" in teller_of(GATEWAY)(dropped, NOON).text


def test_a_damaged_file_is_told_with_what_was_read_from_it() -> None:
    whole = recovery_in_words(Recovery(Path("/somewhere/buffer-damaged-1.db"), 12))
    assert "buffer-damaged-1.db: 12 rows read from it, the rest is kept there" in whole
    assert "somewhere" not in whole
    part = recovery_in_words(Recovery(Path("buffer-salvage-1.db"), 3, is_complete=False))
    assert "more is read when there is room" in part
