"""One message from the broker: whose it is, what it holds, what to answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cloud.core.devices.gateways import known_gateway
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.work import Clock, Database, StorageConflictError, UnitOfWork
from cloud.core.observations.batch_traces import BatchTraces
from cloud.core.observations.ingest_metrics import IngestMetrics
from protocols.errors import DecodeError
from protocols.uplink.channels import ACK, UP, Channel, parse_topic
from protocols.uplink.codec import encode_ack, read_batch
from protocols.uplink.messages import UplinkAck, UplinkBatch

LOG: Final = logging.getLogger("vitalwire.ingest")
WAY: Final = "mqtt"


@dataclass(frozen=True, slots=True)
class Reply:
    """What to publish, after the commit it speaks of."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A batch that could be read, and when that was."""

    channel: Channel
    batch: UplinkBatch
    octets: int
    came_ns: int
    decoded_ns: int


_Outcome = UplinkAck | str
"""What became of a batch: its acknowledgement, or why it is refused whole."""


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

    def accept(self, messages: Sequence[tuple[str, bytes]]) -> list[Reply | None]:
        """The acknowledgement of each batch that is now durable, None for one that never will be.

        All that wait share one transaction, each in a part of its own that may fail alone.
        Whatever cannot be read, or is not of the gateway whose topic it came on, is counted and
        logged by id and size. StorageFaultError when the store is away: nothing was kept, the
        messages are to be tried again.
        """
        read = [self._read(topic, payload) for topic, payload in messages]
        arrived = [one for one in read if one is not None]
        acks = dict(zip(map(id, arrived), self._record_all(arrived), strict=True))
        return [None if one is None else self._reply(one, acks[id(one)]) for one in read]

    def _read(self, topic: str, payload: bytes) -> _Arrived | None:
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
        return _Arrived(channel, batch, len(payload), came_ns, time.time_ns())

    def _record_all(self, arrived: Sequence[_Arrived]) -> list[_Outcome]:
        if len(arrived) <= 1:
            return [self._record_alone(one) for one in arrived]
        try:
            with self._database.begin(now=self._clock()) as work:
                outcomes = [self._record_beside(work, one) for one in arrived]
        except StorageConflictError:
            return [self._record_alone(one) for one in arrived]
        return outcomes

    def _record_alone(self, one: _Arrived) -> _Outcome:
        try:
            with self._database.begin(now=self._clock()) as work:
                return self._record(work, one)
        except (DomainError, StorageConflictError) as exc:
            return exc.reason if isinstance(exc, DomainError) else "storage_conflict"

    def _record_beside(self, work: UnitOfWork, one: _Arrived) -> _Outcome:
        try:
            with work.session.begin_nested():
                return self._record(work, one)
        except DomainError as exc:
            return exc.reason

    def _record(self, work: UnitOfWork, one: _Arrived) -> _Outcome:
        gateway = known_gateway(
            work, tenant_id=one.channel.tenant_id, gateway_id=one.channel.gateway_id
        )
        return "unknown_gateway" if gateway is None else record_uplink(work, gateway, one.batch)

    def _reply(self, one: _Arrived, outcome: _Outcome) -> Reply | None:
        """What is said of a batch after the commit."""
        batch, channel = one.batch, one.channel
        if isinstance(outcome, str):
            self._refuse(outcome, channel.gateway_id, one.octets)
            return None
        self._metrics.recorded(WAY, batch, outcome, self._clock())
        LOG.debug(
            "event=batch_recorded gateway=%s batch=%s stored=%d repeated=%d rejected=%d",
            batch.gateway_id,
            batch.batch_id,
            outcome.stored,
            outcome.repeated,
            len(outcome.rejected),
        )
        self._traces.recorded(
            WAY,
            batch,
            came_ns=one.came_ns,
            decoded_ns=one.decoded_ns,
            committed_ns=time.time_ns(),
        )
        answer = Channel(channel.tenant_id, channel.gateway_id, ACK)
        return Reply(answer.topic, encode_ack(outcome))

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
