"""How a batch's ids come about, and what of them has to travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import numpy as np

from protocols.model.identifiers import ID_OCTETS, Identity, id_named
from protocols.model.timestamps import TimeQuality
from protocols.uplink.derived_ids import (
    ARRIVED,
    EXPLICIT,
    RECEIVED,
    STAMPED,
    CounterSearch,
    Wanted,
    next_report,
)
from protocols.uplink.device_stamps import NONE, RELATIVE, from_microseconds
from protocols.uplink.gathered import Gathered, Numbers

How = tuple[int, int, int]
"""The rule, the counter, the lag."""
_RECEPTION: Final = TimeQuality.RECEIVED.value
_LIKELY_LAGS: Final = range(8)
"""Milliseconds from the reception to the disk."""
_BY_THE_BYTES: Final = (EXPLICIT, 0, 0)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the ids of one form are made of beside reception and counter: see `Identity`."""

    device: bytes
    identity: Identity
    before: bytes
    behind: bytes
    duration_us: int = 0

    @classmethod
    def of(cls, device: bytes, identity: Identity, duration_us: int = 0) -> Origin:
        """`duration_us`: how long a waveform's samples last."""
        before, behind = identity.head + b"received=", identity.behind(duration_us)
        return cls(device, identity, before, behind, duration_us)


@dataclass(slots=True)
class IdWriter:
    """Takes the ids that no device's time makes, in their order.

    `ids` and `counters` is what travels. `search` is kept from batch to batch: it makes ids short.
    """

    search: CounterSearch
    ids: list[bytes] = field(default_factory=list)
    counters: list[int] = field(default_factory=list)
    _last: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    _at_us: int = 0
    _is_received: bool = False
    _receptions: dict[int, bytes] = field(default_factory=dict)

    def begin(self, at_us: int, *, is_received: bool) -> None:
        """The rows that follow were received at `at_us`, or soon before they were captured then.

        In microseconds since 1970.
        """
        self._at_us, self._is_received = at_us, is_received
        self._receptions.clear()

    def take(self, wanted: bytes, origin: Origin, *, begins: bool) -> How:
        """The next id, by a counter where it is found; `begins`: its row begins a moment."""
        device = origin.device
        how = self._as_expected(wanted, origin, begins=begins) or self._searched(wanted, origin)
        rule, counter, lag = how
        if rule == EXPLICIT:
            self.ids.append(wanted)
            return how
        last, last_lag = self._last.get(device, (-1, 0))
        if rule == ARRIVED:
            self.counters.append(lag - last_lag)
            last_lag = lag
        self.counters.append(counter - (next_report(last) if begins else last + 1))
        self._last[device] = counter, last_lag
        return how

    def _as_expected(self, wanted: bytes, origin: Origin, *, begins: bool) -> How | None:
        """One that follows on the device's last ones, which most do: found without a search."""
        places = self.search.places_of(origin.device)
        for number, (last, last_lag) in enumerate(places):
            counter = next_report(last) if begins else last + 1
            lag = 0 if self._is_received else last_lag
            if self._is_made(wanted, origin, counter, lag):
                return self._follow(origin, number, counter, lag)
        if self._is_received or not self.search.seeks(origin.device):
            return None
        # Its way to the disk took another time than the last one's did.
        for number, (last, _) in enumerate(places):
            counter = next_report(last) if begins else last + 1
            for lag in _LIKELY_LAGS:
                if self._is_made(wanted, origin, counter, lag):
                    return self._follow(origin, number, counter, lag)
        return None

    def _follow(self, origin: Origin, place: int, counter: int, lag: int) -> How:
        self.search.follow(origin.device, place, counter, lag)
        return RECEIVED if self._is_received else ARRIVED, counter, lag

    def _is_made(self, wanted: bytes, origin: Origin, counter: int, lag: int) -> bool:
        received = self._receptions.get(lag)
        if received is None:
            text = Wanted.reception(from_microseconds(self._at_us), lag)
            received = self._receptions[lag] = text.encode() + b"#"
        name = b"%b%b%d%b" % (origin.before, received, counter, origin.behind)
        return id_named(name) == wanted

    def _searched(self, observation_id: bytes, origin: Origin) -> How:
        at = from_microseconds(self._at_us)
        identity, lasts = origin.identity, origin.duration_us
        wanted = Wanted(UUID(bytes=observation_id), origin.device, identity, at, lasts)
        if self._is_received:
            counter = self.search.received(wanted)
            return _BY_THE_BYTES if counter is None else (RECEIVED, counter, 0)
        found = self.search.arrived(wanted)
        return _BY_THE_BYTES if found is None else (ARRIVED, *found)


@dataclass(frozen=True, slots=True)
class WrittenIds:
    """By which rule the id of each row in columns comes about, and what travels for it."""

    rules: Numbers
    ids: bytes
    counters: tuple[int, ...]


def write_ids(columns: Gathered, rows: Numbers, search: CounterSearch) -> WrittenIds:
    """The ids of these rows, which are in columns."""
    search.begin()
    writer = IdWriter(search)
    rules = np.where(columns.is_stamped[rows], STAMPED, EXPLICIT)
    moments = columns.moments[rows]
    begins = np.diff(moments, prepend=-1) != 0
    left = np.flatnonzero(rules != STAMPED)
    octets, last, found = columns.ids[rows[left]].tobytes(), -1, []
    captured, observed = columns.captured.tolist(), columns.observed.tolist()
    origins = [
        None if form.device_kind not in (NONE, RELATIVE) else Origin.of(form.device, identity)
        for form, identity in zip(columns.known_forms, columns.identities, strict=True)
    ]
    which = zip(
        *(one[left].tolist() for one in (rows, columns.forms[rows], moments, begins)), strict=True
    )
    for number, (row, form_number, moment, is_first) in enumerate(which):
        wanted = octets[number * ID_OCTETS : (number + 1) * ID_OCTETS]
        origin = origins[form_number]
        if origin is None:
            writer.ids.append(wanted)
            found.append(EXPLICIT)
            continue
        if moment != last:
            last = moment
            is_received = columns.known_forms[form_number].quality == _RECEPTION
            at_us = observed[moment] if is_received else captured[moment]
            writer.begin(at_us, is_received=is_received)
        if row in columns.waves:
            duration_us = columns.waves[row].duration_us
            origin = Origin.of(origin.device, origin.identity, duration_us)
        found.append(writer.take(wanted, origin, begins=is_first)[0])
    rules[left] = found
    return WrittenIds(rules, b"".join(writer.ids), tuple(writer.counters))
