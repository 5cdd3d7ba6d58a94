"""What the crew did: it says when and by whom, and stays one thing over repeats."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from protocols.errors import EncodeError
from protocols.model.crew import AttachmentPart, CrewEvent, CrewEventKind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def event(kind: str, text: str = "") -> CrewEvent:
    return CrewEvent(
        event_id=UUID(int=1), kind=kind, at=NOON, by="crew-11", vehicle_id="AMB-7", text=text
    )


def test_what_is_left_out_is_empty() -> None:
    told = event(CrewEventKind.SHOCK)
    assert (told.text, told.details, told.undoes, told.encounter) == ("", (), None, "")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(EncodeError, match="zone"):
        CrewEvent(
            event_id=UUID(int=1),
            kind="shock",
            at=NOON.replace(tzinfo=None),
            by="crew-11",
            vehicle_id="AMB-7",
        )


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("drug", "Adrenaline 1 mg IV", "Adrenaline 1 mg IV"),
        ("drug", "", "Drug given"),
        ("shock", "200 J", "Shock given: 200 J"),
        ("cpr_started", "", "CPR started"),
        ("lamp_lit", "", "lamp lit"),
        ("lamp_lit", "red", "lamp lit: red"),
    ],
)
def test_an_event_is_told_in_a_line(kind: str, text: str, words: str) -> None:
    assert event(kind, text).words == words


@pytest.mark.parametrize("kind", CrewEventKind)
def test_every_known_kind_has_words_of_its_own(kind: CrewEventKind) -> None:
    assert event(kind).words[0].isupper() or event(kind).words[0].isdigit()
    assert "_" not in event(kind).words


def test_the_pieces_of_a_file_have_identities_of_their_own() -> None:
    first, second = (
        AttachmentPart(attachment_id=UUID(int=9), part=part, parts=2, octets=b"x")
        for part in range(2)
    )
    assert first.part_id != second.part_id
    assert first.part_id == UUID("16c1fdf1-8f88-5ede-a381-e7b0bc5c1ae0")


@pytest.mark.parametrize("part", [-1, 2])
def test_a_piece_is_one_of_the_pieces(part: int) -> None:
    with pytest.raises(EncodeError, match="part"):
        AttachmentPart(attachment_id=UUID(int=9), part=part, parts=2, octets=b"")
