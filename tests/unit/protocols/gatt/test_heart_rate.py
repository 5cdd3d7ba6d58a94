"""Heart rates: no contact is no rate, and intervals are exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt import terms
from protocols.gatt.heart_rate import (
    CONTROL_POINT,
    LOCATION,
    MEASUREMENT,
    PROFILE,
    BodySensorLocation,
    HeartRateCommand,
    HeartRateMeasurement,
    SensorContact,
)
from protocols.model.observation import MeasurementStatus, NumericObservation
from protocols.model.quantity import Quantity, SpecialValue
from tests.unit.protocols.gatt.link import few, say
from tests.unit.protocols.gatt.records import U16, maybe


def values(octets: str) -> list[Quantity]:
    observations = say(PROFILE, MEASUREMENT, octets).observations
    return [item.value for item in observations if isinstance(item, NumericObservation)]


def test_a_plain_rate_is_a_number() -> None:
    assert MEASUREMENT.decode(b"\x00\x55").contact is SensorContact.NOT_SUPPORTED
    assert values("0055") == [Quantity(Decimal(85), terms.BEATS_PER_MINUTE)]


def test_without_contact_there_is_no_rate_whatever_the_number_is() -> None:
    (observation,) = say(PROFILE, MEASUREMENT, "04ff").observations
    assert isinstance(observation, NumericObservation)
    assert observation.value.value is SpecialValue.NAN
    assert observation.status is MeasurementStatus.NOT_AVAILABLE


def test_energy_and_intervals_follow_the_rate() -> None:
    rate, energy, interval = values("1e5532002100")
    assert rate.value == 85
    assert energy == Quantity(Decimal(50_000), terms.JOULE)
    assert interval == Quantity(Decimal("32.2265625"), terms.MILLISECOND)


def test_several_intervals_are_several_observations_with_ids_of_their_own() -> None:
    observations = say(PROFILE, MEASUREMENT, "1055000400020001").observations
    assert len(observations) == 4
    assert len({item.observation_id for item in observations}) == 4


def test_a_full_energy_counter_is_no_energy() -> None:
    assert len(values("0855ffff")) == 1


def test_half_an_interval_is_refused() -> None:
    with pytest.raises(DecodeError):
        MEASUREMENT.decode(bytes.fromhex("1055000400"))


def test_wide_rates_and_every_contact_are_written_back() -> None:
    for contact in SensorContact:
        for rate in (60, 300):
            record = HeartRateMeasurement(
                rate=rate, contact=contact, energy=50, rr_intervals=(1024, 1000)
            )
            assert MEASUREMENT.decode(MEASUREMENT.encode(record)) == record
    plain = HeartRateMeasurement(rate=60)
    assert MEASUREMENT.encode(plain) == b"\x00\x3c"


def test_location_and_command_survive_as_numbers() -> None:
    assert LOCATION.decode(LOCATION.encode(BodySensorLocation(9))) == BodySensorLocation(9)
    assert CONTROL_POINT.encode(HeartRateCommand()) == b"\x01"
    assert CONTROL_POINT.decode(b"\x02") == HeartRateCommand(2)


@given(
    record=st.builds(
        HeartRateMeasurement,
        rate=U16,
        contact=st.sampled_from(SensorContact),
        energy=maybe(U16),
        rr_intervals=st.lists(U16, max_size=9).map(tuple),
    )
)
@few
def test_every_measurement_is_written_back(record: HeartRateMeasurement) -> None:
    assert MEASUREMENT.decode(MEASUREMENT.encode(record)) == record
