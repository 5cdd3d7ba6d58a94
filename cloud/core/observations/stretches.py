"""The encounters of many readings of one device, asked for once a stretch of time."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from cloud.core.observations.recording import Binding, Bound
from protocols.uplink.device_stamps import EPOCH


def bind_stretches(
    binding: Binding, device_id: str, times: NDArray[np.int64]
) -> tuple[list[Bound], NDArray[np.intp]]:
    """What the readings of these times (microseconds since 1970) are bound to, and each one's place
    among that.

    Where a stretch is not steady its halves are looked at, down to single times.
    """
    distinct, place_of = np.unique(times, return_inverse=True)
    bounds: list[Bound] = []
    bound_of = np.empty(len(distinct), np.intp)
    waiting = [(0, len(distinct))] if len(distinct) else []
    while waiting:
        first, end = waiting.pop()
        since, until = at_time(int(distinct[first])), at_time(int(distinct[end - 1]))
        if end - first == 1 or binding.is_steady(device_id, since, until):
            bound_of[first:end] = len(bounds)
            bounds.append(binding(device_id, since))
        else:
            middle = (first + end) // 2
            waiting += [(first, middle), (middle, end)]
    return bounds, bound_of[place_of]


def at_time(microseconds: int) -> datetime:
    """The time so many microseconds after 1970, in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)
