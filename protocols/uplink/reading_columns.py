"""Readings of a batch by columns, as compact batches carry them: what many share is said once.

A store that takes thousands of readings at once needs no object for each. What is worked out for a
series, for a moment and for each value it shows serves all the readings that have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import numpy as np

from protocols.model import observation as obs
from protocols.model.identifiers import ID_OCTETS
from protocols.model.timestamps import DeviceTime, ObservedTime
from protocols.uplink.device_stamps import from_microseconds
from protocols.uplink.readings import ReadingSeries, ReadingTimes, Value, make_observation
from protocols.uplink.whole_numbers import Numbers, Places


def _none() -> Numbers:
    return np.zeros(0, np.int64)


def _nowhere() -> Places:
    return np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadingMoments:
    """When readings were taken in by the gateway and observed: microseconds since 1970 in UTC.

    `series_of` counts in the readings' series: how the time is known and which kind of time
    the device keeps is what that series says. `stamps` are the device's own times, empty for none.
    """

    captured: Numbers = field(default_factory=_none)
    observed: Numbers = field(default_factory=_none)
    series_of: Places = field(default_factory=_nowhere)
    stamps: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readings:
    """Rows in columns: the n-th entry of every column is the n-th row's.

    `value_of` and `moment_of` count in `values` and `moments`; a value is a series, by its place in
    `series`, and a row's integers in it: the digits of each part that is no special value, a code,
    bits; of a waveform how many samples, and the report's number where it counts them. `ids` are
    sixteen octets a row. `places` say where the gateway keeps a row's octets, and `samples` are the
    waveforms' by row, as `SampleArrayObservation` has them.
    """

    series: tuple[ReadingSeries, ...] = ()
    moments: ReadingMoments = field(default_factory=ReadingMoments)
    values: tuple[Value, ...] = ()
    value_of: Places = field(default_factory=_nowhere)
    moment_of: Places = field(default_factory=_nowhere)
    sequences: Numbers = field(default_factory=_none)
    ids: bytes = b""
    places: Sequence[str] = ()
    samples: Mapping[int, bytes] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.sequences)

    @property
    def series_of(self) -> Places:
        """By row its series."""
        return np.array([series for series, _ in self.values], np.intp)[self.value_of]

    def only(self, rows: Places) -> Readings:
        """The same with these rows alone, in this order; what they share stays as it is."""
        kept = rows.tolist()
        ids = np.frombuffer(self.ids, f"V{ID_OCTETS}")[rows]
        return Readings(
            series=self.series,
            moments=self.moments,
            values=self.values,
            value_of=self.value_of[rows],
            moment_of=self.moment_of[rows],
            sequences=self.sequences[rows],
            ids=ids.tobytes(),
            places=[self.places[row] for row in kept],
            samples={now: self.samples[row] for now, row in enumerate(kept) if row in self.samples},
        )

    def times(self, row: int) -> ReadingTimes:
        """When one row was taken in and observed."""
        moments, moment = self.moments, int(self.moment_of[row])
        series = self.series[moments.series_of[moment]]
        stamp = moments.stamps[moment]
        observed_at = ObservedTime(
            from_microseconds(int(moments.observed[moment])),
            series.quality,
            DeviceTime(series.device_kind, stamp) if stamp else None,
        )
        return ReadingTimes(from_microseconds(int(moments.captured[moment])), observed_at)

    def observation(self, row: int) -> obs.Observation:
        """One row as the shared model has it."""
        series, own = self.values[self.value_of[row]]
        return make_observation(
            self.series[series],
            own,
            observation_id=UUID(bytes=self.ids[row * ID_OCTETS : (row + 1) * ID_OCTETS]),
            observed_at=self.times(row).observed_at,
            samples=self.samples.get(row, b""),
        )


NO_READINGS: Final = Readings()
