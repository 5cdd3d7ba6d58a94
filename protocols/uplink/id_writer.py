"""How a batch's ids come about, and what of them has to travel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from protocols.model.timestamps import TimeQuality
from protocols.uplink.derived_ids import ARRIVED, EXPLICIT, RECEIVED, STAMPED, next_report
from protocols.uplink.gathered import Gathered, Numbers

_RECEPTION: Final = TimeQuality.RECEIVED.value
_LAG_US: Final = 1000


@dataclass(frozen=True, slots=True)
class WrittenIds:
    """By which rule the id of each row in columns comes about, and what travels for it."""

    rules: Numbers
    ids: bytes
    counters: tuple[int, ...]


def write_ids(columns: Gathered, rows: Numbers) -> WrittenIds:
    """The ids of these rows, which are in columns."""
    moments, known, forms = columns.moments[rows], columns.known_ids, columns.known_forms
    counters, received = known.counters[rows], known.receptions[rows]
    is_counted = counters >= 0
    lags_us = columns.captured[moments] - received
    is_observed = is_counted & (columns.observed[moments] == received)
    is_late = is_counted & (lags_us % _LAG_US == 0)
    by_reception = np.array([form.quality == _RECEPTION for form in forms], np.bool_)
    # A series has one rule: of two that fit a row it is the one that fits its neighbours.
    by_counter = np.where(is_late, ARRIVED, np.where(is_observed, RECEIVED, EXPLICIT))
    by_counter[by_reception[columns.forms[rows]] & is_observed] = RECEIVED
    rules = np.where(known.is_stamped[rows], STAMPED, by_counter)
    counted = np.flatnonzero((rules == RECEIVED) | (rules == ARRIVED))
    numbers: dict[bytes, int] = {}
    devices = np.array([numbers.setdefault(one.device, len(numbers)) for one in forms], np.int64)
    begins = np.diff(moments, prepend=-1) != 0
    return WrittenIds(
        rules=rules,
        ids=known.ids[rows[rules == EXPLICIT]].tobytes(),
        counters=_told(
            devices=devices[columns.forms[rows]][counted],
            counters=counters[counted],
            begins=begins[counted],
            lags=np.where(rules == ARRIVED, lags_us // _LAG_US, 0)[counted],
            has_lag=(rules == ARRIVED)[counted],
        ),
    )


def _told(
    *, devices: Numbers, counters: Numbers, begins: Numbers, lags: Numbers, has_lag: Numbers
) -> tuple[int, ...]:
    """What travels of counters and lags, row by row: how far they are from the expected ones.

    A device's next counter is expected to be the next one in the report, or the first of the next
    report where the row begins a moment; a lag to be that of its last row with one.
    """
    earlier = _before(counters, devices, -1)
    expected = np.where(begins, next_report(earlier), earlier + 1)
    late = np.flatnonzero(has_lag)
    behind = np.cumsum(has_lag + 1)
    told = np.empty(len(counters) + len(late), np.int64)
    told[behind - 1] = counters - expected
    told[behind[late] - 2] = lags[late] - _before(lags[late], devices[late], 0)
    return tuple(told.tolist())


def _before(values: Numbers, devices: Numbers, first: int) -> Numbers:
    """By row the value of its device's row before; `first` where it has none."""
    order = np.argsort(devices, kind="stable")
    ordered, whose = values[order], devices[order]
    before = np.empty_like(values)
    before[order] = np.where(
        np.diff(whose, prepend=-1) == 0, np.concatenate(([first], ordered[:-1])), first
    )
    return before
