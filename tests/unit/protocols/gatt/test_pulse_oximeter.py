"""Oximeter values: three responses, two statuses, and a clock that may never have been set."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt import terms
from protocols.gatt.fields import DateTime
from protocols.gatt.pulse_oximeter import (
    CONTINUOUS,
    FEATURES,
    PROFILE,
    SPOT_CHECK,
    Oxygenation,
    PlxContinuous,
    PlxFeatures,
    PlxSpotCheck,
)
from protocols.model.observation import BitsObservation, MeasurementStatus, NumericObservation
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.gatt.link import few, say
from tests.unit.protocols.gatt.records import SFLOAT, TIME, U16, U24, maybe

CHOICEMMED = "1761006000e10701010122132000200000"
PAIR = st.builds(Oxygenation, SFLOAT, SFLOAT)


def test_a_spot_check_is_a_saturation_and_a_pulse_of_the_spot_modality() -> None:
    spo2, pulse = say(PROFILE, SPOT_CHECK, "0062004000").observations
    assert isinstance(spo2, NumericObservation)
    assert isinstance(pulse, NumericObservation)
    assert (spo2.type, pulse.type) == (terms.SPO2, terms.PULSE_RATE_OXIMETER)
    assert spo2.value == Quantity(Decimal(98), terms.PERCENT)
    assert pulse.value == Quantity(Decimal(64), terms.BEATS_PER_MINUTE)
    assert spo2.supplements == pulse.supplements == (terms.SPOT,)


def test_a_stamp_of_a_clock_that_was_never_set_is_kept_and_not_believed() -> None:
    spo2, _, status = say(PROFILE, SPOT_CHECK, CHOICEMMED).observations
    assert spo2.status is MeasurementStatus.ONGOING
    assert spo2.observed_at.quality is TimeQuality.RECEIVED
    assert spo2.observed_at.device_time is not None
    assert spo2.observed_at.device_time.value == "2017-01-01T01:34:19.00"
    assert isinstance(status, BitsObservation)
    assert (status.type, status.bits, status.width) == (terms.OXIMETER_STATUS, 0x20, 16)


def test_a_record_of_the_device_s_memory_is_a_stored_one() -> None:
    record = PlxSpotCheck(
        reading=Oxygenation(Decimal(98), SpecialValue.NAN),
        time=DateTime(2026, 6, 1, 8, 0, 0),
        measurement_status=0x4200,
    )
    spo2, pulse = say(PROFILE, SPOT_CHECK, SPOT_CHECK.encode(record).hex()).observations
    assert spo2.observed_at.quality is TimeQuality.UNKNOWN
    assert spo2.status is MeasurementStatus.QUESTIONABLE
    assert isinstance(pulse, NumericObservation)
    assert pulse.value.value is SpecialValue.NAN


def test_continuous_values_carry_their_response_as_supplement() -> None:
    record = PlxContinuous(
        normal=Oxygenation(Decimal(97), Decimal(60)),
        fast=Oxygenation(Decimal(96), Decimal(61)),
        slow=Oxygenation(Decimal(98), Decimal(59)),
        measurement_status=0x0120,
        device_status=0x8000,
        pulse_amplitude_index=Decimal("1.4"),
    )
    observations = say(PROFILE, CONTINUOUS, CONTINUOUS.encode(record).hex()).observations
    assert [item.supplements for item in observations] == [
        (),
        (),
        (terms.FAST,),
        (terms.FAST,),
        (terms.SLOW,),
        (terms.SLOW,),
        (),
        (),
    ]
    assert {item.status for item in observations} == {MeasurementStatus.ONGOING}
    amplitude, status = observations[-2:]
    assert isinstance(amplitude, NumericObservation)
    assert amplitude.value == Quantity(Decimal("1.4"), terms.PERCENT)
    assert isinstance(status, BitsObservation)
    assert status.bits == 0x8000


def test_a_plain_continuous_value_is_two_numbers() -> None:
    plain = PlxContinuous(normal=Oxygenation(Decimal(97), Decimal(60)))
    assert CONTINUOUS.decode(CONTINUOUS.encode(plain)) == plain
    assert len(say(PROFILE, CONTINUOUS, CONTINUOUS.encode(plain).hex()).observations) == 2


def test_features_carry_what_their_bits_announce() -> None:
    full = PlxFeatures(features=0x0F, measurement_status=0xFFE0, device_status=0xFFFF)
    assert FEATURES.encode(full) == bytes.fromhex("0f00e0ffffff00")
    assert FEATURES.decode(FEATURES.encode(full)) == full
    assert FEATURES.decode(bytes.fromhex("0c00")) == PlxFeatures(features=0x0C)
    assert FEATURES.encode(PlxFeatures(features=0x0F)) == bytes.fromhex("0c00")


def test_a_full_spot_check_is_written_back() -> None:
    record = PlxSpotCheck(
        reading=Oxygenation(Decimal("97.5"), Decimal(60)),
        time=DateTime(2017, 1, 1, 1, 34, 19),
        clock_not_set=True,
        measurement_status=0x20,
        device_status=0x20,
        pulse_amplitude_index=Decimal("0.7"),
    )
    assert SPOT_CHECK.decode(SPOT_CHECK.encode(record)) == record
    bare = PlxSpotCheck(reading=record.reading)
    assert SPOT_CHECK.decode(SPOT_CHECK.encode(bare)) == bare


@given(
    record=st.builds(
        PlxSpotCheck,
        reading=PAIR,
        time=maybe(TIME),
        clock_not_set=st.booleans(),
        measurement_status=maybe(U16),
        device_status=maybe(U24),
        pulse_amplitude_index=maybe(SFLOAT),
    )
)
@few
def test_every_spot_check_is_written_back(record: PlxSpotCheck) -> None:
    assert SPOT_CHECK.decode(SPOT_CHECK.encode(record)) == record


@given(
    record=st.builds(
        PlxContinuous,
        normal=PAIR,
        fast=maybe(PAIR),
        slow=maybe(PAIR),
        measurement_status=maybe(U16),
        device_status=maybe(U24),
        pulse_amplitude_index=maybe(SFLOAT),
    )
)
@few
def test_every_continuous_value_is_written_back(record: PlxContinuous) -> None:
    assert CONTINUOUS.decode(CONTINUOUS.encode(record)) == record
