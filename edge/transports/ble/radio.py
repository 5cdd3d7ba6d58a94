"""The radio: reaches the host's Bluetooth, scans, makes links, and builds it anew if need be.

    async with radio.link(address, quirk_of=..., told=...) as link:
        link.transport, link.quirk, link.bonded

Links are made one at a time on an adapter, from a fresh advertisement, and never more than its
slots. Whatever the host says of its own state is doubted: its service may end without a word, its
objects may be gone, a connect may be stuck for good.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from edge.clock import Clock
from edge.errors import (
    BondLostError,
    DeviceNotFoundError,
    RadioError,
    StackBusyError,
    TransportError,
    TransportTimeoutError,
)
from edge.supervision import Backoff, BackoffPolicy, single_error
from edge.transports.ble.base import (
    GattTransport,
    HostSession,
    HostStack,
    PairingAnswers,
    Sighting,
)
from edge.transports.ble.quirks import Quirk
from edge.transports.ble.recoveries import Rung, Wedges
from edge.transports.ble.scanning import Scanner, ScannerCounts, ScanPolicy
from edge.transports.ble.sightings import Sightings
from edge.transports.ble.slots import SlotBudget
from edge.transports.ble.usb_reset import UsbResetPolicy, UsbResets

log = logging.getLogger(__name__)

_STORM: Final = 3
"""Drops inside one attempt to connect after which a bonded device has lost its bond."""
_PAIRING_SECONDS: Final = 90.0
_LINK_COSTS_DB: Final = 6
_UNKNOWN_RSSI: Final = -127
_NO_PLACE: Final = "no adapter has a free place for it"
_NOT_HEARD: Final = "it is not heard: off, asleep or out of reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioPolicy:
    """`adapters` to use, empty for all; `slots` links on each; an advert is fresh for so long."""

    adapters: tuple[str, ...] = ()
    slots: int = 5
    fresh_seconds: float = 5.0
    scan: ScanPolicy = field(default_factory=ScanPolicy)
    usb: UsbResetPolicy = field(default_factory=UsbResetPolicy)
    rebuild: BackoffPolicy = field(
        default_factory=lambda: BackoffPolicy(first=0.5, most=10.0, forgiven_after=30.0)
    )


@dataclass(slots=True)
class RadioHealth:
    """How the host's Bluetooth is; `reason` why it is not better. Counts since the start."""

    is_up: bool = False
    reason: str = "not reached yet"
    adapters: tuple[str, ...] = ()
    rebuilds: int = 0
    wedges: int = 0
    usb_resets: int = 0
    scanner: ScannerCounts = field(default_factory=ScannerCounts)


@dataclass(frozen=True, slots=True)
class RadioLink:
    """One link: its transport, how to treat the device, and whether the host had a bond."""

    transport: GattTransport
    sighting: Sighting
    quirk: Quirk
    bonded: bool
    battery_percent: int | None


class Radio:
    """All adapters of this machine."""

    def __init__(
        self, stack: HostStack, answers: PairingAnswers, *, policy: RadioPolicy, clock: Clock
    ) -> None:
        self._stack = stack
        self._answers = answers
        self._policy = policy
        self._clock = clock
        self.health = RadioHealth()
        self.is_ours: Callable[[str, frozenset[UUID]], bool] = lambda _address, _services: False
        self.sightings = Sightings()
        self.slots = SlotBudget(policy.slots, self.sightings.wake)
        self._session: HostSession | None = None
        self._usable = asyncio.Event()
        self._locks: dict[str, asyncio.Lock] = {}
        self._resets = UsbResets(policy.usb, clock)
        self._wedges = Wedges(may_reset=self._resets.is_allowed)
        self._links: set[GattTransport] = set()

    async def run(self) -> None:
        """Keep the radio up until cancelled; each end of it has a reason."""
        backoff = Backoff(self._policy.rebuild)
        while True:
            began = self._clock.monotonic()
            try:
                async with self._stack.session(self._answers) as session:
                    await self._live_until_lost(session)
            except TransportError as exc:
                self._down(exc.cause)
            except BaseException as exc:
                is_end = isinstance(exc, asyncio.CancelledError)
                self._down("the gateway ends" if is_end else "fault in the program")
                raise
            self.health.rebuilds += 1
            if self._clock.monotonic() - began >= backoff.policy.forgiven_after:
                backoff.reset()
            await self._clock.sleep(backoff.next_wait())

    @asynccontextmanager
    async def link(
        self,
        address: str,
        *,
        quirk_of: Callable[[Sighting], Quirk],
        told: Callable[[str], None],
        pair: bool = False,
    ) -> AsyncIterator[RadioLink]:
        """Wait for the device and hold a link to it while entered.

        `told` hears what is waited for. BondLostError when the device has forgotten us,
        TransportError when the link does not come about.
        """
        session, sighting = await self._choose(address, told)
        with self.slots.hold(sighting.adapter, address):
            async with self._locks.setdefault(sighting.adapter, asyncio.Lock()):
                # Others were served before: what was heard may be long ago by now.
                newest = self._heard_lately(address, sighting.adapter)
                if newest is None:
                    raise TransportTimeoutError("it is not heard any more")
                link = await self._connect(session, newest, quirk_of(newest), pair=pair)
            self._links.add(link.transport)
            try:
                yield link
            except RadioError as exc:
                session.fail(exc.cause)
                raise
            finally:
                self._links.discard(link.transport)
                await link.transport.close()

    async def forget(self, address: str) -> None:
        """Have every adapter forget the device, its bond too."""
        await self._usable.wait()
        session = self._session
        if session is None:
            raise RadioError(self.health.reason)
        for adapter in self.health.adapters:
            await session.remove(adapter, address)
        self.sightings.forget(address)

    async def _live_until_lost(self, session: HostSession) -> None:
        try:
            await self._live(session)
        except TransportError as exc:
            # Before the session ends, which would tell every link another reason.
            self._down(exc.cause)
            raise

    async def _live(self, session: HostSession) -> None:
        await self._resets.restore()
        await self._close_ghosts(session)
        try:
            async with asyncio.TaskGroup() as tasks:
                scanners: dict[str, asyncio.Task[None]] = {}
                while True:
                    await self._follow_adapters(session, scanners, tasks)
                    await self._wait_for_change(session)
        except BaseExceptionGroup as group:
            raise single_error(group) from group

    async def _wait_for_change(self, session: HostSession) -> None:
        """An adapter that is plugged in and does not come up is reset after a while."""
        wedged = self._resets.wedged(self.health.adapters)
        try:
            async with asyncio.timeout(self._policy.usb.patience_seconds if wedged else None):
                await session.wait_for_change()
        except TimeoutError:
            for adapter in self._allowed(wedged):
                await self._reset(adapter)

    async def _reset(self, adapter: str) -> None:
        await self._resets.reset(adapter)
        self.health.usb_resets = self._resets.count

    async def _close_ghosts(self, session: HostSession) -> None:
        """End what a process that was killed left behind: such a device does not advertise."""
        for address, services in await session.connected():
            if self.is_ours(address, services):
                log.warning("link of an earlier process ended address=%s", address)
                await session.close_stale(address)

    async def _follow_adapters(
        self,
        session: HostSession,
        scanners: dict[str, asyncio.Task[None]],
        tasks: asyncio.TaskGroup,
    ) -> None:
        there = self._allowed(await session.adapters())
        for adapter, task in tuple(scanners.items()):
            if adapter not in there or task.done():
                task.cancel()
                del scanners[adapter]
                self.sightings.forget_adapter(adapter)
        for adapter in there:
            if adapter not in scanners:
                scanner = Scanner(
                    session,
                    adapter,
                    self.sightings,
                    policy=self._policy.scan,
                    counts=self.health.scanner,
                    clock=self._clock,
                    links=partial(self.slots.taken, adapter),
                    resets=self._resets,
                )
                scanners[adapter] = tasks.create_task(scanner.run(), name=f"scanner {adapter}")
        if there != self.health.adapters or not self.health.is_up:
            log.info("radio adapters=%s", ",".join(there) or "none")
        self._resets.note(there)
        self.health.usb_resets = self._resets.count
        self.health.adapters = there
        self.health.is_up = bool(there)
        self.health.reason = "" if there else "no Bluetooth adapter is there"
        self._session = session
        self._usable.set()

    def _allowed(self, names: Sequence[str]) -> tuple[str, ...]:
        wanted = self._policy.adapters
        return tuple(name for name in names if not wanted or name in wanted)

    def _down(self, reason: str) -> None:
        if self._session is not None or self.health.reason != reason:
            log.warning("radio down reason=%r", reason)
        self._session = None
        self._usable.clear()
        self.health.is_up, self.health.reason, self.health.adapters = False, reason, ()
        for link in tuple(self._links):
            link.end(reason)

    async def _choose(
        self, address: str, told: Callable[[str], None]
    ) -> tuple[HostSession, Sighting]:
        """The session, and the strongest fresh sighting by an adapter that has room."""
        with self.sightings.waiting_for(address) as seen:
            while True:
                if self._session is None:
                    told(self.health.reason)
                    await self._usable.wait()
                    continue
                since = self._clock.monotonic() - self._policy.fresh_seconds
                fresh = self.sightings.fresh(address, since=since)
                free = [item for item in fresh if self.slots.is_free(item.adapter)]
                if free:
                    return self._session, max(free, key=self._worth)
                told(_NO_PLACE if fresh else _NOT_HEARD)
                seen.clear()
                await seen.wait()  # a sighting, or a place that became free

    def _worth(self, sighting: Sighting) -> float:
        """Each link an adapter holds counts as much as half the distance."""
        strength = sighting.rssi or _UNKNOWN_RSSI
        return strength - _LINK_COSTS_DB * self.slots.taken(sighting.adapter)

    def _heard_lately(self, address: str, adapter: str) -> Sighting | None:
        since = self._clock.monotonic() - self._policy.fresh_seconds
        fresh = self.sightings.fresh(address, since=since)
        return next((item for item in fresh if item.adapter == adapter), None)

    async def _connect(
        self, session: HostSession, sighting: Sighting, quirk: Quirk, *, pair: bool
    ) -> RadioLink:
        address, adapter = sighting.address, sighting.adapter
        facts = await session.facts(adapter, address)
        if facts.connected:
            # Attaching to a link of somebody else would share it, and end it for both.
            await session.close_stale(address)
        drops, is_up = 0, False
        limit = quirk.connect_seconds + (_PAIRING_SECONDS if pair else 0.0)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit) as window:

                def dropped() -> None:
                    nonlocal drops
                    drops += 1
                    if drops == _STORM and not is_up:
                        window.reschedule(loop.time())

                transport = await session.connect(sighting, pair=pair, dropped=dropped)
                is_up = True
        except TimeoutError as exc:
            if drops >= _STORM and facts.bonded:
                raise BondLostError("the device has lost the bond: pair it again") from exc
            raise TransportTimeoutError("the device does not take the connection") from exc
        except StackBusyError:
            await self._unwedge(session, sighting, bonded=facts.bonded)
            raise
        except DeviceNotFoundError:
            self.sightings.forget(address)
            raise
        except RadioError as exc:
            session.fail(exc.cause)
            raise
        self._wedges.worked(adapter, address)
        return RadioLink(transport, sighting, quirk, facts.bonded, facts.battery_percent)

    async def _unwedge(self, session: HostSession, sighting: Sighting, *, bonded: bool) -> None:
        address, adapter = sighting.address, sighting.adapter
        rung = self._wedges.refused(adapter, address, bonded=bonded)
        self.health.wedges += 1
        log.warning("connect is stuck address=%s remedy=%r", address, rung.value)
        match rung:
            case Rung.CLOSE_STALE:
                await session.close_stale(address)
            case Rung.REMOVE:
                await session.remove(adapter, address)
                self.sightings.forget(address)
            case Rung.POWER_CYCLE:
                await session.power_cycle(adapter)
            case Rung.USB_RESET:
                await self._reset(adapter)
