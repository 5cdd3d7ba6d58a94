"""Columns of numbers are exact, whatever their size."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.uplink.whole_numbers import (
    SURE,
    is_wide,
    magnitude,
    summable,
    to_numbers,
    widened,
)


@given(st.lists(st.integers(-(2**64), 2**64), max_size=20))
@settings(max_examples=60)
def test_sums_are_exact(values: list[int]) -> None:
    sums = np.cumsum(summable(to_numbers(values))).tolist()
    assert sums == [sum(values[: end + 1]) for end in range(len(values))]


def test_only_what_needs_it_is_wide() -> None:
    assert not is_wide(to_numbers([-(2**63), 2**63 - 1]))
    assert is_wide(to_numbers([2**63]))
    assert is_wide(widened([1]))
    assert not is_wide(summable(to_numbers([1, -1])))
    assert is_wide(summable(to_numbers([2**62, 2**62])))


def test_a_magnitude_forgets_the_signs() -> None:
    assert magnitude(to_numbers([3, -4])) == 7
    assert magnitude(to_numbers([2**61])) >= SURE
