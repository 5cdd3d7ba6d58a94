"""`vitalwire-sim device`: one simulated device as a program of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from protocols.ieee20601.line_framings import RAW, STREAM_FRAMINGS
from simulators.agent_server import AgentServer
from simulators.byte_links import ByteLink, open_link
from simulators.conversation import Times
from simulators.devices import blood_pressure
from simulators.devices.base import DeviceClock, SimulatedDevice
from simulators.devices.misbehaving import FAULTS, LATE_SECONDS, misbehave
from simulators.devices.misbehaving_store import MisbehavingStore, StoreFault
from simulators.devices.registry import BY_NAME, DEVICES
from simulators.errors import DeviceSettingsError
from simulators.journal import Journal
from simulators.story_options import (
    add_clock_arguments,
    add_story_arguments,
    clock_of,
    patient_of,
    seconds,
    utc_time,
)

STORE_FAULTS: Final = tuple(fault.value for fault in StoreFault)
_SEGMENT_FAULTS: Final = frozenset({"abort-in-segment", "cut-in-mid-page"})
"""Faults of the line that only a transfer of stored readings brings to light."""
START_FROM_INPUT: Final = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    names = [kind.name for kind in DEVICES]
    parser.add_argument("name", choices=names, metavar="DEVICE", help=f"one of {', '.join(names)}")
    wire = parser.add_mutually_exclusive_group(required=True)
    wire.add_argument("--connect", metavar="tcp:HOST:PORT", help="dial a manager over TCP")
    wire.add_argument("--pty", metavar="PATH", help="be a serial device that a host opens at PATH")
    parser.add_argument(
        "--framing",
        choices=sorted(STREAM_FRAMINGS),
        default=RAW,
        help="how APDUs travel on the wire; the gateway's line must name the same",
    )
    parser.add_argument("--journal", type=Path, metavar="FILE", help="what it did, as JSON lines")
    add_story_arguments(parser)
    add_clock_arguments(parser)
    parser.add_argument(
        "--duration", type=seconds, metavar="SECONDS", help="stop after this much patient time"
    )
    parser.add_argument(
        "--start-at",
        metavar="TIME",
        help="UTC time of the patient's second 0 (ISO 8601); '-' reads it from standard input; "
        "default: now",
    )
    parser.add_argument("--serial-number", metavar="TEXT", help="what is printed on the back")
    parser.add_argument(
        "--clock-ahead",
        type=float,
        metavar="SECONDS",
        help="how far its clock is ahead of the true time; negative: behind",
    )
    parser.add_argument(
        "--clock-drift", type=float, metavar="PPM", help="how much too fast the device's clock runs"
    )
    parser.add_argument(
        "--clock-can-be-set", action="store_true", help="ask the manager for the time (Set-Time)"
    )
    parser.add_argument(
        "--reading-every",
        type=seconds,
        metavar="SECONDS",
        help="a cuff reading this often; a blood pressure monitor only",
    )
    faults = sorted((*FAULTS, *STORE_FAULTS))
    parser.add_argument(
        "--fault",
        choices=faults,
        metavar="FAULT",
        help=f"misbehave on purpose, one of {', '.join(faults)}; a wrong clock is --clock-ahead",
    )
    parser.add_argument(
        "--fault-seconds",
        type=seconds,
        default=LATE_SECONDS,
        metavar="SECONDS",
        help="how late answers come with --fault late-answers",
    )


def device_of(arguments: argparse.Namespace) -> SimulatedDevice:
    """The device the options describe, at its patient."""
    kind = BY_NAME[arguments.name]
    identity = kind.identity
    if arguments.clock_ahead is not None:
        identity = replace(identity, clock=DeviceClock(timedelta(seconds=arguments.clock_ahead)))
    if arguments.clock_drift is not None:
        identity = replace(identity, clock=replace(identity.clock, drift_ppm=arguments.clock_drift))
    if arguments.serial_number is not None:
        info = replace(identity.info, serial_number=arguments.serial_number)
        identity = replace(identity, info=info)
    device = kind.make(identity, patient_of(arguments))
    device.clock_can_be_set = arguments.clock_can_be_set
    if arguments.reading_every is not None:
        if not isinstance(device, blood_pressure.BloodPressureMonitor):
            raise DeviceSettingsError(
                f"{kind.name} takes no cuff readings. Leave --reading-every away."
            )
        device.reading_seconds = arguments.reading_every
    if arguments.fault in STORE_FAULTS:
        _spoil(device, StoreFault(arguments.fault))
    if arguments.fault in _SEGMENT_FAULTS and not device.stores:
        raise _keeps_nothing(device)
    return device


def _keeps_nothing(device: SimulatedDevice) -> DeviceSettingsError:
    return DeviceSettingsError(f"{device.name} keeps no readings. Choose another --fault.")


def _spoil(device: SimulatedDevice, fault: StoreFault) -> None:
    stores = [store for store in device.stores if isinstance(store, MisbehavingStore)]
    if not stores:
        raise _keeps_nothing(device)
    for store in stores:
        store.spoil(fault)


def run(arguments: argparse.Namespace) -> int:
    """Be the device until its time is over or SIGTERM or Ctrl-C; 0."""
    if arguments.fault is not None and arguments.framing != RAW:
        raise DeviceSettingsError(
            "A device that misbehaves on purpose speaks raw. Leave --fault or --framing away."
        )
    device = device_of(arguments)
    link = open_link(connect=arguments.connect, pty_link=arguments.pty)
    try:
        if arguments.fault in FAULTS:
            link = misbehave(
                link, arguments.fault, seed=arguments.seed, seconds=arguments.fault_seconds
            )
        journal = _open_journal(arguments.journal or Path(os.devnull))
        asyncio.run(_serve(device, link, journal, arguments))
        journal.close()
    finally:
        link.remove()
    return 0


def _open_journal(path: Path) -> Journal:
    try:
        return Journal.open(path)
    except OSError as exc:
        raise DeviceSettingsError(
            f"the journal {path} cannot be written: {exc.strerror}. Name another file."
        ) from exc


def _times(arguments: argparse.Namespace) -> Times:
    """The clocks of this device: the time of day, or the patient's own."""
    if arguments.start_at == START_FROM_INPUT:
        clock = None
    else:
        start_at = None if arguments.start_at is None else _start_time(arguments.start_at)
        clock = clock_of(arguments, start_at)
    if clock is None:
        return Times(monotonic=time.monotonic, utc=lambda: datetime.now(UTC))
    return Times(monotonic=time.monotonic, utc=clock.utc, sleep=clock.sleep)


async def _serve(
    device: SimulatedDevice, link: ByteLink, journal: Journal, arguments: argparse.Namespace
) -> None:
    loop = asyncio.get_running_loop()
    times = _times(arguments)
    server = AgentServer(
        device,
        link,
        journal,
        times,
        seconds=arguments.duration,
        framing=arguments.framing,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    start_at: asyncio.Future[datetime] = loop.create_future()
    if arguments.start_at == START_FROM_INPUT:
        _start_from_input(loop, start_at, server.stop)
    else:
        start_at.set_result(_start_time(arguments.start_at))
    ready = {"ready": "device", "name": device.name, "at": link.address, "pid": os.getpid()}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await server.run(start_at)


def _start_time(text: str | None) -> datetime:
    if text is None:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 10_000 * 10_000)
    at = utc_time(text)
    if at.microsecond % 10_000:
        raise DeviceSettingsError(
            f"{text!r} is finer than a device's clock. Give hundredths of a second."
        )
    return at


def _start_from_input(
    loop: asyncio.AbstractEventLoop, start_at: asyncio.Future[datetime], give_up: Callable[[], None]
) -> None:
    """The first line of standard input is the start time; its end without one ends the device."""

    def read() -> None:
        loop.remove_reader(sys.stdin)
        line = sys.stdin.readline().strip()
        if not line:
            give_up()
            return
        try:
            start_at.set_result(_start_time(line))
        except DeviceSettingsError as exc:
            start_at.set_exception(exc)

    loop.add_reader(sys.stdin, read)
