"""Whether the arrays of a waveform follow each other, by the stamps of their first samples.

Each array ends where the next of the same object begins. More than half a sample period between
them (and more than the stamps can tell apart) are samples that never came, or came twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from protocols.ieee20601.events import SamplesMissed, SamplesOverlapping
from protocols.model.observation import SampleArrayObservation
from protocols.model.timestamps import TimeQuality

_STAMP_STEP: Final = timedelta(milliseconds=10)
"""An absolute time counts hundredths of a second."""
_STAMP_STEP_BACK: Final = -_STAMP_STEP
_LONGEST_GAP: Final = timedelta(hours=1)
"""After more than this the waveform began anew: a pause, or a clock that was set."""


class SampleGaps:
    """Where each object's last array ended; one time for each handle, no more."""

    def __init__(self) -> None:
        self._ends: dict[int, datetime] = {}

    def follow(
        self, handle: int, array: SampleArrayObservation
    ) -> SamplesMissed | SamplesOverlapping | None:
        """Take the next array of an object; what is wrong between it and the one before.

        An array without a time of the device's own says nothing, and ends what was followed.
        """
        expected = self._ends.pop(handle, None)
        observed = array.observed_at
        if observed.quality is not TimeQuality.DEVICE or array.period_us <= 0:
            return None
        self._ends[handle] = observed.at + timedelta(0, 0, array.count * array.period_us)
        if expected is None:
            return None
        gap = observed.at - expected
        if _STAMP_STEP_BACK <= gap <= _STAMP_STEP:
            return None  # as nearly always: nothing has to be worked out
        period = timedelta(microseconds=array.period_us)
        if abs(gap) > _LONGEST_GAP or abs(gap) <= period / 2 + _STAMP_STEP:
            return None
        count = round(abs(gap) / period)
        return (
            SamplesMissed(handle, count)
            if gap > timedelta(0)
            else SamplesOverlapping(handle, count)
        )

    def restart(self) -> None:
        """Begin anew: the device's clock was read again, its stamps may have moved."""
        self._ends.clear()
