"""Readings that come in columns become rows in columns: what they share is looked at once.

A row is put together from its series' part, its moment's, its value's and its own. Whatever is odd
is left to be recorded row by row, where it gets its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic

import numpy as np
from numpy.typing import NDArray

from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.keys import tenant_key
from cloud.core.observations.months import note_months
from cloud.core.observations.plain_readings import KINDS, VALUES, PlainReadings, is_clock_fault
from cloud.core.observations.recording import (
    CONTENT_FAULTS,
    FLAG_CLOCK,
    FLAG_LATE,
    IDENTITY,
    UNCHARTED_STATUS,
    Binding,
    Bound,
    place_of,
)
from cloud.core.observations.stretches import at_time, bind_stretches
from cloud.core.observations.tables import ObservationRow
from cloud.db.base import table_of
from cloud.db.copy_spelling import CopySpelling
from cloud.db.savepoints import part_of
from cloud.db.spelling import Identities, P, Spelling, TupleSpelling
from protocols.model.codes import SystemId
from protocols.uplink.whole_numbers import Places

_SERIES: Final = (
    *("tenant_id", "gateway_id", "vehicle_id", "stream", "boot_epoch", "received_at"),
    *("device_id", "type_cf", "status", "supplements", "kind"),
)
_CLOCK: Final = ("time_quality", "device_time_kind")
_BOUND: Final = ("encounter_id",)
_TIMES: Final = ("captured_at", "observed_at", *_CLOCK, "device_time", *_BOUND)
_CONTENT: Final = (*VALUES, "flags")
_PLACE: Final = ("octets",)
_OWN: Final = ("observation_id", "sequence")
_SHARED: Final = (*_SERIES, *_TIMES, *_CONTENT, *_PLACE)
_MARKS: Final = ((), (FLAG_CLOCK,), (FLAG_LATE,), (FLAG_CLOCK, FLAG_LATE))
"""What is flagged about a time: 1 for a clock that cannot be right, 2 for what came late."""


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
    if not len(plain.rows):
        return Recorded()
    connection, table = work.session.connection(), table_of(ObservationRow)
    if work.is_postgresql:
        return _Columns(plain, sender, CopySpelling(connection, table)).insert(work)
    return _Columns(plain, sender, TupleSpelling(connection, table)).insert(work)


@dataclass(frozen=True, slots=True)
class _Times(Generic[P]):
    """The parts of moments, each with its device's encounter, and by row which one it has.

    `marks` count in `_MARKS`; `charted` are the encounters and the months of their readings.
    """

    parts: Sequence[P]
    marks: NDArray[np.intp]
    part_of: Places
    charted: set[tuple[str, datetime]]


class _Columns(Generic[P]):
    """Puts rows together in the spelling of one database."""

    def __init__(self, plain: PlainReadings, sender: Sender, spelling: Spelling[P]) -> None:
        self._plain = plain
        self._readings = plain.batch.readings
        self._sender = sender
        self._spelling = spelling
        self._series_of = self._readings.series_of[plain.rows]
        self._moment_of = self._readings.moment_of[plain.rows]

    def insert(self, work: UnitOfWork) -> Recorded | None:
        """Store the rows."""
        connection, readings, rows = work.session.connection(), self._readings, self._plain.rows
        numbers = self._spelling.numbers(len(rows))
        identities = Identities(
            unique=IDENTITY,
            key=tenant_key(self._sender.gateway.tenant_id),
            ids=readings.ids if len(rows) == len(readings) else readings.only(rows).ids,
            numbers=numbers,
            times=readings.moments.observed[self._moment_of],
        )
        names = (*_SHARED, *_OWN, "row_id") if len(numbers) else (*_SHARED, *_OWN)
        times = self._times()
        parts = self._rows(names, times, identities)
        for insert in self._spelling.inserts(names, parts, identities):
            with suppress(*CONTENT_FAULTS), part_of(connection):
                note_months(work, times.charted)
                return Recorded(insert(), frozenset(one for one, _ in times.charted))
        return None

    def _rows(self, names: Sequence[str], times: _Times[P], identities: Identities) -> Sequence[P]:
        """What is alike is spelled once, what is a row's own for all rows at once."""
        readings, rows, spelling = self._readings, self._plain.rows, self._spelling
        said = readings.value_of[rows] * len(_MARKS) + times.marks[times.part_of]
        contents, content_of = np.unique(said, return_inverse=True)
        numbers = (identities.numbers,) if len(identities.numbers) else ()
        return spelling.rows(
            names,
            _taken(self._heads(), self._series_of),
            _taken(times.parts, times.part_of),
            _taken(self._contents(contents.tolist()), content_of),
            self._places(),
            spelling.own(identities.ids, readings.sequences[rows], *numbers),
        )

    def _places(self) -> Sequence[P]:
        spell, places = self._spelling.part(_PLACE), self._readings.places
        mine = [places[row] for row in self._plain.rows.tolist()]
        spelled = {one: spell((place_of(one),)) for one in set(mine)}
        return [spelled[place] for place in mine]

    def _contents(self, said: Iterable[int]) -> list[P]:
        """The parts of values, each with what is to be flagged about it."""
        spell, known = self._spelling.part(_CONTENT), self._plain.contents
        parts = []
        for one in said:
            value, marks = divmod(one, len(_MARKS))
            content = known[value]
            assert content is not None  # noqa: S101 - sorted so
            parts.append(spell((*content.columns, [*content.flags, *_MARKS[marks]])))
        return parts

    def _heads(self) -> dict[int, P]:
        """The part of each series that has rows here."""
        batch, sender = self._plain.batch, self._sender
        spell = self._spelling.part(_SERIES)
        heads = {}
        for number in np.unique(self._series_of).tolist():
            series = self._readings.series[number]
            heads[number] = spell(
                (
                    *(sender.gateway.tenant_id, sender.gateway.gateway_id, batch.vehicle_id),
                    *(batch.stream, batch.boot_epoch, sender.received_at),
                    *(sender.devices[series.device].device_id, series.type.cf_code),
                    series.status.value,
                    [code.cf_code for code in series.supplements],
                    KINDS[series.kind],
                )
            )
        return heads

    def _times(self) -> _Times[P]:
        moments, spelling = self._readings.moments, self._spelling
        devices, device_of = self._devices()
        pairs, part_of = np.unique(self._moment_of * len(devices) + device_of, return_inverse=True)
        moment_of = pairs // len(devices)
        captured, observed = moments.captured[moment_of], moments.observed[moment_of]
        is_fault = is_clock_fault(observed, captured)
        # A device whose clock cannot be right still measured this patient: when it was heard.
        bounds, bound_of = self._bounds(
            devices, pairs % len(devices), np.where(is_fault, captured, observed)
        )
        spell_clock, spell_bound = spelling.part(_CLOCK), spelling.part(_BOUND)
        clocks = [
            spell_clock((one.quality.value, one.device_kind or None))
            for one in self._readings.series
        ]
        parts = spelling.joined(
            spelling.times(captured, observed),
            _taken(clocks, moments.series_of[moment_of]),
            spelling.words([moments.stamps[one] for one in moment_of.tolist()]),
            _taken([spell_bound((one.encounter_id,)) for one in bounds], bound_of),
        )
        is_late = np.array([one.is_late for one in bounds], bool)[bound_of]
        charted = _months_of(bounds, bound_of, observed)
        return _Times(parts, is_fault + 2 * is_late.astype(np.intp), part_of, charted)

    def _devices(self) -> tuple[list[str | None], Places]:
        """The devices, None for what is charted for no patient, and by row which one it is of."""
        known: dict[str | None, int] = {}
        places = []
        for series in self._readings.series:
            device = self._sender.devices.get(series.device)
            is_uncharted = series.status.value & UNCHARTED_STATUS
            name = None if device is None or is_uncharted else device.device_id
            places.append(known.setdefault(name, len(known)))
        return list(known), np.array(places, np.intp)[self._series_of]

    def _bounds(
        self, devices: Sequence[str | None], device_of: Places, times: NDArray[np.int64]
    ) -> tuple[list[Bound], Places]:
        """To what readings of these devices and times are bound, and by time to which of these."""
        bounds: list[Bound] = []
        bound_of = np.empty(len(times), np.intp)
        self._sender.binding.expect(one for one in devices if one is not None)
        for number, device_id in enumerate(devices):
            where = np.flatnonzero(device_of == number)
            found, found_of = [Bound(None)], np.zeros(len(where), np.intp)
            if device_id is not None:
                found, found_of = bind_stretches(self._sender.binding, device_id, times[where])
            bound_of[where] = found_of + len(bounds)
            bounds += found
        return bounds, bound_of


def _taken(parts: Sequence[P] | Mapping[int, P], places: Places) -> list[P]:
    return [parts[place] for place in places.tolist()]


def _months_of(
    bounds: Sequence[Bound], bound_of: Places, observed: NDArray[np.int64]
) -> set[tuple[str, datetime]]:
    """Each encounter with the beginnings of the months its readings are of."""
    months = observed.astype("datetime64[us]").astype("datetime64[M]")
    begun = months.astype("datetime64[us]").astype(np.int64)
    return {
        (encounter_id, at_time(at))
        for number, encounter_id in enumerate(one.encounter_id for one in bounds)
        if encounter_id is not None
        for at in np.unique(begun[bound_of == number]).tolist()
    }
