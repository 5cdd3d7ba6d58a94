"""Weights, with the body mass index and height of whoever the scale knows."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt import terms
from protocols.gatt.fields import DateTime
from protocols.gatt.weight_scale import (
    FEATURE,
    MEASUREMENT,
    PROFILE,
    BodyMassIndex,
    WeightMeasurement,
    WeightScaleFeature,
)
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity, SpecialValue
from tests.unit.protocols.gatt.link import few, say
from tests.unit.protocols.gatt.records import TIME, U8, U16, maybe

# A capture of a Beurer BF720, published with its weight and height.
BEURER = "0ef446ea0708161033 01 02 3a01 a406"


def test_a_scale_that_knows_its_user_gives_weight_index_and_height() -> None:
    transcript = say(PROFILE, MEASUREMENT, BEURER)
    values = {
        item.type: item.value
        for item in transcript.observations
        if isinstance(item, NumericObservation)
    }
    assert values == {
        terms.BODY_WEIGHT: Quantity(Decimal("90.820"), terms.KILOGRAM),
        terms.BODY_MASS_INDEX: Quantity(Decimal("31.4"), terms.KILOGRAM_PER_SQUARE_METRE),
        terms.BODY_HEIGHT: Quantity(Decimal("170.0"), terms.CENTIMETRE),
    }
    assert len(transcript.warnings) == 1
    stamp = transcript.observations[0].observed_at.device_time
    assert stamp is not None
    assert stamp.value == "2026-08-22T16:51:01.00"


def test_an_imperial_scale_keeps_its_units() -> None:
    record = WeightMeasurement(
        weight=Decimal("154.32"),
        is_imperial=True,
        index=BodyMassIndex(bmi=Decimal("23.1"), height=Decimal("68.9")),
    )
    weight, _, height = say(PROFILE, MEASUREMENT, MEASUREMENT.encode(record).hex()).observations
    assert isinstance(weight, NumericObservation)
    assert isinstance(height, NumericObservation)
    assert weight.value == Quantity(Decimal("154.32"), terms.POUND)
    assert height.value == Quantity(Decimal("68.9"), terms.INCH)


def test_a_weighing_that_failed_is_absent_data() -> None:
    (weight,) = say(PROFILE, MEASUREMENT, "00ffff").observations
    assert isinstance(weight, NumericObservation)
    assert weight.value.value is SpecialValue.NAN


def test_values_are_written_back() -> None:
    record = MEASUREMENT.decode(bytes.fromhex(BEURER))
    assert record.time == DateTime(2026, 8, 22, 16, 51, 1)
    assert MEASUREMENT.encode(record) == bytes.fromhex(BEURER)
    assert MEASUREMENT.encode(MEASUREMENT.decode(bytes.fromhex("00f446"))).hex() == "00f446"
    feature = WeightScaleFeature(0x1234)
    assert FEATURE.decode(FEATURE.encode(feature)) == feature


@given(
    steps=U16,
    is_imperial=st.booleans(),
    time=maybe(TIME),
    user=maybe(U8),
    index=maybe(st.tuples(U16, U16)),
)
@few
def test_every_measurement_is_written_back(
    steps: int,
    is_imperial: bool,
    time: DateTime | None,
    user: int | None,
    index: tuple[int, int] | None,
) -> None:
    step = Decimal("0.01" if is_imperial else "0.005")
    record = WeightMeasurement(
        weight=SpecialValue.NAN if steps == 0xFFFF else steps * step,
        is_imperial=is_imperial,
        time=time,
        user=user,
        index=index
        and BodyMassIndex(bmi=index[0] * Decimal("0.1"), height=index[1] * Decimal("0.1")),
    )
    assert MEASUREMENT.decode(MEASUREMENT.encode(record)) == record


def test_a_weight_tells_its_units() -> None:
    metric, imperial = MEASUREMENT.decode(b"\x00\x10\x27"), MEASUREMENT.decode(b"\x01\x10\x27")
    assert (metric.unit, metric.length_unit) == (terms.KILOGRAM, terms.CENTIMETRE)
    assert (imperial.unit, imperial.length_unit) == (terms.POUND, terms.INCH)
