"""Which sequences of one stream are known: stretches without a hole, in order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from protocols.uplink.whole_numbers import to_numbers


@dataclass(slots=True)
class Sequences:
    """A set of whole numbers from 1 on, kept as stretches `[first, last]`."""

    stretches: list[list[int]] = field(default_factory=list)

    def __contains__(self, number: int) -> bool:
        """Whether a sequence is known."""
        place = bisect_right(self.stretches, number, key=lambda one: one[0]) - 1
        return place >= 0 and number <= self.stretches[place][1]

    def unknown(self, numbers: Sequence[int]) -> list[int]:
        """The places of the numbers that are not known."""
        if not numbers:
            return []
        least, most = min(numbers), max(numbers)
        end = bisect_right(self.stretches, most, key=lambda one: one[0])
        if end == 0 or self.stretches[end - 1][1] < least:
            return list(range(len(numbers)))
        if self.stretches[end - 1][0] <= least and most <= self.stretches[end - 1][1]:
            return []
        return [place for place, number in enumerate(numbers) if number not in self]

    def add(self, numbers: Iterable[int]) -> None:
        """Some more, in any order; known ones change nothing."""
        ordered = np.unique(to_numbers(list(numbers)))
        if not ordered.size:
            return
        ends = np.flatnonzero(np.diff(ordered) > 1)
        firsts = ordered[np.concatenate(([0], ends + 1))].tolist()
        lasts = ordered[np.append(ends, ordered.size - 1)].tolist()
        for first, last in zip(firsts, lasts, strict=True):
            self.add_stretch(first, last)

    def add_stretch(self, first: int, last: int) -> None:
        """All from `first` to `last`."""
        start = bisect_right(self.stretches, first - 1, key=lambda one: one[1] + 1)
        if start and self.stretches[start - 1][1] + 1 >= first:
            start -= 1
        end = bisect_right(self.stretches, last + 1, key=lambda one: one[0])
        if start < end:
            first = min(first, self.stretches[start][0])
            last = max(last, self.stretches[end - 1][1])
        self.stretches[start:end] = [[first, last]]

    def known_below(self, number: int) -> int:
        """How many sequences from 1 up to `number`, without it, are known."""
        return sum(
            max(0, min(last, number - 1) - max(first, 1) + 1) for first, last in self.stretches
        )

    @property
    def through(self) -> int:
        """The last of the first stretch if that begins at 1 or before, else 0."""
        if self.stretches and self.stretches[0][0] <= 1:
            return self.stretches[0][1]
        return 0
