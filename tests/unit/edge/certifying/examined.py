"""A run in memory: the scripts against one of our agents, joined by a list, on its own clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from edge.certifying.checks import Verdict
from edge.certifying.findings import Finding, Record
from edge.certifying.probe import Expect, Incoming, Outcome, Probe
from edge.certifying.scripts import SCRIPTS, RunPolicy, Scenario
from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import AgentAssociated, AgentEvent, OctetsDiscarded
from protocols.ieee20601.framing import StreamReader
from protocols.ieee20601.policies import AgentPolicy, MdsDescription
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from protocols.specializations.base import Specialization
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID
from tests.unit.protocols.ieee20601.pair import OXIMETER, START, Pair, describe

Change = Callable[[bytes], bytes]
POLICY = RunPolicy(patience_seconds=20.0, report_seconds=4.0, set_time=True)
_STEP = 0.25


class Examined:
    """One device under examination; `change` may spoil what it sends, APDU by APDU."""

    def __init__(
        self,
        *,
        specialization: Specialization = OXIMETER,
        mds: MdsDescription | None = None,
        configuration: Configuration | None = None,
        data_requests: DataRequestService | None = None,
        stores: tuple[AgentStore, ...] = (),
        policy: AgentPolicy | None = None,
        change: Change = lambda octets: octets,
        comes_back: bool = True,
    ) -> None:
        self.now = 0.0
        self.probe = Probe()
        self.configuration = configuration or specialization.configuration
        self._data_requests = data_requests
        self.stores = stores
        self._mds = mds or describe(specialization)
        self._policy = policy
        self.change = change
        self._comes_back = comes_back
        self._reports = Pair()
        self._lives = 0
        self.agent = self._switch_on()

    @property
    def utc(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def connection(self) -> AgentConnection:
        """The device's own side of one association."""
        return AgentConnection(
            system_id=SystemId(AGENT_ID),
            configuration=self.configuration,
            mds=self._mds,
            data_requests=self._data_requests,
            stores=self.stores,
            policy=self._policy,
        )

    def take(self, event: AgentEvent | OctetsDiscarded) -> None:
        """What the device does about news: it reports once as soon as it operates."""
        # A wrong message of ours may have ended it already.
        if isinstance(event, AgentAssociated) and self.agent.state is State.OPERATING:
            self._reports.number = 0
            self.agent.send_report(self._reports.next_report(), confirmed=True, now=self.now)

    def speak(self) -> None:
        """What the device says by itself."""

    def hang_up(self) -> None:
        """The line goes."""
        self._is_open = False
        self.probe.closed(now=self.now)

    def _switch_on(self) -> AgentConnection:
        agent = self.connection()
        agent.transport_connected(now=self.now)
        agent.associate(now=self.now)
        self.probe.connected(StreamReader())
        self._is_open = True
        self._lives += 1
        return agent

    def run(self, *scenarios: Scenario, policy: RunPolicy = POLICY) -> Record:
        for scenario in scenarios or SCRIPTS:
            script = scenario.play(self.probe, policy)
            try:
                wish = next(script)
                while True:
                    wish = script.send(self._fulfil(wish))
            except StopIteration:
                self._exchange()
        return self.probe.record

    def _fulfil(self, wish: Expect) -> Incoming:
        until = self.now + wish.seconds
        while True:
            self._exchange()
            incoming = self.probe.answer_to(wish)
            self._exchange()
            if incoming is not None:
                return incoming
            if not self._is_open and not wish.across_lines:
                return Incoming(Outcome.CLOSED, at=self.probe.closed_at)
            if self.now >= until:
                return Incoming(Outcome.TIMEOUT, at=self.now)
            self._pass_time(across=wish.across_lines)

    def _pass_time(self, *, across: bool) -> None:
        self.now += _STEP
        self.agent.handle_deadline(now=self.now)
        self.probe.handle_deadline(now=self.now)
        if self.agent.state is State.UNASSOCIATED and across and self._comes_back:
            self.agent = self._switch_on()

    def _exchange(self) -> None:
        """Octets both ways until nobody has any."""
        while True:
            for octets in self.probe.take_output(now=self.now):
                self.agent.receive_data(octets, now=self.now, utc=self.utc)
            while (event := self.agent.next_event()) is not None:
                self.take(event)
            self.speak()
            sent = self.agent.data_to_send()
            if not sent:
                return
            for octets in sent:
                self.probe.receive(self.change(octets), now=self.now)


def found(record: Record, check_id: str) -> Finding:
    (finding,) = [item for item in record.findings() if item.check.id == check_id]
    return finding


def failed(record: Record) -> dict[str, str]:
    return {f.check.id: f.detail for f in record.findings() if f.verdict is Verdict.FAIL}
