"""Integer lifting: reversible for any samples, and smaller for smooth ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.uplink.lifting import lift, lower, steps_of


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=50))
@settings(max_examples=100)
def test_samples_come_back_as_they_were(values: list[int]) -> None:
    samples = np.array(values, np.int64)
    numbers = lift(samples)
    assert len(numbers) == len(samples)
    assert lower(numbers).tolist() == values


@given(st.integers(0, 40), st.integers(1, 5))
@settings(max_examples=30)
def test_waveforms_of_one_length_are_lifted_together_as_each_alone(length: int, count: int) -> None:
    together = np.random.default_rng(length).integers(-9000, 9000, (count, length))
    assert lift(together).tolist() == [lift(alone).tolist() for alone in together]
    assert steps_of(together).tolist() == [np.diff(alone, prepend=0).tolist() for alone in together]


def test_a_straight_line_leaves_noughts_but_for_its_ends_and_its_slope() -> None:
    numbers = lift(np.arange(0, 160, 2))
    details, left = numbers[:60], numbers[60:]
    assert np.count_nonzero(details) <= 6
    assert set(left[3:-3].tolist()) == {8}


def test_noise_is_counted_once() -> None:
    noise = np.random.default_rng(5).normal(0, 20, 4000).astype(np.int64)
    assert np.abs(lift(noise)).mean() < 0.9 * np.abs(np.diff(noise)).mean()
