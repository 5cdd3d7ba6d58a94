"""Glucose contexts: every optional field, by hand from the service's layout."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt import glucose_terms as terms
from protocols.gatt.glucose_context import (
    CONTEXT,
    Carbohydrate,
    Exercise,
    GlucoseContext,
    Medication,
    transcribe_context,
)
from protocols.gatt.transcriber import Transcript
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import CodedObservation, NumericObservation
from protocols.nomenclature import units
from tests.unit.protocols.gatt.link import NOW, few, transcriber

WHOLE = bytes.fromhex(
    "DF 0700 00"  # every field, sequence number 7, extended flags
    "01 2DD0"  # breakfast, 45 x 10^-3 kg
    "02"  # after the meal
    "51"  # tested by oneself, no health issues
    "100E 32"  # 3,600 s of exercise at 50 %
    "01 0CA0"  # rapid acting insulin, 12 x 10^-6 kg
    "43F0"  # HbA1c 6.7 %
)


def told(record: GlucoseContext) -> Transcript:
    draft = transcriber().begin(utc=NOW, stored=True)
    transcribe_context(record, draft)
    return draft.finish()


def test_every_field_is_read_and_written() -> None:
    record = CONTEXT.decode(WHOLE)
    assert record == GlucoseContext(
        sequence_number=7,
        extended_flags=0,
        carbohydrate=Carbohydrate(1, Decimal("0.045")),
        meal=2,
        tester=1,
        health=5,
        exercise=Exercise(3600, 50),
        medication=Medication(1, Decimal("0.000012"), in_litres=False),
        hba1c=Decimal("6.7"),
    )
    assert CONTEXT.encode(record) == WHOLE


def test_every_field_becomes_a_finding_of_its_own() -> None:
    transcript = told(CONTEXT.decode(WHOLE))
    assert transcript.warnings == ()
    numbers = {
        o.type: (str(o.value.value), o.value.unit)
        for o in transcript.observations
        if isinstance(o, NumericObservation)
    }
    assert numbers == {
        MdcCode(128, 29160): ("45", terms.GRAMS),
        terms.EXERCISE: ("50", units.PERCENT),
        MdcCode(128, 29192): ("12", units.MILLIGRAMS),
        terms.HBA1C: ("6.7", units.PERCENT),
    }
    codes = {o.type: o.value for o in transcript.observations if isinstance(o, CodedObservation)}
    assert codes == {
        terms.MEAL: MdcCode(128, 29264),
        terms.TESTER: MdcCode(128, 29280),
        terms.HEALTH: MdcCode(128, 29232),
    }


def test_a_medicine_in_litres_is_told_in_millilitres() -> None:
    record = CONTEXT.decode(bytes.fromhex("30 0700 02 05D0"))
    assert record.medication == Medication(2, Decimal("0.005"), in_litres=True)
    (observation,) = told(record).observations
    assert isinstance(observation, NumericObservation)
    assert (str(observation.value.value), observation.value.unit) == ("5", units.MILLILITRES)
    assert CONTEXT.encode(record) == bytes.fromhex("30 0700 02 05D0")


def test_nothing_but_a_number_says_nothing() -> None:
    record = CONTEXT.decode(bytes.fromhex("00 0700"))
    assert told(record).observations == ()
    assert CONTEXT.encode(record) == bytes.fromhex("00 0700")


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (GlucoseContext(sequence_number=1, meal=9), "meal"),
        (GlucoseContext(sequence_number=1, tester=9), "tester"),
        (GlucoseContext(sequence_number=1, health=9), "health"),
        (GlucoseContext(sequence_number=1, carbohydrate=Carbohydrate(9, Decimal(1))), "carbo"),
        (
            GlucoseContext(sequence_number=1, medication=Medication(9, Decimal(1), in_litres=True)),
            "medication",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_reserved_codes_are_said_and_not_guessed(record: GlucoseContext, name: str) -> None:
    transcript = told(record)
    assert transcript.observations == ()
    assert name in transcript.warnings[0]


def test_not_available_is_no_fault() -> None:
    assert told(GlucoseContext(sequence_number=1, tester=15, health=15)).warnings == ()


def test_an_exercise_longer_than_the_field_keeps_its_intensity() -> None:
    transcript = told(GlucoseContext(sequence_number=1, exercise=Exercise(0xFFFF, 20)))
    assert len(transcript.observations) == 1
    assert transcript.warnings == ("an exercise longer than the meter can say",)


@pytest.mark.parametrize("cut", range(1, 17))
def test_a_context_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(DecodeError, match="GLS"):
        CONTEXT.decode(WHOLE[:-cut])


nibble = st.integers(0, 15)
amount = st.integers(-2045, 2045).map(lambda n: Decimal(n).scaleb(-3))


@given(
    st.builds(
        GlucoseContext,
        sequence_number=st.integers(0, 0xFFFF),
        extended_flags=st.none() | st.integers(0, 255),
        carbohydrate=st.none() | st.builds(Carbohydrate, st.integers(0, 255), amount),
        meal=st.none() | st.integers(0, 255),
        exercise=st.none() | st.builds(Exercise, st.integers(0, 0xFFFF), st.integers(0, 255)),
        medication=st.none() | st.builds(Medication, st.integers(0, 255), amount, st.booleans()),
        hba1c=st.none() | amount,
    ),
    st.none() | st.tuples(nibble, nibble),
)
@few
def test_what_is_written_is_read_back(
    record: GlucoseContext, people: tuple[int, int] | None
) -> None:
    if people is not None:
        record = dataclasses.replace(record, tester=people[0], health=people[1])
    assert CONTEXT.decode(CONTEXT.encode(record)) == record


@pytest.mark.parametrize(("in_litres", "unit"), [(True, units.LITRES), (False, units.KILOGRAMS)])
def test_a_medication_tells_its_unit(in_litres: bool, unit: UnitCode) -> None:
    assert Medication(1, Decimal("0.001"), in_litres).unit == unit
