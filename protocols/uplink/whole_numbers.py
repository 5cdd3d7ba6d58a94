"""Columns of whole numbers: of 64 bits where they are sure to fit, else of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
"""Whole numbers. Where 64 bits may not hold them they are Python's own, and counted as exactly."""
Places = NDArray[np.intp]
"""Places in another column."""

SURE: Final = 2.0**61
"""Numbers whose magnitudes add up to less are added and subtracted in 64 bits."""


def to_numbers(values: Sequence[int]) -> Numbers:
    """A column of these."""
    try:
        return np.array(values, np.int64)
    except OverflowError:
        return widened(values)


def widened(values: Sequence[int] | Numbers) -> Numbers:
    """A column that holds numbers of any size."""
    return cast("Numbers", np.array(values, object))


def is_wide(numbers: Numbers) -> bool:
    """Whether it may hold more than 64 bits."""
    return numbers.dtype == object


def magnitude(numbers: Numbers) -> float:
    """About what the magnitudes add up to."""
    return float(np.abs(numbers.astype(np.float64)).sum())


def summable(numbers: Numbers) -> Numbers:
    """The column, widened where its sums may need more than 64 bits."""
    return numbers if magnitude(numbers) < SURE else widened(numbers)
