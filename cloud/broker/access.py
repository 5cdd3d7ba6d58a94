"""Who may enter the broker and which topics are theirs.

A gateway enters with its id and its certificate or secret and uses its own topics only; our own
ingest enters with a secret of the data folder. Nobody enters without a name.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from cloud.core.devices.certificates import gateway_of_certificate
from cloud.core.devices.gateways import authenticate_gateway
from cloud.core.devices.revocation import revoked_among
from cloud.core.kernel.work import Clock, Database
from protocols.errors import DecodeError
from protocols.uplink.channels import (
    ALL_ANSWER_TOPICS,
    ALL_STATUS_TOPICS,
    ALL_UP_TOPICS,
    GATEWAY_READS,
    GATEWAY_SPEAKS,
    STATUS,
    Channel,
    parse_topic,
)

INGEST_USER: Final = "ingest"
REMEMBERED_SECONDS: Final = 60.0
_MAX_REMEMBERED: Final = 4096
_MAX_NAME: Final = 128
_INGEST_FILTERS: Final = (ALL_UP_TOPICS, ALL_STATUS_TOPICS, ALL_ANSWER_TOPICS)


@dataclass(frozen=True, slots=True)
class _Known:
    tenant_id: str
    until: float


class AccessList:
    """Answers for the broker; results are remembered a minute, so a revoked gateway stays out then.

    Safe to call from any thread.
    """

    def __init__(
        self,
        database: Database,
        *,
        ingest_secret: str,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._database = database
        self._ingest_secret = ingest_secret
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[tuple[str, bytes], _Known] = {}
        self._tenants: dict[str, str] = {}
        self._admitted: set[tuple[str, str]] = set()

    def refusal(
        self,
        *,
        user: str,
        secret: str,
        client_id: str,
        will_topic: str | None,
        certificate: bytes | None = None,
    ) -> str | None:
        """Why a client may not connect, in one snake_case word for the log; None when it may.

        A gateway's client id holds its gateway id, so that nobody takes over another's session;
        its last will may go to its own status only. A certificate (DER) that the listener verified
        stands for the secret, and for no other gateway's.
        """
        has_proof = bool(secret) or certificate is not None
        if not user or not has_proof or max(len(user), len(secret)) > _MAX_NAME:
            return "no_credentials"
        if user == INGEST_USER:
            is_ours = hmac.compare_digest(secret.encode(), self._ingest_secret.encode())
            reason = None if is_ours else "wrong_credentials"
        else:
            reason = self._gateway_refusal(user, secret, client_id, will_topic, certificate)
        if reason is None:
            with self._lock:
                self._admitted.add((user, client_id))
        return reason

    def was_admitted(self, *, user: str, client_id: str) -> bool:
        """Whether `refusal` let this client in a moment ago; each time is asked about once."""
        with self._lock:
            if (user, client_id) not in self._admitted:
                return False
            self._admitted.remove((user, client_id))
            return True

    def revoked(self, users: Iterable[str]) -> set[str]:
        """Those of the connected users that are gateways no longer."""
        gateways = {user for user in users if user != INGEST_USER}
        with self._database.reading(now=self._clock()) as work:
            return revoked_among(work, gateways)

    def forget(self, user: str) -> None:
        """Its session ends: nothing of what is remembered lets it in again."""
        with self._lock:
            for key in [key for key in self._known if key[0] == user]:
                del self._known[key]
            self._tenants.pop(user, None)

    def _gateway_refusal(
        self,
        user: str,
        secret: str,
        client_id: str,
        will_topic: str | None,
        certificate: bytes | None,
    ) -> str | None:
        # Credentials first: only who holds them learns from the log what else is amiss.
        if certificate is not None:
            if not self._is_of_certificate(user, certificate):
                return "wrong_certificate"
        elif not self._is_gateway(user, secret):
            return "wrong_credentials"
        if user not in client_id:
            return "client_id_without_gateway_id"
        if will_topic is not None and not self._may_will(user, will_topic):
            return "foreign_will_topic"
        return None

    def may_publish(self, user: str, topic: str) -> bool:
        """Gateways publish to what is theirs to say, ingest to whatever gateways read."""
        channel = _channel(topic)
        if channel is None:
            return False
        if user == INGEST_USER:
            return channel.channel in GATEWAY_READS
        return self._is_own(user, channel) and channel.channel in GATEWAY_SPEAKS

    def may_read(self, user: str, topic: str) -> bool:
        """Gateways read what is for them, ingest whatever gateways say."""
        if user == INGEST_USER and topic in _INGEST_FILTERS:
            return True
        channel = _channel(topic)
        if channel is None:
            return False
        if user == INGEST_USER:
            return channel.channel in GATEWAY_SPEAKS
        return self._is_own(user, channel) and channel.channel in GATEWAY_READS

    def _is_own(self, user: str, channel: Channel) -> bool:
        return channel.gateway_id == user and channel.tenant_id == self._tenants.get(user)

    def _may_will(self, user: str, topic: str) -> bool:
        channel = _channel(topic)
        return channel is not None and self._is_own(user, channel) and channel.channel == STATUS

    def _is_of_certificate(self, user: str, certificate: bytes) -> bool:
        with self._database.reading(now=self._clock()) as work:
            gateway = gateway_of_certificate(work, certificate)
        if gateway is None or gateway.gateway_id != user:
            return False
        with self._lock:
            self._tenants[user] = gateway.tenant_id
        return True

    def _is_gateway(self, user: str, secret: str) -> bool:
        key = (user, hashlib.sha256(secret.encode()).digest())
        now = self._monotonic()
        with self._lock:
            known = self._known.get(key)
        if known is not None and known.until > now:
            return True
        with self._database.reading(now=self._clock()) as work:
            gateway = authenticate_gateway(work, user, secret)
        with self._lock:
            self._known.pop(key, None)
            if gateway is None:
                return False
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            self._known[key] = _Known(gateway.tenant_id, now + REMEMBERED_SECONDS)
            self._tenants[user] = gateway.tenant_id
        return True


def _channel(topic: str) -> Channel | None:
    try:
        return parse_topic(topic)
    except DecodeError:
        return None
