"""Failures that may cost a reading: whatever the device still held is in the buffer afterwards.

The gateway is its own process and unmodified; the device's journal says what it made and held.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest

from edge.status.control import ask
from simulators.bluetooth.faults.plan import FaultPlan
from simulators.bluetooth.peripheral import JUST_WORKS
from simulators.bluetooth.place import BluetoothDevice, BluetoothPlace
from simulators.journal import CONFIRMED_CLASS
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.radio_gateway import (
    RadioGateway,
    device_settings,
    radio_gateway,
    radio_settings,
)

WELL = frozenset({"associated", "receiving"})


@dataclass(slots=True)
class Held:
    """One device that keeps readings, the gateway that takes them, and the order of failures."""

    device: BluetoothDevice
    journal: StringIO
    edge: RadioGateway
    plan: FaultPlan

    @property
    def address(self) -> str:
        """Its own."""
        return self.device.radio.address

    async def order(self, do: str, **fields: object) -> None:
        """Something goes wrong."""
        await self.plan.carry_out({"do": do, "device": self.device.name, **fields})

    @property
    def kept(self) -> set[UUID]:
        """The readings the device made and did not throw away."""
        lines = [json.loads(line) for line in self.journal.getvalue().splitlines()]
        made = {line["id"] for line in lines if line["event"] == "made"
                and line["lane"] == CONFIRMED_CLASS}  # fmt: skip
        dropped = {one for line in lines if line["event"] == "dropped" for one in line["ids"]}
        return {UUID(one) for one in made - dropped}

    async def well(self) -> None:
        """It is served."""
        await self.edge.until(
            lambda: self.edge.device("Kept").get("state") in WELL, what="the device served"
        )

    async def again(self, before: int) -> None:
        """A link later than `before` is set up."""
        await self.edge.until(
            lambda: self.edge.device("Kept")["reconnects"] > before, what="a link"
        )
        await self.well()

    async def nothing_lost(self, more: int = 1) -> None:
        """What it kept until now, and `more` than that, arrives, each reading once."""
        least = len(self.kept) + more
        await self.edge.until(lambda: len(self.kept) >= least, what="a reading made")
        wanted = self.kept
        await self.edge.until(lambda: wanted <= self.ids, what="all it kept", seconds=60)
        held = [item.observation_id for item in self.edge.held()]
        assert len(held) == len(set(held))

    @property
    def ids(self) -> set[UUID]:
        return {item.observation_id for item in self.edge.held()}


@asynccontextmanager
async def keeping(
    place: BluetoothPlace,
    folder: Path,
    name: str,
    *,
    more: str = "",
    settings: str = "",
    is_well: bool = True,
    **how: object,
) -> AsyncIterator[Held]:
    journal = StringIO()
    device = await switch_on(place, name, file=journal, **how)  # type: ignore[arg-type] # as it takes
    settings = settings or radio_settings(more=more)
    settings += device_settings("Kept", device.radio.address)
    async with radio_gateway(folder, settings) as edge:
        held = Held(device, journal, edge, FaultPlan(place))
        if is_well:
            await held.well()
        yield held


@pytest.mark.soak
async def test_services_that_change_under_a_link_are_read_anew(
    hurried: BluetoothPlace, tmp_path: Path
) -> None:
    async with keeping(hurried, tmp_path, "thermometer") as one:
        links = one.edge.device("Kept")["reconnects"]
        await one.order("change-database")
        await one.again(links)
        assert "the device has other services now" in one.edge.log
        await one.nothing_lost()


@pytest.mark.soak
@pytest.mark.parametrize("name", ["thermometer", "glucose-meter"])
async def test_a_host_that_believes_in_the_services_of_the_old_firmware_is_made_to_forget_them(
    hurried: BluetoothPlace, tmp_path: Path, name: str
) -> None:
    calls = hurried.bluetoothd.calls
    async with keeping(hurried, tmp_path, name, more="records_again_seconds = 1") as one:
        links = one.edge.device("Kept")["reconnects"]
        await one.order("believe")
        await one.order("update")
        await one.edge.until(lambda: calls.count("RemoveDevice") == 1, what="the table dropped")
        assert "services changed" in one.edge.log
        await one.again(links)
        await one.nothing_lost()


@pytest.mark.soak
async def test_with_a_bond_a_person_is_asked_and_the_device_keeps_its_readings_meanwhile(
    hurried: BluetoothPlace, tmp_path: Path
) -> None:
    calls = hurried.bluetoothd.calls
    async with keeping(hurried, tmp_path, "thermometer", security=JUST_WORKS) as one:
        await one.order("believe")
        await one.order("update")
        await one.edge.until_state("Kept", "bond lost")
        assert "pair it again" in one.edge.device("Kept")["reason"]
        assert calls.count("RemoveDevice") == 0
        await asyncio.to_thread(ask, one.edge.data, "pairing.begin", address=one.address)
        await one.well()
        await one.nothing_lost()


@pytest.mark.soak
@pytest.mark.parametrize("name", ["thermometer", "weight-scale", "glucose-meter"])
async def test_a_value_the_host_confirmed_before_it_died_is_there(
    hurried: BluetoothPlace, tmp_path: Path, name: str
) -> None:
    async with keeping(hurried, tmp_path, name, more="records_again_seconds = 1") as one:
        await one.nothing_lost()
        await one.order("die-confirming")
        await one.edge.until(lambda: not one.edge.status()["radio"]["is_up"], what="radio down")
        await hurried.bluetoothd.start()
        await one.well()
        await one.nothing_lost()


@pytest.mark.soak
async def test_a_gateway_that_was_killed_leaves_no_link_that_swallows_readings(
    hurried: BluetoothPlace, tmp_path: Path
) -> None:
    async with keeping(hurried, tmp_path, "thermometer") as one:
        await one.nothing_lost()
        await asyncio.to_thread(one.edge.gateway.kill)
        assert one.device.peripheral.links, "the host holds the link of the dead"
        least = len(one.kept) + 1
        await one.edge.until(lambda: len(one.kept) >= least, what="a reading nobody takes")
        settings = radio_settings(device_settings("Kept", one.address))
        async with radio_gateway(tmp_path, settings) as edge:
            one.edge = edge
            await one.nothing_lost(more=0)


@pytest.mark.soak
async def test_a_device_for_which_the_adapter_has_no_place_keeps_its_readings_until_it_has(
    hurried: BluetoothPlace, tmp_path: Path
) -> None:
    other = await switch_on(hurried, "oximeter")
    rows = device_settings("Oxi", other.radio.address)
    settings = radio_settings(rows, more="slots = 1")
    async with keeping(hurried, tmp_path, "thermometer", settings=settings, is_well=False) as one:
        names = {"Oxi", "Kept"}
        await one.edge.until(
            lambda: (
                {one.edge.device(name).get("state") for name in names}
                in ({"receiving", "waiting"}, {"associated", "waiting"})
            ),
            what="one served, one waiting",
        )
        waits = next(name for name in names if one.edge.device(name)["state"] == "waiting")
        await one.edge.until(
            lambda: "no adapter has a free place" in one.edge.device(waits)["reason"],
            what="the reason told",
        )
        least = len(one.kept) + 2
        await one.edge.until(lambda: len(one.kept) >= least, what="readings made meanwhile")
        hurried.air.vanish(other.radio.controller)
        await one.nothing_lost()


@pytest.mark.soak
async def test_an_adapter_that_takes_fewer_links_than_it_should_is_tried_again_until_it_does(
    hurried: BluetoothPlace, tmp_path: Path
) -> None:
    other = await switch_on(hurried, "oximeter")
    settings = radio_settings(device_settings("Oxi", other.radio.address))
    hurried.bluetoothd.parts["hci0"].connections.slots = 1
    async with keeping(hurried, tmp_path, "thermometer", settings=settings, is_well=False) as one:

        def states() -> set[str | None]:
            return {one.edge.device(name).get("state") for name in ("Oxi", "Kept")}

        await one.edge.until(lambda: bool(states() & WELL), what="one of both served")
        await one.edge.until(lambda: "connection-limit" in one.edge.log, what="the refusal told")
        hurried.bluetoothd.parts["hci0"].connections.slots = None
        await one.edge.until(lambda: states() <= WELL, what="both served")
        await one.nothing_lost()


@pytest.mark.soak
async def test_a_scanner_rests_while_nobody_is_missed_and_links_go_on(
    hurried: BluetoothPlace, tmp_path: Path
) -> None:
    calls = hurried.bluetoothd.calls
    async with keeping(hurried, tmp_path, "thermometer") as one:
        before = calls.count("StopDiscovery")
        await one.edge.until(lambda: calls.count("StopDiscovery") > before + 1, what="a rest")
        adapter = hurried.bluetoothd.parts["hci0"].adapter
        assert not hurried.bluetoothd.tree.truth(adapter.path, "org.bluez.Adapter1", "Discovering")
        await one.nothing_lost()
