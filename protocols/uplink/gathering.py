"""From rows, as they are kept or made, to columns: what many rows share is worked out once.

A column is filled for all rows before the next one is begun, so that little is done for a row by
itself. Whether ids need not travel is tried for all of them together (`known_ids`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

import numpy as np

from protocols.uplink import records as rec
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.forms import IN_COLUMNS, FormBook, Own
from protocols.uplink.gathered import PLAIN, Gathered, GatheredRows
from protocols.uplink.kept_rows import named_by_of, record_of
from protocols.uplink.known_ids import Hints, known_ids
from protocols.uplink.messages import UplinkRow
from protocols.uplink.places import is_place
from protocols.uplink.row_codec import NO_COUNTER, open_each
from protocols.uplink.row_times import RowTimes


def gather(rows: Iterable[UplinkRow]) -> GatheredRows:
    """These rows with their columns."""
    gatherer = Gatherer()
    for row in rows:
        gatherer.add(row)
    return gatherer.rows()


@dataclass(slots=True)
class Gatherer:
    """Takes rows in their order, then gives them with their columns."""

    _records: list[rec.ContentRecord] = field(default_factory=list)
    _captured: list[datetime] = field(default_factory=list)
    _counters: list[int] = field(default_factory=list)
    _lags_us: list[int] = field(default_factory=list)
    _sequences: list[int] = field(default_factory=list)
    _places: list[str] = field(default_factory=list)
    _bodies: list[bytes] = field(default_factory=list)
    _rows: dict[int, UplinkRow] = field(default_factory=dict)

    def add(self, row: UplinkRow) -> None:
        """One row, however it is held."""
        self._rows[len(self._records)] = row
        self._records.append(record_of(row))
        self._captured.append(row.captured_at)
        named_by, counter, lag_us = named_by_of(row), NO_COUNTER, 0
        if named_by is not None:
            counter = named_by.counter
            lag_us = to_microseconds(row.captured_at) - to_microseconds(named_by.received_at)
        self._counters.append(counter)
        self._lags_us.append(lag_us)
        self._sequences.append(row.sequence)
        self._places.append(row.octets)
        self._bodies.append(b"")

    def keep(
        self, bodies: Sequence[bytes], sequences: Sequence[int], places: Sequence[str]
    ) -> list[int]:
        """Rows as they are kept; says which of them are none (see `open_row`)."""
        opened, none = open_each(bodies)
        if none:
            kept = [number for number in range(len(bodies)) if number not in none]
            bodies, sequences, places = (
                [bodies[one] for one in kept],
                [sequences[one] for one in kept],
                [places[one] for one in kept],
            )
        self._records += [one.content for one in opened]
        self._captured += [one.captured_at for one in opened]
        self._counters += [one.counter for one in opened]
        self._lags_us += [one.lag_us for one in opened]
        self._sequences += sequences
        self._places += places
        self._bodies += bodies
        return none

    def rows(self) -> GatheredRows:
        """All of them."""
        book = FormBook()
        found = self._in_columns(book)
        while (times := RowTimes.of(found.commons, found.captured)).unfit:
            found = found.without(times.unfit)
        total, here = len(self._records), np.array(found.numbers, np.int64)
        forms, moments = np.full(total, PLAIN), np.full(total, PLAIN)
        forms[here] = book.take(found.commons, found.owns, times.contexts())
        moments[here] = times.of_rows
        hints = Hints(
            [self._counters[one] for one in found.numbers],
            [self._lags_us[one] for one in found.numbers],
        )
        known = known_ids(
            found.commons, found.owns, hints, forms=forms[here], times=times, book=book
        ).spread(total, here)
        widths = np.zeros(total, np.int64)
        widths[here] = [len(one.numbers) for one in found.owns]
        columns = Gathered(
            known_forms=book.forms,
            identities=book.identities,
            sequences=np.array(self._sequences, np.int64),
            forms=forms,
            moments=moments,
            widths=widths,
            own=np.array(list(chain.from_iterable(one.numbers for one in found.owns)), np.int64),
            known_ids=known,
            places=self._places,
            captured=times.captured,
            observed=times.observed,
            stamps=times.stamps,
            waves=found.waves(),
            spoilt=book.spoilt,
        )
        return GatheredRows(columns, self._bodies, self._rows)

    def _in_columns(self, book: FormBook) -> _InColumns:
        """The rows that fit columns, but for their devices' times."""
        placed = {place: is_place(place) for place in set(self._places)}
        owns = book.owns_of(self._records)
        numbers = [one for one, own in enumerate(owns) if own is not None]
        if not all(placed.values()):
            numbers = [one for one in numbers if placed[self._places[one]]]
        records = [self._records[one] for one in numbers]
        return _InColumns(
            numbers=numbers,
            owns=[own for one in numbers if (own := owns[one]) is not None],
            commons=[one.common for one in records if isinstance(one, IN_COLUMNS)],
            captured=[self._captured[one] for one in numbers],
        )


@dataclass(frozen=True, slots=True)
class _InColumns:
    """The rows that fit columns, by their numbers; the lists are equally long."""

    numbers: list[int]
    owns: list[Own]
    commons: list[rec.CommonRecord]
    captured: list[datetime]

    def without(self, places: set[int]) -> _InColumns:
        """The same but for those at these places."""
        kept = [place for place in range(len(self.numbers)) if place not in places]
        return _InColumns(
            [self.numbers[one] for one in kept],
            [self.owns[one] for one in kept],
            [self.commons[one] for one in kept],
            [self.captured[one] for one in kept],
        )

    def waves(self) -> dict[int, Own]:
        """What is their own of the waveforms, by row."""
        pairs = zip(self.numbers, self.owns, strict=True)
        return {number: own for number, own in pairs if own.samples is not None}
