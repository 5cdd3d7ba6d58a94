"""Body composition: fields in their order, each with its own unit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt import terms
from protocols.gatt.body_composition import (
    FEATURE,
    MEASUREMENT,
    PROFILE,
    BodyCompositionFeature,
    BodyCompositionMeasurement,
)
from protocols.gatt.fields import DateTime
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity, SpecialValue
from protocols.nomenclature.lookup import find, ucum
from tests.unit.protocols.gatt.link import few, say
from tests.unit.protocols.gatt.records import U16, maybe

FULL = BodyCompositionMeasurement(
    body_fat=Decimal("21.3"),
    has_more=True,
    time=DateTime(2026, 8, 22, 16, 51, 1),
    user=2,
    basal_metabolism=Decimal(7_531_000),
    muscle_percentage=Decimal("41.2"),
    muscle_mass=Decimal("37.415"),
    fat_free_mass=Decimal("71.475"),
    soft_lean_mass=Decimal("67.900"),
    body_water_mass=Decimal("52.300"),
    impedance=Decimal("498.7"),
    weight=Decimal("90.820"),
    height=Decimal("170.0"),
)


def test_every_field_has_its_type_and_its_unit() -> None:
    transcript = say(PROFILE, MEASUREMENT, MEASUREMENT.encode(FULL).hex())
    values = [
        (item.type, item.value)
        for item in transcript.observations
        if isinstance(item, NumericObservation)
    ]
    assert values == [
        (terms.BODY_FAT, Quantity(Decimal("21.3"), terms.PERCENT)),
        (terms.BASAL_METABOLISM, Quantity(Decimal(7_531_000), terms.JOULE)),
        (terms.BODY_MUSCLE, Quantity(Decimal("41.2"), terms.PERCENT)),
        (terms.MUSCLE_MASS, Quantity(Decimal("37.415"), terms.KILOGRAM)),
        (terms.FAT_FREE_MASS, Quantity(Decimal("71.475"), terms.KILOGRAM)),
        (terms.SOFT_LEAN_MASS, Quantity(Decimal("67.900"), terms.KILOGRAM)),
        (terms.BODY_WATER, Quantity(Decimal("52.300"), terms.KILOGRAM)),
        (terms.BODY_IMPEDANCE, Quantity(Decimal("498.7"), terms.OHM)),
        (terms.BODY_WEIGHT, Quantity(Decimal("90.820"), terms.KILOGRAM)),
        (terms.BODY_HEIGHT, Quantity(Decimal("170.0"), terms.CENTIMETRE)),
    ]
    assert len(transcript.warnings) == 1


def test_the_octets_are_in_the_order_of_the_document() -> None:
    assert MEASUREMENT.encode(FULL) == bytes.fromhex(
        "fe1f d500 ea070816103301 02 6b1d 9c01 3b1d d737 0c35 dc28 7b13 f446 a406"
    )


def test_a_plain_failed_measurement_is_absent_data() -> None:
    (fat,) = say(PROFILE, MEASUREMENT, "0100ffff").observations
    assert isinstance(fat, NumericObservation)
    assert fat.value.value is SpecialValue.NAN


def test_values_are_written_back() -> None:
    assert MEASUREMENT.decode(MEASUREMENT.encode(FULL)) == FULL
    imperial = BodyCompositionMeasurement(
        body_fat=SpecialValue.NAN, is_imperial=True, weight=Decimal("154.32")
    )
    assert MEASUREMENT.decode(MEASUREMENT.encode(imperial)) == imperial
    feature = BodyCompositionFeature(0x1234)
    assert FEATURE.decode(FEATURE.encode(feature)) == feature


@given(
    fat=U16,
    is_imperial=st.booleans(),
    has_more=st.booleans(),
    mass=maybe(U16),
    tenths=maybe(U16),
    energy=maybe(U16),
)
@few
def test_every_measurement_is_written_back(
    fat: int,
    is_imperial: bool,
    has_more: bool,
    mass: int | None,
    tenths: int | None,
    energy: int | None,
) -> None:
    step = Decimal("0.01" if is_imperial else "0.005")
    record = BodyCompositionMeasurement(
        body_fat=SpecialValue.NAN if fat == 0xFFFF else fat * Decimal("0.1"),
        is_imperial=is_imperial,
        has_more=has_more,
        basal_metabolism=None if energy is None else Decimal(energy * 1000),
        soft_lean_mass=None if mass is None else mass * step,
        impedance=None if tenths is None else tenths * Decimal("0.1"),
    )
    assert MEASUREMENT.decode(MEASUREMENT.encode(record)) == record


def test_the_nomenclature_lets_every_value_have_its_unit() -> None:
    for is_imperial in (False, True):
        record = replace(FULL, is_imperial=is_imperial)
        for item in say(PROFILE, MEASUREMENT, MEASUREMENT.encode(record).hex()).observations:
            assert isinstance(item, NumericObservation)
            term = find(item.type)
            assert term is not None
            assert ucum(item.value.unit) in term.units


def test_a_composition_tells_its_units() -> None:
    metric = BodyCompositionMeasurement(body_fat=Decimal("20.0"))
    imperial = replace(metric, is_imperial=True)
    assert (metric.unit, metric.length_unit) == (terms.KILOGRAM, terms.CENTIMETRE)
    assert (imperial.unit, imperial.length_unit) == (terms.POUND, terms.INCH)
