"""Temperatures and where they are taken."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt import terms
from protocols.gatt.fields import DateTime
from protocols.gatt.thermometer import (
    INTERMEDIATE,
    INTERVAL,
    MEASUREMENT,
    PROFILE,
    TYPE,
    TYPES,
    MeasurementInterval,
    TemperatureMeasurement,
    TemperatureType,
)
from protocols.model.codes import UnitCode
from protocols.model.observation import MeasurementStatus, NumericObservation
from protocols.model.quantity import Quantity
from protocols.nomenclature.lookup import find
from tests.unit.protocols.gatt.link import NOW, few, say, session
from tests.unit.protocols.gatt.records import FLOAT, TIME, U8, maybe

FINGER = "06b00e00fedc070c050b321b04"


def test_a_temperature_keeps_its_digits_and_its_site() -> None:
    (observation,) = say(PROFILE, MEASUREMENT, FINGER).observations
    assert isinstance(observation, NumericObservation)
    assert observation.type == TYPES[4]
    assert str(observation.value.value) == "37.60"
    assert observation.value.unit == terms.CELSIUS
    assert observation.observed_at.device_time is not None
    assert observation.observed_at.device_time.value == "2012-12-05T11:50:27.00"


def test_a_measurement_without_its_site_octet_is_refused() -> None:
    with pytest.raises(DecodeError):
        MEASUREMENT.decode(bytes.fromhex(FINGER)[:-1])


def test_the_site_the_device_gave_holds_for_measurements_without_one() -> None:
    thermometer = session(PROFILE)
    (before,) = thermometer.value_received(
        MEASUREMENT.uuid, bytes.fromhex("00b00e00fe"), utc=NOW
    ).observations
    assert before.type == terms.TEMPERATURE_BODY
    assert thermometer.value_received(TYPE.uuid, b"\x09", utc=NOW).observations == ()
    (after,) = thermometer.value_received(
        MEASUREMENT.uuid, bytes.fromhex("00b00e00fe"), utc=NOW
    ).observations
    assert after.type == TYPES[9]


def test_a_site_without_a_row_is_a_body_temperature_and_is_said() -> None:
    record = TemperatureMeasurement(temperature=Decimal("98.6"), in_fahrenheit=True, type=77)
    transcript = say(PROFILE, MEASUREMENT, MEASUREMENT.encode(record).hex())
    (observation,) = transcript.observations
    assert isinstance(observation, NumericObservation)
    assert observation.type == terms.TEMPERATURE_BODY
    assert observation.value == Quantity(Decimal("98.6"), terms.FAHRENHEIT)
    assert len(transcript.warnings) == 1


def test_a_temperature_on_the_way_is_an_ongoing_measurement() -> None:
    (observation,) = say(PROFILE, INTERMEDIATE, "00b00e00fe").observations
    assert observation.status is MeasurementStatus.ONGOING


def test_the_interval_says_nothing_of_the_patient() -> None:
    assert say(PROFILE, INTERVAL, "3c00").observations == ()
    assert INTERVAL.decode(INTERVAL.encode(MeasurementInterval(60))) == MeasurementInterval(60)
    assert TYPE.decode(TYPE.encode(TemperatureType(77))) == TemperatureType(77)


def test_every_site_has_a_term_of_its_own() -> None:
    assert len(set(TYPES.values())) == len(TYPES)
    assert [number for number, code in TYPES.items() if find(code) is None] == []


def test_a_full_measurement_is_written_back() -> None:
    record = MEASUREMENT.decode(bytes.fromhex(FINGER))
    assert record.time == DateTime(2012, 12, 5, 11, 50, 27)
    assert MEASUREMENT.encode(record).hex() == FINGER
    bare = TemperatureMeasurement(temperature=Decimal("37.60"))
    assert MEASUREMENT.encode(bare).hex() == "00b00e00fe"


@given(
    record=st.builds(
        TemperatureMeasurement,
        temperature=FLOAT,
        in_fahrenheit=st.booleans(),
        time=maybe(TIME),
        type=maybe(U8),
    )
)
@few
def test_every_measurement_is_written_back(record: TemperatureMeasurement) -> None:
    assert MEASUREMENT.decode(MEASUREMENT.encode(record)) == record


@pytest.mark.parametrize(("flags", "unit"), [("00", terms.CELSIUS), ("01", terms.FAHRENHEIT)])
def test_a_temperature_tells_its_unit(flags: str, unit: UnitCode) -> None:
    assert MEASUREMENT.decode(bytes.fromhex(flags + "6c0100ff")).unit == unit
