"""When reports came, were stored and confirmed, kept until a batch takes their rows to the cloud.

Only where tracing is wished; the book is bounded, and what falls out of it is merely not traced.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

MOST_OBSERVATIONS: Final = 4096


@dataclass(slots=True)
class ReportTimes:
    """One report's way to the disk, in monotonic seconds. `confirmed` is 0.0 until it was."""

    received: float
    decoded: float
    durable: float
    confirmed: float = 0.0


@dataclass(slots=True)
class ReportTraces:
    """The times of each observation's report, by observation id."""

    _by_id: OrderedDict[UUID, ReportTimes] = field(default_factory=OrderedDict)

    def note(self, observation_ids: Iterable[UUID], times: ReportTimes) -> None:
        """A report's observations are durable."""
        for observation_id in observation_ids:
            self._by_id[observation_id] = times
        while len(self._by_id) > MOST_OBSERVATIONS:
            self._by_id.popitem(last=False)

    def take(self, observation_ids: Iterable[UUID]) -> Sequence[ReportTimes]:
        """The reports these observations came in, each once; they leave the book."""
        found: dict[int, ReportTimes] = {}
        for observation_id in observation_ids:
            times = self._by_id.pop(observation_id, None)
            if times is not None:
                found[id(times)] = times
        return tuple(found.values())
