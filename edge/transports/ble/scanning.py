"""One adapter's scanner: on while a device is missed, now and then else, and watched itself.

A scanner may find nothing for hours and call itself running. When nobody at all was heard for
`silence_seconds` it is begun again; if that does not help the adapter is switched off and on, then
its USB device is reset where the settings allow it, and then the host is reached anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.clock import Clock
from edge.errors import DeviceNotFoundError, RadioError, StackBusyError, TransportError
from edge.transports.ble.base import HostSession
from edge.transports.ble.sightings import Sightings
from edge.transports.ble.usb_reset import UsbResets

log = logging.getLogger(__name__)

_MOST_REFUSALS: Final = 4
_REFUSED_WAIT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPolicy:
    """Seconds. While no device is missed: `scan_seconds` on, `rest_seconds` off, in turn.

    A scanner that is always on would hold up the links.
    """

    silence_seconds: float = 90.0
    scan_seconds: float = 10.0
    rest_seconds: float = 20.0


@dataclass(slots=True)
class ScannerCounts:
    """Since the gateway's start."""

    restarts: int = 0
    power_cycles: int = 0
    refusals: int = 0


class Scanner:
    """The scanner of one adapter in one session. `links` says how many links the adapter holds."""

    def __init__(
        self,
        session: HostSession,
        adapter: str,
        sightings: Sightings,
        *,
        policy: ScanPolicy,
        counts: ScannerCounts,
        clock: Clock,
        links: Callable[[], int],
        resets: UsbResets,
    ) -> None:
        self._session = session
        self._adapter = adapter
        self._sightings = sightings
        self._policy = policy
        self._counts = counts
        self._clock = clock
        self._links = links
        self._resets = resets
        self._silences = 0
        self._refusals = 0

    async def run(self) -> None:
        """Return when the adapter is gone; RadioError when the host has to be reached anew."""
        while True:
            try:
                await self._scan()
                self._refusals = 0
            except DeviceNotFoundError:
                self._sightings.forget_adapter(self._adapter)
                return
            except RadioError:
                raise
            except TransportError as exc:
                await self._refused(exc)

    async def _scan(self) -> None:
        """One turn: until it is time to rest, or the scanner finds nobody."""
        wanted = self._sightings.wanted.is_set()
        scan = self._session.scan(self._adapter, self._sightings.note, every_advert=wanted)
        async with scan:
            began = self._clock.monotonic()
            if wanted:
                await self._while_wanted(began)
                return
            if await self._until_wanted(self._policy.scan_seconds):
                return
        await self._until_wanted(self._policy.rest_seconds)

    async def _while_wanted(self, began: float) -> None:
        while self._sightings.wanted.is_set():
            heard = self._sightings.last_heard(self._adapter)
            since = began if heard is None else max(began, heard)
            left = since + self._policy.silence_seconds - self._clock.monotonic()
            if left <= 0:
                await self._silent()
                return
            if heard is not None and heard > began:
                self._silences = 0
            await self._clock.sleep(min(left, self._policy.silence_seconds / 4))

    async def _until_wanted(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._sightings.wanted.wait()
        except TimeoutError:
            return False
        return True

    async def _silent(self) -> None:
        self._silences += 1
        seconds = self._policy.silence_seconds
        log.info("scanner heard nobody adapter=%s seconds=%.0f", self._adapter, seconds)
        self._counts.restarts += 1
        if self._silences == 1:
            return
        if self._silences == 2 or self._links():
            await self._power_cycle()
            return
        if not await self._resets.reset(self._adapter):
            raise RadioError(f"the scanner of {self._adapter} finds nobody")

    async def _refused(self, exc: TransportError) -> None:
        self._refusals += 1
        self._counts.refusals += 1
        log.info("scanner refused adapter=%s reason=%r", self._adapter, exc.cause)
        if self._refusals % _MOST_REFUSALS == 0:
            if self._refusals >= 2 * _MOST_REFUSALS and not await self._resets.reset(self._adapter):
                raise RadioError(f"the scanner of {self._adapter} cannot be started")
            await self._power_cycle()
        await self._clock.sleep(_REFUSED_WAIT_SECONDS)

    async def _power_cycle(self) -> None:
        if self._links():
            return  # its links work: a scanner that does not is the smaller evil
        self._counts.power_cycles += 1
        log.warning("adapter switched off and on adapter=%s", self._adapter)
        try:
            await self._session.power_cycle(self._adapter)
        except (StackBusyError, DeviceNotFoundError) as exc:
            log.warning("adapter not switched adapter=%s reason=%r", self._adapter, exc.cause)
