"""One evening with bluetoothd, in steps: the same on the stand-in and on the real one.

    python -m tests.nightly.bluetooth_scenario --control SOCKET --kill-real

Stock bleak talks to whatever owns org.bluez on the system bus; the devices behind it take orders
at the control socket. Every step says what it saw as a JSON line; one that saw something else
than bluetoothd 5.66 was seen to do ends the program with 1. So the stand-in is kept honest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError, BleakGATTProtocolError

from protocols.gatt import device_information, glucose, pulse_oximeter, thermometer
from protocols.gatt.racp_codec import RECORD_ACCESS, NumberOfRecords, OpCode, Operator, RacpRequest
from tests.fixtures.bluetooth import Order, orders
from tests.fixtures.bluetooth_client import round_trip
from tests.fixtures.pairing_agent import PairingAgent

DEVICES = (
    "oximeter@shows-passkey:123456",
    "thermometer",
    "glucose-meter",
)
PASSKEY = 123456
PATIENCE = 60.0
FEATURES = str(pulse_oximeter.FEATURES.uuid)
CONTINUOUS = str(pulse_oximeter.CONTINUOUS.uuid)
MODEL = str(device_information.MODEL.uuid)
INTERVAL = str(thermometer.INTERVAL.uuid)
TEMPERATURE = str(thermometer.MEASUREMENT.uuid)
RACP = str(RECORD_ACCESS.uuid)


@dataclass(slots=True)
class Evening:
    """What the steps share: the orders, the agent, and how bluetoothd is killed."""

    order: Order
    agent: PairingAgent
    kill: Callable[[], Awaitable[None]]
    facts: dict[str, object] = field(default_factory=dict)


class Expected(AssertionError):  # noqa: N818  # it reads: this was expected
    """A step saw something else than bluetoothd was seen to do."""


def expect(holds: bool, words: str) -> None:
    if not holds:
        raise Expected(words)


async def found(service: int) -> BLEDevice:
    """The device with this 16-bit service."""
    uuid = f"0000{service:04x}-0000-1000-8000-00805f9b34fb"
    device = await BleakScanner.find_device_by_filter(
        lambda _device, heard: uuid in heard.service_uuids, timeout=PATIENCE
    )
    expect(device is not None, f"no device with service {service:04x}")
    assert device is not None
    return device


@asynccontextmanager
async def linked(device: BLEDevice) -> AsyncIterator[BleakClient]:
    async with BleakClient(device, timeout=PATIENCE) as client:
        yield client


async def database(evening: Evening) -> None:
    """GAP is hidden, GATT is not; the MTU is the largest."""
    async with linked(await found(0x1809)) as client:
        services = {service.uuid[4:8] for service in client.services}
        evening.facts["services"] = sorted(services)
        expect("1800" not in services, "GAP is not exported")
        expect({"1801", "1809", "180a"} <= services, "the others are")
        expect(await client.read_gatt_char(MODEL) == b"Ear Probe BT", "its model")


async def att_errors(_evening: Evening) -> None:
    """A profile's own error keeps its code."""
    async with linked(await found(0x1809)) as client:
        try:
            await client.write_gatt_char(INTERVAL, b"\xff\xff", response=True)
        except BleakGATTProtocolError as error:
            expect(error.code == 0x80, "out of range")
        else:
            raise Expected("a value out of range is refused")


async def record_access(_evening: Evening) -> None:
    """A control point is written and answers by indication."""
    async with linked(await found(0x1808)) as client:
        answers: asyncio.Queue[bytes] = asyncio.Queue()
        await client.start_notify(RACP, lambda _, octets: answers.put_nowait(bytes(octets)))
        request = RacpRequest(OpCode.REPORT_NUMBER, Operator.ALL)
        await client.write_gatt_char(RACP, RECORD_ACCESS.encode(request), response=True)
        answer = RECORD_ACCESS.decode(await asyncio.wait_for(answers.get(), PATIENCE))
        expect(isinstance(answer, NumberOfRecords), "a number of records")
        expect(client.services.get_service(str(glucose.PROFILE.service)) is not None, "glucose")


async def pairing_by_itself(evening: Evening) -> None:
    """Reading what needs security pairs without being asked, through the default agent."""
    async with linked(await found(0x1822)) as client:
        began = time.monotonic()
        expect(bool(await client.read_gatt_char(FEATURES)), "the value is returned")
        evening.facts["pairing_seconds"] = round(time.monotonic() - began, 2)
        expect([one for one, _ in evening.agent.asked] == ["RequestPasskey"], "asked once")


async def values_while_scanning(evening: Evening) -> None:
    """Notifications go on while somebody scans; a bonded link asks for no passkey."""
    async with linked(await found(0x1822)) as client:
        values: asyncio.Queue[bytes] = asyncio.Queue()
        await client.start_notify(CONTINUOUS, lambda _, octets: values.put_nowait(bytes(octets)))
        async with BleakScanner():
            for _ in range(5):
                await asyncio.wait_for(values.get(), PATIENCE)
        began = time.monotonic()
    evening.facts["disconnect_seconds"] = round(time.monotonic() - began, 2)
    expect(len(evening.agent.asked) == 1, "nobody was asked again")


async def radio_loss(evening: Evening) -> None:
    """A device that vanishes is told by the callback, and taken again when it is back."""
    gone = asyncio.Event()
    client = BleakClient(await found(0x1822), lambda _: gone.set(), timeout=PATIENCE)
    await client.connect()
    await evening.order({"do": "vanish", "device": "oximeter"})
    began = time.monotonic()
    await asyncio.wait_for(gone.wait(), PATIENCE)
    evening.facts["loss_seconds"] = round(time.monotonic() - began, 2)
    await evening.order({"do": "appear", "device": "oximeter"})
    await client.connect()
    await client.disconnect()


async def lost_bond(evening: Evening) -> None:
    """A bond only the host has makes links that end at once; unpair and pair mend it."""
    ended: list[float] = []
    await evening.order({"do": "lose-bond", "device": "oximeter"})
    client = BleakClient(
        await found(0x1822), lambda _: ended.append(time.monotonic()), timeout=PATIENCE
    )
    try:
        await client.connect()
    except (BleakError, TimeoutError) as error:
        evening.facts["lost_bond"] = f"{type(error).__name__}: {error}"
    else:
        raise Expected("no link without the bond")
    evening.facts["aborted_connections"] = len(ended)
    expect(bool(ended), "the link was there and ended")
    await client.unpair()
    async with linked(await found(0x1822)) as again:
        await again.pair()
        expect(bool(await again.read_gatt_char(FEATURES)), "paired anew")


async def indications_by_socket(_evening: Evening) -> None:
    """An indication comes over a socket where a client asks for one."""
    async with linked(await found(0x1809)) as client:
        values: asyncio.Queue[bytes] = asyncio.Queue()
        await client.start_notify(
            TEMPERATURE,
            lambda _, octets: values.put_nowait(bytes(octets)),
            bluez={"use_start_notify": False},
        )
        octets = await asyncio.wait_for(values.get(), PATIENCE)
        record = thermometer.MEASUREMENT.decode(octets)
        expect(record.time is not None, "a temperature with its time")


async def killed(evening: Evening) -> None:
    """A killed bluetoothd is not noticed by bleak: connected for ever, no callback."""
    ended: list[float] = []
    client = BleakClient(
        await found(0x1809), lambda _: ended.append(time.monotonic()), timeout=PATIENCE
    )
    await client.connect()
    await evening.kill()
    await round_trip()
    expect(client.is_connected, "is_connected stays true")
    expect(not ended, "no callback")


STEPS: tuple[Callable[[Evening], Awaitable[None]], ...] = (
    database,
    att_errors,
    record_access,
    pairing_by_itself,
    values_while_scanning,
    radio_loss,
    lost_bond,
    indications_by_socket,
    killed,
)


async def play(order: Order, kill: Callable[[], Awaitable[None]]) -> list[dict[str, object]]:
    """Every step in turn; what each saw. The first that saw something else is the last."""
    agent = await PairingAgent.register(PASSKEY)
    evening = Evening(order, agent, kill)
    told: list[dict[str, object]] = []
    try:
        for step in STEPS:
            evening.facts = {}
            began = time.monotonic()
            failure = None
            try:
                await step(evening)
            except (Expected, BleakError, TimeoutError) as error:
                failure = f"{type(error).__name__}: {error}"
            seconds = round(time.monotonic() - began, 2)
            told.append({"step": step.__name__, "seconds": seconds, **evening.facts})
            if failure is not None:
                told[-1]["failure"] = failure
                break
    finally:
        agent.close()
    return told


async def _kill_process() -> None:
    """SIGKILL for the real daemon, whose process id stands in the environment."""
    os.kill(int(os.environ["BLUETOOTHD_PID"]), signal.SIGKILL)


async def _main(control: Path) -> int:
    async with orders(control) as order:
        told = await play(order, _kill_process)
    for line in told:
        sys.stdout.write(json.dumps(line) + "\n")
    return 1 if "failure" in told[-1] or len(told) < len(STEPS) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--control", type=Path, required=True, help="of vitalwire-sim bluetooth")
    raise SystemExit(asyncio.run(_main(parser.parse_args().control)))
