"""Whatever happens between a manager and an agent, in the end both agree where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.association import FunctionalUnits, Supported
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.data_requests import EVERYTHING, Lasting
from protocols.ieee20601.events import (
    AgentAssociated,
    Associated,
    AssociationEnded,
    ConfigurationReceived,
    DataRequestAnswered,
    DataRequestEnded,
    DataRequestStarted,
    ObservationsReported,
    ReportConfirmed,
    ScannerSwitched,
)
from protocols.ieee20601.policies import AgentPolicy, ManagerPolicy
from protocols.ieee20601.report_building import Entry, Form, scanner_report
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from protocols.model.observation import MeasurementStatus
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID
from tests.unit.protocols.ieee20601.pair import OXIMETER, Pair
from tests.unit.protocols.ieee20601.scanned import EPISODIC, PERIODIC, episodic, periodic, scanning
from tests.unit.protocols.ieee20601.test_data_requests import ALL

SCANNED = scanning(episodic(at.CONFIRM_MODE.of(0)), periodic(at.CONFIRM_MODE.of(1), seconds=5))
TEST = FunctionalUnits.HAVE_TEST_CAP | FunctionalUnits.CREATE_TEST_ASSOCIATION
EXTENDED = build_configuration(0x4001, OXIMETER.configuration.report.objects)
# Ends are rarer than reports, else hardly any association lives long enough to report.
RARELY = st.integers(0, 5).map(lambda number: number == 0)
SAME = {
    State.DISCONNECTED: State.DISCONNECTED,
    State.UNASSOCIATED: State.UNASSOCIATED,
    State.OPERATING: State.OPERATING,
}


def standing(events: Sequence[object], begins: type) -> tuple[set[int], set[int]]:
    """Scanners that are on and data requests that go on, as one end was told."""
    scanners: set[int] = set()
    requests: set[int] = set()
    for told in events:
        match told:
            case ScannerSwitched(handle=handle, enabled=enabled):
                (scanners.add if enabled else scanners.discard)(handle)
            case DataRequestStarted(req_id=req_id):
                requests.add(req_id)
            case DataRequestAnswered(req_id=req_id, goes_on=True):
                requests.add(req_id)
            case DataRequestEnded(req_id=req_id):
                requests.discard(req_id)
            case _ if isinstance(told, begins):
                scanners, requests = set(), set()
    return scanners, requests


class TwoEnds(RuleBasedStateMachine):
    """Rules are what a device, a driver, a wire and the clock may do."""

    pair: Pair
    sent: int
    test: bool

    @initialize(
        configuration=st.sampled_from([OXIMETER.configuration, EXTENDED, SCANNED]),
        outstanding=st.integers(1, 3),
        room=st.integers(0, 2),
        test=st.booleans(),
        alone=RARELY,
    )
    def begin(
        self, configuration: Configuration, outstanding: int, room: int, test: bool, alone: bool
    ) -> None:
        self.test = test
        self.pair = Pair(
            configuration=configuration,
            agent_policy=AgentPolicy(
                max_outstanding=outstanding, functional_units=int(TEST) if test else 0
            ),
            manager_policy=ManagerPolicy(supported=Supported(test_associations=True)),
            data_requests=DataRequestService(flags=ALL, room=room),
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

    @rule(handle=st.sampled_from([EPISODIC, PERIODIC]), form=st.sampled_from(list(Form)))
    def scan(self, handle: int, form: Form) -> None:
        """Send what a scanner saw, or be told why not."""
        configuration = self.pair.configuration
        if configuration is not SCANNED:
            return
        entries = [Entry(handle=one, value=Decimal(90), stamp=None) for one in (1, 10)]
        report = scanner_report(configuration, handle, form, entries)
        with suppress(LocalProtocolError):
            self.pair.agent.send_report(report, now=self.pair.now)
            self.sent += 1
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

    @rule(handle=st.sampled_from([EPISODIC, PERIODIC]), enabled=st.booleans())
    def switch_a_scanner(self, handle: int, enabled: bool) -> None:
        manager = self.pair.manager
        try:
            manager.set_scanner(handle, enabled=enabled, now=self.pair.now)
        except LocalProtocolError:
            scans = self.pair.configuration is SCANNED
            assert not scans or manager.state is not State.OPERATING
        self.pair.drain()

    @rule(lasting=st.sampled_from(list(Lasting)), seconds=st.sampled_from([0.5, 5.0, 30.0]))
    def request_data(self, lasting: Lasting, seconds: float) -> None:
        with suppress(LocalProtocolError):
            self.pair.manager.request_data(EVERYTHING, lasting, seconds=seconds, now=self.pair.now)
        self.pair.drain()

    @rule(number=st.integers(1, 6), goes_on=st.booleans())
    def change_a_request(self, number: int, goes_on: bool) -> None:
        """Stop or continue one of the first few; most do not go on."""
        manager = self.pair.manager
        change = manager.continue_data if goes_on else manager.stop_data
        with suppress(LocalProtocolError):
            change(number, now=self.pair.now)
        self.pair.drain()

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
                configuration = self.pair.configuration
                self.pair.remembered[SystemId(AGENT_ID), told.config_id] = configuration

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

    @invariant()
    def test_data_is_marked_and_nothing_else(self) -> None:
        for told in self.pair.manager_events:
            if isinstance(told, ObservationsReported):
                for one in told.observations:
                    assert bool(one.status & MeasurementStatus.TEST_DATA) == self.test

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
        if agent is State.OPERATING:
            manager_side = standing(self.pair.manager_events, Associated)
            assert standing(self.pair.agent_events, AgentAssociated) == manager_side
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
TestTwoEnds.settings = settings(max_examples=60, stateful_step_count=30)
