"""What a way to the cloud offers, and how it stands."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from edge.uplink.contract import Contract
from edge.uplink.policy import Way
from edge.uplink.quality import Quality
from edge.uplink.window import Window
from protocols.uplink.messages import UplinkAck, UplinkBatch

REVOKED: Final = "the cloud has revoked this gateway"
WRONG_SECRET: Final = "name or secret refused: check gateway_id and gateway_secret"  # noqa: S105 - no secret


@dataclass(slots=True)
class LinkHealth:
    """One way, as it stands. `reason` says why it is down; `since` is when that began.

    `vain_since`: it is up and yet delivers nothing, since then. `octets`: of the batches sent.
    `is_used`: it carries the batches now; `uses` counts how often it began to, `used_because` why.
    `poor_because`: it is left for the other one, in words. `caution`: what of the peer was not
    verified. `contract`: what it and the cloud agreed on. `quality`: how soon it answers; `window`:
    what it did over the last while.
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
    is_used: bool = False
    uses: int = 0
    used_because: str = ""
    poor_because: str = ""
    caution: str = ""
    contract: Contract = field(default_factory=Contract, repr=False)
    quality: Quality = field(default_factory=Quality)
    window: Window = field(default_factory=Window, repr=False)
    changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def learn(self, ack: UplinkAck, *, began: float, now: float, octets: int) -> None:
        """The cloud answered a batch of so many octets, and said how new a contract it reads."""
        self.acknowledged += 1
        self.contract.learn(ack)
        self.quality.note(now - began)
        self.window.note(began=began, now=now, octets=octets)

    def move(self, *, is_up: bool, at: datetime, reason: str = "") -> None:
        """Up or down, for a reason."""
        if is_up is not self.is_up or self.since is None:
            self.since = at
        self.is_up, self.reason = is_up, reason
        if not is_up:
            self.caution = ""
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
