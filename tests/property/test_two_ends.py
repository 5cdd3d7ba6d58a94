"""Whatever happens between a manager and an agent, in the end both agree where they stand."""

from __future__ import annotations

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocols.errors import LocalProtocolError
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.events import (
    AssociationEnded,
    ConfigurationReceived,
    ObservationsReported,
    ReportConfirmed,
)
from protocols.ieee20601.policies import AgentPolicy
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID
from tests.unit.protocols.ieee20601.pair import OXIMETER, Pair

EXTENDED = build_configuration(0x4001, OXIMETER.configuration.report.objects)
# Ends are rarer than reports, else hardly any association lives long enough to report.
RARELY = st.integers(0, 5).map(lambda number: number == 0)
SAME = {
    State.DISCONNECTED: State.DISCONNECTED,
    State.UNASSOCIATED: State.UNASSOCIATED,
    State.OPERATING: State.OPERATING,
}


class TwoEnds(RuleBasedStateMachine):
    """Rules are what a device, a driver, a wire and the clock may do."""

    pair: Pair
    sent: int

    @initialize(extended=st.booleans(), outstanding=st.integers(1, 3), alone=RARELY)
    def begin(self, extended: bool, outstanding: int, alone: bool) -> None:
        configuration: Configuration = EXTENDED if extended else OXIMETER.configuration
        self.pair = Pair(
            configuration=configuration,
            agent_policy=AgentPolicy(max_outstanding=outstanding),
        )
        self.sent = 0
        if alone:
            self.pair.connect()
        else:
            self.pair.associate()

    # The wire.

    @rule(most=st.integers(1, 400))
    def deliver(self, most: int) -> None:
        self.pair.deliver(most=most)

    @rule()
    def settle(self) -> None:
        self.pair.settle()

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 10.0]))
    def pass_time(self, seconds: float) -> None:
        self.pair.pass_time(seconds)

    @rule(happens=RARELY)
    def lose_the_transport(self, happens: bool) -> None:
        if not happens:
            return
        self.pair.drain()
        self.pair.agent.transport_closed(now=self.pair.now)
        self.pair.manager.transport_closed(now=self.pair.now)
        self.pair.drain()
        self.pair.to_agent.clear()
        self.pair.to_manager.clear()
        self.pair.connect()

    # The device.

    @rule()
    def associate_and_settle(self) -> None:
        self.associate()
        self.pair.settle()

    @rule()
    def associate(self) -> None:
        if self.pair.agent.state is State.UNASSOCIATED:
            self.pair.agent.associate(now=self.pair.now)
        self.pair.drain()

    @rule(confirmed=st.booleans(), percent=st.integers(0, 100))
    def report(self, confirmed: bool, percent: int) -> None:
        """Send one more, or be told why not."""
        agent = self.pair.agent
        report = self.pair.next_report(percent)
        try:
            agent.send_report(report, confirmed=confirmed, now=self.pair.now)
            self.sent += 1
        except LocalProtocolError:
            full = confirmed and not agent.can_send_confirmed
            assert full or agent.state is not State.OPERATING
        self.pair.drain()

    @rule(happens=RARELY)
    def agent_releases(self, happens: bool) -> None:
        if not happens:
            return
        self.pair.agent.release(now=self.pair.now)
        self.pair.drain()

    @rule(reason=st.integers(0, 3), happens=RARELY)
    def agent_aborts(self, reason: int, happens: bool) -> None:
        if not happens:
            return
        self.pair.agent.abort(reason, now=self.pair.now)
        self.pair.drain()

    # The driver.

    @rule()
    def confirm(self) -> None:
        self.pair.confirm_all()

    @rule(happens=RARELY)
    def manager_releases(self, happens: bool) -> None:
        if not happens:
            return
        self.pair.manager.release(now=self.pair.now)
        self.pair.drain()

    @rule(reason=st.integers(0, 3), happens=RARELY)
    def manager_aborts(self, reason: int, happens: bool) -> None:
        if not happens:
            return
        self.pair.manager.abort(reason, now=self.pair.now)
        self.pair.drain()

    @precondition(lambda self: self.pair.manager_events)
    @rule()
    def remember_the_configuration(self) -> None:
        for told in self.pair.manager_events:
            if isinstance(told, ConfigurationReceived):
                self.pair.remembered[SystemId(AGENT_ID), told.config_id] = EXTENDED

    # What always holds.

    @invariant()
    def no_report_is_confirmed_before_the_driver_had_it(self) -> None:
        confirmed = sum(isinstance(e, ReportConfirmed) for e in self.pair.agent_events)
        reported = sum(
            isinstance(e, ObservationsReported) and e.invoke_id is not None
            for e in self.pair.manager_events
        )
        assert confirmed <= reported

    @invariant()
    def nothing_is_reported_that_was_not_sent(self) -> None:
        reported = sum(isinstance(e, ObservationsReported) for e in self.pair.manager_events)
        assert reported <= self.sent

    def teardown(self) -> None:
        """Silence: deliver all, let every timeout pass, and both ends must agree."""
        if not hasattr(self, "pair"):
            return
        for _ in range(8):
            self.pair.settle()
            self.pair.pass_time(15.0)
        self.pair.settle()
        event(f"{min(self.sent, 5)} reports sent")
        agent, manager = self.pair.agent.state, self.pair.manager.state
        assert SAME.get(agent) is manager, (agent, manager)
        # And a device that asks again is served.
        if agent is State.OPERATING:
            self.pair.agent.release(now=self.pair.now)
            self.pair.settle()
            assert isinstance(self.pair.agent_events[-1], AssociationEnded)
        self.pair.agent.associate(now=self.pair.now)
        self.pair.settle()
        assert self.pair.agent.state is State.OPERATING
        assert self.pair.manager.state is State.OPERATING


TestTwoEnds = TwoEnds.TestCase
TestTwoEnds.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
