"""What callers can ask of observations: record a batch, record one, read series and gaps."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cloud.core.devices import discovery
from cloud.core.devices.condition import note_condition
from cloud.core.devices.gateways import note_gateway
from cloud.core.devices.on_board import complete_enrolments
from cloud.core.kernel import outbox
from cloud.core.kernel.errors import ForbiddenError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.conversion import Values
from cloud.core.observations.plain_readings import sort_readings
from cloud.core.observations.recording import (
    LARGEST,
    UNCHARTED_STATUS,
    Binding,
    Bound,
    Inserted,
    Origin,
    UnstorableError,
    check_storable,
    check_time,
    gateway_flags,
    insert_new,
    is_clock_fault,
    row_values,
)
from cloud.core.observations.series_recording import Recorded, Sender, insert_readings
from cloud.core.observations.tables import Measured
from protocols.model.codes import SystemId
from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.uplink.messages import RejectedRow, UplinkAck, UplinkBatch, UplinkRow, rows_of
from protocols.uplink.reading_columns import NO_READINGS, Readings

Binder = Callable[[UnitOfWork, Principal, str], Binding]
"""From a vehicle to its binding; the encounters' side of recording."""

LOG: Final = logging.getLogger("vitalwire.observations")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_STREAM: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
UNREADABLE: Final = "unreadable_row"
EVENT_RECORDED: Final = "device.observation.recorded"


class _Unbound:
    def __call__(self, device_id: str, observed_at: datetime) -> Bound:
        del device_id, observed_at
        return Bound(None)

    def expect(self, device_ids: Iterable[str]) -> None:
        del device_ids

    def is_steady(self, device_id: str, since: datetime, until: datetime) -> bool:
        del device_id, since, until
        return True


def unbound(work: UnitOfWork, principal: Principal, vehicle_id: str) -> Binding:
    """A binder for a service without encounters."""
    del work, principal, vehicle_id
    return _Unbound()


@dataclass(slots=True)
class _Sorted:
    """The rows of a batch by what becomes of them; keys are places in the batch."""

    batch: UplinkBatch
    observations: dict[int, Observation]
    descriptions: list[discovery.Description]
    rejected: dict[int, str]

    @property
    def devices(self) -> set[SystemId]:
        """Whose observations these are."""
        return {one.device for one in self.observations.values()}


def check_batch(gateway: Principal, batch: UplinkBatch) -> None:
    """Whether a batch is its sender's, and its names can be kept.

    ForbiddenError `gateway_mismatch` when it is another gateway's, InvalidError `invalid_batch`
    when its vehicle or stream has no usable name.
    """
    if gateway.gateway_id is None or batch.gateway_id != gateway.gateway_id:
        raise ForbiddenError("gateway_mismatch", "Send batches of your own gateway only.")
    if not _NAME.fullmatch(batch.vehicle_id) or not _STREAM.fullmatch(batch.stream):
        raise InvalidError("invalid_batch", "Name a vehicle and a stream in plain characters.")


def record_batch(
    work: UnitOfWork,
    gateway: Principal,
    batch: UplinkBatch,
    *,
    bind: Binder = unbound,
    received_at: datetime | None = None,
) -> UplinkAck:
    """Store what is new in a batch and say what became of every row.

    The acknowledgement holds once this unit has committed. A row whose measurement is stored
    already counts as repeated; a row that can never be stored, or that the reader could not
    understand, is named with its reason and holds up no other.
    Errors are those of `check_batch`.
    """
    check_batch(gateway, batch)
    note_gateway(work, gateway, batch.vehicle_id)
    plain = sort_readings(batch)
    rows = _sort(_with(batch, plain.odd))
    described = discovery.describe(work, gateway, batch.vehicle_id, rows.descriptions)
    complete_enrolments(work, gateway, [one.info for one in rows.descriptions])
    devices = discovery.heard(work, gateway, batch.vehicle_id, rows.devices | plain.devices)
    note_condition(devices, batch)
    sender = Sender(
        gateway=gateway,
        received_at=received_at or work.now,
        devices=devices,
        binding=bind(work, gateway, batch.vehicle_id),
    )
    recorded = insert_readings(work, plain, sender)
    if recorded is None:
        # One of them is refused by the database: by themselves it is told which.
        rows = _sort(_with(batch, batch.readings))
        recorded = Recorded()
    values = {
        place: _values(rows.batch, sender, rows.batch.rows[place], one)
        for place, one in rows.observations.items()
    }
    inserted = insert_new(work, values) if values else Inserted(0)
    rows.rejected.update(dict.fromkeys(inserted.refused, "unstorable"))
    if inserted.stored or recorded.stored:
        encounters = {columns["encounter_id"] for _, columns in values.values()} - {None}
        _announce(
            work,
            gateway,
            batch,
            encounters | recorded.encounters,
            inserted.stored + recorded.stored,
        )
    stored = inserted.stored + recorded.stored + described
    return UplinkAck(
        batch_id=batch.batch_id,
        stored=stored,
        repeated=batch.count - stored - len(rows.rejected),
        rejected=_rejected(rows.batch, rows.rejected),
    )


def _with(batch: UplinkBatch, readings: Readings) -> UplinkBatch:
    """The batch's own rows, and of those in columns only these, as rows too."""
    return replace(batch, rows=(*batch.rows, *rows_of(readings)), readings=NO_READINGS)


def _rejected(batch: UplinkBatch, reasons: Mapping[int, str]) -> tuple[RejectedRow, ...]:
    """Every row that will never be stored, each told in the log by its key."""
    unreadable = [RejectedRow(sequence=one, reason=UNREADABLE) for one in batch.unreadable]
    stored_never = [
        RejectedRow(sequence=batch.rows[place].sequence, reason=reason)
        for place, reason in sorted(reasons.items())
    ]
    rejected = (*stored_never, *unreadable)
    for one in rejected:
        LOG.warning(
            "event=row_rejected reason=%s gateway=%s stream=%s boot_epoch=%d sequence=%d",
            one.reason,
            batch.gateway_id,
            batch.stream,
            batch.boot_epoch,
            one.sequence,
        )
    return rejected


def _sort(batch: UplinkBatch) -> _Sorted:
    rows = _Sorted(batch, {}, [], {})
    for place, row in enumerate(batch.rows):
        try:
            _check_key(batch, row)
            if isinstance(row.content, CrewEvent | AttachmentPart):
                rows.rejected[place] = "not_a_reading"
            elif isinstance(row.content, DeviceInfo):
                rows.descriptions.append(_description(batch, row, row.content))
            else:
                check_storable(row.content)
                rows.observations[place] = row.content
        except UnstorableError as exc:
            rows.rejected[place] = exc.reason
    return rows


def _check_key(batch: UplinkBatch, row: UplinkRow) -> None:
    if not 0 <= row.sequence <= LARGEST or not 0 <= batch.boot_epoch <= LARGEST:
        raise UnstorableError("out_of_range")
    check_time(row.captured_at)


def _description(batch: UplinkBatch, row: UplinkRow, info: DeviceInfo) -> discovery.Description:
    words = (info.manufacturer, info.model, info.serial_number, info.firmware, info.hardware)
    if any("\x00" in word for word in (*words, info.software)):
        raise UnstorableError("unstorable_text")
    return discovery.Description(
        stream=batch.stream,
        boot_epoch=batch.boot_epoch,
        sequence=row.sequence,
        captured_at=row.captured_at,
        info=info,
    )


def _values(
    batch: UplinkBatch, sender: Sender, row: UplinkRow, observation: Observation
) -> tuple[type[Measured], Values]:
    observed_at = observation.observed_at.at
    # A device whose clock cannot be right still measured this patient: when the gateway heard it.
    is_fault = is_clock_fault(observed_at, row.captured_at)
    origin = Origin(
        tenant_id=sender.gateway.tenant_id,
        device_id=sender.devices[observation.device].device_id,
        gateway_id=sender.gateway.gateway_id,
        vehicle_id=batch.vehicle_id,
        captured_at=row.captured_at,
        received_at=sender.received_at,
        stream=batch.stream,
        boot_epoch=batch.boot_epoch,
        sequence=row.sequence,
        octets=row.octets,
    )
    device_id = sender.devices[observation.device].device_id
    is_uncharted = bool(observation.status.value & UNCHARTED_STATUS)
    return row_values(
        observation,
        origin,
        Bound(None)
        if is_uncharted
        else sender.binding(device_id, row.captured_at if is_fault else observed_at),
        gateway_flags(observation, row.captured_at),
    )


def _announce(
    work: UnitOfWork,
    gateway: Principal,
    batch: UplinkBatch,
    encounters: Iterable[str],
    stored: int,
) -> None:
    outbox.publish(
        work,
        tenant_id=gateway.tenant_id,
        event_type=EVENT_RECORDED,
        resource_type="gateway",
        resource_id=batch.gateway_id,
        data={
            "vehicle_id": batch.vehicle_id,
            "batch_id": str(batch.batch_id),
            "stored": stored,
            "encounter_ids": sorted(encounters),
        },
        at_once=True,
    )
