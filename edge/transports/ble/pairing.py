"""The desk where the host's pairing questions lie until a person answers them.

The crew's page and the command line read `open_requests` and answer; a device whose passkey the
operator wrote into the settings needs nobody. Only enrolled devices, and those somebody asked for
a moment ago, may pair at all: a stranger in the street gets no question onto the screen.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from edge.clock import Clock
from edge.errors import PairingError

log = logging.getLogger(__name__)

_MOST_OPEN: Final = 8
LARGEST_PASSKEY: Final = 999_999


class PairingKind(Enum):
    """What is asked of a person."""

    ASK_PASSKEY = "type the number the device shows"
    SHOW_PASSKEY = "type this number on the device"
    COMPARE_NUMBER = "say whether the device shows this number"
    CONFIRM = "say whether this device may pair"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingPolicy:
    """Who may pair without a person. Seconds.

    `just_works`: devices that ask for no number, and numbers that only have to be shown equal,
    where the device is enrolled. `passkeys`: by address, for devices with a number of their own.
    A question is open for `answer_seconds`; a device somebody asked for may pair for
    `begin_seconds`.
    """

    just_works: bool = True
    passkeys: Mapping[str, int] = field(default_factory=dict)
    answer_seconds: float = 60.0
    begin_seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingRequest:
    """One open question. `number` for those that show one; `expires_at` aware UTC."""

    request_id: int
    name: str
    address: str
    kind: PairingKind
    number: int | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyDevice:
    """A device that was heard a moment ago; `services` in words, as far as they are known.

    `state` and `reason` of an enrolled one, as its health has them.
    """

    address: str
    name: str
    services: tuple[str, ...]
    rssi: int
    enrolled: bool
    seconds_ago: float
    state: str = ""
    reason: str = ""


@dataclass(slots=True)
class _Open:
    request: PairingRequest
    answer: asyncio.Future[int]


@dataclass(slots=True)
class PairingDesk:
    """Open questions and their answers; a `PairingAnswers` for the host's agent.

    `changed` is set whenever the open questions changed; whoever waits on it clears it. What
    `begin`, `forget` and `nearby` do is given by whoever owns the devices.
    """

    clock: Clock
    policy: PairingPolicy = field(default_factory=PairingPolicy)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_enrolled: Callable[[str], bool] = lambda _address: False
    name_of: Callable[[str], str] = lambda address: address
    on_begin: Callable[[str], None] = lambda _address: None
    on_forget: Callable[[str], None] = lambda _address: None
    look_around: Callable[[], tuple[NearbyDevice, ...]] = lambda: ()
    _open: dict[int, _Open] = field(default_factory=dict)
    _begun: dict[str, float] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def open_requests(self) -> tuple[PairingRequest, ...]:
        """What waits for a person."""
        now = self.clock.utc()
        return tuple(item.request for item in self._open.values() if item.request.expires_at > now)

    def answer(self, request_id: int, *, passkey: int | None = None, accept: bool = False) -> bool:
        """A person's answer: the number typed, or yes; False when nobody asks that any more."""
        item = self._open.get(request_id)
        if item is None or item.answer.done():
            return False
        if item.request.kind is PairingKind.ASK_PASSKEY:
            if passkey is None or not 0 <= passkey <= LARGEST_PASSKEY:
                return False
            item.answer.set_result(passkey)
            return True
        if not accept:
            return False
        item.answer.set_result(0)
        return True

    def refuse(self, request_id: int) -> bool:
        """A person's no; False when nobody asks that any more."""
        item = self._open.get(request_id)
        if item is None or item.answer.done():
            return False
        item.answer.set_exception(PairingError("refused by a person"))
        return True

    def begin(self, address: str) -> None:
        """Pair with this device, from the start: an old bond is dropped."""
        self._begun[address.upper()] = self.clock.monotonic() + self.policy.begin_seconds
        self.on_begin(address.upper())

    def forget(self, address: str) -> None:
        """Drop the bond with this device and do not connect to it any more."""
        self._begun.pop(address.upper(), None)
        self.on_forget(address.upper())

    def nearby(self) -> tuple[NearbyDevice, ...]:
        """Devices heard a moment ago, the strongest first."""
        return self.look_around()

    # ---- what the host's agent asks

    async def passkey(self, address: str) -> int:
        """As `PairingAnswers`: from the settings, else from a person."""
        self._admit(address)
        known = self.policy.passkeys.get(address.upper())
        if known is not None:
            return known
        return await self._ask(address, PairingKind.ASK_PASSKEY, None)

    async def show(self, address: str, number: int) -> None:
        """As `PairingAnswers`; the host does not wait for the person."""
        self._admit(address)
        self._open_request(address, PairingKind.SHOW_PASSKEY, number)

    async def compare(self, address: str, number: int) -> None:
        """As `PairingAnswers`."""
        self._admit(address)
        await self._ask(address, PairingKind.COMPARE_NUMBER, number)

    async def allow(self, address: str) -> None:
        """As `PairingAnswers`: by policy, else by a person."""
        self._admit(address)
        if not self.policy.just_works:
            await self._ask(address, PairingKind.CONFIRM, None)

    async def ended(self) -> None:
        """As `PairingAnswers`."""
        for item in self._open.values():
            if item.request.kind is PairingKind.SHOW_PASSKEY:
                item.answer.cancel()  # nobody waits for it
            elif not item.answer.done():
                item.answer.set_exception(PairingError("the device ended the pairing"))
        self._open = {
            number: item
            for number, item in self._open.items()
            if item.request.kind is not PairingKind.SHOW_PASSKEY
        }
        self.changed.set()

    def is_begun(self, address: str) -> bool:
        """Whether somebody asked for this device a moment ago."""
        return self.clock.monotonic() < self._begun.get(address.upper(), -math.inf)

    def _admit(self, address: str) -> None:
        if self.is_begun(address):
            return
        if not self.is_enrolled(address.upper()):
            log.warning("pairing refused address=%s reason=%r", address, "not enrolled")
            raise PairingError("nobody asked for this device")

    async def _ask(self, address: str, kind: PairingKind, number: int | None) -> int:
        item = self._open_request(address, kind, number)
        try:
            async with asyncio.timeout(self.policy.answer_seconds):
                return await item.answer
        except TimeoutError as exc:
            raise PairingError("nobody answered in time") from exc
        finally:
            self._open.pop(item.request.request_id, None)
            self.changed.set()

    def _open_request(self, address: str, kind: PairingKind, number: int | None) -> _Open:
        self._drop_expired()
        if len(self._open) >= _MOST_OPEN:
            raise PairingError("too many questions are open")
        request = PairingRequest(
            request_id=next(self._numbers),
            name=self.name_of(address.upper()),
            address=address.upper(),
            kind=kind,
            number=number,
            expires_at=self.clock.utc() + timedelta(seconds=self.policy.answer_seconds),
        )
        item = _Open(request, asyncio.get_running_loop().create_future())
        self._open[request.request_id] = item
        self.changed.set()
        log.info("pairing asks device=%s kind=%r", request.name, kind.value)
        return item

    def _drop_expired(self) -> None:
        now = self.clock.utc()
        for number, item in tuple(self._open.items()):
            if item.request.expires_at <= now:
                del self._open[number]
