"""The times of a batch's rows, written as what differs from each device's even course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.uplink.columns import DeviceColumns, MomentColumns
from protocols.uplink.device_stamps import CALENDARS

Numbers = NDArray[np.int64]
_ROOM: Final = 2**62
"""What a product may be, so that a difference to it has room in 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """One entry a moment, in the order of the rows; `devices` count from 0 as they first appear.

    `captured` and `observed` in microseconds since 1970, `stamps` the device's own time, below
    2**61; `rows` how many rows each has.
    """

    devices: Numbers
    captured: Numbers
    observed: Numbers
    stamps: Numbers
    rows: Numbers


def write_moments(
    moments: Moments, known: Sequence[tuple[bytes, str]], sent_at: int
) -> tuple[tuple[DeviceColumns, ...], MomentColumns]:
    """The devices' courses and the moments' differences from them.

    `known` are the system id of each device and the kind of its own time, `sent_at` is in
    microseconds since 1970.
    """
    times = np.concatenate((moments.captured, moments.observed, (sent_at,)))
    unit = int(np.gcd.reduce(times)) or 1
    observed = moments.observed // unit
    at, stamps = np.zeros_like(observed), np.zeros_like(observed)
    lag = moments.captured // unit - observed
    devices = []
    for number, (system_id, kind) in enumerate(known):
        here = np.flatnonzero(moments.devices == number)
        course = _Course.of(observed[here], moments.stamps[here])
        at[here], own = course.at, course.stamp
        shortest = int(lag[here].min())
        lag[here] -= shortest
        first, first_stamp = int(observed[here[0]]), int(moments.stamps[here[0]])
        if kind in CALENDARS:
            first_stamp -= int(moments.observed[here[0]])
        stamp_unit = int(np.gcd.reduce((*own, first_stamp, course.stamp_step))) or 1
        stamps[here] = own // stamp_unit
        devices.append(
            DeviceColumns(
                system_id,
                first - sent_at // unit,
                course.step,
                shortest,
                first_stamp // stamp_unit,
                course.stamp_step // stamp_unit,
                stamp_unit,
            )
        )
    columns = MomentColumns(
        rows=tuple(moments.rows.tolist()),
        at=tuple(at.tolist()),
        lag=tuple(lag.tolist()),
        stamp=tuple(stamps.tolist()),
        unit=unit,
    )
    return tuple(devices), columns


@dataclass(frozen=True, slots=True)
class _Course:
    """One device's usual steps, and how far its moments are from them."""

    step: int
    stamp_step: int
    at: Numbers
    stamp: Numbers

    @classmethod
    def of(cls, observed: Numbers, stamps: Numbers) -> _Course:
        """Of a device's times and stamps in their order."""
        steps, stamp_steps = np.diff(observed), np.diff(stamps)
        step, stamp_step = _usual(steps), _usual(stamp_steps)
        moved = _scaled(steps, stamp_step, step)
        if moved is None:
            # A device that jumps about: its time is expected to stand still.
            stamp_step, moved = 0, np.zeros_like(steps)
        at, stamp = np.zeros_like(observed), np.zeros_like(stamps)
        at[1:], stamp[1:] = steps - step, stamp_steps - moved
        return cls(step, stamp_step, at, stamp)


def _usual(steps: Numbers) -> int:
    """The lower one of the middle ones."""
    return int(np.sort(steps)[(len(steps) - 1) // 2]) if len(steps) else 0


def _scaled(steps: Numbers, by: int, over: int) -> Numbers | None:
    """steps x by / over, rounded down; None where it has no room."""
    if not over:
        return np.zeros_like(steps)
    if int(np.abs(steps).max()) * abs(by) < _ROOM:
        return steps * by // over
    exact = [step * by // over for step in steps.tolist()]
    return np.array(exact, np.int64) if max(map(abs, exact)) < _ROOM else None
