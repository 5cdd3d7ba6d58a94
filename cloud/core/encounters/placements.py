"""What people decided about readings: it counts for what of the same stretch comes later too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, bindparam, exists, select

from cloud.core.encounters.placement_tables import ReadingMoveRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.tables import ObservationRow, WaveformRow
from cloud.db.base import table_of

MOST: Final = 1000
"""Of a vehicle, the newest: far more than a vehicle sees in a month."""
# Made once: every batch asks the first.
_TABLE: Final = table_of(ReadingMoveRow).c
_NEWEST: Final = (
    select(
        *(_TABLE.row_id, _TABLE.device_id, _TABLE.since, _TABLE.until),
        *(_TABLE.from_encounter_id, _TABLE.to_encounter_id),
    )
    .where(_TABLE.tenant_id == bindparam("tenant_id"))
    .order_by(_TABLE.until.desc(), _TABLE.row_id.desc())
    .limit(MOST)
)
_OF_VEHICLE: Final = _NEWEST.where(_TABLE.vehicle_id == bindparam("vehicle_id"))
_OF_NONE: Final = _NEWEST.where(_TABLE.vehicle_id.is_(None))


def is_given(table: type[ObservationRow | WaveformRow], encounter_id: str) -> ColumnElement[bool]:
    """That a person gave a reading to an encounter: no rule takes it away."""
    return exists().where(
        ReadingMoveRow.to_encounter_id == encounter_id,
        ReadingMoveRow.device_id == table.device_id,
        ReadingMoveRow.since <= table.observed_at,
        ReadingMoveRow.until > table.observed_at,
    )


class Move(NamedTuple):
    """That somebody gave what a device measured in a stretch of time to another encounter."""

    row_id: int
    device_id: str
    since: datetime
    until: datetime
    from_encounter_id: str | None
    to_encounter_id: str | None


class Placements:
    """The decisions about the readings of one vehicle."""

    def __init__(self, work: UnitOfWork, principal: Principal, vehicle_id: str | None) -> None:
        statement = _OF_NONE if vehicle_id is None else _OF_VEHICLE
        rows = work.rows(statement, {"tenant_id": principal.tenant_id, "vehicle_id": vehicle_id})
        self._moves = sorted(Move(*row) for row in rows)

    def of(self, device_id: str) -> Sequence[Move]:
        """Those about one device, in the order they were made."""
        return [one for one in self._moves if one.device_id == device_id]

    def place(self, device_id: str, at: datetime, encounter_id: str | None) -> str | None:
        """Where a reading goes that would by itself go to `encounter_id`.

        As if it had been there at each decision; what was put back into the tray stays there.
        """
        if not self._moves:
            return encounter_id
        place = encounter_id
        for move in self.of(device_id):
            covers = move.since <= at < move.until
            if covers and (move.from_encounter_id == place or move.to_encounter_id is None):
                place = move.to_encounter_id
        return place

    def is_steady(self, device_id: str, since: datetime, until: datetime) -> bool:
        """Whether the same decisions count at all times from the one to the other."""
        edges = (edge for move in self.of(device_id) for edge in (move.since, move.until))
        return not any(since < edge <= until for edge in edges)

    def is_put_back(self, device_id: str, at: datetime) -> bool:
        """Whether somebody's last word about a reading was that it is nobody's yet."""
        said = [one for one in self.of(device_id) if one.since <= at < one.until]
        return bool(said) and said[-1].to_encounter_id is None
