"""An agent on a bench: octets in by hand, what it writes and reports kept in lists."""

from __future__ import annotations

from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.events import AgentEvent, OctetsDiscarded, ProtocolWarning
from protocols.ieee20601.policies import AgentPolicy, MdsDescription
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID, MANAGER_ID, sized
from tests.unit.protocols.ieee20601.pair import OXIMETER, START, Pair, describe

EXTENDED = build_configuration(0x4001, OXIMETER.configuration.report.objects)


def aare(
    result: int,
    *,
    version: int = 0x80000000,
    encoding: int = 0x8000,
    functional_units: int = 0,
) -> bytes:
    """An acceptance that chose one version, or a refusal with nothing in it."""
    if result not in (0, 3):
        return bytes.fromhex("E300 0006") + result.to_bytes(2, "big") + bytes(4)
    info = (
        version.to_bytes(4, "big")
        + encoding.to_bytes(2, "big")
        + bytes.fromhex("80000000")
        + functional_units.to_bytes(4, "big")
        + bytes.fromhex("80000000")
        + sized(MANAGER_ID)
        + bytes(10)
    )
    return bytes.fromhex("E300") + sized(result.to_bytes(2, "big") + b"\x50\x79" + sized(info))


class Device:
    """One agent on a bench."""

    def __init__(
        self,
        policy: AgentPolicy | None = None,
        config_id: int = 0x4001,
        mds: MdsDescription | None = None,
        *,
        configuration: Configuration | None = None,
        other_configurations: tuple[Configuration, ...] = (),
        data_requests: DataRequestService | None = None,
        stores: tuple[AgentStore, ...] = (),
    ) -> None:
        self.now = 0.0
        self.configuration = configuration or build_configuration(
            config_id, EXTENDED.report.objects
        )
        self.agent = AgentConnection(
            system_id=SystemId(AGENT_ID),
            configuration=self.configuration,
            mds=mds or describe(),
            other_configurations=other_configurations,
            data_requests=data_requests,
            policy=policy,
            stores=stores,
        )
        self.events: list[AgentEvent | OctetsDiscarded] = []
        self.agent.transport_connected(now=0.0)

    def is_in(self, state: State) -> bool:
        return self.agent.state is state

    def receive(self, octets: bytes) -> bytes:
        self.agent.receive_data(octets, now=self.now, utc=START)
        return self.drain()

    def drain(self) -> bytes:
        while (event := self.agent.next_event()) is not None:
            self.events.append(event)
        return b"".join(self.agent.data_to_send())

    def wait(self, seconds: float) -> bytes:
        self.now += seconds
        self.agent.handle_deadline(now=self.now)
        return self.drain()

    def associate(self) -> bytes:
        self.agent.associate(now=self.now)
        return self.drain()

    def offer(self) -> bytes:
        """Up to Waiting Approval; the configuration report."""
        self.associate()
        return self.receive(aare(3))

    def operate(self) -> None:
        self.associate()
        self.receive(aare(0))
        assert self.is_in(State.OPERATING)
        self.events.clear()

    def report(self, *, confirmed: bool = True) -> int:
        return self.agent.send_report(Pair().next_report(), confirmed=confirmed, now=self.now)

    def take_events(self) -> list[AgentEvent | OctetsDiscarded]:
        taken = [event for event in self.events if not isinstance(event, ProtocolWarning)]
        self.events.clear()
        return list(taken)
