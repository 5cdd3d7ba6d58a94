"""The times of rows in columns: rows of one device with the same times share a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import ne
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.model.identifiers import name_of_stamp
from protocols.uplink import records as rec
from protocols.uplink.device_stamps import to_microseconds, to_stamp

Numbers = NDArray[np.int64]
Context = tuple[bytes, str, str, int]
"""Device, quality and kind of a time, seconds that the device's zone is ahead of UTC."""
_LARGEST_STAMP: Final = 2**61
"""Twice the difference of two has room in 64 bits."""
_UNFIT: Final = (_LARGEST_STAMP, 0)


@dataclass(frozen=True, slots=True)
class RowTimes:
    """The moments of rows. `of_rows` says for each row which it is of, in the order they begin.

    `captured` and `observed` in microseconds since 1970, `stamps` the devices' own times; `firsts`
    are the first row of each. `unfit` are rows whose device's time fits no column: the rest says
    nothing while there are any.
    """

    of_rows: Numbers
    captured: Numbers
    observed: Numbers
    stamps: Numbers
    unfit: set[int]
    _contexts: list[Context]
    _names: list[bytes]

    @classmethod
    def of(cls, commons: Sequence[rec.CommonRecord], captured: Sequence[datetime]) -> RowTimes:
        """Of rows in their order, by what all observations have and when they were captured."""
        times, devices = [one.time for one in commons], [one.device for one in commons]
        begins = np.ones(len(times), np.bool_)
        begins[1:] = _differ(times) | _differ(captured) | _differ(devices)
        of_rows = np.cumsum(begins) - 1
        firsts = np.flatnonzero(begins).tolist()
        begun = [times[one] for one in firsts]
        stamps = [to_stamp(one.device_kind, one.device_value) or _UNFIT for one in begun]
        unfit = [abs(stamp) >= _LARGEST_STAMP for stamp, _ in stamps]
        if any(unfit):
            stamps = [
                (0, 0) if is_unfit else stamp for stamp, is_unfit in zip(stamps, unfit, strict=True)
            ]
        return cls(
            of_rows=of_rows,
            captured=np.array([to_microseconds(captured[one]) for one in firsts], np.int64),
            observed=np.array([to_microseconds(one.at) for one in begun], np.int64),
            stamps=np.array([stamp for stamp, _ in stamps], np.int64),
            unfit=set(np.flatnonzero(np.array(unfit, np.bool_)[of_rows]).tolist()),
            _contexts=[
                (devices[first], time.quality, time.device_kind, zone)
                for first, time, (_, zone) in zip(firsts, begun, stamps, strict=True)
            ],
            _names=[
                name_of_stamp(one.device_kind, one.device_value) if one.device_kind else b""
                for one in begun
            ],
        )

    def contexts(self) -> list[Context]:
        """What the times of each row have in common with others of its device."""
        return [self._contexts[one] for one in self.of_rows.tolist()]

    def named(self) -> Numbers:
        """The rows with a device's own time."""
        has_name = np.array([bool(name) for name in self._names], np.bool_)
        return np.flatnonzero(has_name[self.of_rows])

    def names_of(self, rows: Numbers) -> list[bytes]:
        """The devices' own times of these rows, as they stand in an id."""
        return [self._names[one] for one in self.of_rows[rows].tolist()]


def _differ(column: Sequence[object]) -> NDArray[np.bool_]:
    """Whether each but the first is another than the one before it."""
    return np.fromiter(map(ne, column[1:], column[:-1]), np.bool_, max(0, len(column) - 1))
