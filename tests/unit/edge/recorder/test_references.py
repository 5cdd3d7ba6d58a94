"""Where the octets of an observation are, as text and back; and how a line is followed."""

from __future__ import annotations

import pytest

from edge.recorder.references import OctetRange, OctetTrail


def test_a_place_is_read_as_it_is_written() -> None:
    place = OctetRange("7c1e-12", 1000, 48)
    assert str(place) == "7c1e-12@1000+48"
    assert OctetRange.parse(str(place)) == place


@pytest.mark.parametrize("text", ["", "7c1e-12", "7c1e@1+2", "7c1e-12@1", "7C-1@1+2", "a-1@-1+2"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no place of the recorder"):
        OctetRange.parse(text)


def test_a_trail_names_the_octets_that_became_whole() -> None:
    trail = OctetTrail("7c1e-1")
    assert trail.reference == ""
    trail.advance(received=30, held=10)
    assert trail.reference == "7c1e-1@0+20"
    trail.advance(received=35, held=15)
    assert trail.reference == "7c1e-1@0+20", "nothing became whole"
    trail.advance(received=60)
    assert trail.reference == "7c1e-1@20+40"


def test_a_line_that_is_not_recorded_has_no_places() -> None:
    trail = OctetTrail()
    trail.advance(received=30)
    assert trail.reference == ""
