"""What a live view needs at once: where the rows end, the last waveforms, what happened.

None of these is audited: whoever opens a live view is, once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.months import of_encounter
from cloud.core.observations.queries import Tail, stored
from cloud.core.observations.stored import StoredObservation
from cloud.core.observations.tables import ObservationRow, WaveformRow

_EVENT_KINDS: Final = ("coded", "text")


def tail(work: UnitOfWork, principal: Principal, encounter_id: str) -> Tail:
    """Where an encounter's rows end now."""
    ends = []
    for table in (ObservationRow, WaveformRow):
        mine = of_encounter(work, principal, table, encounter_id).subquery()
        ends.append(work.session.scalar(select(func.max(mine.c.row_id))) or 0)
    return Tail(observation=ends[0], waveform=ends[1])


def recent_waveforms(
    work: UnitOfWork, principal: Principal, encounter_id: str, since: datetime
) -> list[StoredObservation]:
    """Waveform chunks that started at `since` or later, in time order."""
    statement = (
        of_encounter(work, principal, WaveformRow, encounter_id)
        .where(WaveformRow.observed_at >= since)
        .order_by(WaveformRow.observed_at, WaveformRow.row_id)
    )
    return stored(work, principal, list(work.session.scalars(statement)))


def last_waveform_at(work: UnitOfWork, principal: Principal, encounter_id: str) -> datetime | None:
    """The start of the newest waveform chunk."""
    return work.session.scalars(
        of_encounter(work, principal, WaveformRow, encounter_id)
        .with_only_columns(WaveformRow.observed_at)
        .order_by(WaveformRow.observed_at.desc())
        .limit(1)
    ).one_or_none()


def happenings(
    work: UnitOfWork, principal: Principal, encounter_id: str, *, limit: int
) -> list[StoredObservation]:
    """The newest coded and text events of an encounter, in time order."""
    statement = (
        of_encounter(work, principal, ObservationRow, encounter_id)
        .where(ObservationRow.kind.in_(_EVENT_KINDS))
        .order_by(ObservationRow.observed_at.desc(), ObservationRow.row_id.desc())
        .limit(limit)
    )
    return stored(work, principal, list(work.session.scalars(statement)))[::-1]


def device_names(work: UnitOfWork, principal: Principal) -> dict[str, str]:
    """What a person calls each device: its model, else its class."""
    return {
        row.device_id: row.model or row.device_class or "device"
        for row in work.session.scalars(scoped(principal, DeviceRow))
    }
