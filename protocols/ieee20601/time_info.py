"""What an agent can do with its clocks and what state they are in (20601 MDS-Time-Info).

The bits of MdsTimeCapState, and the questions a manager asks of them. Bits 7 and 12 to 15 came
with base-offset time.
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import Final

from protocols.ieee20601.attribute_values import MdsTimeInfo

SYNC_NONE: Final = 7936
"""MDC_TIME_SYNC_NONE of partition 8: the clock follows nothing."""


class TimeBits(IntFlag):
    """MdsTimeCapState; bit 0 is the highest."""

    REAL_TIME_CLOCK = 0x8000
    SET_CLOCK = 0x4000
    RELATIVE_TIME = 0x2000
    HIGH_RESOLUTION_TIME = 0x1000
    SYNC_ABSOLUTE = 0x0800
    SYNC_RELATIVE = 0x0400
    SYNC_HIGH_RESOLUTION = 0x0200
    BASE_OFFSET_TIME = 0x0100
    ABSOLUTE_SYNCED = 0x0080
    RELATIVE_SYNCED = 0x0040
    HIGH_RESOLUTION_SYNCED = 0x0020
    MANAGER_SETS_TIME = 0x0010
    SYNC_BASE_OFFSET = 0x0008
    BASE_OFFSET_SYNCED = 0x0004
    BASE_OFFSET_UTC_ALIGNED = 0x0002
    DST_RULES_ENABLED = 0x0001


class CalendarClock(Enum):
    """The two clocks of a device that show a date; the value is the name for a person."""

    ABSOLUTE = "absolute time"
    BASE_OFFSET = "base-offset time"


def is_synchronised(info: MdsTimeInfo | None, clock: CalendarClock) -> bool:
    """Whether the device says that this clock follows an outside source.

    Base-offset time counts only while it is aligned to UTC. A device that names no source
    (time-sync-protocol none) contradicts itself and is not believed.
    """
    needed = TimeBits.ABSOLUTE_SYNCED
    if clock is CalendarClock.BASE_OFFSET:
        needed = TimeBits.BASE_OFFSET_SYNCED | TimeBits.BASE_OFFSET_UTC_ALIGNED
    return info is not None and info.sync != SYNC_NONE and info.capability & needed == needed


def clock_to_set(info: MdsTimeInfo | None) -> CalendarClock | None:
    """Which clock the device asks its manager to set, None for none.

    Both the capability (set-clock) and the state (mds-time-mgr-set-time) must say so. A device
    with base-offset time is set in it.
    """
    needed = TimeBits.SET_CLOCK | TimeBits.MANAGER_SETS_TIME
    if info is None or info.capability & needed != needed:
        return None
    if info.capability & TimeBits.BASE_OFFSET_TIME:
        return CalendarClock.BASE_OFFSET
    return CalendarClock.ABSOLUTE if info.capability & TimeBits.REAL_TIME_CLOCK else None
