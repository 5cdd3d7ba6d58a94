"""A device's clock with its two faces: local calendar time and base-offset time.

    clock = AgentClock(mds)
    clock.local(utc) -> naive local time, None without a clock
    clock.base_offset(utc) -> BaseOffsetTime, None without that face
    clock.set_local(at, utc=utc); clock.set_base_offset(time, utc=utc)     a manager sets it

Setting moves what is shown from then on; stamps already written stay in the old timeline.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from protocols.ieee20601.attribute_values import BaseOffsetTime, MdsTimeInfo
from protocols.ieee20601.device_clock import base_offset_time, base_offset_utc
from protocols.ieee20601.policies import MdsDescription
from protocols.ieee20601.time_info import SYNC_NONE, TimeBits


class AgentClock:
    """What a device shows as its time, and how far its manager moved it."""

    def __init__(self, mds: MdsDescription) -> None:
        self._show = mds.clock
        self._offset_minutes = mds.offset_minutes
        self._can_be_set = mds.clock_can_be_set
        self._moved = timedelta(0)

    @property
    def moved(self) -> timedelta:
        """How far the clock was set ahead of what `MdsDescription.clock` shows."""
        return self._moved

    @property
    def can_be_set(self) -> bool:
        """Whether Set-Time is supported: there is a clock, and the device lets it be set."""
        return self._can_be_set and self._show is not None

    @property
    def can_be_set_with_offset(self) -> bool:
        """Whether Set-BO-Time is supported."""
        return self.can_be_set and self._offset_minutes is not None

    def local(self, utc: datetime) -> datetime | None:
        """The naive local time shown at the aware time `utc`."""
        return None if self._show is None else self._show(utc) + self._moved

    def base_offset(self, utc: datetime) -> BaseOffsetTime | None:
        """The same moment as base-offset time: what the device takes for UTC, and its zone."""
        local = self.local(utc)
        if local is None or self._offset_minutes is None:
            return None
        utc_shown = local - timedelta(minutes=self._offset_minutes)
        return base_offset_time(utc_shown, self._offset_minutes)

    def set_local(self, at: datetime, *, utc: datetime) -> None:
        """Show the naive local time `at` from the aware time `utc` on."""
        shown = self.local(utc)
        if shown is not None:
            self._moved += at - shown

    def set_base_offset(self, time: BaseOffsetTime, *, utc: datetime) -> None:
        """Show a base-offset time from `utc` on and keep its zone; an unknown time sets nothing."""
        base = base_offset_utc(time)
        if base is not None:
            self._offset_minutes = time.offset_minutes
            self.set_local(base + timedelta(minutes=time.offset_minutes), utc=utc)

    def time_info(self) -> MdsTimeInfo | None:
        """What the MDS says of its clock (MDC_ATTR_MDS_TIME_INFO); None without a clock."""
        if self._show is None:
            return None
        capability = TimeBits.REAL_TIME_CLOCK
        if self._offset_minutes is not None:
            capability |= TimeBits.BASE_OFFSET_TIME
        if self.can_be_set:
            capability |= TimeBits.SET_CLOCK | TimeBits.MANAGER_SETS_TIME
        return MdsTimeInfo(
            capability=int(capability),
            sync=SYNC_NONE,
            accuracy=0,
            absolute_resolution=1,
            relative_resolution=0,
            high_resolution=0,
        )
