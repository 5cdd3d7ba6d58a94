"""A histogram of delays that takes many equal ones at once: rows of one moment have one delay."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import accumulate
from threading import Lock

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

    def observe(self, delays: Iterable[tuple[timedelta, int]]) -> None:
        """Some delays, each with how often it was seen."""
        with self._lock:
            for delay, times in delays:
                seconds = delay.total_seconds()
                self._counts[bisect_left(self._ends, seconds)] += times
                self._sum += seconds * times

    def collect(self) -> Iterator[Metric]:
        """As Prometheus reads it: each bucket counts the smaller ones too."""
        with self._lock:
            counts, total = list(accumulate(self._counts)), self._sum
        ends = [*map(floatToGoString, self._ends), "+Inf"]
        buckets = list(zip(ends, map(float, counts), strict=True))
        yield HistogramMetricFamily(self._name, self._words, buckets=buckets, sum_value=total)
