"""From the columns of a batch to its rows (contract version 2). Nothing but DecodeError leaves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from protocols.errors import DecodeError
from protocols.model import observation as obs
from protocols.model.codes import MdcCode
from protocols.model.identifiers import ID_OCTETS
from protocols.uplink import columns as col
from protocols.uplink.derived_ids import EXPLICIT
from protocols.uplink.device_stamps import CALENDARS
from protocols.uplink.id_reader import IdRows, IdSeries, counters_of, read_ids
from protocols.uplink.moment_reader import read_moments
from protocols.uplink.places import count_places, read_places
from protocols.uplink.reading_columns import ReadingMoments, Readings
from protocols.uplink.readings import Value
from protocols.uplink.sample_columns import MOST_SAMPLES, Samples, read_columns
from protocols.uplink.series_reader import OpenSeries, open_series
from protocols.uplink.time_texts import in_calendar, stamp_texts
from protocols.uplink.whole_numbers import Numbers, Places, summable, to_numbers

MOST_ROWS: Final = 20_000


def read_readings(record: col.ColumnsRecord) -> Readings:
    """The rows that are in columns, in their order; those of `record.plain` are not among them.

    DecodeError when the columns do not fit together.
    """
    return _Reader(record).read()


class _Values(NamedTuple):
    """The values that differ, and by row which one it has."""

    values: tuple[Value, ...]
    value_of: Places


class _Reader:
    """Gives the rows; what they need is counted before."""

    def __init__(self, record: col.ColumnsRecord) -> None:
        if len(record.series_of) > MOST_ROWS:
            raise DecodeError("uplink columns: too many rows")
        self._record = record
        self._series = [open_series(one, record.devices) for one in record.series]
        self._series_of = self._places()
        self._check_counts()
        self._samples = read_columns(record.samples, most=MOST_SAMPLES)
        if any(not 0 <= place < len(self._series) for place in self._samples):
            raise DecodeError("uplink columns: samples of no series")

    def _places(self) -> Places:
        """By row its series."""
        told = to_numbers(self._record.series_of)
        places = told[told != 0] - 1
        if places.size and not 0 <= places.min() <= places.max() < len(self._series):
            raise DecodeError("uplink columns: a row of no series")
        found: Places = places.astype(np.intp)
        return found

    def _check_counts(self) -> None:
        record, moments, rows = self._record, self._record.moments, len(self._series_of)
        rows_of = np.bincount(self._series_of, minlength=len(self._series)).tolist()
        counted = list(zip(self._series, rows_of, strict=True))
        explicit = sum(many for one, many in counted if one.record.identity == EXPLICIT)
        columns = (moments.rows, moments.at, moments.lag, moments.stamp)
        if (
            sum(one.width * many for one, many in counted) != len(record.values)
            or sum(counters_of(one.record.identity) * many for one, many in counted)
            != len(record.counters)
            or explicit * ID_OCTETS != len(record.ids)
            or len({len(column) for column in columns}) != 1
            or min(moments.rows, default=1) < 1
            or sum(moments.rows) != rows
            or (record.places.runs and count_places(record.places) != rows)
            or len(record.plain) != record.series_of.count(0)
            or len(record.runs) % 2
            or min(record.runs[1::2], default=0) < 0
            or sum(record.runs[1::2]) != rows
        ):
            raise DecodeError("uplink columns: they are not as long as each other")

    def read(self) -> Readings:
        """All rows."""
        record = self._record
        values = self._values()
        rows = np.array(record.moments.rows, np.intp)
        firsts = np.cumsum(rows) - rows
        moments = self._moments(firsts)
        moment_of = np.repeat(np.arange(len(rows)), rows)
        return Readings(
            series=tuple(series.shared for series in self._series),
            moments=moments,
            values=values.values,
            value_of=values.value_of,
            moment_of=moment_of,
            sequences=self._sequences(),
            ids=self._ids(values, moments, firsts, moment_of),
            places=list(islice(read_places(record.places), len(self._series_of))),
            samples=self._stretches(values),
        )

    def _values(self) -> _Values:
        """Each row's integers are what it has more than the row of its series before."""
        told = summable(to_numbers(self._record.values))
        widths = np.array([one.width for one in self._series], np.intp)[self._series_of]
        starts = np.cumsum(widths) - widths
        values: list[Value] = []
        value_of = np.empty(len(self._series_of), np.intp)
        for number, series in enumerate(self._series):
            rows = np.flatnonzero(self._series_of == number)
            columns = starts[rows][:, np.newaxis] + np.arange(series.width)
            distinct, which = _distinct(np.cumsum(told[columns], axis=0))
            if series.record.kind == col.CODED:
                for own in distinct:
                    MdcCode.from_cf_code(own[0])
            value_of[rows] = which + len(values)
            values += [(number, own) for own in distinct]
        return _Values(tuple(values), value_of)

    def _sequences(self) -> Numbers:
        runs, sequence = iter(self._record.runs), 1
        sequences: list[int] = []
        for skipped, rows in zip(runs, runs, strict=True):
            first = sequence + skipped
            sequence = first + rows
            sequences += range(first, sequence)
        return to_numbers(sequences)

    def _moments(self, firsts: Places) -> ReadingMoments:
        """Device and clock of a moment are those of its first row."""
        record = self._record
        series_of = self._series_of[firsts]
        devices = np.array([one.record.device for one in self._series], np.intp)[series_of]
        calendars = [self._series[one].record.device_kind in CALENDARS for one in series_of]
        read = read_moments(record.devices, record.moments, record.sent_at, devices, calendars)
        stamps = [""] * len(firsts)
        for number in np.unique(series_of).tolist():
            series = self._series[number].record
            where = np.flatnonzero(series_of == number)
            texts = stamp_texts(series.device_kind, read.stamps[where], series.zone_seconds)
            for moment, text in zip(where.tolist(), texts, strict=True):
                stamps[moment] = text
        return ReadingMoments(
            captured=in_calendar(read.captured),
            observed=in_calendar(read.observed),
            series_of=series_of,
            stamps=stamps,
        )

    def _ids(
        self, values: _Values, moments: ReadingMoments, firsts: Places, moment_of: Places
    ) -> bytes:
        rows = IdRows(
            series=[_id_series(one) for one in self._series],
            series_of=self._series_of,
            moment_of=moment_of,
            counts=list(self._counts(values)),
            firsts=firsts,
            captured=moments.captured,
            observed=moments.observed,
            stamps=self._own_times(moments),
        )
        return read_ids(rows, self._record.ids, self._record.counters)

    def _counts(self, values: _Values) -> Iterator[int]:
        """By row how many samples it has; of nothing where no row has any."""
        if not any(one.record.samples for one in self._series):
            return
        counts = [
            own[0] if self._series[number].record.samples else 0 for number, own in values.values
        ]
        for value in values.value_of.tolist():
            yield counts[value]

    def _own_times(self, moments: ReadingMoments) -> list[bytes | None]:
        kinds = [one.record.device_kind for one in self._series]
        return [
            f"{kinds[series]}={stamp}".encode() if stamp else None
            for series, stamp in zip(moments.series_of.tolist(), moments.stamps, strict=True)
        ]

    def _stretches(self, values: _Values) -> dict[int, bytes]:
        """The waveforms' samples by row: each series' own are cut where its rows end."""
        octets = {number: _octets_of(samples) for number, samples in self._samples.items()}
        taken: dict[int, int] = {}
        stretches: dict[int, bytes] = {}
        if not any(one.record.samples for one in self._series):
            return stretches
        for row, value in enumerate(values.value_of.tolist()):
            number, own = values.values[value]
            if self._series[number].record.samples is None:
                continue
            size = own[0] * obs.SAMPLE_OCTETS
            samples, start = octets.get(number), taken.get(number, 0)
            if samples is None or not 0 <= size <= len(samples) - start:
                raise DecodeError("uplink columns: samples are missing")
            stretches[row] = samples[start : start + size]
            taken[number] = start + size
        return stretches


def _distinct(own: Numbers) -> tuple[list[tuple[int, ...]], Places]:
    """The rows of a table that differ, and by row which of them it is."""
    if own.shape[1] == 1:
        column, which = np.unique(own[:, 0], return_inverse=True)
        return [(one,) for one in column.tolist()], which
    known: dict[tuple[int, ...], int] = {}
    places = [known.setdefault(tuple(row), len(known)) for row in own.tolist()]
    return list(known), np.array(places, np.intp)


def _id_series(series: OpenSeries) -> IdSeries:
    record = series.record
    period_us = record.samples[2] if record.samples else 0
    return IdSeries(record.identity, record.device, series.identity, period_us)


def _octets_of(samples: Samples) -> bytes:
    return samples.astype("<i4").tobytes()
