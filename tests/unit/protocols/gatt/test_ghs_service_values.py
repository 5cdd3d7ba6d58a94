"""What a Generic Health Sensor says of itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import DecodeError
from protocols.gatt.base import AnyCharacteristic
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.ghs_service_values import (
    CONTROL_POINT,
    FEATURES,
    SCHEDULE_CHANGED,
    SECURITY_LEVELS,
    GhsControl,
    GhsFeatures,
    GhsOpCode,
    ObservationSchedule,
    SecurityLevels,
    ValidRange,
    read_valid_range,
    write_valid_range,
)
from protocols.model.codes import MdcCode
from tests.unit.protocols.gatt.ghs_examples import CELSIUS, TEMPERATURE
from tests.unit.protocols.gatt.link import NOW, transcriber

OXIMETER = (MdcCode(8, 4100), 1)


@pytest.mark.parametrize(
    ("characteristic", "record", "text"),
    [
        (CONTROL_POINT, GhsControl(GhsOpCode.START_LIVE_OBSERVATIONS), "01"),
        (FEATURES, GhsFeatures((TEMPERATURE,)), "00 01 5C4B0200"),
        (FEATURES, GhsFeatures((TEMPERATURE,), (OXIMETER,)), "01 01 5C4B0200 01 0410 01"),
        (
            SCHEDULE_CHANGED,
            ObservationSchedule(TEMPERATURE, Decimal(1), Decimal(60)),
            "5C4B0200 01000000 3C000000",
        ),
        (SECURITY_LEVELS, SecurityLevels(((1, 3), (1, 4))), "0103 0104"),
    ],
    ids=["control", "features", "specialized", "schedule", "levels"],
)
def test_values_read_and_write_as_published(
    characteristic: AnyCharacteristic, record: object, text: str
) -> None:
    octets = bytes.fromhex(text)
    assert characteristic.decode(octets) == record
    assert characteristic.encode(record) == octets
    with pytest.raises(DecodeError, match="GHSS"):
        characteristic.decode(octets[:-1])


def test_a_valid_range_is_the_value_of_a_descriptor() -> None:
    record = ValidRange(
        type=TEMPERATURE,
        unit=CELSIUS,
        lower=Decimal(30),
        upper=Decimal(43),
        accuracy=Decimal("0.1"),
    )
    writer = FieldWriter(clause="GHSS")
    write_valid_range(record, writer)
    assert read_valid_range(FieldReader(writer.octets, clause="GHSS")) == record


def test_specializations_become_part_of_what_is_known_of_the_device() -> None:
    draft = transcriber().begin(utc=NOW)
    transcribe = FEATURES.transcribe
    assert transcribe is not None
    transcribe(GhsFeatures((TEMPERATURE,)), draft)
    assert draft.finish().device is None
    transcribe(GhsFeatures((TEMPERATURE,), (OXIMETER,)), draft)
    device = draft.finish().device
    assert device is not None
    assert device.specializations == (OXIMETER,)
