"""Integer lifting: reversible for any samples, and smaller for smooth ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.uplink.lifting import lift, lower


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=50))
@settings(max_examples=100)
def test_samples_come_back_as_they_were(values: list[int]) -> None:
    samples = np.array(values, np.int64)
    numbers = lift(samples)
    assert len(numbers) == len(samples)
    assert lower(numbers).tolist() == values


def test_a_straight_line_leaves_noughts_but_for_its_ends_and_its_slope() -> None:
    numbers = lift(np.arange(0, 160, 2))
    details, left = numbers[:60], numbers[60:]
    assert np.count_nonzero(details) <= 6
    assert set(left[3:-3].tolist()) == {8}


def test_noise_is_counted_once() -> None:
    noise = np.random.default_rng(5).normal(0, 20, 4000).astype(np.int64)
    assert np.abs(lift(noise)).mean() < 0.9 * np.abs(np.diff(noise)).mean()
