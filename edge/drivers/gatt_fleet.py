"""One supervised driver for each radio device: link after link, with a reason for each end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from edge.clock import Clock
from edge.drivers.gatt import GattDriver
from edge.drivers.gatt_memory import GattMemory, GattPolicy
from edge.drivers.gatt_reception import GattReception
from edge.drivers.health import DeviceHealth, DeviceState, HealthBoard
from edge.drivers.radio_devices import RadioDevice, RadioDevices, address_identity
from edge.drivers.record_marks import RecordMarks
from edge.drivers.recorded_link import facts_of
from edge.drivers.wishes import Wish, Wishes
from edge.errors import (
    BondLostError,
    BufferDamagedError,
    PairingError,
    RadioError,
    StaleServicesError,
    TransportClosedError,
    TransportError,
)
from edge.pipeline.descriptions import DescribedSource, DescriptionBook
from edge.pipeline.sink import ObservationSink
from edge.pipeline.traces import ReportTraces
from edge.recorder.recorder import FlightRecorder
from edge.recorder.recording import Recording
from edge.supervision import Backoff, Failure, TaskTree
from edge.transports.ble.base import Sighting
from edge.transports.ble.pairing import NearbyDevice, PairingDesk
from edge.transports.ble.quirks import Quirk, find_quirk
from edge.transports.ble.radio import Radio, RadioLink
from edge.transports.ble.recoveries import BondWatch
from protocols.gatt.registry import find_profile
from protocols.gatt.uuids import short_text
from protocols.model.device import DeviceInfo

log = logging.getLogger(__name__)

_MOST_DISCOVERED: Final = 32
_NEARBY_SECONDS: Final = 60.0
_BOND_RETRY_SECONDS: Final = 60.0
"""Interference may look like a lost bond; a try now and then costs nothing."""


@dataclass(slots=True)
class _Served:
    """One device being served."""

    device: RadioDevice
    health: DeviceHealth
    memory: GattMemory
    backoff: Backoff
    bond: BondWatch = field(default_factory=BondWatch)
    bonded: bool = False
    pair: asyncio.Event = field(default_factory=asyncio.Event)
    wishes: Wishes | None = None
    task: asyncio.Task[None] | None = None


@dataclass(slots=True, kw_only=True)
class GattFleet:
    """All radio devices. `discover`: devices with one of these services are served unasked.

    `traces` keeps the times of what they report; `knows_time`: whether our clock may be told to
    devices.
    """

    radio: Radio
    desk: PairingDesk
    devices: RadioDevices
    marks: RecordMarks
    sink: ObservationSink
    board: HealthBoard
    tree: TaskTree
    recorder: FlightRecorder | None = None
    traces: ReportTraces | None = None
    knows_time: Callable[[], bool] = lambda: False
    clock: Clock
    policy: GattPolicy = field(default_factory=GattPolicy)
    discover: frozenset[UUID] = frozenset()
    _book: DescriptionBook = field(default_factory=DescriptionBook)
    _served: dict[str, _Served] = field(default_factory=dict)
    _discovered: int = 0
    _tasks: asyncio.TaskGroup | None = None
    _ending: bool = False
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin with the enrolled devices; the radio runs beside them."""
        self._tasks = tasks
        self.desk.is_enrolled = self._served.__contains__
        self.desk.name_of = self._name_of
        self.desk.on_begin = self._pair
        self.desk.on_forget = self._forget
        self.desk.look_around = self._nearby
        self.radio.sightings.heard = self._heard
        self.radio.is_ours = self._is_ours
        for device in self.devices:
            self._serve(device)
        tasks.create_task(self.tree.keep("service", "radio", self._run_radio), name="service radio")

    async def release_all(self, seconds: float) -> None:
        """End every link in good order; return when all have, or had the time to."""
        self._ending = True
        for served in self._served.values():
            if served.wishes is not None:
                served.wishes.ask(Wish.RELEASE_AND_END)
        try:
            async with asyncio.timeout(seconds):
                while any(served.wishes is not None for served in self._served.values()):
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            log.warning("radio devices did not end in time")
        for served in self._served.values():
            if served.task is not None:
                served.task.cancel()

    async def _run_radio(self) -> bool:
        await self.radio.run()
        return True

    def _serve(self, device: RadioDevice) -> None:
        if self._tasks is None or self._ending or device.address in self._served:
            return
        health = DeviceHealth(device.name, f"ble:{device.address}", self.clock.utc())
        info = DeviceInfo(system_id=address_identity(device.address))
        quirk = find_quirk(model=device.model, name=device.name)
        served = _Served(device, health, GattMemory(info, self.marks), Backoff(quirk.reconnect))
        self.board.add(health)
        self._served[device.address] = served
        self._begin(served, self._tasks)

    def _begin(self, served: _Served, tasks: asyncio.TaskGroup) -> None:
        served.task = tasks.create_task(self._keep(served), name=f"device {served.device.name}")

    async def _keep(self, served: _Served) -> None:
        def failed(failure: Failure) -> None:
            served.health.fail(
                at=self.clock.utc(), reason=failure.reason, is_fault=failure.is_fault
            )

        await self.tree.keep(
            "device",
            served.device.name,
            partial(self._one_link, served),
            backoff=served.backoff,
            on_failure=failed,
            # Whatever is wrong with this device, the others have a patient too.
            ended_by=(BufferDamagedError,),
        )

    async def _one_link(self, served: _Served) -> bool:
        """One life of a link; True asks for another one."""
        try:
            await self._hold_link(served)
        except BondLostError as exc:
            await self._wait_for_pairing(served, exc.cause)
        except StaleServicesError as exc:
            await self._refresh(served, exc)
        return not self._ending

    async def _refresh(self, served: _Served, exc: StaleServicesError) -> None:
        """Have the host read the device's services anew; with a bond only a person may.

        Before a person is asked the link is made once more: a host that was told by the device, or
        compares by itself, has the right table then.
        """
        if served.bonded and served.memory.renewals == 1:
            raise exc
        if served.bonded:
            reason = "its services changed and the host keeps the old ones: pair it again"
            await self._wait_for_pairing(served, reason)
            return
        await self.radio.forget(served.device.address)
        served.memory.forget_table()
        raise exc

    async def _hold_link(self, served: _Served) -> None:
        pair = served.pair.is_set()
        address = served.device.address
        if pair:
            served.pair.clear()
            served.bond.reset()
            served.memory.forget_table()
            served.memory.renewals = 0
            await self.radio.forget(address)

        def told(reason: str) -> None:
            if served.health.state is not DeviceState.BOND_LOST:
                served.health.move(DeviceState.WAITING, at=self.clock.utc(), reason=reason)

        wait = self.radio.link(
            address, quirk_of=partial(self._quirk_of, served), told=told, pair=pair
        )
        try:
            async with wait as link:
                await self._drive(served, link)
        except PairingError:
            if pair and self.desk.is_begun(address):
                served.pair.set()  # a person asked for it a moment ago: it stays asked for
            raise

    async def _drive(self, served: _Served, link: RadioLink) -> None:
        health, began = served.health, self.clock.monotonic()
        health.come(at=self.clock.utc())
        served.bonded = link.bonded
        served.wishes = Wishes()
        if self._ending:
            served.wishes.ask(Wish.RELEASE_AND_END)
        log.info("link up device=%s adapter=%s", health.name, link.sighting.adapter)
        reception = GattReception(
            source=DescribedSource(self.sink, self._book, self.clock),
            health=health,
            board=self.board,
            clock=self.clock,
            recording=self._record(served, link),
            traces=self.traces,
        )
        if link.battery_percent is not None:
            reception.note_battery(link.battery_percent)
        driver = GattDriver(
            link.transport,
            served.memory,
            reception,
            quirk=link.quirk,
            policy=self.policy,
            clock=self.clock,
            wishes=served.wishes,
            bonded=link.bonded,
            knows_time=self.knows_time,
        )
        try:
            await driver.run()
        except TransportError as exc:
            seconds = self.clock.monotonic() - began
            log.info("link ended device=%s reason=%r", health.name, exc.cause)
            is_ours = isinstance(exc, (RadioError, StaleServicesError))
            if not is_ours and served.bond.ended(
                seconds=seconds, bonded=link.bonded, heard=reception.heard
            ):
                raise BondLostError("the device has lost the bond: pair it again") from exc
            if reception.heard:
                served.backoff.reset()
                if link.quirk.leaves_by_itself and isinstance(exc, TransportClosedError):
                    return  # it has said everything
            raise
        finally:
            reception.recording.close()
            served.wishes = None
            self._idle.set()

    def _record(self, served: _Served, link: RadioLink) -> Recording:
        if self.recorder is None:
            return Recording()
        facts = facts_of(link.transport, quirk=link.quirk, known_as=served.memory.info)
        return self.recorder.open_recording(served.health.name, served.health.address, facts)

    async def _wait_for_pairing(self, served: _Served, reason: str) -> None:
        served.health.move(DeviceState.BOND_LOST, at=self.clock.utc(), reason=reason)
        log.error("bond lost device=%s address=%s", served.health.name, served.device.address)
        try:
            async with asyncio.timeout(_BOND_RETRY_SECONDS):
                await served.pair.wait()
        except TimeoutError:
            served.bond.reset()

    def _quirk_of(self, served: _Served, sighting: Sighting) -> Quirk:
        return find_quirk(model=served.device.model, name=sighting.name)

    def _name_of(self, address: str) -> str:
        device = self.devices.find(address)
        if device is not None:
            return device.name
        sighting = self.radio.sightings.newest(address)
        return sighting.name if sighting is not None and sighting.name else address

    def _heard(self, sighting: Sighting) -> None:
        served = self._served.get(sighting.address)
        if served is not None:
            served.health.link.rssi_dbm = sighting.rssi or served.health.link.rssi_dbm
        elif self.discover & sighting.services and self._discovered < _MOST_DISCOVERED:
            self._discovered += 1
            name = self._free_name(sighting.name or sighting.address)
            log.info("device discovered device=%s address=%s", name, sighting.address)
            self._serve(RadioDevice(sighting.address, name))

    def _is_ours(self, address: str, services: frozenset[UUID]) -> bool:
        return address in self._served or bool(self.discover & services)

    def _free_name(self, name: str) -> str:
        taken = {health.name for health in self.board}
        if name not in taken:
            return name
        return next(
            text for number in range(2, len(taken) + 3) if (text := f"{name} {number}") not in taken
        )

    def _pair(self, address: str) -> None:
        if address not in self._served:
            device = RadioDevice(address, self._free_name(self._name_of(address)))
            self.devices.add(device)
            self._serve(device)
        served = self._served.get(address)
        if served is None or self._tasks is None:
            return
        was_lost = served.health.state is DeviceState.BOND_LOST
        served.pair.set()
        served.health.move(
            DeviceState.WAITING, at=self.clock.utc(), reason="it is being paired anew"
        )
        if served.wishes is not None:
            served.wishes.ask(Wish.RELEASE_AND_END)
        elif not was_lost and served.task is not None:
            # It waits to be heard, without the wish to pair: begin its wait anew.
            served.task.cancel()
            self._begin(served, self._tasks)

    def _forget(self, address: str) -> None:
        served = self._served.get(address)
        if served is None or self._tasks is None:
            return
        self._tasks.create_task(self._drop_bond(served), name=f"forget {served.device.name}")
        if self.devices.remove(address) and served.task is not None:
            served.task.cancel()
            served.health.move(
                DeviceState.ENDED, at=self.clock.utc(), reason="forgotten by a person"
            )
            del self._served[address]

    async def _drop_bond(self, served: _Served) -> None:
        try:
            await self.radio.forget(served.device.address)
        except TransportError as exc:
            log.warning("bond not dropped device=%s reason=%r", served.health.name, exc.cause)

    def _nearby(self) -> tuple[NearbyDevice, ...]:
        now = self.clock.monotonic()
        found = [
            self._described(item, now)
            for item in self.radio.sightings
            if now - item.at <= _NEARBY_SECONDS or item.address in self._served
        ]
        return tuple(sorted(found, key=lambda item: item.rssi or -127, reverse=True))

    def _described(self, sighting: Sighting, now: float) -> NearbyDevice:
        served = self._served.get(sighting.address)
        return NearbyDevice(
            address=sighting.address,
            name=self._name_of(sighting.address),
            services=tuple(sorted(_words(uuid) for uuid in sighting.services)),
            rssi=sighting.rssi,
            enrolled=served is not None,
            seconds_ago=now - sighting.at,
            state="" if served is None else served.health.state.value,
            reason="" if served is None else served.health.reason,
        )


def _words(service: UUID) -> str:
    profile = find_profile(service)
    return short_text(service) if profile is None else profile.name.replace("_", " ")
