"""Radio devices under supervision: link after link, bonds lost and made anew, discovery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.drivers.gatt_fleet import GattFleet
from edge.drivers.gatt_memory import GattPolicy
from edge.drivers.health import DeviceHealth, HealthBoard
from edge.drivers.radio_devices import RadioDevice, RadioDevices
from edge.drivers.record_marks import RecordMarks
from edge.errors import AttributeRefusedError, PairingError, TransportClosedError
from edge.supervision import TaskTree
from edge.transports.ble.base import Attribute, DeviceFacts
from edge.transports.ble.pairing import PairingDesk
from edge.transports.ble.radio import Radio, RadioPolicy
from protocols.gatt import device_information, pulse_oximeter
from protocols.gatt.uuids import assigned_uuid
from tests.fixtures.gatt_peer import DIS, PeerLink, peer, turns
from tests.fixtures.radio_host import Host
from tests.unit.edge.drivers.gatt_bench import Shelf

OXI = "F0:00:00:00:00:01"
STRANGER = "F0:00:00:00:00:99"
PLX = assigned_uuid(0x1822)
VALUE = bytes.fromhex("00 6100 4800")
BONDED = DeviceFacts(bonded=True)


def oximeter() -> PeerLink:
    """It sends a value as soon as it may."""
    link = peer((PLX, pulse_oximeter.CONTINUOUS), (DIS, device_information.FIRMWARE))
    link.readings[device_information.FIRMWARE.uuid] = b"1.0"
    link.on_subscribe = lambda item: link.send(item.uuid, VALUE)
    return link


class Bench:
    """A fleet, its radio and the host behind it."""

    def __init__(self, folder: Path, *, discover: bool = False) -> None:
        self.host = Host(oximeter)
        self.desk = PairingDesk(SYSTEM_CLOCK)
        self.board = HealthBoard()
        self.shelf = Shelf()
        self.fleet = GattFleet(
            radio=Radio(self.host, self.desk, policy=RadioPolicy(), clock=SYSTEM_CLOCK),
            desk=self.desk,
            devices=RadioDevices(folder, [RadioDevice(OXI, "Oxi")]),
            marks=RecordMarks(folder),
            sink=self.shelf,
            board=self.board,
            tree=TaskTree(SYSTEM_CLOCK),
            clock=SYSTEM_CLOCK,
            policy=GattPolicy(),
            discover=frozenset({PLX}) if discover else frozenset(),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Started; released at the end."""
        async with asyncio.TaskGroup() as tasks:
            self.fleet.start(tasks)
            await turns()
            yield
            await self.fleet.release_all(1.0)
            for task in asyncio.all_tasks():
                if task.get_name() == "service radio":
                    task.cancel()

    def health(self, name: str = "Oxi") -> DeviceHealth:
        """How a device is."""
        return next(item for item in self.board if item.name == name)

    async def until(self, reached: Callable[[], object], *, heard: str = OXI) -> None:
        """The device advertises until it is so."""
        async with asyncio.timeout(10):
            while not reached():
                self.host.advertise(heard, name="Clip", services=frozenset({PLX}))
                await turns(5)

    async def until_state(self, state: str, name: str = "Oxi", *, heard: str = OXI) -> None:
        """The device is in this state."""
        await self.until(
            lambda: any(i.name == name and i.state.value == state for i in self.board), heard=heard
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_an_enrolled_device_is_served_link_after_link(bench: Bench) -> None:
    async with bench.running():
        await bench.until_state("receiving")
        bench.host.links[0].end("out of reach")
        await bench.until(lambda: len(bench.host.links) == 2)
        await bench.until_state("receiving")
        assert bench.health().link.reconnects == 1
        assert bench.health().link.rssi_dbm == -50


async def test_short_links_of_a_bonded_device_are_a_lost_bond_until_a_person_pairs_it(
    bench: Bench,
) -> None:
    bench.host.known[OXI] = BONDED
    for _ in range(3):
        bench.host.connects.append(lambda _dropped: refusing(TransportClosedError("gone")))
    async with bench.running():
        await bench.until_state("bond lost")
        assert "pair it again" in bench.health().reason
        bench.desk.begin(OXI)
        await bench.until_state("receiving")
    assert f"remove {OXI} hci0" in bench.host.done
    assert bench.host.done[-1].startswith(("connect", "scan"))
    assert f"connect {OXI} hci0 pair" in bench.host.done


def refusing(error: Exception) -> PeerLink:
    """A link on which nothing can be switched on."""
    link = oximeter()

    def refuse(_item: Attribute) -> None:
        raise error

    link.on_subscribe = refuse
    return link


async def test_a_device_that_is_waited_for_is_paired_when_somebody_wishes_it(bench: Bench) -> None:
    async with bench.running():
        await turns()
        bench.desk.begin(OXI)
        await bench.until_state("receiving")
    assert f"connect {OXI} hci0 pair" in bench.host.done


async def test_a_pairing_that_fails_is_tried_again_while_it_is_wished(bench: Bench) -> None:
    bench.host.connects.append(PairingError("refused"))
    async with bench.running():
        bench.desk.begin(OXI)
        await bench.until(lambda: bench.host.done.count(f"connect {OXI} hci0 pair") == 2)
        await bench.until_state("receiving")


async def test_a_device_nobody_enrolled_is_enrolled_by_pairing_it(
    bench: Bench, tmp_path: Path
) -> None:
    async with bench.running():
        await bench.until(lambda: bench.desk.nearby(), heard=STRANGER)
        (near,) = bench.desk.nearby()
        assert (near.name, near.enrolled, near.services) == ("Clip", False, ("pulse oximeter",))
        bench.desk.begin(STRANGER)
        await bench.until_state("receiving", "Clip", heard=STRANGER)
        near = next(item for item in bench.desk.nearby() if item.address == STRANGER)
        assert (near.enrolled, near.state) == (True, "receiving")
    assert RadioDevices(tmp_path, []).find(STRANGER) is not None


async def test_a_forgotten_device_is_served_no_more(bench: Bench, tmp_path: Path) -> None:
    async with bench.running():
        bench.desk.begin(STRANGER)
        await bench.until_state("receiving", STRANGER, heard=STRANGER)
        bench.desk.forget(STRANGER)
        await bench.until(lambda: f"remove {STRANGER} hci0" in bench.host.done[-3:], heard=OXI)
        assert bench.health(STRANGER).state.value == "ended"
        bench.desk.forget("F0:00:00:00:00:55")
    assert RadioDevices(tmp_path, []).find(STRANGER) is None


async def test_a_device_with_a_wanted_service_is_served_unasked(tmp_path: Path) -> None:
    bench = Bench(tmp_path, discover=True)
    async with bench.running():
        await bench.until_state("receiving", "Clip", heard=STRANGER)
        second = "F0:00:00:00:00:98"
        await bench.until_state("receiving", "Clip 2", heard=second)


async def test_another_firmware_has_the_services_read_anew(bench: Bench) -> None:
    async with bench.running():
        await bench.until_state("receiving")
        updated = oximeter()
        updated.readings[device_information.FIRMWARE.uuid] = b"2.0"
        bench.host.connects.append(lambda _dropped: updated)
        bench.host.links[0].end("it began anew")
        await bench.until(lambda: f"remove {OXI} hci0" in bench.host.done)
        await bench.until_state("receiving")


@pytest.mark.parametrize("facts", [BONDED, DeviceFacts()])
async def test_a_handle_out_of_place_has_the_services_read_anew_or_a_person_asked(
    bench: Bench, facts: DeviceFacts
) -> None:
    bench.host.known[OXI] = facts
    wrong = AttributeRefusedError("the device refuses (ATT error 0x01)", att_error=0x01)
    # A bonded device's link is made once more before a person is asked.
    for _ in range(2 if facts.bonded else 1):
        bench.host.connects.append(lambda _dropped: refusing(wrong))
    async with bench.running():
        await bench.until_state("bond lost" if facts.bonded else "receiving")
        assert bool("pair it again" in bench.health().reason) is facts.bonded
    assert (f"remove {OXI} hci0" in bench.host.done) is not facts.bonded


async def test_a_battery_the_host_reads_by_itself_is_shown(bench: Bench) -> None:
    bench.host.known[OXI] = DeviceFacts(battery_percent=12)
    bench.host.connects.append(lambda _dropped: PeerLink(oximeter().attributes))
    async with bench.running():
        await bench.until(lambda: bench.health().battery_percent == 12)
        assert bench.health().is_battery_low


async def test_a_fleet_that_ends_ends_its_links(bench: Bench) -> None:
    async with bench.running():
        await bench.until_state("receiving")
    link = bench.host.links[0]
    with pytest.raises(TransportClosedError, match="gone"):
        await link.read(link.attributes[0])
