"""The radio on a host that does what the test says: links, slots, storms, wedges, rebuilding."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.errors import (
    BondLostError,
    DeviceNotFoundError,
    RadioError,
    StackBusyError,
    TransportError,
    TransportTimeoutError,
)
from edge.supervision import BackoffPolicy
from edge.transports.ble.base import DeviceFacts, PairingAnswers
from edge.transports.ble.quirks import PLAIN
from edge.transports.ble.radio import Radio, RadioLink, RadioPolicy
from edge.transports.ble.usb_reset import UsbReset, UsbResetPolicy
from tests.fixtures.gatt_peer import peer, turns
from tests.fixtures.radio_host import Host
from tests.fixtures.usb_tree import UsbTree

OXI, CUFF, SCALE = "F0:00:00:00:00:01", "F0:00:00:00:00:02", "F0:00:00:00:00:03"
BONDED = DeviceFacts(bonded=True)
QUICK = BackoffPolicy(first=0.001, most=0.001)
NOBODY = cast("PairingAnswers", object())


class Bench:
    """A radio that runs, and its host."""

    def __init__(self, host: Host, **policy: object) -> None:
        self.host = host
        self.told: list[str] = []
        self.radio = Radio(
            host,
            NOBODY,
            policy=RadioPolicy(rebuild=QUICK, **cast("dict[str, Any]", policy)),
            clock=SYSTEM_CLOCK,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.TaskGroup]:
        """Up, with every adapter scanning as it likes."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.radio.run())
            await turns()
            yield tasks
            task.cancel()

    def link(self, address: str, *, pair: bool = False, seconds: float = 5.0):  # type: ignore[no-untyped-def] # noqa: ANN201 - a link's context
        quirk = replace(PLAIN, connect_seconds=seconds)
        return self.radio.link(
            address, quirk_of=lambda _sighting: quirk, told=self.told.append, pair=pair
        )

    async def hold(
        self, address: str, held: list[RadioLink], until: asyncio.Event, **how: object
    ) -> None:
        """Keep a link until the event."""
        async with self.link(address, **how) as link:  # type: ignore[arg-type] # as it takes
            held.append(link)
            await until.wait()

    async def until(self, reached: Callable[[], object]) -> None:
        """Let everything go on until it is so."""
        async with asyncio.timeout(5):
            while not reached():
                await turns(5)

    async def heard(self, address: str, adapter: str = "hci0", **how: object) -> None:
        """The device advertises as soon as somebody scans for it."""
        await self.until(lambda: adapter in self.host.scanning)
        self.host.advertise(address, adapter, **how)  # type: ignore[arg-type] # as it takes


@pytest.fixture
def bench() -> Bench:
    return Bench(Host(peer))


async def test_a_link_is_made_from_a_fresh_advertisement(bench: Bench) -> None:
    held: list[RadioLink] = []
    end = asyncio.Event()
    async with bench.running() as tasks:
        tasks.create_task(bench.hold(OXI, held, end))
        await bench.until(lambda: bench.told)
        assert bench.told == ["it is not heard: off, asleep or out of reach"]
        await bench.heard(OXI, rssi=-61)
        await bench.until(lambda: held)
        assert held[0].sighting.rssi == -61
        assert bench.radio.health.is_up
        end.set()
    assert bench.radio.slots.taken("hci0") == 0


async def test_the_stronger_adapter_with_room_is_taken() -> None:
    bench = Bench(Host(peer, there=["hci0", "hci1"]), slots=1)
    held: list[RadioLink] = []
    end = asyncio.Event()
    async with bench.running() as tasks:
        for address in (OXI, CUFF):
            tasks.create_task(bench.hold(address, held, end))
            await bench.until(lambda: len(bench.host.scanning) == 2)
            bench.host.advertise(address, "hci0", rssi=-80)
            bench.host.advertise(address, "hci1", rssi=-40)
            await turns(60)
        await bench.until(lambda: len(held) == 2)
        third = tasks.create_task(bench.hold(SCALE, held, end))
        await bench.heard(SCALE)
        await bench.until(lambda: "no adapter has a free place for it" in bench.told)
        end.set()
        await bench.until(third.done)
    connects = [text for text in bench.host.done if text.startswith("connect")]
    assert connects[:2] == [f"connect {OXI} hci1", f"connect {CUFF} hci0"]
    assert len(connects) == 3


async def test_connects_on_one_adapter_wait_for_each_other(bench: Bench) -> None:
    gate = asyncio.Event()
    bench.host.connects.append(lambda _dropped: cast("Any", gate))
    held: list[RadioLink] = []
    end = asyncio.Event()
    async with bench.running() as tasks:
        for address in (OXI, CUFF):
            tasks.create_task(bench.hold(address, held, end))
            await bench.heard(address)
            await turns(40)
        assert [text for text in bench.host.done if text.startswith("connect")] == [
            f"connect {OXI} hci0"
        ]
        gate.set()
        await bench.until(lambda: len(held) == 2)
        end.set()


async def test_what_was_heard_too_long_ago_is_not_called() -> None:
    bench = Bench(Host(peer), fresh_seconds=0.05)
    gate = asyncio.Event()
    bench.host.connects.append(lambda _dropped: cast("Any", gate))
    held: list[RadioLink] = []
    end = asyncio.Event()
    async with bench.running() as tasks:
        tasks.create_task(bench.hold(OXI, held, end))
        await bench.heard(OXI)
        await turns(40)
        late = asyncio.ensure_future(bench.hold(CUFF, held, end))
        await bench.heard(CUFF)
        asyncio.get_running_loop().call_later(0.1, gate.set)
        with pytest.raises(TransportTimeoutError, match="not heard any more"):
            await late
        end.set()


@pytest.mark.parametrize(
    ("facts", "error"), [(BONDED, BondLostError), (DeviceFacts(), TransportTimeoutError)]
)
async def test_a_storm_of_drops_inside_one_connect_ends_it(
    bench: Bench, facts: DeviceFacts, error: type[TransportError]
) -> None:
    bench.host.known[OXI] = facts

    def storm(dropped: Callable[[], None]) -> Any:  # noqa: ANN401 - whatever a connect may give
        for _ in range(3):
            dropped()
        return asyncio.Event()

    bench.host.connects.append(storm)
    async with bench.running():
        holding = asyncio.ensure_future(bench.hold(OXI, [], asyncio.Event()))
        await bench.heard(OXI)
        with pytest.raises(error):
            await holding


async def test_a_device_that_does_not_take_the_connection_is_given_up(bench: Bench) -> None:
    bench.host.connects.append(lambda _dropped: cast("Any", asyncio.Event()))
    async with bench.running():
        holding = asyncio.ensure_future(bench.hold(OXI, [], asyncio.Event(), seconds=0.02))
        await bench.heard(OXI)
        with pytest.raises(TransportTimeoutError, match="does not take"):
            await holding


@pytest.mark.parametrize(
    ("facts", "remedies"),
    [
        (DeviceFacts(), ["close_stale", "remove", "power_cycle", "close_stale"]),
        (BONDED, ["close_stale", "power_cycle", "close_stale", "power_cycle"]),
    ],
)
async def test_a_stuck_connect_goes_one_rung_further_each_time(
    bench: Bench, facts: DeviceFacts, remedies: list[str]
) -> None:
    async with bench.running():
        for _ in remedies:
            bench.host.known[OXI] = facts
            bench.host.connects.append(StackBusyError("busy"))
            holding = asyncio.ensure_future(bench.hold(OXI, [], asyncio.Event()))
            await bench.heard(OXI)
            with pytest.raises(StackBusyError):
                await holding
    words = [text.split()[0] for text in bench.host.done]
    assert [word for word in words if word in {"close_stale", "remove", "power_cycle"}] == remedies
    assert bench.radio.health.wedges == len(remedies)


async def test_an_adapter_whose_connects_stay_stuck_is_reset_over_usb_where_that_is_allowed(
    tmp_path: Path,
) -> None:
    tree = UsbTree(tmp_path)
    policy = UsbResetPolicy(way=UsbReset.AUTHORIZED, sysfs=tree.sysfs, away_seconds=0.001)
    bench = Bench(Host(peer), usb=policy)
    async with bench.running():
        for _ in range(3):
            bench.host.known[OXI] = BONDED
            bench.host.connects.append(StackBusyError("busy"))
            holding = asyncio.ensure_future(bench.hold(OXI, [], asyncio.Event()))
            await bench.heard(OXI)
            with pytest.raises(StackBusyError):
                await holding
    assert bench.radio.health.usb_resets == 1
    assert tree.authorized == "1"


async def test_an_adapter_that_is_plugged_in_and_does_not_come_up_is_reset(tmp_path: Path) -> None:
    tree = UsbTree(tmp_path)
    policy = UsbResetPolicy(
        way=UsbReset.AUTHORIZED, sysfs=tree.sysfs, away_seconds=0.001, patience_seconds=0.01
    )
    bench = Bench(Host(peer), usb=policy)
    async with bench.running():
        bench.host.there.clear()
        bench.host.change()
        await bench.until(lambda: bench.radio.health.usb_resets == 1)
        assert bench.radio.health.reason == "no Bluetooth adapter is there"


async def test_a_device_the_host_forgot_has_to_be_heard_again(bench: Bench) -> None:
    bench.host.connects.append(DeviceNotFoundError("forgotten"))
    async with bench.running():
        holding = asyncio.ensure_future(bench.hold(OXI, [], asyncio.Event()))
        await bench.heard(OXI)
        with pytest.raises(DeviceNotFoundError):
            await holding
        assert bench.radio.sightings.newest(OXI) is None


async def test_a_link_of_somebody_else_is_ended_before_ours_is_made(bench: Bench) -> None:
    bench.host.known[OXI] = DeviceFacts(connected=True)
    held: list[RadioLink] = []
    end = asyncio.Event()
    async with bench.running() as tasks:
        tasks.create_task(bench.hold(OXI, held, end))
        await bench.heard(OXI)
        await bench.until(lambda: held)
        end.set()
    assert bench.host.done.index(f"close_stale {OXI}") < bench.host.done.index(
        f"connect {OXI} hci0"
    )


async def test_links_of_an_earlier_process_are_ended_at_the_start(bench: Bench) -> None:
    service = UUID(int=1)
    bench.host.ghosts = [(OXI, frozenset({service})), (CUFF, frozenset())]
    bench.radio.is_ours = lambda _address, services: service in services
    async with bench.running():
        pass
    assert bench.host.done[:2] == ["session", f"close_stale {OXI}"]


async def test_a_service_that_ends_takes_every_link_with_it_and_is_reached_again(
    bench: Bench,
) -> None:
    held: list[RadioLink] = []
    end = asyncio.Event()
    async with bench.running() as tasks:
        tasks.create_task(bench.hold(OXI, held, end))
        await bench.heard(OXI)
        await bench.until(lambda: held)
        bench.host.down = "there is no message bus"
        bench.host.fail("the service ended")
        await bench.until(lambda: bench.radio.health.reason == "there is no message bus")
        with pytest.raises(TransportError, match="the service ended"):
            await held[0].transport.receive()
        assert not bench.radio.health.is_up
        tasks.create_task(bench.hold(CUFF, held, end))
        await bench.until(lambda: "there is no message bus" in bench.told)
        bench.host.down = ""
        await bench.until(lambda: bench.radio.health.is_up)
        assert bench.radio.health.rebuilds >= 2
        await bench.heard(CUFF)
        await bench.until(lambda: len(held) == 2)
        end.set()


async def test_a_dead_bus_found_by_a_link_has_the_host_reached_anew(bench: Bench) -> None:
    bench.host.connects.append(RadioError("the bus was lost"))
    async with bench.running():
        holding = asyncio.ensure_future(bench.hold(OXI, [], asyncio.Event()))
        await bench.heard(OXI)
        with pytest.raises(RadioError):
            await holding
        await bench.until(lambda: bench.host.done.count("session") == 2)

        async def fails() -> None:
            async with bench.link(OXI):
                raise RadioError("the bus was lost")

        failing = asyncio.ensure_future(fails())
        await bench.heard(OXI)
        with pytest.raises(RadioError):
            await failing
        await bench.until(lambda: bench.host.done.count("session") == 3)


async def test_only_the_wanted_adapters_are_used_and_their_going_is_noticed() -> None:
    bench = Bench(Host(peer, there=["hci0", "hci1"]), adapters=("hci1",))
    async with bench.running():
        assert bench.radio.health.adapters == ("hci1",)
        bench.host.there = ["hci0"]
        bench.host.change()
        await bench.until(lambda: not bench.radio.health.is_up)
        assert bench.radio.health.reason == "no Bluetooth adapter is there"
        bench.host.there = ["hci0", "hci1"]
        bench.host.change()
        await bench.until(lambda: bench.radio.health.is_up)


async def test_forgetting_a_device_asks_every_adapter() -> None:
    bench = Bench(Host(peer, there=["hci0", "hci1"]))
    async with bench.running():
        await bench.radio.forget(OXI)
    assert bench.host.done[-2:] == [f"remove {OXI} hci0", f"remove {OXI} hci1"]
