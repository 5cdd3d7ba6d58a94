"""The times of a batch's rows, read from what differs from each device's even course.

Each device's moments are one column: where it is, is a sum of what came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from protocols.uplink.columns import DeviceColumns, MomentColumns
from protocols.uplink.whole_numbers import (
    SURE,
    Numbers,
    Places,
    magnitude,
    to_numbers,
    widened,
)


class MomentTimes(NamedTuple):
    """By moment: captured and observed in microseconds since 1970, and the device's own time."""

    captured: Numbers
    observed: Numbers
    stamps: Numbers


class _Columns(NamedTuple):
    at: Numbers
    lag: Numbers
    stamp: Numbers


def read_moments(
    devices: Sequence[DeviceColumns],
    moments: MomentColumns,
    sent_at: int,
    device_of: Places,
    is_calendar: Sequence[bool],
) -> MomentTimes:
    """The times of columns that are equally long.

    `sent_at` in the moments' unit; `device_of` says of each moment which device its first row is
    of, `is_calendar` whether that device keeps a calendar.
    """
    columns = _Columns(to_numbers(moments.at), to_numbers(moments.lag), to_numbers(moments.stamp))
    if _needs(devices, moments, sent_at, columns) >= SURE:
        columns = _Columns(*map(widened, columns))
    read = MomentTimes(*map(np.zeros_like, columns))
    for number in np.unique(device_of).tolist():
        where = np.flatnonzero(device_of == number)
        device, unit = devices[number], moments.unit
        moved = device.step + columns.at[where]
        first = sent_at + device.at
        here = first - device.step + np.cumsum(moved)
        read.observed[where] = here * unit
        read.captured[where] = (here + device.lag + columns.lag[where]) * unit
        base = first * unit if is_calendar[where[0]] else 0
        read.stamps[where] = base + _stamps(device, moved, columns.stamp[where])
    return read


def _stamps(device: DeviceColumns, moved: Numbers, apart: Numbers) -> Numbers:
    """A device's times, which keep step with its moments but for what they are `apart`."""
    unit, first = device.stamp_unit, device.stamp * device.stamp_unit
    steps = apart * unit
    if device.step:
        step = device.stamp_step * unit
        first -= step
        steps = steps + moved * step // device.step
    return first + np.cumsum(steps)


def _needs(
    devices: Sequence[DeviceColumns], moments: MomentColumns, sent_at: int, columns: _Columns
) -> float:
    """More than any number on the way comes to."""
    count, unit = len(moments.rows), float(abs(moments.unit)) + 1.0
    most = 0.0
    for device in devices:
        moved = float(abs(device.step)) * (count + 1) + magnitude(columns.at)
        here = float(abs(sent_at)) + abs(device.at) + moved
        stamps = float(abs(device.stamp)) + magnitude(columns.stamp)
        stamps += moved * float(abs(device.stamp_step)) + abs(device.stamp_step)
        lag = float(abs(device.lag)) + magnitude(columns.lag)
        most = max(most, (here + lag) * unit, here * unit + stamps * (abs(device.stamp_unit) + 1.0))
    return most
