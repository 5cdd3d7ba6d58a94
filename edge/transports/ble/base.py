"""What a Bluetooth link offers its driver, and what the host's Bluetooth offers the radio.

Two seams. A driver sees a `GattTransport`: one connected device. The radio sees a `HostStack`: the
adapters of this machine and the service that drives them. The one real implementation of both
stands in `bleak_stack` and `bluez`; everything else in this room can be tried without a radio.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from protocols.gatt.base import Property


@dataclass(frozen=True, slots=True)
class Attribute:
    """One characteristic of a connected device; `handle` tells it from others of its UUID."""

    service: UUID
    uuid: UUID
    handle: int
    properties: Property


@dataclass(frozen=True, slots=True)
class ReceivedValue:
    """A value that was sent, or read: `received_at` monotonic seconds, `utc` the wall's time."""

    attribute: Attribute
    octets: bytes
    received_at: float
    utc: datetime


class GattTransport(Protocol):
    """One connected device; one reader of values, one operation at a time."""

    @property
    def attributes(self) -> Sequence[Attribute]:
        """Every characteristic, in the device's order."""
        ...

    @property
    def values_lost(self) -> int:
        """Values that came while nobody took any and there was no room left."""
        ...

    async def receive(self) -> Sequence[ReceivedValue]:
        """The values that came, at least one. Safe to cancel: nothing is lost.

        Raises TransportClosedError when the link is gone and nothing is left to take.
        """
        ...

    async def read(self, attribute: Attribute) -> ReceivedValue:
        """Its value. AttributeRefusedError when the device says no, TransportError else."""
        ...

    async def write(self, attribute: Attribute, octets: bytes) -> None:
        """Write and, where the characteristic allows it, wait for the answer; errors as `read`."""
        ...

    async def subscribe(self, attribute: Attribute) -> None:
        """Have its values sent from now on; errors as `read`."""
        ...

    async def pair(self) -> None:
        """Bond with the device; PairingError when that fails. At once when it is bonded."""
        ...

    def end(self, reason: str) -> None:
        """Whatever the host says: this link is over, and its reader hears why."""
        ...

    async def close(self) -> None:
        """Let go of the link; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """One advertisement: who, by which adapter, when (monotonic seconds).

    `handle` is the stack's own reference to the device, for its `connect` alone.
    """

    address: str
    adapter: str
    at: float
    name: str = ""
    services: frozenset[UUID] = frozenset()
    rssi: int = 0
    handle: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the host knows of a device. `battery_percent` where the host reads it by itself."""

    bonded: bool = False
    connected: bool = False
    battery_percent: int | None = None


class PairingAnswers(Protocol):
    """Who answers what the host asks while it pairs; each refuses by raising PairingError."""

    async def passkey(self, address: str) -> int:
        """The number the device shows, 0 to 999999."""
        ...

    async def show(self, address: str, number: int) -> None:
        """The device wants this number typed on it."""
        ...

    async def compare(self, address: str, number: int) -> None:
        """Both ends show this number; return when a person says they are equal."""
        ...

    async def allow(self, address: str) -> None:
        """The device pairs without any number; return to let it."""
        ...

    async def ended(self) -> None:
        """Whatever was asked is of no use any more."""
        ...


class HostSession(Protocol):
    """The host's Bluetooth while it lives; RadioError from anything when it does not."""

    async def adapters(self) -> Sequence[str]:
        """The names of the adapters that can be used now, powered."""
        ...

    def fail(self, reason: str) -> None:
        """Have `wait_for_change` raise RadioError: the host has to be reached anew."""
        ...

    async def wait_for_change(self) -> None:
        """Return when adapters came or went; RadioError when the service or its bus is gone."""
        ...

    def scan(
        self, adapter: str, seen: Callable[[Sighting], None], *, every_advert: bool
    ) -> AbstractAsyncContextManager[None]:
        """Scan while entered. `every_advert`: also those that say nothing new."""
        ...

    async def connect(
        self, sighting: Sighting, *, pair: bool, dropped: Callable[[], None]
    ) -> GattTransport:
        """Connect; `dropped` is called each time the link breaks, also while connecting.

        DeviceNotFoundError when the host has forgotten the device or the adapter, StackBusyError
        when it says that it is connecting already, TransportError else.
        """
        ...

    async def facts(self, adapter: str, address: str) -> DeviceFacts:
        """What the host knows of the device."""
        ...

    async def connected(self) -> Sequence[tuple[str, frozenset[UUID]]]:
        """Address and services of every device the host calls connected."""
        ...

    async def close_stale(self, address: str) -> None:
        """End connections to the device that nobody of us holds."""
        ...

    async def remove(self, adapter: str, address: str) -> None:
        """Make the host forget the device, its bond and its table of services."""
        ...

    async def power_cycle(self, adapter: str) -> None:
        """Switch the adapter off and on; its links are lost."""
        ...


class HostStack(Protocol):
    """How a session begins."""

    def session(self, answers: PairingAnswers) -> AbstractAsyncContextManager[HostSession]:
        """Reach the service and be its pairing agent; RadioError when it is not there.

        Leaving it lets go of everything: links, scanners, what was known of the host.
        """
        ...
