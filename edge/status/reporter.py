"""Take a snapshot every second, keep it for the metrics and write it for `status`."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from edge.buffer.buffer import ObservationBuffer
from edge.clock import Clock, ClockWatch
from edge.drivers.health import HealthBoard
from edge.recorder.recorder import FlightRecorder
from edge.status.file import write_status
from edge.status.policy import StatusPolicy
from edge.status.snapshot import (
    FORM,
    Snapshot,
    describe_buffer,
    describe_clock,
    describe_devices,
    describe_radio,
    describe_recorder,
    describe_tasks,
    describe_uplink,
)
from edge.supervision import TaskTree
from edge.transports.ble.radio import Radio
from edge.uplink.budget import Budget
from edge.uplink.link import LinkClient
from edge.uplink.sender import SenderCounts

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class StatusReporter:
    """Everything there is to look at, and the last look."""

    gateway_id: str
    vehicle_id: str
    agents: str | None
    folder: Path
    board: HealthBoard
    tree: TaskTree
    recorder: FlightRecorder
    links: Sequence[LinkClient]
    sent: SenderCounts
    buffer: ObservationBuffer
    clock: Clock
    policy: StatusPolicy = field(default_factory=StatusPolicy)
    radio: Radio | None = None
    membership: Callable[[], Snapshot] | None = None
    crew: Callable[[], Snapshot] | None = None
    budget: Budget | None = None
    station: Callable[[], Snapshot] | None = None
    latest: Snapshot = field(default_factory=dict)
    _watch: ClockWatch = field(default_factory=ClockWatch)
    _began: float | None = None
    _began_at: datetime | None = None
    _failing: bool = False

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            await self.report()
            await self.clock.sleep(self.policy.interval_seconds)

    async def report(self, *, ended: bool = False) -> None:
        """Look once and write it down."""
        now, monotonic = self.clock.utc(), self.clock.monotonic()
        if self._began is None:
            self._began, self._began_at = monotonic, now
        if self._watch.observe(monotonic=monotonic, utc=now):
            log.warning("clock was set seconds=%.3f", self._watch.last_step_seconds)
        recovery = self.buffer.recovery
        self.latest = {
            "form": FORM,
            "pid": os.getpid(),
            "gateway_id": self.gateway_id,
            "vehicle_id": self.vehicle_id,
            "agents": self.agents,
            "started_at": self._began_at and self._began_at.isoformat(timespec="milliseconds"),
            "at": now.isoformat(timespec="milliseconds"),
            "ended": ended,
            "interval_seconds": self.policy.interval_seconds,
            "clock": describe_clock(
                self._watch,
                now=now,
                uptime_seconds=monotonic - self._began,
                quality=self.buffer.clock_quality,
            ),
            **describe_devices(self.board),
            "radio": self.radio and describe_radio(self.radio.health),
            "membership": self.membership and self.membership(),
            "crew": self.crew and self.crew(),
            "station": self.station and self.station(),
            "tasks": describe_tasks(self.tree),
            "recorder": describe_recorder(self.recorder.health),
            "restarts_held_back": self.tree.held_back,
            "uplink": describe_uplink(
                [link.health for link in self.links], self.sent, self.budget, now=monotonic
            ),
            "buffer": describe_buffer(await self.buffer.counts(), now=now),
            "recovery": recovery
            and {"set_aside": recovery.set_aside.name, "salvaged": recovery.salvaged},
        }
        try:
            await asyncio.to_thread(write_status, self.folder, self.latest)
        except OSError as exc:
            if not self._failing:
                log.warning("status not written reason=%r", exc.strerror)
            self._failing = True
        else:
            self._failing = False
