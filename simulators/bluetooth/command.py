"""`vitalwire-sim bluetooth`: Bluetooth devices and the bluetoothd that reaches them.

vitalwire-sim bluetooth --private-bus DIR --devices oximeter blood-pressure@shows-passkey:123456
DBUS_SYSTEM_BUS_ADDRESS=unix:path=DIR/bus vitalwire-edge run --config edge.toml
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.bluetoothd.adapter import MEASURED, QUICK
from simulators.bluetooth.device_words import read_device
from simulators.bluetooth.faults.control import ControlServer
from simulators.bluetooth.faults.plan import FaultPlan, read_plan
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.personalities.registry import KINDS
from simulators.bluetooth.place import BluetoothPlace
from simulators.errors import DeviceSettingsError, SimulatorError
from simulators.journal import Journal
from simulators.sensors.worn import WornSensors
from simulators.story_options import add_story_arguments, patient_of

_TIMINGS: Final = {"quick": QUICK, "measured": MEASURED}
_FIRST_ADDRESS: Final = 0xC0
_MOST_ADAPTERS: Final = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_place_arguments(parser)
    parser.add_argument(
        "--devices",
        nargs="*",
        metavar="NAME",
        help="NAME, NAME:NUMBER or NAME@PAIRING[:PASSKEY]; default: one of every kind",
    )


def add_place_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the devices are, and at whom."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--bus", metavar="ADDRESS", help="a message bus that runs already")
    where.add_argument(
        "--private-bus", type=Path, metavar="FOLDER", help="start a dbus-daemon with a socket there"
    )
    where.add_argument(
        "--kernel", action="store_true", help="be an adapter of this machine's kernel (/dev/vhci)"
    )
    parser.add_argument("--adapters", type=int, default=1, metavar="COUNT", help="of the gateway")
    parser.add_argument("--speed", type=float, default=1.0, help="patient time against the wall's")
    parser.add_argument(
        "--start-at", metavar="TIME", help="UTC time of the patient's second 0; default: now"
    )
    parser.add_argument(
        "--journals", type=Path, metavar="FOLDER", help="what each device did, as JSON lines"
    )
    parser.add_argument(
        "--control", type=Path, metavar="PATH", help="a socket that takes orders, as JSON lines"
    )
    parser.add_argument(
        "--faults", type=Path, metavar="FILE", help="orders with the second they fall due, as JSON"
    )
    parser.add_argument(
        "--timings",
        choices=sorted(_TIMINGS),
        default="quick",
        help="how long bluetoothd takes; 'measured' as 5.66 was seen to",
    )
    parser.add_argument(
        "--supervision-seconds",
        type=float,
        default=0.5,
        metavar="SECONDS",
        help="until a silent link is lost",
    )
    parser.add_argument(
        "--advertising-seconds", type=float, default=0.1, metavar="SECONDS", help="between adverts"
    )
    add_story_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Be all of it until SIGTERM or Ctrl-C; 0."""
    names = arguments.devices or [kind.name for kind in KINDS]
    return serve(arguments, names)


def serve(arguments: argparse.Namespace, devices: list[str]) -> int:
    """Be these devices in one place until SIGTERM or Ctrl-C; 0."""
    for words in devices:
        read_device(words)
    with contextlib.ExitStack() as stack:
        bus = None
        if arguments.private_bus is not None:
            arguments.private_bus.mkdir(parents=True, exist_ok=True)
            bus = stack.enter_context(PrivateBus(arguments.private_bus))
        asyncio.run(_serve(bus, arguments, devices))
    return 0


async def _serve(bus: PrivateBus | None, arguments: argparse.Namespace, devices: list[str]) -> None:
    orders = [] if arguments.faults is None else read_plan(arguments.faults)
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    async with contextlib.AsyncExitStack() as stack:
        place = BluetoothPlace(
            (arguments.bus or "") if bus is None else bus.address,
            bedside_of(arguments),
            bus=bus,
            kernel=arguments.kernel,
            adapters=adapters(arguments.adapters),
            timings=_TIMINGS[arguments.timings],
            supervision_seconds=arguments.supervision_seconds,
            advertising_seconds=arguments.advertising_seconds,
        )
        await stack.enter_async_context(place)
        for words in devices:
            kind, identity = read_device(words)
            journal = Journal.open(journal_path(arguments.journals, identity.name))
            stack.callback(journal.close)
            await place.switch_on(kind, journal, identity=identity)
        plan = FaultPlan(place)
        if arguments.control is not None:
            await stack.enter_async_context(ControlServer(plan, arguments.control))
        sys.stdout.write(json.dumps(ready_line(place, arguments.control)) + "\n")
        sys.stdout.flush()
        await _follow_until(over, plan, orders)


async def _follow_until(
    over: asyncio.Event, plan: FaultPlan, orders: list[dict[str, object]]
) -> None:
    """Carry out the plan of faults; what is wrong with it ends the program in a sentence."""
    try:
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(plan.follow(orders))
            await over.wait()
            following.cancel()
    except* SimulatorError as errors:
        raise errors.exceptions[0] from None


def ready_line(place: BluetoothPlace, control: Path | None) -> dict[str, object]:
    """What a starter needs to know."""
    devices = [
        {
            "name": device.name,
            "address": device.radio.address,
            "shown_name": device.personality.identity.shown_name,
            "system_id": device.personality.identity.info.system_id.hex,
        }
        for device in place.devices.values()
    ]
    return {
        "ready": "bluetooth",
        "bus": place.bluetoothd.bus_address,
        "adapters": sorted(place.bluetoothd.parts),
        "devices": devices,
        "control": None if control is None else str(control),
        "pid": os.getpid(),
    }


def adapters(count: int) -> dict[str, str]:
    """So many adapters with addresses of their own."""
    if not 1 <= count <= _MOST_ADAPTERS:
        raise DeviceSettingsError(f"A gateway has 1 to {_MOST_ADAPTERS} adapters.")
    return {f"hci{n}": f"C0:5A:00:00:00:{_FIRST_ADDRESS + n:02X}" for n in range(count)}


def journal_path(folder: Path | None, name: str) -> Path:
    """Where a device's journal goes."""
    return Path(os.devnull) if folder is None else folder / f"{name}.jsonl"


def bedside_of(arguments: argparse.Namespace) -> Bedside:
    """The patient the options describe, from now on."""
    start_at = datetime.now(UTC)
    if arguments.start_at is not None:
        try:
            start_at = datetime.fromisoformat(arguments.start_at)
        except ValueError as error:
            raise DeviceSettingsError(f"{arguments.start_at!r} is no time.") from error
        if start_at.tzinfo is None:
            raise DeviceSettingsError(f"{arguments.start_at!r} names no zone. Add +00:00.")
    return Bedside(
        WornSensors(patient_of(arguments)),
        start_at,
        time.monotonic(),
        time.monotonic,
        arguments.speed,
    )
