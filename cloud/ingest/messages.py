"""Every message from the broker to whom it concerns; commands on their way down."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from cloud.core.devices.answers import take_answer
from cloud.core.devices.commands import claim_due, has_due
from cloud.core.devices.fleet_metrics import FleetMetrics
from cloud.core.devices.gateways import known_gateway
from cloud.core.devices.reports import note_link
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, UnitOfWork
from cloud.ingest.batches import BatchRecorder, Reply
from protocols.errors import DecodeError
from protocols.uplink.answer_codec import decode_answer
from protocols.uplink.channels import ANSWERS, COMMANDS, STATUS, Channel, parse_topic

LOG: Final = logging.getLogger("vitalwire.ingest")
WAY: Final = "mqtt"
_MOST_STATUS: Final = 1024


class AnswerRecorder:
    """Records what gateways say on `answers` and `status`, and hands out what is due to them."""

    def __init__(
        self, database: Database, vault: Vault, metrics: FleetMetrics, clock: Clock
    ) -> None:
        self._database = database
        self._vault = vault
        self._metrics = metrics
        self._clock = clock

    def answer(self, channel: Channel, payload: bytes) -> None:
        """Keep an answer of the gateway whose topic it came on; StorageFaultError to try again."""
        try:
            answer = decode_answer(payload)
        except DecodeError:
            self._refuse(channel, "undecodable_answer", len(payload))
            return
        self._in_unit(
            channel, lambda work, gateway: take_answer(work, self._vault, gateway, answer)
        )

    def status(self, channel: Channel, payload: bytes) -> None:
        """Note that the broker has, or has lost, a gateway."""
        try:
            is_online, at = _read_status(payload)
        except ValueError:
            self._refuse(channel, "undecodable_status", len(payload))
            return

        def note(work: UnitOfWork, gateway: Principal) -> str:
            note_link(work, gateway, is_online=is_online, at=min(at, work.now))
            return "status"

        self._in_unit(channel, note)

    def due(self) -> list[Reply]:
        """The commands to publish now."""
        with self._database.reading(now=self._clock()) as work:
            if not has_due(work):
                return []
        with self._database.begin(now=self._clock()) as work:
            outgoing = claim_due(work)
        self._metrics.sent.labels(WAY).inc(len(outgoing))
        return [
            Reply(Channel(one.tenant_id, one.gateway_id, COMMANDS).topic, one.octets)
            for one in outgoing
        ]

    def _in_unit(self, channel: Channel, act: Callable[[UnitOfWork, Principal], str]) -> None:
        with self._database.begin(now=self._clock()) as work:
            gateway = known_gateway(
                work, tenant_id=channel.tenant_id, gateway_id=channel.gateway_id
            )
            outcome = "unknown_gateway" if gateway is None else act(work, gateway)
        self._metrics.answers.labels(WAY, outcome).inc()

    def _refuse(self, channel: Channel, reason: str, octets: int) -> None:
        self._metrics.answers.labels(WAY, reason).inc()
        LOG.warning(
            "event=answer_refused reason=%s gateway=%s octets=%d",
            reason,
            channel.gateway_id,
            octets,
        )


class MessageDesk:
    """One message to the recorder of its channel."""

    def __init__(self, batches: BatchRecorder, answers: AnswerRecorder) -> None:
        self._batches = batches
        self._answers = answers

    def is_batch(self, topic: str) -> bool:
        """Whether a message of this topic may be accepted together with others."""
        channel = _channel(topic)
        return channel is None or channel.channel not in (ANSWERS, STATUS)

    def accept(self, messages: Sequence[tuple[str, bytes]]) -> list[Reply | None]:
        """What to publish for each now that all are durable, None for nothing.

        Several at once are batches. StorageFaultError when the store is away: the messages are to
        be tried again.
        """
        (topic, payload), *others = messages
        channel = _channel(topic)
        if others or channel is None or self.is_batch(topic):
            return self._batches.accept(messages)
        if channel.channel == ANSWERS:
            self._answers.answer(channel, payload)
        else:
            self._answers.status(channel, payload)
        return [None]

    def due(self) -> list[Reply]:
        """The commands to publish now."""
        return self._answers.due()


def _channel(topic: str) -> Channel | None:
    try:
        return parse_topic(topic)
    except DecodeError:
        return None


def _read_status(payload: bytes) -> tuple[bool, datetime]:
    """Whether a status says online, and since when; ValueError for anything else."""
    if len(payload) > _MOST_STATUS:
        raise ValueError("a status too long")
    try:
        members = json.loads(payload)
        state, at = members["state"], datetime.fromisoformat(members["at"])
    except (KeyError, TypeError, RecursionError) as exc:
        raise ValueError("not a status") from exc
    if state not in ("online", "offline") or at.utcoffset() is None:
        raise ValueError("not a status")
    return state == "online", at.astimezone(UTC)
