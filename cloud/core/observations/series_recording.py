"""Readings that come in columns become rows in columns: what they share is looked at once.

A row is put together from its series' part, its moment's, its value's and its own. Whatever is odd
is left to be recorded row by row, where it gets its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

import numpy as np

from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.conversion import content_values
from cloud.core.observations.keys import tenant_key
from cloud.core.observations.months import note_months
from cloud.core.observations.recording import (
    CONTENT_FAULTS,
    FLAG_CLOCK,
    FLAG_LATE,
    IDENTITY,
    LARGEST,
    MAX_DEVICE_TIME,
    UNCHARTED_STATUS,
    Binding,
    Bound,
    UnstorableError,
    check_storable,
    check_time,
    is_clock_fault,
    place_of,
    reading_flags,
)
from cloud.core.observations.stretches import EPOCH, bind_stretches
from cloud.core.observations.tables import ObservationRow
from cloud.db.base import table_of
from cloud.db.copy_spelling import CopySpelling
from cloud.db.spelling import Identities, P, Spelling, TupleSpelling
from protocols.model.codes import SystemId
from protocols.uplink.columns import BITS, CODED, COMPOUND, NUMERIC, SAMPLES
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.readings import Readings, ReadingTimes

_SERIES: Final = (
    *("tenant_id", "gateway_id", "vehicle_id", "stream", "boot_epoch", "received_at"),
    *("device_id", "type_cf", "status", "supplements", "kind"),
)
_TIMES: Final = (
    *("captured_at", "observed_at", "time_quality", "device_time_kind", "device_time"),
    "encounter_id",
)
_CONTENT: Final = (
    *("unit_term", "value", "special", "components", "code_cf", "bits", "width", "text"),
    "flags",
)
_PLACE: Final = ("octets",)
_OWN: Final = ("observation_id", "sequence")
_SHARED: Final = (*_SERIES, *_TIMES, *_CONTENT, *_PLACE)

KINDS: Final = {NUMERIC: "numeric", COMPOUND: "compound", CODED: "coded", BITS: "bits"}
"""Kinds of columns by the words of the store."""
_Content = tuple[int, tuple[int, ...]]
"""A series, and a reading's own integers in it."""
_Said = tuple[_Content, tuple[str, ...]]
"""A value, and what is flagged about its time."""
_MICROSECOND: Final = timedelta(microseconds=1)
T = TypeVar("T")


@dataclass(slots=True)
class PlainReadings:
    """The readings of a batch that can be recorded by columns, and the rows that cannot."""

    batch: UplinkBatch
    rows: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    contents: dict[_Content, tuple[tuple[object, ...], list[str]]] = field(default_factory=dict)

    @property
    def devices(self) -> set[SystemId]:
        """Those whose readings these are."""
        readings = self.batch.readings
        return {readings.series[one].device for one in {readings.series_of[r] for r in self.rows}}

    @property
    def odd(self) -> Readings:
        """What is left for the way of single rows."""
        return self.batch.readings.only(self.others) if self.others else Readings()


def sort_readings(batch: UplinkBatch) -> PlainReadings:
    """Which readings of a batch the columns can hold as they are; waveforms have other columns."""
    readings, sorted_ = batch.readings, PlainReadings(batch)
    if not len(readings):
        return sorted_
    times = [_is_plain(one) for one in readings.times]
    are_keyed = (
        0 <= batch.boot_epoch <= LARGEST
        and min(readings.sequences) >= 0
        and max(readings.sequences) <= LARGEST
    )
    known: dict[_Content, bool] = {}
    columns = zip(readings.series_of, readings.own, readings.times_of, strict=True)
    for row, (series, own, moment) in enumerate(columns):
        key = (series, own)
        is_plain = known.get(key)
        if is_plain is None:
            is_plain = known[key] = _look_at(sorted_, row, key)
        is_plain = is_plain and times[moment] and are_keyed
        (sorted_.rows if is_plain else sorted_.others).append(row)
    return sorted_


def _is_plain(times: ReadingTimes) -> bool:
    stamp = times.observed_at.device_time
    try:
        check_time(times.captured_at)
        check_time(times.observed_at.at)
    except UnstorableError:
        return False
    return stamp is None or len(stamp.value) <= MAX_DEVICE_TIME


def _look_at(sorted_: PlainReadings, row: int, key: _Content) -> bool:
    """Work out what the columns of a value are; False when there are none."""
    readings = sorted_.batch.readings
    if readings.series[key[0]].kind == SAMPLES:
        return False
    observation = readings.observation(row)
    try:
        check_storable(observation)
    except UnstorableError:
        return False
    values = content_values(observation)
    columns = tuple(values.get(name) for name in _CONTENT[:-1])
    sorted_.contents[key] = columns, reading_flags(observation)
    return True


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many readings were new, and the encounters they all belong to."""

    stored: int = 0
    encounters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose batch it is, when it came, and what is known of its devices and its vehicle."""

    gateway: Principal
    received_at: datetime
    devices: Mapping[SystemId, DeviceRow]
    binding: Binding


def insert_readings(work: UnitOfWork, plain: PlainReadings, sender: Sender) -> Recorded | None:
    """Store what is new of readings that were sorted before.

    None, and nothing is stored, when the database refuses one of them for its content.
    """
    if not plain.rows:
        return Recorded()
    connection, table = work.session.connection(), table_of(ObservationRow)
    if work.is_postgresql:
        return _Columns(plain, sender, CopySpelling(connection, table)).insert(work)
    return _Columns(plain, sender, TupleSpelling(connection, table)).insert(work)


class _Columns(Generic[P]):
    """Puts rows together in the spelling of one database."""

    def __init__(self, plain: PlainReadings, sender: Sender, spelling: Spelling[P]) -> None:
        self._plain = plain
        self._sender = sender
        self._spelling = spelling
        self._charted: set[tuple[str, datetime]] = set()
        self._spell_times = spelling.part(_TIMES)

    def insert(self, work: UnitOfWork) -> Recorded | None:
        """Store the rows."""
        connection, readings = work.session.connection(), self._plain.batch.readings
        numbers = self._spelling.numbers(len(self._plain.rows))
        identities = Identities(
            unique=IDENTITY,
            key=tenant_key(self._sender.gateway.tenant_id),
            ids=self._column(readings.ids),
            numbers=numbers,
            times=[one.observed_at.at for one in readings.times],
            time_of=self._column(readings.times_of),
        )
        own = (*_OWN, "row_id") if numbers else _OWN
        rows = self._rows(own, identities)
        for insert in self._spelling.inserts((*_SHARED, *own), rows, identities):
            with suppress(*CONTENT_FAULTS), connection.begin_nested():
                note_months(work, self._charted)
                return Recorded(insert(), frozenset(one for one, _ in self._charted))
        return None

    def _column(self, values: Sequence[T]) -> list[T]:
        """What a column holds of the plain rows."""
        return [values[row] for row in self._plain.rows]

    def _rows(self, own: Sequence[str], identities: Identities) -> Sequence[P]:
        """What is alike is spelled once, what is a row's own for all rows at once."""
        readings, spelling, heads = self._plain.batch.readings, self._spelling, self._heads()
        series = self._column(readings.series_of)
        moments = list(zip(identities.time_of, [heads[one][1] for one in series], strict=True))
        times = self._times(set(moments))
        values = zip(series, self._column(readings.own), strict=True)
        said = [(value, times[moment][1]) for value, moment in zip(values, moments, strict=True)]
        contents = self._contents(set(said))
        numbers = (identities.numbers,) if identities.numbers else ()
        places = self._column(readings.places)
        spelled = {one: spelling.part(_PLACE)((place_of(one),)) for one in set(places)}
        return spelling.rows(
            [heads[one][0] for one in series],
            [times[moment][0] for moment in moments],
            [contents[one] for one in said],
            [spelled[place] for place in places],
            spelling.column(own, identities.ids, self._column(readings.sequences), *numbers),
        )

    def _contents(self, said: Iterable[_Said]) -> dict[_Said, P]:
        """The parts of values, each with what is to be flagged about it."""
        spell, known = self._spelling.part(_CONTENT), self._plain.contents
        parts = {}
        for value, marks in said:
            columns, flags = known[value]
            parts[value, marks] = spell((*columns, [*flags, *marks]))
        return parts

    def _heads(self) -> dict[int, tuple[P, str | None]]:
        """The part of each series, and its device; None where it is charted for no patient."""
        batch, sender = self._plain.batch, self._sender
        spell = self._spelling.part(_SERIES)
        heads = {}
        for number in {batch.readings.series_of[row] for row in self._plain.rows}:
            series = batch.readings.series[number]
            status = series.status.value
            device_id = sender.devices[series.device].device_id
            head = spell(
                (
                    *(sender.gateway.tenant_id, sender.gateway.gateway_id, batch.vehicle_id),
                    *(batch.stream, batch.boot_epoch, sender.received_at),
                    *(device_id, series.type.cf_code, status),
                    [code.cf_code for code in series.supplements],
                    KINDS[series.kind],
                )
            )
            heads[number] = head, None if status & UNCHARTED_STATUS else device_id
        return heads

    def _times(
        self, moments: Iterable[tuple[int, str | None]]
    ) -> dict[tuple[int, str | None], tuple[P, tuple[str, ...]]]:
        """The parts of moments with their encounters, and what is to be flagged about each."""
        of_device: dict[str | None, list[int]] = {}
        for moment, device_id in moments:
            of_device.setdefault(device_id, []).append(moment)
        return {
            (moment, device_id): self._part(moment, bound)
            for device_id, mine in of_device.items()
            for moment, bound in zip(mine, self._bounds(mine, device_id), strict=True)
        }

    def _bounds(self, moments: Sequence[int], device_id: str | None) -> list[Bound]:
        if device_id is None:
            return [Bound(None)] * len(moments)
        times = [self._plain.batch.readings.times[moment] for moment in moments]
        # A device whose clock cannot be right still measured this patient: when it was heard.
        heard = [
            one.captured_at
            if is_clock_fault(one.observed_at.at, one.captured_at)
            else one.observed_at.at
            for one in times
        ]
        microseconds = np.array([(at - EPOCH) // _MICROSECOND for at in heard], np.int64)
        bounds, bound_of = bind_stretches(self._sender.binding, device_id, microseconds)
        return [bounds[place] for place in bound_of]

    def _part(self, moment: int, bound: Bound) -> tuple[P, tuple[str, ...]]:
        times = self._plain.batch.readings.times[moment]
        observed, captured_at = times.observed_at, times.captured_at
        is_fault = is_clock_fault(observed.at, captured_at)
        if bound.encounter_id is not None:
            self._charted.add((bound.encounter_id, observed.at))
        stamp = observed.device_time
        kind, value = (stamp.kind, stamp.value) if stamp else (None, None)
        part = self._spell_times(
            (captured_at, observed.at, observed.quality.value, kind, value, bound.encounter_id)
        )
        marks = (FLAG_CLOCK,) * is_fault + (FLAG_LATE,) * bound.is_late
        return part, marks
