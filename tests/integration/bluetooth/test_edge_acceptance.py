"""Eight devices at once, everything that breaks a radio in turn, and the ledger at the end."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from edge.status.control import ask
from protocols.gatt import thermometer
from simulators.bluetooth.bluetoothd.calls import Call, Instead, Refuse, Reply
from simulators.bluetooth.bluetoothd.discovery import Deafness
from simulators.bluetooth.bluetoothd.errors import failed, in_progress
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.peripheral import JUST_WORKS, Pairing, Security
from simulators.bluetooth.personalities.glucose_meter import GlucoseMeter
from simulators.bluetooth.place import BluetoothDevice, BluetoothPlace
from simulators.journal import CONFIRMED_CLASS
from tests.fixtures.bluetooth import stable_bedside, switch_on
from tests.fixtures.radio_gateway import (
    RadioGateway,
    device_settings,
    radio_gateway,
    radio_settings,
)

NAMES = (
    "oximeter",
    "blood-pressure",
    "thermometer",
    "heart-rate",
    "glucose-meter",
    "glucose-sensor",
    "weight-scale",
    "health-sensor",
)
SECURITY = {
    "glucose-meter": Security(Pairing.SHOWS_PASSKEY, 123456),
    "blood-pressure": JUST_WORKS,
    "weight-scale": JUST_WORKS,
}
WELL = frozenset({"associated", "receiving"})
ADAPTERS = {"hci0": "C0:C1:C2:C3:C4:C0", "hci1": "C0:C1:C2:C3:C4:C1"}
FORGETFUL = frozenset({"blood-pressure", "thermometer", "weight-scale"})
SPEED = 10.0
CLOSE = timedelta(seconds=2 * SPEED)
MORE = """
slots = 5
probe_seconds = 5
scan_silence_seconds = 2
records_again_seconds = 2
"""


@pytest_asyncio.fixture
async def place(message_bus: PrivateBus) -> AsyncIterator[BluetoothPlace]:
    """Two adapters; ten seconds of the patient last one."""
    made = BluetoothPlace(
        message_bus.address,
        stable_bedside(speed=SPEED),
        adapters=dict(ADAPTERS),
        supervision_seconds=0.3,
        advertising_seconds=0.05,
    )
    async with made:
        yield made


class Ward:
    """The devices, the gateway and what may go wrong between them."""

    def __init__(self, place: BluetoothPlace, bus: PrivateBus) -> None:
        self.place = place
        self.bus = bus
        self.devices: dict[str, BluetoothDevice] = {}
        self.journals = {name: StringIO() for name in NAMES}
        self.deaths: list[tuple[datetime, datetime]] = []
        self.edge: RadioGateway

    async def switch_on(self) -> str:
        """Everything on; the gateway's settings for it."""
        rows = []
        for name in NAMES:
            security = SECURITY.get(name)
            device = await switch_on(self.place, name, security=security, file=self.journals[name])
            self.devices[name] = device
            passkey = security.passkey if security is not None else 0
            more = f'passkey = "{passkey}"' if passkey else ""
            rows.append(device_settings(name, device.radio.address, more))
        return radio_settings(*rows, more=MORE)

    async def well(self, what: str) -> None:
        """Every device is served."""
        await self.edge.until(
            lambda: all(self.edge.device(name).get("state") in WELL for name in NAMES),
            what=f"all devices after {what}",
            seconds=120,
        )

    async def hang_up(self, name: str) -> None:
        await self.devices[name].peripheral.hang_up()

    def _relinked(self, name: str, before: int) -> bool:
        return bool(self.edge.device(name)["reconnects"] > before)

    def path(self, name: str) -> tuple[str, str]:
        """The adapter a device is linked to, and its object's path."""
        end = "/dev_" + self.devices[name].radio.address.replace(":", "_")
        for adapter, parts in self.place.bluetoothd.parts.items():
            for path in parts.adapter.links:
                if path.endswith(end):
                    return adapter, path
        raise AssertionError(f"{name} is linked to nobody")

    # What goes wrong.

    async def out_of_reach(self) -> None:
        controller = self.devices["oximeter"].radio.controller
        self.place.air.vanish(controller)
        await self.edge.until_state("oximeter", "waiting")
        self.place.air.appear(controller)

    async def zombie(self) -> None:
        faults = self.devices["heart-rate"].peripheral.faults
        trips = self.edge.device("heart-rate")["watchdog_trips"]
        faults.mute = True
        await self.edge.until(
            lambda: self.edge.device("heart-rate")["watchdog_trips"] > trips, what="the watchdog"
        )
        faults.mute = False

    async def cut_retrievals(self) -> None:
        meter = self.devices["glucose-meter"].personality
        assert isinstance(meter, GlucoseMeter)
        meter.store.pause_seconds = 0.05
        for _ in range(5):
            reconnects = self.edge.device("glucose-meter")["reconnects"]
            await self.hang_up("glucose-meter")
            await self.edge.until(
                partial(self._relinked, "glucose-meter", reconnects),
                what="a new link to the meter",
            )
        meter.store.pause_seconds = 0.0

    async def service_restarts(self) -> None:
        rebuilds = self.edge.status()["radio"]["rebuilds"]
        await self.place.bluetoothd.kill()
        await self.place.bluetoothd.start()
        await self.edge.until(
            lambda: self.edge.status()["radio"]["rebuilds"] > rebuilds, what="a new session"
        )

    async def object_vanishes(self) -> None:
        adapter, path = self.path("thermometer")
        async with self.death():
            self.place.bluetoothd.parts[adapter].connections.vanish(path)
            await self.edge.until(
                lambda: "the host dropped the device" in self.edge.log, what="the end noticed"
            )
            await self.hang_up("thermometer")

    async def stuck_connect(self) -> None:
        calls = self.place.bluetoothd.calls
        removed = calls.count("RemoveDevice")

        async def until_removed(_call: Call) -> Reply:
            if calls.count("RemoveDevice") > removed:
                calls.clear("Connect")
            raise in_progress()

        calls.inject("Connect", Instead(until_removed), times=None)
        await self.hang_up("health-sensor")
        await self.edge.until(
            lambda: calls.count("RemoveDevice") > removed, what="the remedy", seconds=40
        )

    async def lost_bond(self) -> None:
        cuff = self.devices["blood-pressure"].peripheral
        await cuff.forget_bonds()
        await cuff.hang_up()
        await self.edge.until_state("blood-pressure", "bond lost")
        address = self.devices["blood-pressure"].radio.address
        await asyncio.to_thread(ask, self.edge.data, "pairing.begin", address=address)

    async def adapter_pulled(self) -> None:
        await self.place.bluetoothd.unplug("hci1")
        await self.edge.until(
            lambda: self.edge.status()["radio"]["adapters"] == ["hci0"], what="one adapter"
        )
        await self.place.bluetoothd.plug("hci1")
        await self.edge.until(
            lambda: self.edge.status()["radio"]["adapters"] == list(ADAPTERS), what="both adapters"
        )

    async def deaf_scanner(self) -> None:
        discoveries = [parts.discovery for parts in self.place.bluetoothd.parts.values()]
        for discovery in discoveries:
            discovery.deaf = Deafness.UNTIL_RESTARTED
        await self.hang_up("oximeter")

    async def other_firmware(self) -> None:
        faults = self.devices["thermometer"].peripheral.faults.att_errors
        calls = self.place.bluetoothd.calls
        removed = calls.count("RemoveDevice")
        faults[thermometer.TYPE.uuid] = 0x01
        await self.hang_up("thermometer")
        await self.edge.until(lambda: calls.count("RemoveDevice") > removed, what="a new table")
        faults.clear()

    async def noise(self) -> None:
        calls = self.place.bluetoothd.calls
        calls.inject("Connect", Refuse(failed("Software caused connection abort")), times=3)
        calls.inject("StartDiscovery", Refuse(in_progress()), times=2)
        for name in ("weight-scale", "glucose-sensor", "heart-rate"):
            await self.hang_up(name)

    async def bus_lost(self) -> None:
        async with self.death():
            self.bus.stop(kill=True)
            await self.edge.until(
                lambda: not self.edge.status()["radio"]["is_up"], what="radio down"
            )
            await self.place.bluetoothd.stop()
        self.bus.start()
        await self.place.bluetoothd.start()

    @asynccontextmanager
    async def death(self) -> AsyncIterator[None]:
        """The host confirms to a device although it has dropped it, or has no bus any more."""
        before = self.place.bedside.utc - CLOSE
        yield
        self.deaths.append((before, self.place.bedside.utc + CLOSE))

    def kept(self) -> dict[str, set[UUID]]:
        """What each device still held for us, as its journal says."""
        return {name: self._kept(name) for name in NAMES}

    def _kept(self, name: str) -> set[UUID]:
        """A device that catches up may make two readings in one second of its clock: one identity.

        A cuff throws away what the host confirmed; a meter never does.
        """
        made: set[UUID] = set()
        gone: set[UUID] = set()
        for line in map(json.loads, self.journals[name].getvalue().splitlines()):
            at = datetime.fromisoformat(line["at"])
            if line["event"] == "made" and line["lane"] == CONFIRMED_CLASS:
                made.add(UUID(line["id"]))
            elif line["event"] == "dropped" or (
                line["event"] == "confirmed"
                and name in FORGETFUL
                and any(first <= at <= last for first, last in self.deaths)
            ):
                gone.update(map(UUID, line["ids"]))
        return made - gone


@pytest.mark.soak
async def test_eight_devices_live_through_everything_and_nothing_they_held_is_lost(
    place: BluetoothPlace, message_bus: PrivateBus, tmp_path: Path
) -> None:
    ward = Ward(place, message_bus)
    settings = await ward.switch_on()
    async with radio_gateway(tmp_path, settings) as edge:
        ward.edge = edge
        await ward.well("the start")
        for fault in (
            ward.out_of_reach,
            ward.zombie,
            ward.cut_retrievals,
            ward.service_restarts,
            ward.object_vanishes,
            ward.stuck_connect,
            ward.lost_bond,
            ward.adapter_pulled,
            ward.deaf_scanner,
            ward.other_firmware,
            ward.noise,
            ward.bus_lost,
        ):
            await fault()
            await ward.well(fault.__name__)
        wanted = ward.kept()
        try:
            await edge.until(lambda: not _missing(wanted, edge), what="all they held", seconds=120)
        except AssertionError as exc:
            for name, journal in ward.journals.items():
                (tmp_path / f"{name}.jsonl").write_text(journal.getvalue(), encoding="utf-8")
            raise AssertionError(f"missing: {_missing(wanted, edge)}\n{tmp_path}") from exc
        status = edge.status()
    held = Counter(item.observation_id for item in edge.held())
    assert not [one for one, count in held.items() if count > 1]
    assert {name: len(ids) for name, ids in wanted.items() if ids}.keys() >= {
        "glucose-meter",
        "blood-pressure",
        "health-sensor",
    }
    assert status["radio"]["rebuilds"] >= 2


def _missing(wanted: dict[str, set[UUID]], edge: RadioGateway) -> dict[str, list[UUID]]:
    held = {item.observation_id for item in edge.held()}
    return {name: sorted(ids - held) for name, ids in wanted.items() if ids - held}
