"""A simulated device under examination: its reports on the clock of the run, no process."""

from __future__ import annotations

from collections import deque

from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.events import (
    AgentEvent,
    AssociationEnded,
    ClockMoved,
    OctetsDiscarded,
    ReportConfirmed,
    ReportRefused,
)
from protocols.ieee20601.policies import MdsDescription
from protocols.ieee20601.states import State
from simulators.devices.base import DeviceClock, Report, SimulatedDevice
from simulators.devices.registry import BY_NAME
from simulators.devices.wire_reports import wire_report
from simulators.patient.vital_signs import Patient
from tests.fixtures.scenarios import ARREST
from tests.unit.edge.certifying.examined import Examined
from tests.unit.protocols.ieee20601.pair import START


def made(name: str, *, clock_can_be_set: bool = True) -> SimulatedDevice:
    kind = BY_NAME[name]
    device = kind.make(kind.identity, Patient(seed=1, scenario=ARREST, seconds=75.0))
    device.clock_can_be_set = clock_can_be_set
    return device


class SimulatedExamined(Examined):
    """Keeps what needs an answer until it has one; what is live goes out or is lost."""

    def __init__(self, device: SimulatedDevice) -> None:
        self._device = device
        self._clock = device.identity.clock
        self._coming = device.reports(START)
        self._next: Report | None = next(self._coming)
        self._kept: deque[Report] = deque()
        self._in_flight = False
        self._sent = 0
        super().__init__()

    def connection(self) -> AgentConnection:
        self._in_flight, self._sent, self._clock = False, 0, self._device.identity.clock
        info = self._device.identity.info
        return AgentConnection(
            system_id=info.system_id,
            configuration=self._device.configuration,
            mds=MdsDescription(
                manufacturer=info.manufacturer,
                model=info.model,
                serial_number=info.serial_number,
                firmware=info.firmware,
                specializations=info.specializations,
                clock=self._clock.local,
                clock_can_be_set=self._device.clock_can_be_set,
            ),
            stores=self._device.stores,
        )

    def take(self, event: AgentEvent | OctetsDiscarded) -> None:
        match event:
            case ReportConfirmed():
                self._kept.popleft()
                self._in_flight = False
            case ClockMoved(moved=moved):
                self._device.set_clock(DeviceClock(self._clock.ahead + moved))
            case ReportRefused() | AssociationEnded():
                self._in_flight = False

    def speak(self) -> None:
        is_heard = self.agent.state is State.OPERATING
        while self._next is not None and self._next.due <= self.now:
            report, self._next = self._next, next(self._coming, None)
            if not report.live:
                self._kept.append(report)
            elif is_heard:
                self._send(report)
        if is_heard and self._kept and not self._in_flight:
            self._in_flight = True
            self._send(self._kept[0])

    def _send(self, report: Report) -> None:
        built = wire_report(self._device.configuration, report, self._sent)
        self._sent += 1
        self.agent.send_report(built, confirmed=not report.live, now=self.now)
