"""Which way the next batch goes: the preferred one while it is of use, else the better one."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.clock import Clock
from edge.supervision import Backoff
from edge.uplink.link import LinkClient
from edge.uplink.policy import ChoicePolicy, Way
from edge.uplink.trust import Loss, Trust
from edge.uplink.window import Window

log = logging.getLogger(__name__)


@dataclass(slots=True)
class LinkChoice:
    """The preferred way while it delivers; the other while that one is down, vain or poor.

    Poor is what the preferred way's window says. The other one is then tried with all that goes
    up: measured under the same load it is kept only while it is clearly better.
    """

    links: Sequence[LinkClient]
    policy: ChoicePolicy
    clock: Clock
    _down_since: float | None = None
    _seconds_when_left: float = math.inf
    _hold_until: float = -math.inf
    _hold: Backoff = field(init=False)
    _trust: dict[Way, Trust] = field(init=False)

    def __post_init__(self) -> None:
        policy = self.policy
        self._hold = Backoff(policy.hold)
        self._trust = {link.health.way: Trust(policy) for link in self.links}
        for link in self.links:
            link.health.window = Window(
                policy.window_seconds, policy.slow_seconds, policy.judged_after
            )

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
            if second is None or not second.health.is_up or trust.allows(now=now):
                return first
            is_worse = self._trust[second.health.way].is_lost and trust.loss is Loss.POOR
            return first if is_worse else second
        if self._down_since is None:
            self._down_since = now
        if second is None:
            return None
        waited = now - self._down_since >= self.policy.fallback_after_seconds
        return second if waited or trust.is_lost else None

    def begin(self, link: LinkClient, *, now: float) -> None:
        """A batch goes by `link` at monotonic `now`."""
        is_probe = self._trust[link.health.way].begin(now=now)
        other = self._other(link)
        if link.health.is_used or (is_probe and other is not None and other.health.is_used):
            return
        link.health.is_used = True
        link.health.uses += 1
        link.health.used_because = self._why(link, other, now)
        if other is None or not other.health.is_used:
            return
        other.health.is_used = False
        log.warning(
            "way changed from=%s to=%s reason=%r",
            other.health.way.value,
            link.health.way.value,
            link.health.used_because,
        )

    def note_vain(self, link: LinkClient, *, began: float, now: float) -> None:
        """`link` was up and yet did not get the batch of `began` acknowledged."""
        link.health.window.note_vain(began=began, now=now)
        if self._trust[link.health.way].fail(began=began, now=now):
            link.health.vain_since = self.clock.utc()
            link.health.poor_because = ""
            log.warning(
                "way acknowledges nothing way=%s other_way=%s",
                link.health.way.value,
                "used meanwhile" if len(self.links) > 1 else "none",
            )
        else:
            self._judge(link, now)

    def note_acknowledged(self, link: LinkClient, *, began: float, now: float) -> None:
        """The cloud answered by `link`."""
        health, trust = link.health, self._trust[link.health.way]
        was_vain = trust.loss is Loss.VAIN
        if not trust.acknowledge(began=began, now=now):
            self._judge(link, now)
            return
        health.vain_since, health.poor_because = None, ""
        health.window.forget()
        self._hold.reset()
        again = "acknowledges" if was_vain else "is good"
        log.warning("way %s again way=%s", again, health.way.value)

    def _judge(self, link: LinkClient, now: float) -> None:
        """Leave the preferred way when it is poor, and the other when that is no better."""
        first, second = self._in_order()
        if second is None or not link.health.window.is_poor(now=now):
            return
        trust, measured = self._trust[first.health.way], link.health.window.measure(now=now)
        each = measured.seconds_each or 0.0
        if link is first and not trust.is_lost and second.health.is_up and now >= self._hold_until:
            trust.lose(Loss.POOR, now=now)
            self._seconds_when_left = each
            second.health.window.forget()
            first.health.poor_because = measured.words
            log.warning("way is poor way=%s reason=%r", first.health.way.value, measured.words)
        elif link is second and trust.loss is Loss.POOR and not self._is_better(each):
            self._hold_until = now + self._hold.next_wait()
            trust.restore(now=now)
            first.health.poor_because = ""
            first.health.window.forget()

    def _is_better(self, seconds_each: float) -> bool:
        """Whether a way that costs so much a batch is clearly better than the one that was left."""
        return seconds_each * self.policy.better_by <= self._seconds_when_left

    def _why(self, link: LinkClient, other: LinkClient | None, now: float) -> str:
        if other is None:
            return "it is the only way"
        way = other.health.way.value
        if other.health.vain_since is not None:
            return f"{way} acknowledges nothing"
        if other.health.poor_because:
            return f"{way} is poor: {other.health.poor_because}"
        if other.health.is_up and self._trust[other.health.way].vain:
            return f"{way} did not answer"
        is_forced = self._trust[link.health.way].is_lost and not other.health.is_up
        if is_forced or link.health.way is not self.policy.prefer:
            return f"{way} is down"
        return f"{way} is no better" if now < self._hold_until else "it is the preferred way"

    def _in_order(self) -> tuple[LinkClient, LinkClient | None]:
        ordered = sorted(self.links, key=lambda link: link.health.way is not self.policy.prefer)
        return ordered[0], ordered[1] if len(ordered) > 1 else None

    def _other(self, link: LinkClient) -> LinkClient | None:
        return next((one for one in self.links if one is not link), None)

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
