"""What the crew did waits like a reading: once, whole, and under its own identity."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.rows import identity_in, is_repeat, measured_in, says_the_same
from edge.pipeline.duplicates import OnceOnly
from protocols.model.crew import AttachmentPart, CrewEvent
from tests.unit.edge.making import NOON, device_info, spo2

SHOCK = CrewEvent(event_id=UUID(int=5), kind="shock", at=NOON, by="crew-11", vehicle_id="AMB-7")
PIECE = AttachmentPart(attachment_id=UUID(int=8), part=0, parts=2, octets=b"\xff\xd8")
POLICY = BufferPolicy(max_bytes=4 << 20, disk_reserve_bytes=0)


async def test_a_button_pressed_twice_waits_once_and_comes_back_as_it_was(tmp_path: Path) -> None:
    buffer = ObservationBuffer()
    await buffer.open(tmp_path, policy=POLICY, vehicle_id="AMB-7")
    try:
        first = await OnceOnly(buffer).append([SHOCK, PIECE, SHOCK])
        again = await buffer.append([PIECE, SHOCK])
        claims = [await buffer.claim(limit=10, octets=1 << 16) for _ in range(2)]
    finally:
        await buffer.close()
    assert (first.stored, first.repeated) == (2, 1)
    assert (again.stored, again.repeated) == (0, 2)
    assert [claim.rows[0].content for claim in claims if claim] == [SHOCK, PIECE]


def test_two_deeds_of_one_identity_are_a_repeat_only_when_they_say_the_same() -> None:
    later = replace(SHOCK, at=NOON + timedelta(seconds=1))
    assert is_repeat(SHOCK, replace(SHOCK))
    assert not is_repeat(SHOCK, later)
    assert not is_repeat(spo2(1), SHOCK)
    held, repeat = (pack_rows([one], captured_at=NOON).rows[0].body for one in (SHOCK, later))
    assert not says_the_same(held, repeat)


def test_what_has_no_time_of_its_own_is_measured_at_none() -> None:
    piece, device, shock = (
        row.body for row in pack_rows([PIECE, device_info(), SHOCK], captured_at=NOON).rows
    )
    assert measured_in(piece) == measured_in(device) == measured_in(b"\xff") == 0
    assert measured_in(shock) > 0
    assert identity_in(shock) == SHOCK.event_id.bytes
    assert identity_in(device) is identity_in(b"\xff") is None
