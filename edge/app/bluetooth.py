"""The radio of a run, put together; without it no radio library is loaded."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from edge.clock import Clock
from edge.drivers.gatt_fleet import GattFleet
from edge.drivers.health import HealthBoard
from edge.drivers.radio_devices import RadioDevices
from edge.drivers.record_marks import RecordMarks
from edge.pipeline.sink import ObservationSink
from edge.pipeline.traces import ReportTraces
from edge.recorder.recorder import FlightRecorder
from edge.settings import EdgeSettings
from edge.supervision import TaskTree
from edge.transports.ble.agent import ASKS_AND_SHOWS, ASKS_NOBODY
from edge.transports.ble.base import HostStack
from edge.transports.ble.pairing import PairingDesk
from edge.transports.ble.radio import Radio


class _StackMaker(Protocol):
    def __call__(self, clock: Clock, capability: str, /, *, by_socket: bool) -> HostStack: ...


def make_gatt_fleet(
    settings: EdgeSettings,
    folder: Path,
    *,
    sink: ObservationSink,
    board: HealthBoard,
    tree: TaskTree,
    recorder: FlightRecorder,
    forget: bool,
    traces: ReportTraces | None = None,
    knows_time: Callable[[], bool],
    clock: Clock,
) -> GattFleet | None:
    """The radio's fleet, None when the radio is off. `forget`: what was fetched is not held."""
    bluetooth = settings.bluetooth
    if not bluetooth.enabled:
        return None
    module = importlib.import_module("edge.transports.ble.bleak_stack")
    make_stack = cast("_StackMaker", module.BleakStack)
    desk = PairingDesk(clock, bluetooth.pairing)
    stack = make_stack(
        clock,
        ASKS_AND_SHOWS if bluetooth.has_crew else ASKS_NOBODY,
        by_socket=bluetooth.indications_by_socket,
    )
    return GattFleet(
        radio=Radio(stack, desk, policy=bluetooth.radio, clock=clock),
        desk=desk,
        devices=RadioDevices(folder, bluetooth.enrolled),
        marks=RecordMarks(folder, forget=forget),
        sink=sink,
        board=board,
        tree=tree,
        recorder=recorder,
        traces=traces,
        knows_time=knows_time,
        clock=clock,
        policy=bluetooth.drivers(settings.drivers),
        discover=bluetooth.services,
    )
