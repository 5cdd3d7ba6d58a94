"""Whether a device's readings may be given to its vehicle's encounter by themselves.

Not while it belonged to another vehicle, or was out of use. Nobody knows then whose they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import String, bindparam, cast, null, select, union_all

from cloud.core.devices.assignments import ASSIGNED
from cloud.core.devices.history_tables import DeviceAssignmentRow, DeviceEventRow
from cloud.core.devices.service import QUARANTINED, RETIRED
from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.waiting import Waits
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.db.base import UtcDateTime, table_of

EVER: Final = datetime(1, 1, 2, tzinfo=UTC)
FOR_EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_OUT: Final = {QUARANTINED: Waits.DEVICE_QUARANTINED, RETIRED: Waits.DEVICE_RETIRED}
_KINDS: Final = ("quarantined", "retired", "reinstated", "enrolled")
# What happened to devices, and where they belonged: made once, batches of a backlog ask it.
_EVENTS: Final = table_of(DeviceEventRow).c
_HOMES: Final = table_of(DeviceAssignmentRow).c
_HISTORY: Final = union_all(
    select(
        *(_EVENTS.row_id, _EVENTS.device_id, _EVENTS.kind, _EVENTS.at),
        *(cast(null(), String), cast(null(), UtcDateTime)),
    ).where(
        _EVENTS.tenant_id == bindparam("tenant_id"),
        _EVENTS.device_id.in_(bindparam("device_ids", expanding=True)),
        _EVENTS.kind.in_(_KINDS),
    ),
    select(
        *(_HOMES.row_id, _HOMES.device_id, _HOMES.source, _HOMES.since),
        *(_HOMES.vehicle_id, _HOMES.until),
    ).where(
        _HOMES.tenant_id == bindparam("tenant_id"),
        _HOMES.device_id.in_(bindparam("device_ids", expanding=True)),
    ),
)


class _Told(NamedTuple):
    """One thing that happened to a device, or where it belonged: its `word` is none of `_KINDS`."""

    row_id: int
    device_id: str
    word: str
    since: datetime
    vehicle_id: str | None
    until: datetime | None


def _number(one: _Told) -> int:
    return one.row_id


def _time(one: _Told) -> tuple[datetime, int]:
    return one.since, one.row_id


class Out(NamedTuple):
    """A stretch of time in which a device's readings wait, and why."""

    since: datetime
    until: datetime
    why: Waits


class Standing:
    """The devices of one vehicle, each looked at once, and all that are expected together."""

    def __init__(self, work: UnitOfWork, principal: Principal, vehicle_id: str | None) -> None:
        self._work = work
        self._principal = principal
        self._vehicle_id = vehicle_id
        self._known: dict[str, tuple[Out, ...]] = {}
        self._expected: set[str] = set()
        self._plain: dict[str, datetime] = {}

    def why(self, device_id: str, at: datetime) -> Waits | None:
        """Why what the device measured then waits; None where nothing speaks against it."""
        if self._is_plain(device_id, at):
            return None
        return next((one.why for one in self.outs(device_id) if one.since <= at < one.until), None)

    def is_steady(self, device_id: str, since: datetime, until: datetime) -> bool:
        """Whether `why` says the same at all times from the one to the other."""
        if self._is_plain(device_id, since):
            return True
        edges = (edge for one in self.outs(device_id) for edge in (one.since, one.until))
        return not any(since < edge <= until for edge in edges)

    def _is_plain(self, device_id: str, at: datetime) -> bool:
        plain_since = self._plain.get(device_id)
        if plain_since is None:
            plain_since = self._plain[device_id] = self._plain_since(device_id)
        return plain_since <= at

    def outs(self, device_id: str) -> tuple[Out, ...]:
        """The stretches in which its readings wait."""
        if device_id not in self._known:
            self._read(sorted({device_id, *self._expected} - self._known.keys()))
        return self._known[device_id]

    def expect(self, device_ids: Iterable[str]) -> None:
        """These devices will be asked about."""
        self._expected.update(device_ids)

    def _read(self, device_ids: Sequence[str]) -> None:
        named = {"tenant_id": self._principal.tenant_id, "device_ids": device_ids}
        told: dict[str, list[_Told]] = {one: [] for one in device_ids}
        for row in self._work.rows(_HISTORY, named):
            one = _Told(*row)
            told[one.device_id].append(one)
        for device_id, words in told.items():
            events = sorted((one for one in words if one.word in _KINDS), key=_number)
            homes = sorted((one for one in words if one.word not in _KINDS), key=_time)
            self._known[device_id] = (*_out_of_use(events), *self._elsewhere(homes))

    def _plain_since(self, device_id: str) -> datetime:
        """Since when the device is in use and at home: nearly every live reading is from after."""
        device = self._work.session.get(DeviceRow, device_id)
        if device is None:
            return EVER
        if device.status in _OUT or device.vehicle_id not in (None, self._vehicle_id):
            return FOR_EVER
        return max(device.status_at or EVER, device.vehicle_since or EVER)

    def _elsewhere(self, known: Sequence[_Told]) -> Iterable[Out]:
        for place, one in enumerate(known):
            if one.vehicle_id not in (None, self._vehicle_id):
                is_said = one.word == ASSIGNED
                why = Waits.DEVICE_ELSEWHERE if is_said else Waits.DEVICE_MOVED
                # Where a device was heard first it will have been before.
                since = one.since if is_said or place else EVER
                yield Out(since, one.until or FOR_EVER, why)


def _out_of_use(events: Iterable[_Told]) -> Iterable[Out]:
    out: tuple[datetime, Waits] | None = None
    for event in events:
        why = _OUT.get(event.word)
        if out is not None and why != out[1]:
            yield Out(out[0], event.since, out[1])
            out = None
        if why is not None and out is None:
            out = (event.since, why)
    if out is not None:
        yield Out(out[0], FOR_EVER, out[1])
