"""What a way to the cloud offers, and the choice between two of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from edge.clock import Clock
from edge.uplink.contract import Contract
from edge.uplink.policy import ChoicePolicy, Way
from edge.uplink.quality import Quality
from edge.uplink.trust import Trust
from protocols.uplink.messages import UplinkAck, UplinkBatch

log = logging.getLogger(__name__)

REVOKED: Final = "the cloud has revoked this gateway"
WRONG_SECRET: Final = "name or secret refused: check gateway_id and gateway_secret"  # noqa: S105 - no secret


@dataclass(slots=True)
class LinkHealth:
    """One way, as it stands. `reason` says why it is down; `since` is when that began.

    `vain_since`: it is up and yet delivers nothing, since then. `octets`: of the batches sent.
    `contract`: what it and the cloud agreed on. `quality`: what it is worth just now.
    """

    way: Way
    url: str
    is_up: bool = False
    reason: str = "not tried yet"
    detail: str = ""
    since: datetime | None = None
    vain_since: datetime | None = None
    sent: int = 0
    acknowledged: int = 0
    octets: int = 0
    contract: Contract = field(default_factory=Contract, repr=False)
    quality: Quality = field(default_factory=Quality)
    changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def learn(self, ack: UplinkAck, *, seconds: float, octets: int) -> None:
        """The cloud answered a batch of so many octets, and said how new a contract it reads."""
        self.acknowledged += 1
        self.contract.learn(ack)
        self.quality.note(seconds, octets)

    def move(self, *, is_up: bool, at: datetime, reason: str = "") -> None:
        """Up or down, for a reason."""
        if is_up is not self.is_up or self.since is None:
            self.since = at
        self.is_up, self.reason = is_up, reason
        self.changed.set()


class LinkClient(Protocol):
    """A way to the cloud: carries batches up and their acknowledgements down."""

    @property
    def health(self) -> LinkHealth:
        """How it stands."""
        ...

    async def run(self) -> None:
        """Keep it up until cancelled."""
        ...

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        """Send and wait for the acknowledgement, at most `timeout_seconds`.

        UplinkUnreachableError: no answer, send again. UplinkRejectedError: never as it stands.
        """
        ...


@dataclass(slots=True)
class LinkChoice:
    """The preferred way while it works; the other when that has been down or vain for a while."""

    links: Sequence[LinkClient]
    policy: ChoicePolicy
    clock: Clock
    _down_since: float | None = None
    _trust: dict[Way, Trust] = field(init=False)

    def __post_init__(self) -> None:
        self._trust = {link.health.way: Trust(self.policy) for link in self.links}

    async def pick(self) -> LinkClient:
        """The link to use now; waits while none is of use."""
        if not self.links:
            await asyncio.get_running_loop().create_future()
        while True:
            link = self.choose(now=self.clock.monotonic())
            if link is not None:
                return link
            await self._wait_for_change()

    def choose(self, *, now: float) -> LinkClient | None:
        """The link to use at monotonic `now`; None to wait."""
        first, second = self._in_order()
        trust = self._trust[first.health.way]
        if first.health.is_up:
            self._down_since = None
            if second is not None and second.health.is_up and not trust.allows(now=now):
                return second
            return first
        if self._down_since is None:
            self._down_since = now
        if second is None:
            return None
        waited = now - self._down_since >= self.policy.fallback_after_seconds
        return second if waited or trust.is_lost else None

    def begin(self, link: LinkClient, *, now: float) -> None:
        """A batch goes by `link` at monotonic `now`."""
        self._trust[link.health.way].begin(now=now)

    def note_vain(self, link: LinkClient, *, began: float, now: float) -> None:
        """`link` was up and yet did not get the batch of `began` acknowledged."""
        if self._trust[link.health.way].fail(began=began, now=now):
            link.health.vain_since = self.clock.utc()
            log.warning(
                "way acknowledges nothing way=%s other_way=%s",
                link.health.way.value,
                "used meanwhile" if len(self.links) > 1 else "none",
            )

    def note_acknowledged(self, link: LinkClient) -> None:
        """The cloud answered by `link`."""
        if self._trust[link.health.way].restore():
            link.health.vain_since = None
            log.warning("way acknowledges again way=%s", link.health.way.value)

    def _in_order(self) -> tuple[LinkClient, LinkClient | None]:
        ordered = sorted(self.links, key=lambda link: link.health.way is not self.policy.prefer)
        return ordered[0], ordered[1] if len(ordered) > 1 else None

    async def _wait_for_change(self) -> None:
        first, second = self._in_order()
        first.health.changed.clear()
        limit = None
        if second is not None and self._down_since is not None:
            until = self._down_since + self.policy.fallback_after_seconds
            limit = max(0.0, until - self.clock.monotonic())
        try:
            async with asyncio.timeout(limit):
                await first.health.changed.wait()
        except TimeoutError:
            return
