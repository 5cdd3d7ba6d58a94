"""`vitalwire-sim ambulance`: a vehicle with everything in it, at any speed, from one command."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import select
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, cast

from simulators.ambulance.orders import Orders
from simulators.ambulance.vehicle import SERIAL_DEVICES, USUAL_DEVICES, Vehicle, VehiclePlan
from simulators.devices.registry import BY_NAME
from simulators.errors import DeviceSettingsError
from simulators.patient.scenario_fields import time_words
from simulators.patient.virtual_clock import VirtualClock
from simulators.patient_story import numerics_line
from simulators.story_options import add_story_arguments, patient_of, seconds, utc_time

if TYPE_CHECKING:
    from simulators.ambulance.radio_devices import RadioDevices as Radios

USUAL_GATEWAY: Final = "tcp:127.0.0.1:6024"
_LEAD: Final = timedelta(seconds=1)
_TOLD_EVERY_SECONDS: Final = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_story_arguments(parser)
    parser.add_argument(
        "--connect",
        default=USUAL_GATEWAY,
        metavar="tcp:HOST:PORT",
        help=f"where devices dial the gateway (default {USUAL_GATEWAY})",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("ambulance"),
        metavar="DIR",
        help="serial ports and journals go here (default ambulance)",
    )
    parser.add_argument(
        "--devices",
        nargs="+",
        choices=sorted(BY_NAME),
        default=USUAL_DEVICES,
        metavar="NAME",
        help=f"what is on board (default {' '.join(USUAL_DEVICES)})",
    )
    parser.add_argument(
        "--serial",
        nargs="*",
        choices=sorted(BY_NAME),
        default=SERIAL_DEVICES,
        metavar="NAME",
        help="those with a serial line; the others dial",
    )
    parser.add_argument(
        "--bluetooth",
        nargs="*",
        metavar="NAME",
        help="Bluetooth devices on board, too, with a bus and a bluetoothd of their own; "
        "no name: the usual four",
    )
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="0.1 to 100")
    parser.add_argument(
        "--start-at",
        metavar="TIME",
        help="the patient's time of second 0; default: now, or as long ago as the story lasts "
        "where it is told faster than life",
    )
    parser.add_argument("--begins-at", metavar="TIME", help="the true time of second 0")
    parser.add_argument(
        "--duration", type=seconds, metavar="SECONDS", help="stop after this much patient time"
    )
    parser.add_argument(
        "--number", type=int, default=0, help="the vehicle's number: its devices have own ids"
    )
    parser.add_argument("--run", default="", metavar="TEXT", help="added to all serial numbers")
    parser.add_argument(
        "--quiet", action="store_true", help="only the ready line; orders still come by stdin"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play it to its end, SIGTERM or Ctrl-C; 0."""
    asyncio.run(_play(arguments))
    return 0


def clock_of(arguments: argparse.Namespace, length: float) -> VirtualClock:
    """The patient's clock; a story told faster than life lies in the past."""
    now = datetime.now(UTC) + _LEAD
    now = now.replace(microsecond=now.microsecond // 10_000 * 10_000)
    begins_at = now if arguments.begins_at is None else utc_time(arguments.begins_at)
    back = timedelta(seconds=length if arguments.speed > 1 else 0)
    start_at = begins_at - back if arguments.start_at is None else utc_time(arguments.start_at)
    return VirtualClock(start_at, begins_at, arguments.speed)


def _agents(address: str) -> tuple[str, int]:
    scheme, _, rest = address.partition(":")
    host, _, port = rest.rpartition(":")
    if scheme == "tcp" and host and port.isdecimal() and 0 < int(port) < 65536:
        return host, int(port)
    raise DeviceSettingsError(f"{address!r} is no address. Write tcp:HOST:PORT.")


async def _play(arguments: argparse.Namespace) -> None:
    patient = patient_of(arguments)
    length = arguments.duration or patient.seconds
    plan = VehiclePlan(
        folder=arguments.folder.absolute(),
        agents=_agents(arguments.connect),
        seconds=length,
        devices=arguments.devices,
        serial=arguments.serial,
        number=arguments.number,
        run=arguments.run,
    )
    vehicle = Vehicle(patient, clock_of(arguments, length), plan)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, vehicle.stop)
    async with contextlib.AsyncExitStack() as stack:
        radios = None
        if arguments.bluetooth is not None:
            radios = await stack.enter_async_context(_radios(vehicle, arguments.bluetooth))
        _say(json.dumps(_ready(vehicle, radios)))
        if not arguments.quiet:
            _say(*_settings(vehicle, radios))
        await _ride(vehicle, quiet=arguments.quiet)


def _radios(vehicle: Vehicle, names: list[str]) -> Radios:
    """Loaded by name: few vehicles want a radio and its libraries."""
    module = importlib.import_module("simulators.ambulance.radio_devices")
    wanted = names or module.USUAL_RADIO_DEVICES
    folder = vehicle.plan.folder / "bluetooth"
    return cast("Radios", module.RadioDevices(vehicle.patient, vehicle.clock, folder, wanted))


def _settings(vehicle: Vehicle, radios: Radios | None) -> list[str]:
    lines = ["", "# for the gateway's settings:", *vehicle.settings_lines()]
    if radios is not None:
        lines += [*radios.settings_lines(), "", "# and in its environment:"]
        lines.append(f"DBUS_SYSTEM_BUS_ADDRESS={radios.bus_address}")
    return [*lines, ""]


async def _ride(vehicle: Vehicle, *, quiet: bool) -> None:
    async with asyncio.TaskGroup() as tasks:
        orders = tasks.create_task(Orders(vehicle, sys.stdin).obey(), name="orders")
        telling = tasks.create_task(_tell(vehicle, quiet=quiet), name="telling")
        await vehicle.run()
        orders.cancel()
        telling.cancel()
    if not quiet and takes_a_line(sys.stdout):
        _say(progress_line(vehicle))


def _ready(vehicle: Vehicle, radios: Radios | None) -> dict[str, object]:
    """What a starter needs to know."""
    return {
        "bus": "" if radios is None else radios.bus_address,
        "radio": {} if radios is None else radios.addresses,
        "ready": "ambulance",
        "start_at": vehicle.clock.start_at.isoformat(),
        "begins_at": vehicle.clock.begins_at.isoformat(),
        "speed": vehicle.clock.speed,
        "serial": {one.name: str(one.port) for one in vehicle.devices.values() if one.port},
        "devices": {
            one.name: one.device.identity.info.system_id.hex for one in vehicle.devices.values()
        },
        "pid": os.getpid(),
    }


async def _tell(vehicle: Vehicle, *, quiet: bool) -> None:
    while not quiet:
        await asyncio.sleep(_TOLD_EVERY_SECONDS)
        if takes_a_line(sys.stdout):
            _say(progress_line(vehicle))


def takes_a_line(target: TextIO) -> bool:
    """Whether a line can be written at once: nobody may be reading, and the ride goes on."""
    try:
        return bool(select.select([], [target], [], 0)[1])
    except (OSError, ValueError):
        return True  # no pipe and no terminal


def progress_line(vehicle: Vehicle) -> str:
    """Where the patient is, and what has become of the readings."""
    t = max(0.0, min(vehicle.clock.seconds(), vehicle.patient.seconds))
    counts = [one.journal.counts for one in vehicle.devices.values()]
    made, confirmed, unheard = (
        sum(count[what] for count in counts) for what in ("made", "confirmed", "unheard")
    )
    patient = vehicle.patient
    seen = numerics_line(patient.numerics_at(t)) if patient.is_on_board(t) else ""
    return (
        f"{time_words(t):>9}  {patient.rhythm_words(t)}  {seen}  "
        f"made {made:,}, confirmed {confirmed:,}, unheard {unheard:,}"
    )


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
