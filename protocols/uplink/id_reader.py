"""The ids of a batch's rows: as they travelled, or worked out, all names first and then the ids.

How an id comes about is said in `derived_ids`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from protocols.errors import DecodeError
from protocols.model.identifiers import ID_OCTETS, Identity, ids_of
from protocols.uplink.derived_ids import ARRIVED, EXPLICIT, RECEIVED, STAMPED, next_report
from protocols.uplink.time_texts import in_calendar, iso_texts
from protocols.uplink.whole_numbers import Numbers, Places, to_numbers

_LAG_US: Final = 1000


class IdSeries(NamedTuple):
    """What the ids of one series share; `period_us` is between its samples, 0 without any."""

    rule: int
    device: int
    identity: Identity
    period_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRows:
    """The rows whose ids are read: by row its series, its moment, how many samples it has.

    `firsts` are the rows that begin a moment; `captured` and `observed` are the moments' times in
    microseconds since 1970, `stamps` their own times as an id has them, None where there is none.
    """

    series: Sequence[IdSeries]
    series_of: Places
    moment_of: Places
    counts: Sequence[int]
    firsts: Places
    captured: Numbers
    observed: Numbers
    stamps: Sequence[bytes | None]


def counters_of(rule: int) -> int:
    """How many counters a row of this rule has."""
    return {RECEIVED: 1, ARRIVED: 2}.get(rule, 0)


def read_ids(rows: IdRows, ids: bytes, counters: Sequence[int]) -> bytes:
    """Sixteen octets a row; `ids` and `counters` as the columns have them.

    They are as many as the rules and `counters_of` ask for. DecodeError for an id that cannot be
    worked out.
    """
    rule_of = np.array([one.rule for one in rows.series], np.intp)[rows.series_of]
    is_derived = rule_of != EXPLICIT
    octets = np.empty((len(rows.series_of), ID_OCTETS), np.uint8)
    octets[~is_derived] = np.frombuffer(ids, np.uint8).reshape(-1, ID_OCTETS)
    if is_derived.any():
        stamps = _stamps(rows, rule_of, counters)
        places = np.flatnonzero(is_derived)
        names = _names(rows, places, [stamps[place] for place in places.tolist()])
        octets[places] = np.frombuffer(ids_of(names), np.uint8).reshape(-1, ID_OCTETS)
    return octets.tobytes()


def _names(rows: IdRows, places: Places, stamps: Sequence[bytes]) -> list[bytes]:
    """What the ids of these rows are made of."""
    heads = [one.identity.head for one in rows.series]
    tails = [one.identity.behind(0) for one in rows.series]
    series = rows.series_of[places].tolist()
    names = [heads[one] + stamp + tails[one] for one, stamp in zip(series, stamps, strict=True)]
    lasting = [one.period_us for one in rows.series]
    if any(lasting):
        for row, (place, one) in enumerate(zip(places.tolist(), series, strict=True)):
            behind = rows.series[one].identity.behind(lasting[one] * rows.counts[place])
            names[row] = heads[one] + stamps[row] + behind
    return names


def _stamps(rows: IdRows, rule_of: Places, counters: Sequence[int]) -> list[bytes]:
    """By row the time in its id; empty where the id travelled."""
    stamps = [b""] * len(rule_of)
    stamped = np.flatnonzero(rule_of == STAMPED)
    for row, moment in zip(stamped.tolist(), rows.moment_of[stamped].tolist(), strict=True):
        stamp = rows.stamps[moment]
        if stamp is None:
            raise DecodeError("uplink columns: an id by a device's time that is not there")
        stamps[row] = stamp
    counted = np.flatnonzero((rule_of == RECEIVED) | (rule_of == ARRIVED))
    for row, stamp in zip(counted.tolist(), _receptions(rows, counted, counters), strict=True):
        stamps[row] = stamp
    return stamps


def _receptions(rows: IdRows, counted: Places, counters: Sequence[int]) -> list[bytes]:
    """The times of ids by reception; `counted` are their rows."""
    series, moments = rows.series_of[counted].tolist(), rows.moment_of[counted].tolist()
    begins = np.isin(counted, rows.firsts).tolist()
    captured, observed = rows.captured.tolist(), rows.observed.tolist()
    last: dict[int, tuple[int, int]] = {}
    told = iter(counters)
    at, reports = [], []
    for number, moment, is_first in zip(series, moments, begins, strict=True):
        rule, device, _, _ = rows.series[number]
        before, lag = last.get(device, (-1, 0))
        if rule == ARRIVED:
            lag += next(told)
            at.append(captured[moment] - lag * _LAG_US)
        else:
            at.append(observed[moment])
        report = next(told) + (next_report(before) if is_first else before + 1)
        last[device] = report, lag
        reports.append(report)
    texts = iso_texts(in_calendar(to_numbers(at)))
    return [
        b"received=%b+00:00#%d" % (text, report)
        for text, report in zip(texts, reports, strict=True)
    ]
