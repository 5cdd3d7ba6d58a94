"""What gateway and cloud say: rows with a key of their own, batches that may be repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from protocols.model.codes import MdcCode, SystemId
from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.device import DeviceInfo
from protocols.model.observation import MeasurementStatus, TextObservation
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.messages import (
    RejectedRow,
    UplinkAck,
    UplinkBatch,
    UplinkRow,
    batch_name,
    identity_of,
)
from protocols.uplink.reading_columns import ReadingMoments, Readings
from protocols.uplink.readings import ReadingSeries

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def row(sequence: int) -> UplinkRow:
    content = DeviceInfo(system_id=SystemId(b"OX123456"))
    return UplinkRow(sequence=sequence, captured_at=NOON, content=content)


def test_a_repeated_batch_is_the_same_and_a_writer_leaves_nothing_unreadable() -> None:
    first, again = (
        UplinkBatch(
            batch_id=UUID(int=1),
            gateway_id="gw_1",
            vehicle_id="A-12",
            stream="numerics",
            boot_epoch=3,
            sent_at=NOON,
            rows=(row(1), row(2)),
        )
        for _ in range(2)
    )
    assert first == again
    assert first.unreadable == ()
    assert len({*first.rows, *again.rows}) == 2


def test_an_acknowledgement_rejects_nothing_unless_it_says_so() -> None:
    plain = UplinkAck(batch_id=UUID(int=1), stored=2, repeated=0)
    assert plain.rejected == ()
    refusal = (RejectedRow(sequence=2, reason="unreadable_row"),)
    assert plain != UplinkAck(batch_id=UUID(int=1), stored=2, repeated=0, rejected=refusal)


def test_a_repeat_is_known_by_its_identity_and_a_description_has_none() -> None:
    event = CrewEvent(event_id=UUID(int=5), kind="shock", at=NOON, by="crew-11", vehicle_id="AMB-7")
    piece = AttachmentPart(attachment_id=UUID(int=8), part=0, parts=1, octets=b"")
    reading = TextObservation(
        observation_id=UUID(int=6),
        type=MdcCode(2, 102),
        observed_at=ObservedTime(NOON, TimeQuality.RECEIVED),
        device=SystemId(b"OX123456"),
        text="asystole",
    )
    assert identity_of(event) == UUID(int=5)
    assert identity_of(piece) == piece.part_id
    assert identity_of(reading) == UUID(int=6)
    assert identity_of(row(1).content) is None


def test_a_batchs_name_follows_from_its_stretch_of_the_stream() -> None:
    name = batch_name("numerics", 3, [4, 5, 9])
    assert name == batch_name("numerics", 3, [4, 7, 9]), "of the same stretch the same"
    others = [
        batch_name("waveforms", 3, [4, 5, 9]),
        batch_name("numerics", 4, [4, 5, 9]),
        batch_name("numerics", 3, [4, 5]),
        batch_name("numerics", 3, [4, 9]),
        batch_name("numerics", 3, []),
    ]
    assert len({name, *others}) == 6


def test_what_is_left_in_columns_counts_and_can_be_made_rows() -> None:
    series = ReadingSeries(
        kind="n",
        device=SystemId(b"OX123456"),
        type=MdcCode(2, 19384),
        status=MeasurementStatus.VALID,
        quality=TimeQuality.RECEIVED,
        device_kind="",
        parts=((0, 544, -1, ""),),
    )
    readings = Readings(
        series=(series,),
        moments=ReadingMoments(
            captured=np.array([to_microseconds(NOON)]),
            observed=np.array([to_microseconds(NOON)]),
            series_of=np.array([0]),
            stamps=("",),
        ),
        values=((0, (975,)),),
        value_of=np.array([0]),
        moment_of=np.array([0]),
        sequences=np.array([1]),
        ids=UUID(int=7).bytes,
        places=("1@0+9",),
    )
    mixed = UplinkBatch(
        batch_id=UUID(int=1),
        gateway_id="gw_1",
        vehicle_id="A-12",
        stream="numerics",
        boot_epoch=3,
        sent_at=NOON,
        rows=(row(2),),
        readings=readings,
    )
    assert (mixed.count, mixed.sequences) == (2, [2, 1])
    first, second = mixed.in_rows().rows
    assert (first.sequence, first.captured_at, first.octets) == (1, NOON, "1@0+9")
    assert second == row(2)
    assert mixed.in_rows().in_rows() == mixed.in_rows()
