"""What breaks gateways that run for months, one failure a test: noticed, told, and mended.

The gateway is its own process and unmodified; the failures are those of the radio, of the device
and of the host's Bluetooth service, as they were seen on real ones.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from protocols.gatt import pulse_oximeter
from simulators.bluetooth.bluetoothd.calls import Call, Delay, Instead, Refuse, Reply, Swallow
from simulators.bluetooth.bluetoothd.discovery import Deafness
from simulators.bluetooth.bluetoothd.errors import failed, in_progress
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.peripheral import JUST_WORKS
from simulators.bluetooth.place import BluetoothDevice, BluetoothPlace
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.radio_gateway import (
    RadioGateway,
    device_settings,
    radio_gateway,
    radio_settings,
)
from tests.fixtures.usb_tree import UsbTree


@dataclass(slots=True)
class Served:
    """A gateway that receives from one oximeter, and everything around them."""

    place: BluetoothPlace
    device: BluetoothDevice
    edge: RadioGateway

    @property
    def path(self) -> str:
        """Where bluetoothd keeps the device."""
        return "/org/bluez/hci0/dev_" + self.device.radio.address.upper().replace(":", "_")

    async def lives(self) -> None:
        """It receives, and goes on receiving."""
        await self.edge.until_state("Oxi", "receiving")
        await self.edge.until_more("Oxi")


@asynccontextmanager
async def served(
    place: BluetoothPlace, folder: Path, *, more: str = "", **how: object
) -> AsyncIterator[Served]:
    device = await switch_on(place, "oximeter", **how)  # type: ignore[arg-type] # as it takes
    settings = radio_settings(device_settings("Oxi", device.radio.address), more=more)
    async with radio_gateway(folder, settings) as edge:
        found = Served(place, device, edge)
        await found.lives()
        yield found


@pytest.mark.soak
async def test_a_device_out_of_reach_is_called_when_it_is_heard_again(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        bluetooth.air.vanish(one.device.radio.controller)
        await one.edge.until_state("Oxi", "waiting")
        assert one.edge.device("Oxi")["reason"]
        bluetooth.air.appear(one.device.radio.controller)
        await one.lives()


@pytest.mark.soak
async def test_a_link_that_is_up_and_dead_is_ended_by_the_watchdog(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        one.device.peripheral.faults.mute = True
        await one.edge.until(
            lambda: one.edge.device("Oxi")["watchdog_trips"] >= 1, what="the watchdog"
        )
        assert "calls itself connected" in one.edge.log
        one.device.peripheral.faults.mute = False
        await one.lives()


@pytest.mark.soak
async def test_a_bluetooth_service_that_crashed_and_came_back_is_reached_anew(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        await bluetooth.bluetoothd.kill()
        await one.edge.until(lambda: not one.edge.status()["radio"]["is_up"], what="radio down")
        assert "service" in one.edge.status()["radio"]["reason"]
        await one.edge.until_state("Oxi", "waiting")
        await bluetooth.bluetoothd.start()
        await one.lives()
        assert one.edge.status()["radio"]["rebuilds"] >= 1


@pytest.mark.soak
async def test_a_service_that_began_anew_between_two_looks_is_noticed_too(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        await bluetooth.bluetoothd.kill()
        await bluetooth.bluetoothd.start()
        await one.edge.until(
            lambda: one.edge.status()["radio"]["rebuilds"] >= 1, what="the radio built anew"
        )
        await one.lives()


@pytest.mark.soak
async def test_a_message_bus_that_ended_is_survived(
    bluetooth: BluetoothPlace, tmp_path: Path, message_bus: PrivateBus
) -> None:
    async with served(bluetooth, tmp_path) as one:
        message_bus.stop(kill=True)
        await one.edge.until(lambda: not one.edge.status()["radio"]["is_up"], what="radio down")
        assert "bus" in one.edge.status()["radio"]["reason"]
        await bluetooth.bluetoothd.stop()
        message_bus.start()
        await bluetooth.bluetoothd.start()
        await one.lives()


@pytest.mark.soak
async def test_a_device_whose_object_vanished_while_connected_is_found_again(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        bluetooth.bluetoothd.parts["hci0"].connections.vanish(one.path)
        await one.device.peripheral.hang_up()
        await one.edge.until(lambda: one.edge.device("Oxi")["reconnects"] >= 1, what="a new link")
        await one.lives()


@pytest.mark.soak
async def test_a_pulled_adapter_is_waited_for(bluetooth: BluetoothPlace, tmp_path: Path) -> None:
    async with served(bluetooth, tmp_path) as one:
        await bluetooth.bluetoothd.unplug("hci0")
        await one.edge.until(lambda: not one.edge.status()["radio"]["is_up"], what="no adapter")
        assert "no Bluetooth adapter" in one.edge.status()["radio"]["reason"]
        await bluetooth.bluetoothd.plug("hci0")
        await one.lives()


@pytest.mark.soak
async def test_an_adapter_that_was_switched_off_is_switched_on(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        await bluetooth.bluetoothd.set_powered("hci0", powered=False)
        await one.edge.until(lambda: one.edge.device("Oxi")["reconnects"] >= 1, what="a new link")
        await one.lives()


@pytest.mark.soak
async def test_a_connect_that_is_stuck_in_progress_is_freed_rung_by_rung(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    calls = bluetooth.bluetoothd.calls
    async with served(bluetooth, tmp_path) as one:
        stuck = in_progress()

        async def until_removed(_call: Call) -> Reply:
            if calls.count("RemoveDevice"):
                calls.clear("Connect")
            raise stuck

        calls.inject("Connect", Instead(until_removed), times=None)
        await one.device.peripheral.hang_up()
        await one.lives()
        assert calls.count("RemoveDevice") == 1
        assert one.edge.status()["radio"]["wedges"] >= 2
        assert "connect is stuck" in one.edge.log


@pytest.mark.soak
async def test_a_bonded_device_stuck_in_progress_keeps_its_bond_and_the_adapter_is_switched(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    calls = bluetooth.bluetoothd.calls
    async with served(bluetooth, tmp_path, security=JUST_WORKS) as one:
        switched = calls.count("Set")

        async def until_switched(_call: Call) -> Reply:
            if calls.count("Set") > switched:
                calls.clear("Connect")
            raise in_progress()

        calls.inject("Connect", Instead(until_switched), times=None)
        await one.device.peripheral.hang_up()
        await one.lives()
        assert calls.count("RemoveDevice") == 0
        assert calls.count("Pair") == 0


@pytest.mark.soak
async def test_the_link_of_a_gateway_that_was_killed_is_closed_and_made_anew(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        one.edge.gateway.kill()
        assert one.device.peripheral.links
        before = bluetooth.bluetoothd.calls.count("Connect")
        settings = radio_settings(device_settings("Oxi", one.device.radio.address))
        async with radio_gateway(tmp_path, settings) as edge:
            calls = bluetooth.bluetoothd.calls
            await edge.until(lambda: calls.count("Connect") == before + 1, what="a new link")
            await edge.until_more("Oxi")
            assert len(one.device.peripheral.links) == 1


@pytest.mark.soak
async def test_the_radio_noise_of_a_failed_connect_is_tried_again(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    calls = bluetooth.bluetoothd.calls
    async with served(bluetooth, tmp_path) as one:
        calls.inject("Connect", Refuse(failed("Software caused connection abort")), times=5)
        calls.inject("Connect", Refuse(failed("le-connection-abort-by-local")), times=1)
        await one.device.peripheral.hang_up()
        await one.lives()


@pytest.mark.soak
async def test_a_connect_nobody_answers_is_given_up(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        bluetooth.bluetoothd.calls.inject("Connect", Swallow())
        await one.device.peripheral.hang_up()
        await one.edge.until(
            lambda: "does not take the connection" in one.edge.log, what="the end of patience"
        )
        await one.lives()


@pytest.mark.soak
@pytest.mark.parametrize("deaf", [Deafness.UNTIL_RESTARTED, Deafness.UNTIL_POWERED])
@pytest.mark.soak
async def test_a_scanner_that_hears_nobody_is_begun_again_or_the_adapter_is_switched(
    bluetooth: BluetoothPlace, tmp_path: Path, deaf: Deafness
) -> None:
    async with served(bluetooth, tmp_path, more="scan_silence_seconds = 0.5") as one:
        discovery = bluetooth.bluetoothd.parts["hci0"].discovery
        discovery.deaf = deaf
        await one.device.peripheral.hang_up()
        await one.edge.until(lambda: discovery.deaf is Deafness.NONE, what="a scanner that hears")
        await one.lives()
        # A scanner is begun anew as soon as a device is missed; that may be restart enough.
        scanner = one.edge.status()["radio"]["scanner"]
        assert bool(scanner["power_cycles"]) == (deaf is Deafness.UNTIL_POWERED)


@pytest.mark.soak
async def test_a_scanner_that_hears_nobody_whatever_is_done_has_the_host_reached_anew(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path, more="scan_silence_seconds = 0.5") as one:
        discovery = bluetooth.bluetoothd.parts["hci0"].discovery
        discovery.deaf = Deafness.FOR_EVER
        await one.device.peripheral.hang_up()
        await one.edge.until(
            lambda: one.edge.status()["radio"]["rebuilds"] >= 1, what="the radio built anew"
        )
        discovery.deaf = Deafness.NONE
        await one.lives()


@pytest.mark.soak
@pytest.mark.parametrize("member", ["StartDiscovery", "StopDiscovery", "SetDiscoveryFilter"])
@pytest.mark.soak
async def test_a_scanner_that_is_refused_is_begun_again(
    bluetooth: BluetoothPlace, tmp_path: Path, member: str
) -> None:
    async with served(bluetooth, tmp_path) as one:
        bluetooth.bluetoothd.calls.inject(member, Refuse(in_progress()), times=2)
        await one.device.peripheral.hang_up()
        await one.edge.until(lambda: one.edge.device("Oxi")["reconnects"] >= 1, what="a new link")
        await one.lives()


@pytest.mark.soak
async def test_a_host_that_has_forgotten_the_device_is_made_to_look_again(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    async with served(bluetooth, tmp_path) as one:
        connections = bluetooth.bluetoothd.parts["hci0"].connections

        async def forgets(call: Call) -> Reply:
            connections.vanish(call.path)
            bluetooth.bluetoothd.calls.clear("Connect")
            raise failed("unused")

        bluetooth.bluetoothd.calls.inject("Connect", Instead(forgets))
        await one.device.peripheral.hang_up()
        await one.edge.until(lambda: one.edge.device("Oxi")["reconnects"] >= 1, what="a new link")
        await one.lives()


@pytest.mark.soak
async def test_a_firmware_with_other_services_is_read_anew(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    calls = bluetooth.bluetoothd.calls
    async with served(bluetooth, tmp_path) as one:
        out_of_place = one.device.peripheral.faults.att_errors
        out_of_place[pulse_oximeter.FEATURES.uuid] = 0x01
        await one.device.peripheral.hang_up()
        await one.edge.until(lambda: calls.count("RemoveDevice") == 1, what="the table dropped")
        out_of_place.clear()
        await one.lives()


@pytest.mark.soak
async def test_a_slow_host_is_waited_for(bluetooth: BluetoothPlace, tmp_path: Path) -> None:
    async with served(bluetooth, tmp_path) as one:
        bluetooth.bluetoothd.calls.inject("StartNotify", Delay(1.5))
        bluetooth.bluetoothd.calls.inject("ReadValue", Refuse(in_progress()), times=3)
        await one.device.peripheral.hang_up()
        await one.edge.until(lambda: one.edge.device("Oxi")["reconnects"] >= 1, what="a new link")
        await one.lives()


@pytest.mark.soak
async def test_an_adapter_that_stays_wedged_is_reset_over_usb_once_and_told(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    tree = UsbTree(tmp_path)
    calls, bluetoothd = bluetooth.bluetoothd.calls, bluetooth.bluetoothd
    more = f'usb_reset = "authorized"\nusb_sysfs = "{tree.sysfs}"'
    async with served(bluetooth, tmp_path, security=JUST_WORKS, more=more) as one:
        # Off and on does not help: only the controller itself, pulled and plugged.
        calls.inject("Connect", Refuse(in_progress()), times=None)
        await one.device.peripheral.hang_up()
        # It is away for a second: a machine with much to do does not see it away.
        await one.edge.until(lambda: tree.was_taken_away, what="the device taken away")
        calls.clear("Connect")
        await bluetoothd.unplug("hci0")
        await one.edge.until(lambda: tree.authorized == "1", what="the device given back")
        await bluetoothd.plug("hci0")
        await one.lives()
        assert one.edge.status()["radio"]["usb_resets"] == 1
        assert "adapter reset over USB" in one.edge.log
        assert (calls.count("RemoveDevice"), calls.count("Pair")) == (0, 0)
