"""Readings are bound by stretches as each would be by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.observations.recording import Bound
from cloud.core.observations.stretches import bind_stretches
from protocols.uplink.device_stamps import EPOCH

SECONDS = st.lists(st.integers(-50, 50), max_size=40)


@dataclass(slots=True)
class Cut:
    """A binding that changes at these seconds; it counts what it is asked."""

    edges: list[int]
    asked: list[datetime] = field(default_factory=list)

    def __call__(self, device_id: str, observed_at: datetime) -> Bound:
        self.asked.append(observed_at)
        return Bound(f"{device_id}-{self._place(observed_at)}")

    def expect(self, device_ids: Iterable[str]) -> None:
        assert set(device_ids) <= {"dev"}

    def is_steady(self, device_id: str, since: datetime, until: datetime) -> bool:
        assert device_id == "dev"
        return self._place(since) == self._place(until)

    def _place(self, at: datetime) -> int:
        return sum(EPOCH + timedelta(seconds=edge) <= at for edge in self.edges)


@settings(max_examples=60, deadline=None)
@given(edges=SECONDS, seconds=SECONDS)
def test_each_reading_is_bound_as_by_itself(edges: list[int], seconds: list[int]) -> None:
    cut = Cut(edges)
    bounds, bound_of = bind_stretches(cut, "dev", np.array(seconds, np.int64) * 1_000_000)
    alone = [cut("dev", EPOCH + timedelta(seconds=one)) for one in seconds]
    assert [bounds[place] for place in bound_of] == alone


def test_a_steady_stretch_is_asked_once() -> None:
    cut = Cut([5])
    bind_stretches(cut, "dev", np.arange(1000, dtype=np.int64) * 10_000)
    assert len(cut.asked) < 20
    cut.asked.clear()
    bind_stretches(cut, "dev", np.arange(400, dtype=np.int64) * 10_000)
    assert len(cut.asked) == 1
