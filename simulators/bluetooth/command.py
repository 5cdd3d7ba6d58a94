"""`vitalwire-sim bluetooth`: Bluetooth devices and the bluetoothd that reaches them.

vitalwire-sim bluetooth --private-bus DIR --devices oximeter blood-pressure
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
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.personalities.registry import BY_NAME, KINDS
from simulators.bluetooth.place import BluetoothPlace
from simulators.errors import DeviceSettingsError
from simulators.journal import Journal
from simulators.sensors.worn import WornSensors
from simulators.story_options import add_story_arguments, patient_of

_TIMINGS: Final = {"quick": QUICK, "measured": MEASURED}
_FIRST_ADDRESS: Final = 0xC0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--bus", metavar="ADDRESS", help="a message bus that runs already")
    where.add_argument(
        "--private-bus", type=Path, metavar="FOLDER", help="start a dbus-daemon with a socket there"
    )
    parser.add_argument(
        "--devices", nargs="*", choices=sorted(BY_NAME), metavar="NAME", help="default: all of them"
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
    add_story_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Be all of it until SIGTERM or Ctrl-C; 0."""
    with contextlib.ExitStack() as stack:
        address = arguments.bus
        if arguments.private_bus is not None:
            arguments.private_bus.mkdir(parents=True, exist_ok=True)
            address = stack.enter_context(PrivateBus(arguments.private_bus)).address
        asyncio.run(_serve(address, arguments))
    return 0


async def _serve(address: str, arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    async with BluetoothPlace(
        address,
        bedside_of(arguments),
        adapters=adapters(arguments.adapters),
        timings=_TIMINGS[arguments.timings],
        supervision_seconds=arguments.supervision_seconds,
    ) as place:
        with contextlib.ExitStack() as stack:
            names = arguments.devices or [kind.name for kind in KINDS]
            for name in names:
                journal = Journal.open(journal_path(arguments.journals, name))
                stack.callback(journal.close)
                await place.switch_on(BY_NAME[name], journal)
            sys.stdout.write(json.dumps(ready_line(place, address)) + "\n")
            sys.stdout.flush()
            await over.wait()


def ready_line(place: BluetoothPlace, address: str) -> dict[str, object]:
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
        "bus": address,
        "adapters": sorted(place.bluetoothd.parts),
        "devices": devices,
        "pid": os.getpid(),
    }


def adapters(count: int) -> dict[str, str]:
    """So many adapters with addresses of their own."""
    if not 1 <= count <= 8:
        raise DeviceSettingsError("A gateway has one to eight adapters.")
    return {f"hci{n}": f"C0:5A:00:00:00:{_FIRST_ADDRESS + n:02X}" for n in range(count)}


def journal_path(folder: Path | None, name: str) -> Path:
    """Where a device's journal goes."""
    return Path(os.devnull) if folder is None else folder / f"{name}.jsonl"


def bedside_of(arguments: argparse.Namespace) -> Bedside:
    """The patient the options describe, from now on."""
    start_at = datetime.now(UTC)
    if arguments.start_at is not None:
        start_at = datetime.fromisoformat(arguments.start_at)
        if start_at.tzinfo is None:
            raise DeviceSettingsError(f"{arguments.start_at!r} names no zone. Add +00:00.")
    return Bedside(
        WornSensors(patient_of(arguments)),
        start_at,
        time.monotonic(),
        time.monotonic,
        arguments.speed,
    )
