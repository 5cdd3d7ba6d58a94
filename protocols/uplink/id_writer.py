"""How a batch's ids come about, and what of them has to travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from protocols.model.identifiers import Identity, stamp_of
from protocols.model.timestamps import DeviceTime, TimeQuality
from protocols.uplink import records as rec
from protocols.uplink.derived_ids import (
    ARRIVED,
    EXPLICIT,
    RECEIVED,
    STAMPED,
    CounterSearch,
    Wanted,
    next_report,
)
from protocols.uplink.device_stamps import EPOCH, NONE, RELATIVE

How = tuple[int, int, int]
"""The rule, the counter, the lag."""
_RECEPTION: Final = TimeQuality.RECEIVED.value
_NO_TIME: Final = rec.TimeRecord(EPOCH, "")


@dataclass(slots=True)
class IdWriter:
    """Takes the rows' ids in their order. `ids` and `counters` are what travels.

    `search` is kept from batch to batch: it makes ids short.
    """

    search: CounterSearch
    ids: list[bytes] = field(default_factory=list)
    counters: list[int] = field(default_factory=list)
    _last: dict[int, tuple[int, int]] = field(default_factory=dict)
    _captured_at: datetime = EPOCH
    _time: rec.TimeRecord = _NO_TIME
    _stamp: bytes = b""
    _receptions: dict[int, bytes] = field(default_factory=dict)

    def begin(self, captured_at: datetime, time: rec.TimeRecord) -> None:
        """The rows that follow have these times."""
        self._captured_at, self._time = captured_at, time
        self._stamp = stamp_of(DeviceTime(time.device_kind, time.device_value))
        self._receptions.clear()

    def rule_of(
        self, common: rec.CommonRecord, identity: Identity, duration_us: int, *, begins: bool
    ) -> How:
        """How the id of a row comes about; the counter and the lag in it, 0 where there are none.

        `identity` is its series', `duration_us` how long its samples last; `begins`: the row is
        the first one of a moment.
        """
        time, wanted = self._time, common.observation_id
        if time.device_kind != NONE:
            if identity.at(self._stamp, duration_us) == wanted.bytes:
                return STAMPED, 0, 0
            if time.device_kind != RELATIVE:
                return EXPLICIT, 0, 0
        if (near := self._as_expected(common, identity, duration_us, begins=begins)) is not None:
            return near
        if time.quality == _RECEPTION:
            search = Wanted(wanted, common.device, identity, time.at, duration_us)
            counter = self.search.received(search)
            return (EXPLICIT, 0, 0) if counter is None else (RECEIVED, counter, 0)
        search = Wanted(wanted, common.device, identity, self._captured_at, duration_us)
        found = self.search.arrived(search)
        return (EXPLICIT, 0, 0) if found is None else (ARRIVED, *found)

    def _as_expected(
        self, common: rec.CommonRecord, identity: Identity, duration_us: int, *, begins: bool
    ) -> How | None:
        """One that follows on the device's last ones, which most do: found without a search."""
        is_received = self._time.quality == _RECEPTION
        for place, (last, last_lag) in enumerate(self.search.places_of(common.device)):
            counter = next_report(last) if begins else last + 1
            lag = 0 if is_received else last_lag
            name = b"received=%b#%d" % (self._reception(lag, is_received=is_received), counter)
            if identity.at(name, duration_us) == common.observation_id.bytes:
                self.search.follow(common.device, place, counter, lag)
                return RECEIVED if is_received else ARRIVED, counter, lag
        return None

    def _reception(self, lag: int, *, is_received: bool) -> bytes:
        received = self._receptions.get(lag)
        if received is None:
            at = self._time.at if is_received else self._captured_at
            received = self._receptions[lag] = Wanted.reception(at, lag).encode()
        return received

    def add(self, common: rec.CommonRecord, device: int, how: How, *, begins: bool) -> None:
        """A row of the batch's `device`, its id as `rule_of` said."""
        rule, counter, lag = how
        if rule == STAMPED:
            return
        if rule == EXPLICIT:
            self.ids.append(common.observation_id.bytes)
            return
        last, last_lag = self._last.get(device, (-1, 0))
        if rule == ARRIVED:
            self.counters.append(lag - last_lag)
            last_lag = lag
        self.counters.append(counter - (next_report(last) if begins else last + 1))
        self._last[device] = counter, last_lag
