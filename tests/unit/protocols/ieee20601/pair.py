"""A manager and an agent joined by two lists of octets: no transport, no real time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import AgentEvent, Event, ObservationsReported, OctetsDiscarded
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.manager_stored_data import StoredPages
from protocols.ieee20601.policies import AgentPolicy, ManagerPolicy, MdsDescription
from protocols.ieee20601.report_building import Entry, Report, fixed_report
from protocols.model.codes import MdcCode, SystemId
from protocols.specializations import blood_pressure, pulse_oximeter
from protocols.specializations.base import Specialization
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID, MANAGER_ID

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OXIMETER = pulse_oximeter.SPECIALIZATION
CUFF = blood_pressure.SPECIALIZATION


def local_clock(utc: datetime) -> datetime:
    """A device's clock that runs two hours ahead of UTC."""
    return (utc + timedelta(hours=2)).replace(tzinfo=None)


def describe(specialization: Specialization = OXIMETER) -> MdsDescription:
    return MdsDescription(
        manufacturer="Acme",
        model="OX-2",
        serial_number="4711",
        firmware="1.2",
        specializations=specialization.type_versions,
        clock=local_clock,
    )


class Pair:
    """Both ends; octets wait in the two wires until they are delivered."""

    def __init__(
        self,
        *,
        specialization: Specialization = OXIMETER,
        configuration: Configuration | None = None,
        agent_policy: AgentPolicy | None = None,
        manager_policy: ManagerPolicy | None = None,
        framings: tuple[Framing, Framing] | None = None,
        stores: tuple[AgentStore, ...] = (),
        stored_pages: StoredPages = lambda _system_id, _mark: False,
        data_requests: DataRequestService | None = None,
    ) -> None:
        agent_framing, manager_framing = framings or (None, None)
        self.now = 0.0
        self.remembered: dict[tuple[SystemId, int], Configuration] = {}
        self.configuration = configuration or specialization.configuration
        self.agent = AgentConnection(
            system_id=SystemId(AGENT_ID),
            configuration=self.configuration,
            mds=describe(specialization),
            data_requests=data_requests,
            policy=agent_policy,
            framing=agent_framing,
            stores=stores,
        )
        self.manager = ManagerConnection(
            system_id=SystemId(MANAGER_ID),
            standard_configurations=STANDARD_CONFIGURATIONS,
            configurations=lambda system_id, config_id: self.remembered.get((system_id, config_id)),
            policy=manager_policy,
            framing=manager_framing,
            stored_pages=stored_pages,
        )
        self.to_manager = bytearray()
        self.to_agent = bytearray()
        self.agent_events: list[AgentEvent | OctetsDiscarded] = []
        self.manager_events: list[Event | OctetsDiscarded] = []
        self.number = 0

    @property
    def utc(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def connect(self) -> None:
        self.agent.transport_connected(now=self.now)
        self.manager.transport_connected(now=self.now)

    def drain(self) -> None:
        """Move events to their lists and octets onto the wires."""
        while (agent_event := self.agent.next_event()) is not None:
            self.agent_events.append(agent_event)
        while (manager_event := self.manager.next_event()) is not None:
            self.manager_events.append(manager_event)
        self.to_manager += b"".join(self.agent.data_to_send())
        self.to_agent += b"".join(self.manager.data_to_send())

    def deliver(self, *, most: int | None = None) -> bool:
        """Carry at most so many octets each way; whether any went."""
        self.drain()
        up, down = bytes(self.to_manager[:most]), bytes(self.to_agent[:most])
        del self.to_manager[: len(up)]
        del self.to_agent[: len(down)]
        self.manager.receive_data(up, now=self.now, utc=self.utc)
        self.agent.receive_data(down, now=self.now, utc=self.utc)
        self.drain()
        return bool(up or down)

    def settle(self) -> None:
        """Deliver until both are silent; reports that reach the driver are confirmed."""
        while self.deliver() or self.confirm_all() or self.to_manager or self.to_agent:
            pass

    def confirm_all(self) -> bool:
        """Confirm what the manager reported since the last time."""
        waiting = [
            event.invoke_id
            for event in self.manager_events
            if isinstance(event, ObservationsReported) and event.invoke_id is not None
        ]
        done = self.confirmed
        for invoke_id in waiting[done:]:
            self.manager.confirm(invoke_id, now=self.now)
        self.confirmed = len(waiting)
        self.drain()
        return len(waiting) > done

    confirmed = 0

    def associate(self) -> None:
        self.connect()
        self.agent.associate(now=self.now)
        self.settle()

    def pass_time(self, seconds: float) -> None:
        """Let both handle what is due within so many seconds; octets stay on the wires."""
        end = self.now + seconds
        while True:
            due = [self.agent.next_deadline(), self.manager.next_deadline()]
            soonest = min((at for at in due if at is not None), default=None)
            if soonest is None or soonest > end:
                break
            self.now = max(self.now, soonest)
            self.agent.handle_deadline(now=self.now)
            self.manager.handle_deadline(now=self.now)
            self.drain()
        self.now = end

    def next_report(self, percent: int = 98) -> Report:
        """A fixed report of saturation and pulse rate, numbered and stamped."""
        self.number += 1
        stamp = local_clock(self.utc)
        entries = [
            Entry(handle=pulse_oximeter.SPO2_HANDLE, value=Decimal(percent), stamp=stamp),
            Entry(handle=pulse_oximeter.PULSE_RATE_HANDLE, value=Decimal(72), stamp=stamp),
        ]
        return fixed_report(self.configuration, entries, scan_report_no=self.number)


SPO2 = MdcCode(2, 19384)
