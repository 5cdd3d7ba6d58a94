"""What a way to the cloud offers, and the choice between two of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from edge.clock import Clock
from edge.uplink.policy import ChoicePolicy, Way
from protocols.uplink.messages import UplinkAck, UplinkBatch


@dataclass(slots=True)
class LinkHealth:
    """One way, as it stands. `reason` says why it is down; `since` is when that began."""

    way: Way
    url: str
    is_up: bool = False
    reason: str = "not tried yet"
    detail: str = ""
    since: datetime | None = None
    sent: int = 0
    acknowledged: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

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
    """The preferred way while it is up; the other when that has been down for a while."""

    links: Sequence[LinkClient]
    policy: ChoicePolicy
    clock: Clock
    _down_since: float | None = None

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
        if first.health.is_up:
            self._down_since = None
            return first
        if self._down_since is None:
            self._down_since = now
        if second is None:
            return None
        return second if now - self._down_since >= self.policy.fallback_after_seconds else None

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
