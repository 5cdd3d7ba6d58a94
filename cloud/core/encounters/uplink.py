"""A gateway's batch with its encounters: the one way in for MQTT and HTTP alike."""

from __future__ import annotations

from dataclasses import replace

from cloud.core.devices.gateways import note_gateway
from cloud.core.encounters.binding import bind_vehicle
from cloud.core.encounters.crew import record_crew
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.traces import in_trace
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.batch_traces import trace_of_batch
from cloud.core.observations.receipts import open_progress
from cloud.core.observations.recording import LARGEST
from cloud.core.observations.service import check_batch, record_batch
from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.uplink.messages import RejectedRow, UplinkAck, UplinkBatch


def record_uplink(work: UnitOfWork, gateway: Principal, batch: UplinkBatch) -> UplinkAck:
    """Record a batch, each reading and each deed of the crew bound to its encounter.

    What was committed under its key before is not looked at again. Errors are those of
    `check_batch`. What is published belongs to the trace of the batch.
    """
    check_batch(gateway, batch)
    with in_trace(trace_of_batch(batch)):
        return _record_fresh(work, gateway, batch)


def _record_fresh(work: UnitOfWork, gateway: Principal, batch: UplinkBatch) -> UplinkAck:
    if not 0 <= batch.boot_epoch <= LARGEST:
        # Every row of it is refused by name.
        return _record(work, gateway, batch)
    progress = open_progress(work, gateway, batch)
    fresh = progress.fresh(batch)
    if fresh.count or fresh.unreadable:
        ack = _record(work, gateway, fresh)
    else:
        note_gateway(work, gateway, batch.vehicle_id)
        ack = UplinkAck(batch_id=batch.batch_id, stored=0, repeated=0)
    receipt = progress.settle(work, batch, ack)
    repeated = ack.repeated + batch.count - fresh.count
    return replace(ack, repeated=repeated, receipt=receipt)


def _record(work: UnitOfWork, gateway: Principal, batch: UplinkBatch) -> UplinkAck:
    by_hand = [row for row in batch.rows if isinstance(row.content, CrewEvent | AttachmentPart)]
    if not by_hand:
        return record_batch(work, gateway, batch, bind=bind_vehicle)
    readings = tuple(
        row for row in batch.rows if not isinstance(row.content, CrewEvent | AttachmentPart)
    )
    ack = record_batch(work, gateway, replace(batch, rows=readings), bind=bind_vehicle)
    recorded = record_crew(work, gateway, batch, by_hand)
    return UplinkAck(
        batch_id=batch.batch_id,
        stored=ack.stored + recorded.stored,
        repeated=ack.repeated + len(by_hand) - recorded.stored - len(recorded.rejected),
        rejected=ack.rejected
        + tuple(
            RejectedRow(sequence=sequence, reason=reason)
            for sequence, reason in recorded.rejected.items()
        ),
    )
