"""How a manager sets the clock of its device: Set-Time, or Set-Base-Offset-Time (20601 7.4.2).

Only where the device can be set (set-clock) and asks its manager to (mds-time-mgr-set-time), and
only by a manager that knows what time it is: a device's clock may be the better one. What
was stored before stays on the device's earlier timeline; `device_clock` goes on reading it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from protocols.errors import LocalProtocolError
from protocols.ieee20601.events import ClockSet
from protocols.ieee20601.manager_reports import ManagerReports
from protocols.ieee20601.policies import ClockSetting
from protocols.ieee20601.remote_operations import RoivConfirmedAction, RorsConfirmedAction
from protocols.ieee20601.requests import set_base_offset_time_request, set_time_request
from protocols.ieee20601.time_info import CalendarClock, clock_to_set
from protocols.model.clock_mapping import DeviceStamp
from protocols.model.timestamps import DeviceTime

_HUNDREDTH_US: Final = 10_000


class ManagerClock(ManagerReports):
    """The part of a manager that sets clocks."""

    def _is_clock_to_set(self, now: float) -> bool:
        """Whether the policy asks to set the device's clock now, and the device too."""
        clock = self._associated().clock
        which = clock_to_set(clock.info)
        if which is None or self._policy.clock_setting is ClockSetting.NEVER:
            return False
        if not self._policy.knows_time():
            return False
        utc = self._utc(now)
        shown = clock.shows(which, utc)
        most = timedelta(seconds=self._policy.clock_tolerance_seconds)
        return shown is None or abs(shown - self._right_time(which, utc)) > most

    def _set_time(self, now: float, *, then: Callable[[float], None]) -> int:
        """Ask the device to take our time, go on with `then`; the invoke id.

        Raises LocalProtocolError when the device does not let its manager set a clock.
        """
        which = clock_to_set(self._associated().clock.info)
        if which is None:
            raise LocalProtocolError("the device does not let its manager set its clock")
        utc = self._utc(now)
        new = self._right_time(which, utc)
        return self._ask(
            self._message_to_set(which, new),
            RorsConfirmedAction,
            what="SetTime",
            seconds=self._policy.timeouts.action,
            answered=partial(self._time_was_set, which, new, utc, then),
            refused=then,
            now=now,
        )

    def _time_was_set(
        self,
        which: CalendarClock,
        new: datetime,
        utc: datetime,
        then: Callable[[float], None],
        _answer: RorsConfirmedAction,
        now: float,
    ) -> None:
        association = self._associated()
        old = association.clock.shows(which, utc)
        association.clock = association.clock.was_read(which, new, utc=utc)
        self._emit(
            ClockSet(
                old=None if old is None else self._as_kept(which, old),
                new=self._as_kept(which, new),
                offset=None if old is None else new - old,
            )
        )
        then(now)

    def _right_time(self, which: CalendarClock, utc: datetime) -> datetime:
        """What the clock should show: local time of our zone, or UTC; hundredths of a second."""
        zone = self._policy.zone if which is CalendarClock.ABSOLUTE else UTC
        right = utc.astimezone(zone).replace(tzinfo=None)
        return right.replace(microsecond=right.microsecond // _HUNDREDTH_US * _HUNDREDTH_US)

    def _message_to_set(self, which: CalendarClock, new: datetime) -> RoivConfirmedAction:
        if which is CalendarClock.ABSOLUTE:
            return set_time_request(new)
        return set_base_offset_time_request(new, self._offset_at(new))

    def _as_kept(self, which: CalendarClock, shown: datetime) -> DeviceTime:
        if which is CalendarClock.ABSOLUTE:
            return DeviceTime.absolute(shown)
        return DeviceStamp.of_utc(shown, offset=self._offset_at(shown)).kept

    def _offset_at(self, utc: datetime) -> timedelta:
        """Our zone's offset at a naive UTC time."""
        local = utc.replace(tzinfo=UTC).astimezone(self._policy.zone)
        return local.utcoffset() or timedelta(0)
