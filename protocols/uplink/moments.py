"""The times of a batch's rows: written as what differs from each device's even course, and read.

Rows of one device with the same times share a moment. A device that measures once a second by its
own clock costs next to nothing; what its report's way to the disk took is all that is new.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import gcd
from statistics import median_low
from typing import Final

from protocols.uplink import records as rec
from protocols.uplink.columns import DeviceColumns, MomentColumns
from protocols.uplink.device_stamps import ABSOLUTE, BASE_OFFSET, to_microseconds

CALENDARS: Final = frozenset({ABSOLUTE, BASE_OFFSET})


@dataclass(slots=True)
class Moment:
    """Captured and observed in microseconds since 1970, `stamp` the device's own time."""

    device: int
    captured: int
    at: int
    stamp: int
    rows: int = 1


@dataclass(slots=True)
class _Course:
    """Where one device's next moment is expected; `at` and `step` in the batch's unit."""

    step: int
    stamp_step: int
    at: int
    stamp: int

    @classmethod
    def to(cls, at: int, step: int, stamp: int, stamp_step: int) -> _Course:
        """A course that expects `at` and `stamp` first."""
        return cls(step, stamp_step, at - step, stamp - stamp_step if step else stamp)

    def expected_at(self) -> int:
        """One step on."""
        return self.at + self.step

    def expected_stamp(self, at: int) -> int:
        """The device's time as it would be at `at`, had it kept step."""
        moved = (at - self.at) * self.stamp_step // self.step if self.step else 0
        return self.stamp + moved


@dataclass(slots=True)
class MomentWriter:
    """Takes the rows' times in their order."""

    _devices: dict[bytes, int] = field(default_factory=dict)
    _kept: list[Moment] = field(default_factory=list)
    _of_device: list[list[Moment]] = field(default_factory=list)
    _kinds: list[str] = field(default_factory=list)
    _last: tuple[object, ...] = ()

    def device(self, system_id: bytes) -> int:
        """The number of a device in this batch."""
        return self._devices.setdefault(system_id, len(self._devices))

    def add(self, device: int, captured_at: datetime, time: rec.TimeRecord, stamp: int) -> bool:
        """One row more of a device; True when it begins a moment."""
        key = (device, captured_at, time)
        if key == self._last:
            self._kept[-1].rows += 1
            return False
        self._last = key
        if device == len(self._kinds):
            self._kinds.append(time.device_kind)
            self._of_device.append([])
        moment = Moment(device, to_microseconds(captured_at), to_microseconds(time.at), stamp)
        self._kept.append(moment)
        self._of_device[device].append(moment)
        return True

    def again(self) -> None:
        """One row more of the moment that `add` was called for last."""
        self._kept[-1].rows += 1

    def columns(self, sent_at: int) -> tuple[tuple[DeviceColumns, ...], MomentColumns]:
        """The devices' courses and the moments' differences from them."""
        times = (time for one in self._kept for time in (one.at, one.captured))
        unit = gcd(sent_at, *times) or 1
        courses = [_course_of(moments, unit) for moments in self._of_device]
        lags = [
            min((one.captured - one.at) // unit for one in moments) for moments in self._of_device
        ]
        at, lag, stamps = [], [], []
        of_device: list[list[int]] = [[] for _ in courses]
        firsts = [(course.expected_at(), course.stamp_step) for course in courses]
        for one in self._kept:
            course, here = courses[one.device], one.at // unit
            at.append(here - course.expected_at())
            lag.append((one.captured - one.at) // unit - lags[one.device])
            stamp = one.stamp - course.expected_stamp(here)
            stamps.append(stamp)
            of_device[one.device].append(stamp)
            course.at, course.stamp = here, one.stamp
        devices, units = [], []
        for number, system_id in enumerate(self._devices):
            moments, (first_at, stamp_step) = self._of_device[number], firsts[number]
            stamp = moments[0].stamp - (moments[0].at if self._kinds[number] in CALENDARS else 0)
            stamp_unit = gcd(stamp, stamp_step, *of_device[number]) or 1
            units.append(stamp_unit)
            devices.append(
                DeviceColumns(
                    system_id,
                    first_at - sent_at // unit,
                    courses[number].step,
                    lags[number],
                    stamp // stamp_unit,
                    stamp_step // stamp_unit,
                    stamp_unit,
                )
            )
        shares = tuple(
            stamp // units[one.device] for one, stamp in zip(self._kept, stamps, strict=True)
        )
        rows = tuple(one.rows for one in self._kept)
        return tuple(devices), MomentColumns(rows, tuple(at), tuple(lag), shares, unit)


def _course_of(moments: Sequence[Moment], unit: int) -> _Course:
    steps = [(two.at - one.at) // unit for one, two in itertools.pairwise(moments)]
    stamp_steps = [two.stamp - one.stamp for one, two in itertools.pairwise(moments)]
    first = moments[0]
    return _Course.to(
        first.at // unit,
        median_low(steps) if steps else 0,
        first.stamp,
        median_low(stamp_steps) if stamp_steps else 0,
    )
