"""From the columns of a batch to its rows (contract version 2). Nothing but DecodeError leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from protocols.errors import DecodeError
from protocols.model import observation as obs
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.identifiers import Identity
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink import columns as col
from protocols.uplink.contents import decimal_of
from protocols.uplink.derived_ids import EXPLICIT, RULES, IdReader, identity_of
from protocols.uplink.device_stamps import NONE, from_microseconds, from_stamp
from protocols.uplink.moments import CALENDARS, read_moments
from protocols.uplink.places import count_places, read_places
from protocols.uplink.readings import SPECIALS, Readings, ReadingSeries, ReadingTimes
from protocols.uplink.sample_columns import MOST_SAMPLES, Samples, read_columns

MOST_ROWS: Final = 20_000
_MOST_EXPONENT: Final = 99
_ID_OCTETS: Final = 16
_KINDS: Final = frozenset({col.NUMERIC, col.COMPOUND, col.CODED, col.BITS, col.SAMPLES})
_PARTS: Final = {col.NUMERIC: 1, col.CODED: 0, col.BITS: 1, col.SAMPLES: 1}


def read_readings(record: col.ColumnsRecord) -> Readings:
    """The rows that are in columns, in their order; those of `record.plain` are not among them.

    DecodeError when the columns do not fit together.
    """
    return _Reader(record).read()


@dataclass(frozen=True, slots=True)
class _Series:
    """One series, ready to be read: how many integers of its own a row has, how its ids begin."""

    record: col.SeriesRecord
    shared: ReadingSeries
    identity: Identity
    width: int


def _open_series(record: col.SeriesRecord, devices: Sequence[col.DeviceColumns]) -> _Series:
    is_known = record.kind in _KINDS and record.identity in RULES
    if not is_known or not 0 <= record.device < len(devices):
        raise DecodeError("uplink columns: a series of an unknown kind")
    if len(record.parts) != _PARTS.get(record.kind, len(record.parts)):
        raise DecodeError("uplink columns: a series with the wrong number of parts")
    for code, unit, exponent, special in record.parts:
        if abs(exponent) > _MOST_EXPONENT or (special and special not in SPECIALS):
            raise DecodeError("uplink columns: a series of impossible numbers")
        MdcCode.from_cf_code(code), UnitCode(unit)
    if (record.kind == col.SAMPLES) is (record.samples is None):
        raise DecodeError("uplink columns: a series of half a waveform")
    width = sum(not special for _, _, _, special in record.parts)
    if record.kind in (col.CODED, col.SAMPLES, col.BITS):
        width = 1 + record.counts_reports
    system_id = devices[record.device].system_id
    try:
        status, quality = obs.MeasurementStatus(record.status), TimeQuality(record.quality)
    except ValueError as exc:
        raise DecodeError(f"uplink columns: {exc}") from exc
    samples = None
    if record.samples is not None:
        scale, offset, period_us = record.samples
        samples = decimal_of(scale), decimal_of(offset), period_us
    shared = ReadingSeries(
        kind=record.kind,
        device=SystemId(system_id),
        type=MdcCode.from_cf_code(record.type_cf),
        status=status,
        quality=quality,
        device_kind=record.device_kind,
        supplements=tuple(map(MdcCode.from_cf_code, record.supplements)),
        parts=record.parts,
        samples=samples,
    )
    identity = identity_of(system_id, record.type_cf, record.supplements)
    return _Series(record, shared, identity, width)


class _Reader:
    """Gives the rows; what they need is counted before."""

    def __init__(self, record: col.ColumnsRecord) -> None:
        if len(record.series_of) > MOST_ROWS:
            raise DecodeError("uplink columns: too many rows")
        self._record = record
        self._series = [_open_series(one, record.devices) for one in record.series]
        self._series_of = [place - 1 for place in record.series_of if place]
        if not 0 <= min(self._series_of, default=0) <= self._last() < max(1, len(self._series)):
            raise DecodeError("uplink columns: a row of no series")
        self._rows = [self._series[place] for place in self._series_of]
        self._check_counts()
        self._samples = read_columns(record.samples, most=MOST_SAMPLES)
        if any(not 0 <= place < len(self._series) for place in self._samples):
            raise DecodeError("uplink columns: samples of no series")

    def _last(self) -> int:
        return max(self._series_of, default=0)

    def _check_counts(self) -> None:
        record, moments, rows = self._record, self._record.moments, self._rows
        rules = [series.record.identity for series in rows]
        columns = (moments.rows, moments.at, moments.lag, moments.stamp)
        if (
            sum(series.width for series in rows) != len(record.values)
            or IdReader.counters_of(rules) != len(record.counters)
            or rules.count(EXPLICIT) * _ID_OCTETS != len(record.ids)
            or len({len(column) for column in columns}) != 1
            or min(moments.rows, default=1) < 1
            or sum(moments.rows) != len(rows)
            or (record.places.runs and count_places(record.places) != len(rows))
            or len(record.plain) != record.series_of.count(0)
            or len(record.runs) % 2
            or min(record.runs[1::2], default=0) < 0
            or sum(record.runs[1::2]) != len(rows)
        ):
            raise DecodeError("uplink columns: they are not as long as each other")

    def read(self) -> Readings:
        """All rows."""
        record = self._record
        own = self._own()
        times = self._times()
        times_of = [number for number, rows in enumerate(record.moments.rows) for _ in range(rows)]
        return Readings(
            series=tuple(series.shared for series in self._series),
            times=times,
            series_of=self._series_of,
            times_of=times_of,
            sequences=self._sequences(),
            ids=self._ids(own, times, times_of),
            own=own,
            places=list(islice(read_places(record.places), len(own))),
            samples=self._stretches(own),
        )

    def _own(self) -> list[tuple[int, ...]]:
        """Each row's integers: what it has more than the row of its series before."""
        values = self._record.values
        last: dict[int, tuple[int, ...]] = {}
        rows: list[tuple[int, ...]] = []
        start = 0
        for number, series in zip(self._series_of, self._rows, strict=True):
            end = start + series.width
            own, before = values[start:end], last.get(number)
            if before is not None:
                own = tuple(map(int.__add__, own, before))
            if series.record.kind == col.CODED:
                MdcCode.from_cf_code(own[0])
            last[number] = own
            rows.append(own)
            start = end
        return rows

    def _sequences(self) -> list[int]:
        runs, sequence = iter(self._record.runs), 1
        sequences: list[int] = []
        for skipped, rows in zip(runs, runs, strict=True):
            first = sequence + skipped
            sequence = first + rows
            sequences += range(first, sequence)
        return sequences

    def _starts(self) -> Iterator[_Series]:
        """The series of each moment's first row: its device and clock are the moment's."""
        row = 0
        for rows in self._record.moments.rows:
            yield self._rows[row]
            row += rows

    def _times(self) -> tuple[ReadingTimes, ...]:
        record = self._record
        starts = list(self._starts())
        firsts = [(one.record.device, one.record.device_kind in CALENDARS) for one in starts]
        moments = read_moments(record.devices, record.moments, record.sent_at, firsts)
        return tuple(
            ReadingTimes(
                from_microseconds(moment.captured), _observed_at(series, moment.at, moment.stamp)
            )
            for series, moment in zip(starts, moments, strict=True)
        )

    def _ids(
        self, own: list[tuple[int, ...]], times: tuple[ReadingTimes, ...], times_of: list[int]
    ) -> list[bytes]:
        reader = IdReader(self._record.ids, self._record.counters)
        ids, before = [], -1
        for series, numbers, moment in zip(self._rows, own, times_of, strict=True):
            if moment != before:
                reader.begin(times[moment].captured_at, times[moment].observed_at)
                before = moment
            record = series.record
            duration_us = record.samples[2] * numbers[0] if record.samples else 0
            ids.append(reader.read(record.identity, record.device, series.identity, duration_us))
        return ids

    def _stretches(self, own: list[tuple[int, ...]]) -> dict[int, bytes]:
        """The waveforms' samples by row: each series' own are cut where its rows end."""
        octets = {number: _octets_of(samples) for number, samples in self._samples.items()}
        taken: dict[int, int] = {}
        stretches: dict[int, bytes] = {}
        for row, series in enumerate(self._rows):
            if series.record.samples is None:
                continue
            number, size = self._series_of[row], own[row][0] * obs.SAMPLE_OCTETS
            samples, start = octets.get(number), taken.get(number, 0)
            if samples is None or not 0 <= size <= len(samples) - start:
                raise DecodeError("uplink columns: samples are missing")
            stretches[row] = samples[start : start + size]
            taken[number] = start + size
        return stretches


def _octets_of(samples: Samples) -> bytes:
    return samples.astype("<i4").tobytes()


def _observed_at(series: _Series, at: int, stamp: int) -> ObservedTime:
    kind = series.record.device_kind
    text = from_stamp(kind, stamp, series.record.zone_seconds)
    device_time = None if kind == NONE else DeviceTime(kind, text)
    return ObservedTime(from_microseconds(at), series.shared.quality, device_time)
