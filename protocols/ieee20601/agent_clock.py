"""A device's clock with its two faces: local calendar time and base-offset time.

    clock = AgentClock(mds)
    clock.local(utc) -> naive local time, None without a clock
    clock.base_offset(utc) -> BaseOffsetTime, None without that face
    clock.set_local(at, utc=utc); clock.set_base_offset(time, utc=utc)     a manager sets it

Setting moves what is shown from then on; stamps already written stay in the old timeline.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from protocols.ieee20601.attribute_values import BaseOffsetTime, MdsTimeInfo
from protocols.ieee20601.device_clock import base_offset_utc
from protocols.ieee20601.policies import MdsDescription

_EPOCH_1900: Final = datetime(1900, 1, 1)  # noqa: DTZ001  # BaseOffsetTime's own timeline
_REAL_TIME_CLOCK: Final = 0x8000
_SETS_CLOCK: Final = 0x4000
_BASE_OFFSET: Final = 0x0100
_MANAGER_SETS_TIME: Final = 0x0010
_NOT_SYNCHRONISED: Final = 7936
"""MDC_TIME_SYNC_NONE of partition 8."""


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
        since = local - timedelta(minutes=self._offset_minutes) - _EPOCH_1900
        seconds = since // timedelta(seconds=1)
        return BaseOffsetTime(
            seconds, since.microseconds * 65536 // 1_000_000, self._offset_minutes
        )

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
        capability = _REAL_TIME_CLOCK
        if self._offset_minutes is not None:
            capability |= _BASE_OFFSET
        if self.can_be_set:
            capability |= _SETS_CLOCK | _MANAGER_SETS_TIME
        return MdsTimeInfo(
            capability=capability,
            sync=_NOT_SYNCHRONISED,
            accuracy=0,
            absolute_resolution=1,
            relative_resolution=0,
            high_resolution=0,
        )
