"""How much fits into a sandbox: it is for trying out, and a reset is one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.tables import ObservationRow, WaveformRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The most of each that a sandbox holds; of curves as many as of other readings."""

    devices: int = 1_000
    encounters: int = 5_000
    readings: int = 200_000


def is_full(work: UnitOfWork, sandbox_id: str, room: Room) -> bool:
    """Whether a sandbox holds as much as it may of anything."""
    own = select(DeviceRow.device_id).where(DeviceRow.tenant_id == sandbox_id)
    opened = select(EncounterRow.encounter_id).where(EncounterRow.tenant_id == sandbox_id)
    # every tenant: the devices are the sandbox's own.
    measured = select(ObservationRow.row_id).where(ObservationRow.device_id.in_(own))
    # every tenant: the devices are the sandbox's own.
    curves = select(WaveformRow.row_id).where(WaveformRow.device_id.in_(own))
    return any(
        _count(work, asked, most) == most
        for asked, most in (
            (own, room.devices),
            (opened, room.encounters),
            (measured, room.readings),
            (curves, room.readings),
        )
    )


def _count(work: UnitOfWork, asked: Select[Any], most: int) -> int:
    """How many there are, counted no further than the limit."""
    some = asked.limit(most).subquery()
    # every tenant: what is asked names the sandbox.
    return work.session.scalar(select(func.count()).select_from(some)) or 0
