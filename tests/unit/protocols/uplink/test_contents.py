"""Between the model and the wire records: nothing is lost, the impossible is refused."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings

from protocols.errors import DecodeError
from protocols.model import observation as obs
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.device import DeviceInfo
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink import records as rec
from protocols.uplink.contents import from_content, naming_of, shortened, to_content
from protocols.uplink.messages import Content
from tests.fixtures import strategies

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
COMMON = rec.CommonRecord(
    UUID(int=7), 150456, rec.TimeRecord(NOON, "received"), b"\x11\x33\x55\x77", 0x4000
)


class Common(TypedDict):
    """What every observation has."""

    observation_id: UUID
    type: MdcCode
    observed_at: ObservedTime
    device: SystemId


WAVE = obs.SampleArrayObservation(
    observation_id=UUID(int=7),
    type=MdcCode(2, 258),
    observed_at=ObservedTime(NOON, TimeQuality.RECEIVED),
    device=SystemId(b"ECG12345"),
    samples=struct.pack("<3i", -0x8000, 0, 0x7FFF),
    scale=Decimal("0.0025"),
    offset=Decimal(0),
    period_us=2000,
    unit=UnitCode(4274),
)


@given(strategies.observations | strategies.devices | strategies.by_hand)
@settings(max_examples=100)
def test_every_content_comes_back_as_it_was(content: Content) -> None:
    assert from_content(to_content(content)) == content
    named = from_content(to_content(content), naming_of(content))
    assert (named, naming_of(named)) == (content, naming_of(content))


def test_each_kind_of_content_is_one_record() -> None:
    common: Common = {
        "observation_id": UUID(int=7),
        "type": MdcCode(2, 19384),
        "observed_at": ObservedTime(NOON, TimeQuality.DEVICE, DeviceTime.relative(8)),
        "device": SystemId(b"OX123456"),
    }
    percent = Quantity(Decimal(98), UnitCode(544))
    contents: dict[type[rec.ContentRecord], Content] = {
        rec.NumericRecord: obs.NumericObservation(value=percent, **common),
        rec.CompoundRecord: obs.CompoundNumericObservation(
            components=((MdcCode(2, 18949), percent),), **common
        ),
        rec.SamplesRecord: WAVE,
        rec.CodedRecord: obs.CodedObservation(value=MdcCode(8, 1), **common),
        rec.BitsRecord: obs.BitsObservation(bits=0x8000, width=16, **common),
        rec.TextRecord: obs.TextObservation(text="asystole", **common),
        rec.DeviceRecord: DeviceInfo(
            system_id=SystemId(b"OX123456"), specializations=((MdcCode(8, 4100), 1),)
        ),
        rec.CrewEventRecord: CrewEvent(
            event_id=UUID(int=5), kind="note", at=NOON, by="crew-11", vehicle_id="AMB-7", text="x"
        ),
        rec.AttachmentPartRecord: AttachmentPart(
            attachment_id=UUID(int=8), part=0, parts=1, octets=b"x"
        ),
    }
    for kind, content in contents.items():
        record = to_content(content)
        assert type(record) is kind
        assert from_content(record) == content


def test_samples_that_fit_travel_in_two_octets_and_others_in_four() -> None:
    narrow, wide = to_content(WAVE), to_content(replace(WAVE, samples=struct.pack("<i", 0x8000)))
    assert isinstance(narrow, rec.SamplesRecord)
    assert isinstance(wide, rec.SamplesRecord)
    assert (narrow.width, narrow.samples) == (2, struct.pack("<3h", -0x8000, 0, 0x7FFF))
    assert (wide.width, wide.samples) == (4, struct.pack("<i", 0x8000))
    assert from_content(narrow) == WAVE
    assert from_content(wide) == replace(WAVE, samples=struct.pack("<i", 0x8000))


@pytest.mark.parametrize("special", SpecialValue)
def test_a_special_value_travels_by_its_name(special: SpecialValue) -> None:
    record = rec.NumericRecord(COMMON, rec.QuantityRecord(special.value, 544))
    observation = from_content(record)
    assert isinstance(observation, obs.NumericObservation)
    assert observation.value == Quantity(special, UnitCode(544))
    assert to_content(observation) == record


@pytest.mark.parametrize("text", ["", "x", "1E99999999999999999999", "Infinity", "NaN1", "sNaN"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="number"):
        from_content(rec.NumericRecord(COMMON, rec.QuantityRecord(text, 544)))


@pytest.mark.parametrize(("width", "octets"), [(2, 3), (4, 6), (3, 6), (0, 4), (-2, 4)])
def test_samples_that_are_not_whole_are_refused(width: int, octets: int) -> None:
    record = rec.SamplesRecord(COMMON, bytes(octets), width, "1", "0", 2000, 4274)
    with pytest.raises(DecodeError, match="not whole"):
        from_content(record)


@pytest.mark.parametrize(
    "change",
    [
        {"status": 0x0001},
        {"time": rec.TimeRecord(NOON, "guessed")},
        {"time": rec.TimeRecord(NOON, "device", "absolute", "yesterday")},
        {"device": b""},
        {"type_cf": -1},
        {"supplements": (1 << 32,)},
    ],
    ids=["status", "quality", "stamp", "system id", "type", "supplement"],
)
def test_what_every_observation_has_is_checked(change: dict[str, object]) -> None:
    common = msgspec.structs.replace(COMMON, **change)
    with pytest.raises(DecodeError):
        from_content(rec.TextRecord(common, "asystole"))


def test_samples_take_two_octets_where_all_of_them_fit() -> None:
    assert shortened(struct.pack("<3i", -0x8000, 0, 0x7FFF)) == struct.pack(
        "<3h", -0x8000, 0, 0x7FFF
    )
    assert shortened(struct.pack("<2i", 0, 0x8000)) is None
    assert shortened(struct.pack("<2i", 0, -0x8001)) is None
    assert shortened(b"") == b""
