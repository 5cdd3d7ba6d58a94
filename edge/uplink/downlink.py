"""The way down: commands from whichever link brings them, answers by whichever is up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from edge.clock import Clock
from edge.errors import UplinkUnreachableError
from edge.supervision import Backoff, BackoffPolicy
from edge.uplink.link import LinkHealth

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 20
LOOK_SECONDS: Final = 1.0


@runtime_checkable
class PushingLink(Protocol):
    """A link that brings commands by itself: MQTT."""

    @property
    def health(self) -> LinkHealth:
        """How it stands."""
        ...

    def listen(self, take: Callable[[bytes], None]) -> None:
        """Say who takes the commands that come."""
        ...

    async def send_answer(self, octets: bytes) -> None:
        """Hand an answer over; UplinkUnreachableError when it takes none now."""
        ...


@runtime_checkable
class AskedLink(Protocol):
    """A link that has to be asked: HTTPS."""

    @property
    def health(self) -> LinkHealth:
        """How it stands."""
        ...

    async def fetch_commands(self, *, wait_seconds: int) -> tuple[bytes, ...]:
        """What is due, waiting for it; UplinkUnreachableError when it cannot be asked."""
        ...

    async def send_answer(self, octets: bytes) -> None:
        """As `PushingLink.send_answer`."""
        ...


@dataclass(slots=True, kw_only=True)
class Downlink:
    """Both links as one. `returned` is called whenever a way is up that was not."""

    pushing: PushingLink | None
    asked: AskedLink | None
    clock: Clock
    arrive: Callable[[bytes], None] = lambda _octets: None
    returned: Callable[[], None] = lambda: None
    _was_up: bool = False
    _backoff: Backoff = field(default_factory=lambda: Backoff(BackoffPolicy(first=1.0, most=30.0)))

    def listen(self, arrive: Callable[[bytes], None], returned: Callable[[], None]) -> None:
        """Say who takes the commands, and who wants to know that a way is up again."""
        self.arrive, self.returned = arrive, returned
        if self.pushing is not None:
            self.pushing.listen(arrive)

    @property
    def is_up(self) -> bool:
        """Whether any way is up."""
        return any(link.health.is_up for link in (self.pushing, self.asked) if link is not None)

    async def send_answer(self, octets: bytes) -> None:
        """By the first link that is up and takes it; UplinkUnreachableError when none does."""
        reason = "no way is up"
        for link in (self.pushing, self.asked):
            if link is None or not link.health.is_up:
                continue
            try:
                await link.send_answer(octets)
            except UplinkUnreachableError as exc:
                reason = exc.cause
                continue
            return
        raise UplinkUnreachableError(reason)

    async def run(self) -> None:
        """Ask by HTTPS while MQTT is not up; tell when a way came back. Until cancelled."""
        while True:
            if self.is_up and not self._was_up:
                self.returned()
            self._was_up = self.is_up
            pushes = self.pushing is not None and self.pushing.health.is_up
            if pushes or self.asked is None or not self.asked.health.is_up:
                await self.clock.sleep(LOOK_SECONDS)
                continue
            await self._poll(self.asked)

    async def _poll(self, link: AskedLink) -> None:
        try:
            commands = await link.fetch_commands(wait_seconds=POLL_SECONDS)
        except UplinkUnreachableError as exc:
            log.debug("no commands fetched reason=%r", exc.cause)
            await self.clock.sleep(self._backoff.next_wait())
            return
        self._backoff.reset()
        for octets in commands:
            self.arrive(octets)
