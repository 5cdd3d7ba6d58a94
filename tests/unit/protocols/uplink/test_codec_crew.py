"""What the crew did, on the wire: pinned octets that every later gateway and cloud must read."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from protocols.errors import DecodeError
from protocols.model.crew import AttachmentPart, CrewEvent, CrewEventKind
from protocols.uplink import codec
from protocols.uplink.messages import Content, UplinkBatch, UplinkRow

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DRUG = CrewEvent(
    event_id=UUID(int=5),
    kind=CrewEventKind.DRUG,
    at=NOON,
    by="crew-11",
    vehicle_id="AMB-7",
    text="Adrenaline 1 mg IV",
    details=(("drug", "adrenaline"), ("dose", "1"), ("unit", "mg")),
    encounter="enc_1",
)
UNDONE = CrewEvent(
    event_id=UUID(int=6),
    kind=CrewEventKind.UNDONE,
    at=NOON,
    by="crew-12",
    vehicle_id="AMB-7",
    undoes=UUID(int=5),
)
PIECE = AttachmentPart(attachment_id=UUID(int=8), part=1, parts=3, octets=b"\xff\xd8\xff")
GOLDEN: dict[str, tuple[Content, str]] = {
    "drug": (
        DRUG,
        "9303d6ff6b042ac09aa178d92430303030303030302d303030302d303030302d303030302d303030"
        "303030303030303035a464727567d6ff6b042ac0a7637265772d3131a5414d422d37b2416472656e"
        "616c696e652031206d672049569392a464727567aa616472656e616c696e6592a4646f7365a13192"
        "a4756e6974a26d67c0a5656e635f31",
    ),
    "undone": (
        UNDONE,
        "9303d6ff6b042ac09aa178d92430303030303030302d303030302d303030302d303030302d303030"
        "303030303030303036a6756e646f6e65d6ff6b042ac0a7637265772d3132a5414d422d37a090d924"
        "30303030303030302d303030302d303030302d303030302d303030303030303030303035a0",
    ),
    "piece": (
        PIECE,
        "9303d6ff6b042ac095a170d92430303030303030302d303030302d303030302d303030302d303030"
        "3030303030303030380103c403ffd8ff",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_pinned_octets_are_written_and_read(name: str) -> None:
    content, octets = GOLDEN[name]
    row = UplinkRow(sequence=3, captured_at=NOON, content=content)
    # Since rows may say where their octets are kept, they are written with a fourth, empty field.
    assert codec.encode_row(row).hex() == f"94{octets[2:]}a0"
    assert codec.decode_row(bytes.fromhex(octets)) == row


def test_a_kind_nobody_knows_here_is_kept_as_its_word() -> None:
    octets = codec.encode_row(UplinkRow(sequence=3, captured_at=NOON, content=UNDONE))
    content = codec.decode_row(octets.replace(b"\xa6undone", b"\xa6danced")).content
    assert isinstance(content, CrewEvent)
    assert content.kind == "danced"


def test_a_piece_that_is_none_of_the_whole_is_refused() -> None:
    octets = codec.encode_row(UplinkRow(sequence=3, captured_at=NOON, content=PIECE))
    assert octets.count(b"\x01\x03\xc4") == 1
    with pytest.raises(DecodeError, match="part"):
        codec.decode_row(octets.replace(b"\x01\x03\xc4", b"\x03\x03\xc4"))


def test_an_event_without_a_zone_is_named_and_its_neighbour_is_kept() -> None:
    batch = UplinkBatch(
        batch_id=UUID(int=1),
        gateway_id="gw_1",
        vehicle_id="AMB-7",
        stream="events",
        boot_epoch=3,
        sent_at=NOON,
        rows=tuple(
            UplinkRow(sequence=place, captured_at=NOON, content=event)
            for place, event in enumerate((DRUG, UNDONE))
        ),
    )
    octets = codec.encode_batch_json(batch)
    zoned, naive = b'"undone","2026-11-23T12:00:00Z"', b'"undone","2026-11-23T12:00:00"'
    read = codec.decode_batch_json(octets.replace(zoned, naive))
    assert [row.content for row in read.rows] == [DRUG]
    assert read.unreadable == (1,)
