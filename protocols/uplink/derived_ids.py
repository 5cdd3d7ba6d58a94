"""Ids that need no octets on the way: the other end works them out from the rest of the row.

An observation's id is made from what identifies the measurement (`model.identifiers`). Sixteen
octets of it cannot be compressed, and most can be told from the row itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity

EXPLICIT: Final = 0
"""The sixteen octets travel."""
STAMPED: Final = 1
"""By the device's own time."""
RECEIVED: Final = 2
"""By the time of reception, which is the observed one, and the report counter, which travels."""
ARRIVED: Final = 3
"""By the time of reception, some milliseconds before the capture: they and the counter travel."""
RULES: Final = (EXPLICIT, STAMPED, RECEIVED, ARRIVED)

_LAG: Final = timedelta(milliseconds=1)
_LAGS: Final = 64
_FIRST_LAGS: Final = 5
_POSITIONS: Final = 48
_REPORTS_AHEAD: Final = 4
_FIRST_POSITIONS: Final = 2
_FIRST_REPORTS: Final = 256
_FIRST_TRIES: Final = 4
_GIVEN_UP: Final = 1 << 16
_MOST_DEVICES: Final = 256
_MOST_PLACES: Final = 3
_MOST_MISSED: Final = 4
"""Rows of a device in a batch that are looked for in vain where its last ones were."""

Place = tuple[int, int]
"""A counter, and the lag it was found with."""


def next_report(counter: int) -> int:
    """The counter of the first reading of the report after the one of `counter`."""
    return (counter >> 16) + 1 << 16


def identity_of(device: bytes, type_cf: int, supplements: tuple[int, ...]) -> Identity:
    """What all ids of one series share; DecodeError for codes out of range."""
    codes = [MdcCode.from_cf_code(code) for code in supplements]
    return Identity.of(SystemId(device), MdcCode.from_cf_code(type_cf), codes)


def before(captured_at: datetime, lag: int) -> datetime:
    """The time `lag` milliseconds before the capture; DecodeError outside the calendar."""
    try:
        return captured_at - lag * _LAG
    except OverflowError as exc:
        raise DecodeError("uplink columns: no such time") from exc


@dataclass(frozen=True, slots=True)
class Wanted:
    """An id to be explained: what it is made of beside the time of reception and the counter.

    `at` is the time of reception where that is known, else the capture that came soon after it.
    """

    observation_id: UUID
    device: bytes
    identity: Identity
    at: datetime
    duration_us: int

    def place(self, lags: Sequence[int], counters: Sequence[int]) -> Place | None:
        """Which of `counters` makes the id, received by which of `lags`; None when none does."""
        receptions = (self.reception(self.at, lag) for lag in lags)
        found = self.identity.counter_of(
            self.observation_id, receptions, counters, self.duration_us
        )
        return None if found is None else (found[1], lags[found[0]])

    @staticmethod
    def reception(at: datetime, lag: int) -> str:
        """The time of reception in an id, `lag` milliseconds before `at`."""
        received = before(at, lag)
        return (received if received.tzinfo is UTC else received.astimezone(UTC)).isoformat()


@dataclass(slots=True)
class CounterSearch:
    """Finds the report counter in an id, near where one of the same device was found before.

    Kept over many batches of a gateway. After an outage what is new travels ahead of what waited,
    so of each device the last few places are remembered, that of the last row first. One not
    heard of before is looked for from its connection's first report on, and ahead of where the
    device was: a bounded stretch at each try and few tries in a batch, until it is given up: its
    ids are made otherwise.
    """

    _places: OrderedDict[bytes, tuple[Place, ...]] = field(default_factory=OrderedDict)
    _looked_to: OrderedDict[tuple[bytes, bool], int] = field(default_factory=OrderedDict)
    _newest: OrderedDict[bytes, datetime] = field(default_factory=OrderedDict)
    _missed: dict[bytes, int] = field(default_factory=dict)
    _tries: int = _FIRST_TRIES

    def begin(self) -> None:
        """A new batch."""
        self._tries = _FIRST_TRIES
        self._missed.clear()

    def places_of(self, device: bytes) -> tuple[Place, ...]:
        """Counter and lag of rows the device's next ones may follow on."""
        return self._places.get(device, ())

    def follow(self, device: bytes, place: int, counter: int, lag: int) -> None:
        """The device's next one followed on that of `place` in `places_of`."""
        places = self._places[device]
        if len(places) == 1:
            self._places[device] = ((counter, lag),)
            self._places.move_to_end(device)
            return
        _keep(self._places, device, ((counter, lag), *places[:place], *places[place + 1 :]))

    def seeks(self, device: bytes) -> bool:
        """Whether a row of a device is looked for near its last ones: not after some in vain."""
        return self._missed.get(device, 0) < _MOST_MISSED

    def received(self, wanted: Wanted) -> int | None:
        """The counter of an id made at `wanted.at`; None when it is not found."""
        found = self._find(wanted, (0,), (0,))
        return None if found is None else found[0]

    def arrived(self, wanted: Wanted) -> Place | None:
        """The counter and the lag of an id made soon before `wanted.at`; None when not found."""
        return self._find(wanted, range(_LAGS), range(_FIRST_LAGS))

    def _find(self, wanted: Wanted, lags: Sequence[int], first_lags: Sequence[int]) -> Place | None:
        device = wanted.device
        if self.seeks(device):
            for number, place in enumerate(self.places_of(device)):
                found = _find_near(wanted, place, lags)
                if found is not None:
                    self.follow(device, number, *found)
                    return found
        found = self._find_far(wanted, first_lags)
        if found is None:
            # The rows that follow are most likely made as this one is.
            self._missed[device] = self._missed.get(device, 0) + 1
            return None
        _keep(self._places, device, (found, *self.places_of(device)[: _MOST_PLACES - 1]))
        return found

    def _find_far(self, wanted: Wanted, lags: Sequence[int]) -> Place | None:
        newest = self._newest.get(wanted.device, wanted.at)
        _keep(self._newest, wanted.device, max(newest, wanted.at))
        # What waited is not where what is new was looked for, and before it.
        key = wanted.identity.head + wanted.identity.tail, wanted.at < newest
        looked = self._looked_to.get(key, 0)
        if not self._tries or looked >= _GIVEN_UP:
            return None
        self._tries -= 1
        counters = _counters(looked, _FIRST_REPORTS, _FIRST_POSITIONS)
        for counter, _ in self.places_of(wanted.device)[:1]:
            ahead = (counter >> 16) + 1 + looked
            counters += _counters(ahead, _FIRST_REPORTS, _FIRST_POSITIONS)
        found = wanted.place(lags, counters)
        if found is not None:
            self._looked_to.pop(key, None)
            return found
        _keep(self._looked_to, key, looked + _FIRST_REPORTS)
        return None


def _find_near(wanted: Wanted, place: Place, lags: Sequence[int]) -> Place | None:
    last, lag = place
    # The lag of the rows just before, then any; the likeliest counters first.
    found = wanted.place((lag, *lags), (last + 1, next_report(last)))
    return found or wanted.place((lag,), _counters(last >> 16, _REPORTS_AHEAD, _POSITIONS))


def _counters(first: int, reports: int, positions: int) -> list[int]:
    return [
        (report << 16) + position
        for report in range(first, first + reports)
        for position in range(positions)
    ]


K = TypeVar("K")
T = TypeVar("T")


def _keep(book: OrderedDict[K, T], key: K, value: T) -> None:
    book[key] = value
    book.move_to_end(key)
    while len(book) > _MOST_DEVICES:
        book.popitem(last=False)
