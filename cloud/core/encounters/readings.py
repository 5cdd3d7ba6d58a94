"""Readings over the API: checked strictly, stored once, bound like a gateway's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cloud.core.devices.assignments import vehicle_at
from cloud.core.devices.care import check_active
from cloud.core.devices.discovery import ACTIVE
from cloud.core.devices.gateways import is_news
from cloud.core.devices.service import device as find_device
from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.binding import bind_vehicle
from cloud.core.encounters.lifecycle import CLOSED
from cloud.core.encounters.reading_checks import Checked, NewReading, check_reading
from cloud.core.encounters.service import find as find_encounter
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import DomainError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.conversion import Values
from cloud.core.observations.queries import find_rows
from cloud.core.observations.recording import (
    Binding,
    Bound,
    Origin,
    insert_new,
    row_values,
    value_flags,
)
from cloud.core.observations.service import EVENT_RECORDED
from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow

Stored = ObservationRow | WaveformRow


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one reading: its row and whether it is new, or why it is refused."""

    row: Stored | None = None
    is_new: bool = False
    refused: DomainError | None = None


def record_reading(
    work: UnitOfWork, principal: Principal, device_id: str, reading: NewReading
) -> tuple[Stored, bool]:
    """The stored reading and whether it is new.

    The same (device, sequence) again, or without a sequence the same code, values and given
    time, is the reading stored before. NotFoundError for a device or encounter that is not the
    caller's; ConflictError `device_not_active`; InvalidError for codes, units, times and values.
    """
    (verdict,) = record_readings(work, principal, device_id, [reading])
    if verdict.refused is not None:
        raise verdict.refused
    if verdict.row is None:
        raise AssertionError("a reading that is not refused has a row")
    return verdict.row, verdict.is_new


def record_readings(
    work: UnitOfWork,
    principal: Principal,
    device_id: str,
    readings: Sequence[NewReading | DomainError],
) -> list[Verdict]:
    """A verdict for each reading, in their order; one that is refused holds up no other.

    What is a DomainError already was refused by who read it. NotFoundError and ConflictError
    `device_not_active` are the device's and so of all of them.
    """
    device = find_device(work, principal, device_id)
    # One sender of a device at a time: of two that send the same, the second finds it stored.
    work.session.refresh(device, with_for_update=True)
    check_active(device)
    desk = _Desk(work, principal, device)
    checked = [desk.check(one) for one in readings]
    identities = [one.observation_id for one in checked if not isinstance(one, DomainError)]
    before = _stored(work, principal, identities)
    rows: dict[int, tuple[type[Measured], Values]] = {}
    seen = set(before)
    for place, one in enumerate(checked):
        if isinstance(one, DomainError) or one.observation_id in seen:
            continue
        seen.add(one.observation_id)
        try:
            rows[place] = desk.row(one, readings[place])
        except DomainError as exc:
            checked[place] = exc
            seen.discard(one.observation_id)
    inserted = insert_new(work, rows)
    for place in inserted.refused:
        checked[place] = InvalidError("unstorable", "Send a value that can be kept exactly.")
        del rows[place]
    stored = _stored(work, principal, identities)
    if stored:
        device.status = ACTIVE
        if is_news(device.last_seen_at, work.now):
            device.last_seen_at = work.now
    if rows:
        new = [stored[values["observation_id"]] for _, values in rows.values()]
        _tell(work, principal, device, new)
    return [
        Verdict(refused=one)
        if isinstance(one, DomainError)
        else Verdict(stored[one.observation_id], place in rows)
        for place, one in enumerate(checked)
    ]


@dataclass(slots=True)
class _Desk:
    """Checks and binds the readings of one device; what several share is looked up once."""

    work: UnitOfWork
    principal: Principal
    device: DeviceRow
    named: dict[str, Bound | DomainError] = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)

    def check(self, reading: NewReading | DomainError) -> Checked | DomainError:
        """The observation, or why it is none."""
        if isinstance(reading, DomainError):
            return reading
        try:
            return check_reading(self.device, reading, self.work.now)
        except DomainError as exc:
            return exc

    def row(
        self, observation: Checked, reading: NewReading | DomainError
    ) -> tuple[type[Measured], Values]:
        """The columns of a reading that was checked; NotFoundError for an encounter of nobody's."""
        if isinstance(reading, DomainError):
            raise reading
        at = observation.observed_at.at
        vehicle_id = vehicle_at(self.work, self.principal, self.device, at)
        origin = Origin(
            tenant_id=self.principal.tenant_id,
            device_id=self.device.device_id,
            gateway_id=None,
            vehicle_id=vehicle_id,
            captured_at=None,
            received_at=self.work.now,
            sequence=reading.sequence,
        )
        bound = self._bound(reading.encounter_id, vehicle_id, at)
        return row_values(observation, origin, bound, value_flags(observation))

    def _bound(self, encounter_id: str | None, vehicle_id: str | None, at: datetime) -> Bound:
        if encounter_id is not None:
            return self._named(encounter_id)
        if vehicle_id is None:
            return Bound(None)
        if vehicle_id not in self.bindings:
            self.bindings[vehicle_id] = bind_vehicle(self.work, self.principal, vehicle_id)
        return self.bindings[vehicle_id](self.device.device_id, at)

    def _named(self, encounter_id: str) -> Bound:
        if encounter_id not in self.named:
            try:
                encounter = find_encounter(self.work, self.principal, encounter_id)
                bound = Bound(encounter.encounter_id, is_late=encounter.status in CLOSED)
                self.named[encounter_id] = bound
            except DomainError as exc:
                self.named[encounter_id] = exc
        found = self.named[encounter_id]
        if isinstance(found, DomainError):
            raise found
        return found


def _stored(
    work: UnitOfWork, principal: Principal, identities: Iterable[UUID]
) -> dict[UUID, Stored]:
    wanted = list(identities)
    found: dict[UUID, Stored] = {}
    tables: tuple[type[Stored], ...] = (ObservationRow, WaveformRow)
    for table in tables:
        rows = find_rows(work, principal, table, wanted)
        found |= {row.observation_id: row for row in rows}
    return found


def _tell(work: UnitOfWork, principal: Principal, device: DeviceRow, new: Sequence[Stored]) -> None:
    """One entry and one event for what was sent together."""
    alone = f"obs_{new[0].observation_id.hex}" if len(new) == 1 else device.device_id
    audit.record(work, principal, "create", "observation", alone)
    outbox.publish(
        work,
        tenant_id=device.tenant_id,
        event_type=EVENT_RECORDED,
        resource_type="device",
        resource_id=device.device_id,
        data={
            "vehicle_id": new[0].vehicle_id,
            "stored": len(new),
            "encounter_ids": sorted({row.encounter_id for row in new if row.encounter_id}),
        },
    )
