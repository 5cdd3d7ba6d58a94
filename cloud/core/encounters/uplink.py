"""A gateway's batch with its encounters: the one way in for MQTT and HTTP alike."""

from __future__ import annotations

from cloud.core.encounters.binding import bind_vehicle
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.service import record_batch
from protocols.uplink.messages import UplinkAck, UplinkBatch


def record_uplink(work: UnitOfWork, gateway: Principal, batch: UplinkBatch) -> UplinkAck:
    """Record a batch, each reading bound to the encounter it belongs to."""
    return record_batch(work, gateway, batch, bind=bind_vehicle)
