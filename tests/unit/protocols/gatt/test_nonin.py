"""Nonin's private service."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.gatt import nonin, terms
from protocols.gatt.nonin import MEASUREMENT, NoninMeasurement
from protocols.model.observation import MeasurementStatus, NumericObservation
from protocols.model.quantity import SpecialValue
from tests.unit.protocols.gatt.link import few, say
from tests.vectors.own_private_services import NONIN, NONIN_SEARCHING


def numbers(octets: bytes) -> dict[object, object]:
    transcript = say(nonin.PROFILE, MEASUREMENT, octets.hex())
    assert all(isinstance(o, NumericObservation) for o in transcript.observations)
    return {
        o.type: o.value.value for o in transcript.observations if isinstance(o, NumericObservation)
    }


def test_a_second_is_saturation_rate_and_amplitude() -> None:
    assert numbers(NONIN) == {
        terms.SPO2: Decimal(97),
        terms.PULSE_RATE_OXIMETER: Decimal(72),
        terms.PERFUSION: Decimal("7.30"),
    }


def test_missing_values_are_absent_data_of_a_doubtful_second() -> None:
    transcript = say(nonin.PROFILE, MEASUREMENT, NONIN_SEARCHING.hex())
    assert numbers(NONIN_SEARCHING)[terms.SPO2] is SpecialValue.NAN
    assert numbers(NONIN_SEARCHING)[terms.PULSE_RATE_OXIMETER] is SpecialValue.NAN
    assert {o.status for o in transcript.observations} == {MeasurementStatus.QUESTIONABLE}
    assert transcript.warnings == ("the oximeter says that its battery is low",)


@pytest.mark.parametrize("text", ["", "0A", "09 01 1E 02DA 0011 61 00", "0B" + NONIN[1:].hex()])
def test_a_length_that_is_not_the_values_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="Nonin"):
        MEASUREMENT.decode(bytes.fromhex(text))


def test_a_longer_value_keeps_what_is_not_known() -> None:
    octets = b"\x0b" + NONIN[1:] + b"\xaa"
    record = MEASUREMENT.decode(octets)
    assert record.others == b"\xaa"
    assert MEASUREMENT.encode(record) == octets


def test_a_number_that_does_not_fit_has_no_wire_form() -> None:
    record = MEASUREMENT.decode(NONIN)
    too_large = NoninMeasurement(
        status=0, battery_decivolts=0, pulse_amplitude=1 << 16, seconds=0, spo2=1, pulse_rate=1
    )
    assert MEASUREMENT.encode(record) == NONIN
    with pytest.raises(EncodeError, match="Nonin"):
        MEASUREMENT.encode(too_large)


@given(
    st.builds(
        NoninMeasurement,
        status=st.integers(0, 255),
        battery_decivolts=st.integers(0, 255),
        pulse_amplitude=st.integers(0, 0xFFFF),
        seconds=st.integers(0, 0xFFFF),
        spo2=st.none() | st.integers(0, 100),
        pulse_rate=st.none() | st.integers(0, 325),
        others=st.binary(max_size=3),
    )
)
@few
def test_what_is_written_is_read_back(record: NoninMeasurement) -> None:
    assert MEASUREMENT.decode(MEASUREMENT.encode(record)) == record
