"""One message from the broker: whose it is, what it holds, what to answer."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Final

from cloud.core.devices.gateways import known_gateway
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.work import Clock, Database, StorageConflictError
from cloud.core.observations.batch_traces import BatchTraces
from cloud.core.observations.ingest_metrics import IngestMetrics
from protocols.errors import DecodeError
from protocols.uplink.channels import ACK, UP, Channel, parse_topic
from protocols.uplink.codec import encode_ack, read_batch
from protocols.uplink.messages import UplinkBatch

LOG: Final = logging.getLogger("vitalwire.ingest")
WAY: Final = "mqtt"


@dataclass(frozen=True, slots=True)
class Reply:
    """What to publish, after the commit it speaks of."""

    topic: str
    payload: bytes


class BatchRecorder:
    """Records what gateways publish on their `up` topics."""

    def __init__(
        self,
        database: Database,
        metrics: IngestMetrics,
        clock: Clock,
        *,
        max_octets: int,
        traces: BatchTraces | None = None,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._max_octets = max_octets
        self._traces = traces or BatchTraces()

    def accept(self, topic: str, payload: bytes) -> Reply | None:
        """The acknowledgement of a batch that is now durable, None for one that never will be.

        Whatever cannot be read, or is not of the gateway whose topic it came on, is counted and
        logged by id and size. StorageFaultError when the store is away: nothing was kept, the
        message is to be tried again.
        """
        came_ns = time.time_ns()
        channel = self._channel(topic)
        if channel is None or len(payload) > self._max_octets:
            self._refuse("not_a_batch", "-", len(payload))
            return None
        try:
            batch = read_batch(payload, gateway_id=channel.gateway_id)
        except DecodeError:
            self._refuse("undecodable_batch", channel.gateway_id, len(payload))
            return None
        if batch.gateway_id != channel.gateway_id:
            self._refuse("foreign_batch", channel.gateway_id, len(payload))
            return None
        decoded_ns = time.time_ns()
        reply = self._record(channel, batch, len(payload))
        if reply is not None:
            self._traces.recorded(
                WAY,
                batch,
                came_ns=came_ns,
                decoded_ns=decoded_ns,
                committed_ns=time.time_ns(),
            )
        return reply

    def _record(self, channel: Channel, batch: UplinkBatch, octets: int) -> Reply | None:
        try:
            with self._database.begin(now=self._clock()) as work:
                gateway = known_gateway(
                    work, tenant_id=channel.tenant_id, gateway_id=channel.gateway_id
                )
                if gateway is None:
                    self._refuse("unknown_gateway", channel.gateway_id, octets)
                    return None
                ack = record_uplink(work, gateway, batch)
        except (DomainError, StorageConflictError) as exc:
            reason = exc.reason if isinstance(exc, DomainError) else "storage_conflict"
            self._refuse(reason, channel.gateway_id, octets)
            return None
        self._metrics.recorded(WAY, batch, ack, self._clock())
        LOG.debug(
            "event=batch_recorded gateway=%s batch=%s stored=%d repeated=%d rejected=%d",
            batch.gateway_id,
            batch.batch_id,
            ack.stored,
            ack.repeated,
            len(ack.rejected),
        )
        answer = Channel(channel.tenant_id, channel.gateway_id, ACK)
        return Reply(answer.topic, encode_ack(ack))

    def _channel(self, topic: str) -> Channel | None:
        try:
            channel = parse_topic(topic)
        except DecodeError:
            return None
        return channel if channel.channel == UP else None

    def _refuse(self, reason: str, gateway_id: str, octets: int) -> None:
        self._metrics.refused(WAY, reason)
        LOG.warning(
            "event=batch_refused reason=%s gateway=%s octets=%d", reason, gateway_id, octets
        )
