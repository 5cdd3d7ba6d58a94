"""From the columns of a batch to its rows (contract version 2). Nothing but DecodeError leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, repeat
from typing import Final
from uuid import UUID

from protocols.errors import DecodeError
from protocols.model import observation as obs
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.identifiers import Identity
from protocols.model.quantity import Quantity
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink import columns as col
from protocols.uplink.contents import SPECIALS, Common, decimal_of
from protocols.uplink.derived_ids import (
    ARRIVED,
    EXPLICIT,
    RECEIVED,
    RULES,
    before,
    identity_of,
    next_report,
    received_id,
)
from protocols.uplink.device_stamps import (
    NONE,
    from_microseconds,
    from_stamp,
)
from protocols.uplink.messages import UplinkRow
from protocols.uplink.moments import CALENDARS, read_moments
from protocols.uplink.places import count_places, read_places
from protocols.uplink.sample_columns import MOST_SAMPLES, Samples, read_columns
from protocols.uplink.series import to_decimal

MOST_ROWS: Final = 20_000
_MOST_EXPONENT: Final = 99
_ID_OCTETS: Final = 16


def read_rows(record: col.ColumnsRecord) -> list[UplinkRow | None]:
    """The rows in their order, None where the next one of `record.plain` belongs.

    DecodeError when the columns do not fit together.
    """
    return _Reader(record).read()


@dataclass(slots=True)
class _Series:
    """One series, ready to make rows."""

    record: col.SeriesRecord
    device: SystemId
    type: MdcCode
    supplements: tuple[MdcCode, ...]
    status: obs.MeasurementStatus
    quality: TimeQuality
    identity: Identity
    width: int
    make: Callable[[_Series, tuple[int, ...], Common], obs.Observation]
    samples: Samples | None = None
    taken: int = 0
    last: tuple[int, ...] = ()
    quantities: dict[tuple[int, int], Quantity] = field(default_factory=dict)

    def quantity(self, place: int, digits: int) -> Quantity:
        """The number of one part; each value is made once."""
        known = self.quantities.get((place, digits))
        if known is None:
            _, unit, exponent, special = self.record.parts[place]
            value = SPECIALS[special] if special else to_decimal(digits, exponent)
            known = self.quantities[place, digits] = Quantity(value, UnitCode(unit))
        return known

    def quantities_of(self, own: tuple[int, ...]) -> list[Quantity]:
        """All parts' numbers; special values have no digits of their own."""
        digits = iter(own)
        return [
            self.quantity(place, 0 if special else next(digits))
            for place, (_, _, _, special) in enumerate(self.record.parts)
        ]


def _numeric(series: _Series, own: tuple[int, ...], common: Common) -> obs.Observation:
    return obs.NumericObservation(value=series.quantities_of(own)[0], **common)


def _compound(series: _Series, own: tuple[int, ...], common: Common) -> obs.Observation:
    codes = [MdcCode.from_cf_code(code) for code, _, _, _ in series.record.parts]
    parts = tuple(zip(codes, series.quantities_of(own), strict=True))
    return obs.CompoundNumericObservation(components=parts, **common)


def _coded(_: _Series, own: tuple[int, ...], common: Common) -> obs.Observation:
    return obs.CodedObservation(value=MdcCode.from_cf_code(own[0]), **common)


def _bits(series: _Series, own: tuple[int, ...], common: Common) -> obs.Observation:
    return obs.BitsObservation(bits=own[0], width=series.record.parts[0][2], **common)


def _waveform(series: _Series, own: tuple[int, ...], common: Common) -> obs.Observation:
    scale, offset, period_us = series.record.samples or ("", "", 0)
    count, taken = own[0], series.samples
    if taken is None or not 0 <= count <= len(taken) - series.taken:
        raise DecodeError("uplink columns: samples are missing")
    stretch = taken[series.taken : series.taken + count]
    series.taken += count
    return obs.SampleArrayObservation(
        samples=stretch.astype("<i4").tobytes(),
        scale=decimal_of(scale),
        offset=decimal_of(offset),
        period_us=period_us,
        unit=UnitCode(series.record.parts[0][1]),
        sequence=own[1] if series.record.counts_reports else None,
        **common,
    )


_MAKERS: Final = {
    col.NUMERIC: _numeric,
    col.COMPOUND: _compound,
    col.CODED: _coded,
    col.BITS: _bits,
    col.SAMPLES: _waveform,
}
_PARTS: Final = {col.NUMERIC: 1, col.CODED: 0, col.BITS: 1, col.SAMPLES: 1}


def _open_series(record: col.SeriesRecord, devices: Sequence[col.DeviceColumns]) -> _Series:
    make = _MAKERS.get(record.kind)
    if make is None or record.identity not in RULES or not 0 <= record.device < len(devices):
        raise DecodeError("uplink columns: a series of an unknown kind")
    if len(record.parts) != _PARTS.get(record.kind, len(record.parts)):
        raise DecodeError("uplink columns: a series with the wrong number of parts")
    for _, _, exponent, special in record.parts:
        if abs(exponent) > _MOST_EXPONENT or (special and special not in SPECIALS):
            raise DecodeError("uplink columns: a series of impossible numbers")
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
    return _Series(
        record=record,
        device=SystemId(system_id),
        type=MdcCode.from_cf_code(record.type_cf),
        supplements=tuple(map(MdcCode.from_cf_code, record.supplements)),
        status=status,
        quality=quality,
        identity=identity_of(system_id, record.type_cf, record.supplements),
        width=width,
        make=make,
    )


@dataclass(frozen=True, slots=True)
class _Time:
    """A row's times, and whether it begins a moment."""

    captured_at: datetime
    observed_at: ObservedTime
    begins: bool


class _Reader:
    """Gives the rows one by one; what they need is counted before."""

    def __init__(self, record: col.ColumnsRecord) -> None:
        if len(record.series_of) > MOST_ROWS:
            raise DecodeError("uplink columns: too many rows")
        self._record = record
        self._series = [_open_series(one, record.devices) for one in record.series]
        places = [place - 1 for place in record.series_of if place]
        if any(not 0 <= place < len(self._series) for place in places):
            raise DecodeError("uplink columns: a row of no series")
        rows = [self._series[place] for place in places]
        self._check_counts(rows)
        for place, samples in read_columns(record.samples, most=MOST_SAMPLES).items():
            if not 0 <= place < len(self._series):
                raise DecodeError("uplink columns: samples of no series")
            self._series[place].samples = samples
        self._values = iter(record.values)
        self._counters = iter(record.counters)
        self._ids = iter(range(0, len(record.ids), _ID_OCTETS))
        self._counter: dict[int, tuple[int, int]] = {}

    def _check_counts(self, rows: list[_Series]) -> None:
        record, moments = self._record, self._record.moments
        rules = [series.record.identity for series in rows]
        columns = (moments.rows, moments.at, moments.lag, moments.stamp)
        if (
            sum(series.width for series in rows) != len(record.values)
            or rules.count(RECEIVED) + 2 * rules.count(ARRIVED) != len(record.counters)
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

    def read(self) -> list[UplinkRow | None]:
        """All rows."""
        times, sequences = iter([*self._times()]), iter([*self._sequences()])
        places = read_places(self._record.places)
        rows: list[UplinkRow | None] = []
        for number in self._record.series_of:
            if not number:
                rows.append(None)
                continue
            time = next(times)
            series = self._series[number - 1]
            own = tuple(islice(self._values, series.width))
            if series.last:
                own = tuple(map(int.__add__, own, series.last))
            series.last = own
            common: Common = {
                "observation_id": self._identity(series, own, time),
                "type": series.type,
                "observed_at": time.observed_at,
                "device": series.device,
                "status": series.status,
                "supplements": series.supplements,
            }
            content = series.make(series, own, common)
            rows.append(
                UplinkRow(
                    sequence=next(sequences),
                    captured_at=time.captured_at,
                    content=content,
                    octets=next(places),
                )
            )
        return rows

    def _sequences(self) -> Iterator[int]:
        runs, sequence = iter(self._record.runs), 0
        for skipped, rows in zip(runs, runs, strict=True):
            sequence += skipped
            for _ in range(rows):
                sequence += 1
                yield sequence

    def _times(self) -> Iterator[_Time]:
        """The times of every row in columns."""
        record = self._record
        rows = iter([self._series[number - 1] for number in record.series_of if number])
        starts = []
        for count in record.moments.rows:
            starts += list(islice(rows, count))[:1]
        firsts = [(one.record.device, one.record.device_kind in CALENDARS) for one in starts]
        moments = read_moments(record.devices, record.moments, record.sent_at, firsts)
        for series, moment in zip(starts, moments, strict=True):
            captured_at = from_microseconds(moment.captured)
            observed_at = _observed_at(series, moment.at, moment.stamp)
            yield _Time(captured_at, observed_at, begins=True)
            yield from repeat(_Time(captured_at, observed_at, begins=False), moment.rows - 1)

    def _identity(self, series: _Series, own: tuple[int, ...], time: _Time) -> UUID:
        record = series.record
        if record.identity == EXPLICIT:
            start = next(self._ids)
            return UUID(bytes=self._record.ids[start : start + _ID_OCTETS])
        duration_us = record.samples[2] * own[0] if record.samples else 0
        if record.identity in (RECEIVED, ARRIVED):
            last, lag = self._counter.get(record.device, (-1, 0))
            received_at = time.observed_at.at
            if record.identity == ARRIVED:
                lag += next(self._counters)
                received_at = before(time.captured_at, lag)
            counter = next(self._counters) + (next_report(last) if time.begins else last + 1)
            self._counter[record.device] = counter, lag
            return received_id(series.identity, received_at, counter, duration_us)
        stamp = time.observed_at.device_time
        if stamp is None:
            raise DecodeError("uplink columns: an id by a device's time that is not there")
        return series.identity.stamped(stamp, duration_us)


def _observed_at(series: _Series, at: int, stamp: int) -> ObservedTime:
    kind = series.record.device_kind
    text = from_stamp(kind, stamp, series.record.zone_seconds)
    device_time = None if kind == NONE else DeviceTime(kind, text)
    return ObservedTime(from_microseconds(at), series.quality, device_time)
