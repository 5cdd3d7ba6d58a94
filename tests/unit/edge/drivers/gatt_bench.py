"""A GATT driver's bench: one device's memory, health and shelf, link after link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.buffer.answers import Appended
from edge.clock import SYSTEM_CLOCK
from edge.drivers.gatt import GattDriver
from edge.drivers.gatt_memory import GattMemory, GattPolicy
from edge.drivers.gatt_reception import GattReception
from edge.drivers.health import DeviceHealth, HealthBoard
from edge.drivers.radio_devices import address_identity
from edge.drivers.record_marks import RecordMarks
from edge.drivers.wishes import Wishes
from edge.errors import BufferFullError, TransportClosedError
from edge.pipeline.descriptions import DescribedSource, DescriptionBook
from edge.transports.ble.quirks import PLAIN, Quirk
from protocols.model.device import DeviceInfo
from protocols.model.observation import NumericObservation
from protocols.uplink.messages import Content
from tests.fixtures.gatt_peer import PeerLink, turns

ADDRESS = "F0:F1:F2:F3:F4:F5"


@dataclass(slots=True)
class Shelf:
    """A sink that may be full for a while."""

    kept: list[Content] = field(default_factory=list)
    refusals: int = 0

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:  # noqa: ARG002 - a sink's form
        if self.refusals:
            self.refusals -= 1
            raise BufferFullError("the shelf is full")
        self.kept += contents
        return Appended(len(contents), 0)

    @property
    def readings(self) -> list[NumericObservation]:
        return [item for item in self.kept if isinstance(item, NumericObservation)]


@dataclass(slots=True)
class Bench:
    """One device, its memory and what it writes to."""

    folder: Path
    policy: GattPolicy = field(default_factory=GattPolicy)
    quirk: Quirk = PLAIN
    shelf: Shelf = field(default_factory=Shelf)
    board: HealthBoard = field(default_factory=HealthBoard)
    wishes: Wishes = field(default_factory=Wishes)
    knows_time: bool = True
    memory: GattMemory = field(init=False)
    reception: GattReception = field(init=False)

    def __post_init__(self) -> None:
        self.memory = GattMemory(
            DeviceInfo(system_id=address_identity(ADDRESS)), RecordMarks(self.folder)
        )
        self.reception = GattReception(
            source=DescribedSource(self.shelf, DescriptionBook()),
            health=DeviceHealth("Oxi", f"ble:{ADDRESS}", SYSTEM_CLOCK.utc()),
            board=self.board,
            clock=SYSTEM_CLOCK,
        )

    def driver(self, link: PeerLink) -> GattDriver:
        """A driver of one link."""
        return GattDriver(
            link,
            self.memory,
            self.reception,
            quirk=self.quirk,
            policy=self.policy,
            clock=SYSTEM_CLOCK,
            wishes=self.wishes,
            knows_time=lambda: self.knows_time,
        )

    @asynccontextmanager
    async def running(self, link: PeerLink) -> AsyncIterator[asyncio.Task[None]]:
        """The driver at work, past its opening."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.until_gone(link))
            await turns(60)
            yield task
            link.end("out of reach")

    async def until_gone(self, link: PeerLink) -> None:
        """The driver's whole life on a link."""
        with pytest.raises(TransportClosedError):
            await self.driver(link).run()
