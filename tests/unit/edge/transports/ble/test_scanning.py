"""One adapter's scanner: on while somebody is missed, resting else, and watched itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.errors import DeviceNotFoundError, RadioError, StackBusyError, TransportClosedError
from edge.supervision import BackoffPolicy
from edge.transports.ble.base import Sighting
from edge.transports.ble.scanning import Scanner, ScannerCounts, ScanPolicy
from edge.transports.ble.sightings import Sightings
from edge.transports.ble.usb_reset import UsbReset, UsbResetPolicy, UsbResets
from tests.fixtures.gatt_peer import peer, turns
from tests.fixtures.radio_host import Host
from tests.fixtures.usb_tree import UsbTree
from tests.unit.edge.making import ManualTime

OXI = "F0:00:00:00:00:01"


class Bench:
    """A scanner whose waits take no time."""

    def __init__(self, *, links: int = 0, **policy: float) -> None:
        self.host = Host(peer)
        self.sightings = Sightings()
        self.counts = ScannerCounts()
        self.time = ManualTime(seconds=SYSTEM_CLOCK.monotonic())
        self.scanner = Scanner(
            self.host,
            "hci0",
            self.sightings,
            policy=ScanPolicy(**policy),
            counts=self.counts,
            clock=self.time.clock,
            links=lambda: links,
            resets=UsbResets(UsbResetPolicy(), self.time.clock),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.ensure_future(self.scanner.run())
        await turns(4)
        yield task
        task.cancel()
        await asyncio.wait({task})


async def test_it_rests_in_turn_while_nobody_is_missed() -> None:
    bench = Bench(scan_seconds=0.01, rest_seconds=0.01)
    async with bench.running():
        async with asyncio.timeout(5):
            while bench.host.done.count("scan hci0 False") < 3:
                await turns()
            while bench.host.scanning:
                await turns()


async def test_every_advert_is_wanted_while_a_device_is_missed() -> None:
    bench = Bench(scan_seconds=60, rest_seconds=60)
    async with bench.running():
        assert bench.host.done == ["scan hci0 False"]
        with bench.sightings.waiting_for(OXI):
            await turns()
            assert bench.host.done[-1] == "scan hci0 True"


async def test_a_rest_ends_when_a_device_is_missed() -> None:
    bench = Bench(scan_seconds=0.001, rest_seconds=60)
    async with bench.running():
        async with asyncio.timeout(5):
            while bench.host.scanning or not bench.host.done:
                await turns()
        with bench.sightings.waiting_for(OXI):
            await turns()
            assert bench.host.done[-1] == "scan hci0 True"


async def test_silence_restarts_the_scanner_then_the_adapter_then_everything() -> None:
    bench = Bench(silence_seconds=90)
    with bench.sightings.waiting_for(OXI), pytest.raises(RadioError, match="finds nobody"):
        await bench.scanner.run()
    assert bench.host.done == ["scan hci0 True"] * 2 + ["power_cycle hci0", "scan hci0 True"]
    assert (bench.counts.restarts, bench.counts.power_cycles) == (3, 1)


async def test_where_it_is_allowed_a_reset_of_the_usb_device_comes_before_everything(
    tmp_path: Path,
) -> None:
    tree = UsbTree(tmp_path)
    bench = Bench(silence_seconds=90)
    again = BackoffPolicy(first=3600.0, most=3600.0, forgiven_after=1e6)
    policy = UsbResetPolicy(way=UsbReset.AUTHORIZED, sysfs=tree.sysfs, again=again)
    bench.scanner._resets = UsbResets(policy, bench.time.clock)
    with bench.sightings.waiting_for(OXI), pytest.raises(RadioError, match="finds nobody"):
        await bench.scanner.run()
    assert bench.host.done.count("scan hci0 True") == 4
    assert bench.scanner._resets.count == 1


async def test_an_adapter_with_links_is_not_switched_off_for_its_scanner() -> None:
    bench = Bench(links=1, silence_seconds=90)
    with bench.sightings.waiting_for(OXI):
        async with bench.running():
            while bench.counts.restarts < 4:
                await turns()
    assert "power_cycle hci0" not in bench.host.done


async def test_whoever_is_heard_ends_the_silence() -> None:
    bench = Bench(silence_seconds=8)
    with bench.sightings.waiting_for(OXI):
        async with bench.running():
            for _ in range(30):
                bench.host.advertise(OXI)
                newest = bench.sightings.newest(OXI)
                assert newest is not None
                bench.sightings._last["hci0"] = bench.time.seconds
                await turns(2)
    assert bench.counts.restarts == 0


async def test_an_adapter_that_is_gone_ends_its_scanner() -> None:
    bench = Bench()
    bench.host.scan_faults.append(DeviceNotFoundError("gone"))
    bench.sightings.note(Sighting(OXI, "hci0", 1.0))
    await bench.scanner.run()
    assert bench.sightings.newest(OXI) is None


async def test_a_service_that_is_gone_ends_everything() -> None:
    bench = Bench()
    bench.host.scan_faults.append(RadioError("gone"))
    with pytest.raises(RadioError):
        await bench.scanner.run()


async def test_a_scanner_that_is_refused_again_and_again_costs_the_adapter_then_the_session() -> (
    None
):
    bench = Bench()
    bench.host.scan_faults.extend([StackBusyError("busy")] * 5)
    bench.host.scan_faults.extend([TransportClosedError("the adapter is off")] * 5)
    with pytest.raises(RadioError, match="cannot be started"):
        await bench.scanner.run()
    assert bench.host.done.count("power_cycle hci0") == 1
    assert bench.counts.refusals == 8
    assert bench.time.slept == [1.0] * 7
