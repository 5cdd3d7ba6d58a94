"""A histogram of delays that takes many equal ones at once: rows of one moment have one delay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class DelayHistogram(Collector):
    """Delays in seconds by buckets, whose upper ends these are; the last one has none."""

    def __init__(
        self, name: str, words: str, *, buckets: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._name = name
        self._words = words
        self._ends = tuple(buckets)
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0
        self._lock = Lock()
        registry.register(self)

    def observe(self, seconds: NDArray[np.float64], times: NDArray[np.int64]) -> None:
        """Some delays, each with how often it was seen."""
        counts = np.bincount(
            np.searchsorted(self._ends, seconds), weights=times, minlength=len(self._ends) + 1
        )
        with self._lock:
            for place, seen in enumerate(counts.tolist()):
                self._counts[place] += int(seen)
            self._sum += float(seconds @ times)

    def collect(self) -> Iterator[Metric]:
        """As Prometheus reads it: each bucket counts the smaller ones too."""
        with self._lock:
            counts, total = list(accumulate(self._counts)), self._sum
        ends = [*map(floatToGoString, self._ends), "+Inf"]
        buckets = list(zip(ends, map(float, counts), strict=True))
        yield HistogramMetricFamily(self._name, self._words, buckets=buckets, sum_value=total)
