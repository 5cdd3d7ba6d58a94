"""Numbers, times and reports survive a round over the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import EncodeError
from protocols.ieee20601.report_building import Entry, fixed_report, variable_report
from protocols.mder.numbers import (
    decode_float,
    decode_sfloat,
    encode_float,
    encode_sfloat,
    float_from_raw,
    float_to_raw,
)
from protocols.mder.times import AbsoluteTime
from protocols.model.observation import NumericObservation
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.reports import read_built

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
SCALE = STANDARD_CONFIGURATIONS[0x05DC]
readings = st.decimals(min_value=0, max_value=200, places=1)
local_times = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))  # noqa: DTZ001  # device times


@given(st.integers(0, 0xFFFFFFFF))
def test_every_float_code_is_written_back_as_it_was(raw: int) -> None:
    assert float_to_raw(float_from_raw(raw)) == raw


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_rounded_number_is_within_half_a_step_of_the_exact_one(value: Decimal) -> None:
    for encode, decode in ((encode_float, decode_float), (encode_sfloat, decode_sfloat)):
        try:
            read = decode(encode(value))
        except EncodeError:
            assert abs(value) > Decimal("2E10")
            continue
        assert isinstance(read, Decimal)
        exponent = read.as_tuple().exponent
        assert isinstance(exponent, int)
        assert 2 * abs(read - value) <= Decimal(1).scaleb(exponent)


@given(readings)
def test_a_reading_with_one_decimal_keeps_its_digits(value: Decimal) -> None:
    assert str(decode_sfloat(encode_sfloat(value))) == str(value)


@given(local_times)
def test_a_time_keeps_its_hundredths(at: datetime) -> None:
    read = AbsoluteTime.of(at).at
    assert read == at.replace(microsecond=at.microsecond // 10_000 * 10_000)


@given(readings, readings, local_times)
def test_a_report_says_what_it_was_built_from(
    saturation: Decimal, pulse: Decimal, at: datetime
) -> None:
    entries = [
        Entry(handle=1, value=saturation, stamp=at),
        Entry(handle=10, value=pulse, stamp=at),
    ]
    for report in (fixed_report(OXIMETER, entries), variable_report(OXIMETER, entries)):
        observations = read_built(report, OXIMETER).observations
        numbers = [
            str(item.value.number) for item in observations if isinstance(item, NumericObservation)
        ]
        assert numbers == [str(saturation), str(pulse)]


@given(st.decimals(min_value=0, max_value=300, places=2))
def test_a_weight_keeps_both_decimals(value: Decimal) -> None:
    report = fixed_report(SCALE, [Entry(handle=1, value=value, stamp=None)])
    (observation,) = read_built(report, SCALE).observations
    assert isinstance(observation, NumericObservation)
    assert str(observation.value.number) == str(value)
