"""Which ids of rows need not travel: those that the device's time or a reception makes.

A row that is kept says what its id was named by when it was made. That is a hint: all names are
hashed together, and an id is known only when it is what comes of its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.model.identifiers import ID_OCTETS, ids_of
from protocols.uplink import records as rec
from protocols.uplink.forms import FormBook, Own
from protocols.uplink.row_codec import NO_COUNTER
from protocols.uplink.row_times import RowTimes
from protocols.uplink.time_texts import are_in_calendar, iso_texts
from protocols.uplink.whole_numbers import Numbers, to_numbers

_LARGEST: Final = 2**61
"""Twice the difference of two counters has room in 64 bits."""


@dataclass(frozen=True, slots=True)
class KnownIds:
    """By row: the sixteen octets, whether the device's time makes them, else what does.

    `counters` are `NO_COUNTER` where nothing does; `receptions` in microseconds since 1970.
    """

    ids: NDArray[np.uint8]
    is_stamped: NDArray[np.bool_]
    counters: Numbers
    receptions: Numbers

    def spread(self, total: int, rows: Numbers) -> KnownIds:
        """The same of these rows, in their order, among so many; of the others nothing is known."""
        if len(rows) == total:
            return self
        known = KnownIds(
            np.zeros((total, ID_OCTETS), np.uint8),
            np.zeros(total, np.bool_),
            np.full(total, NO_COUNTER, np.int64),
            np.zeros(total, np.int64),
        )
        known.ids[rows], known.is_stamped[rows] = self.ids, self.is_stamped
        known.counters[rows], known.receptions[rows] = self.counters, self.receptions
        return known


@dataclass(frozen=True, slots=True)
class Hints:
    """By row what its id is said to be named by: see `row_codec.OpenRow`."""

    counters: Sequence[int]
    lags_us: Sequence[int]


def known_ids(
    commons: Sequence[rec.CommonRecord],
    owns: Sequence[Own],
    hints: Hints,
    *,
    forms: Numbers,
    times: RowTimes,
    book: FormBook,
) -> KnownIds:
    """Of rows in columns; `forms` are their numbers in `book`, negative where it has none."""
    octets = [one.observation_id.int.to_bytes(ID_OCTETS, "big") for one in commons]
    ids = np.frombuffer(b"".join(octets), np.uint8).reshape(-1, ID_OCTETS)
    counters, lags_us = to_numbers(hints.counters), to_numbers(hints.lags_us)
    received = times.captured[times.of_rows] - lags_us
    is_open = forms >= 0
    is_hinted = is_open & (counters >= 0) & (counters < _LARGEST) & are_in_calendar(received)
    hinted, stamped = np.flatnonzero(is_hinted), times.named()
    stamped = stamped[(is_open & ~is_hinted)[stamped]]
    rows = np.concatenate((hinted, stamped))
    names = book.names_of(
        forms[rows].tolist(),
        [*_receptions(received[hinted], counters[hinted]), *times.names_of(stamped)],
        [owns[one] for one in rows.tolist()],
    )
    made = np.frombuffer(ids_of(names), np.uint8).reshape(-1, ID_OCTETS)
    is_made = np.zeros(len(commons), np.bool_)
    is_made[rows] = (made == ids[rows]).all(axis=1)
    is_counted = is_made & is_hinted
    return KnownIds(
        ids=ids,
        is_stamped=is_made & ~is_hinted,
        counters=np.where(is_counted, counters, NO_COUNTER).astype(np.int64, copy=False),
        receptions=np.where(is_counted, received, 0).astype(np.int64, copy=False),
    )


def _receptions(received: Numbers, counters: Numbers) -> list[bytes]:
    """As `identifiers.reception_of` of each."""
    at = received.tolist()
    distinct = list(dict.fromkeys(at))
    texts = dict(zip(distinct, iso_texts(np.array(distinct, np.int64)), strict=True))
    pairs = zip(at, counters.tolist(), strict=True)
    return [b"received=%b+00:00#%d" % (texts[one], counter) for one, counter in pairs]
