"""Every fault a simulated device can have gets the answer of the manager's table."""

from __future__ import annotations

import pytest

from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.events import (
    AgentAssociated,
    Associated,
    AssociationEnded,
    ObservationsReported,
    OctetsDiscarded,
    ReportConfirmed,
    ReportRefused,
    ReportsMissed,
    StoredDataFinished,
)
from protocols.ieee20601.states import State
from simulators.device_command import STORE_FAULTS
from simulators.devices.faults import Fault
from simulators.devices.misbehaving import FAULTS, LATE_SECONDS, MisbehavingLink, misbehave
from tests.unit.protocols.ieee20601.apdu_octets import abrt, prst, report
from tests.unit.protocols.ieee20601.kept_oximetry import CONFIGURATION as KEEPING
from tests.unit.protocols.ieee20601.kept_oximetry import segment, store
from tests.unit.protocols.ieee20601.pair import OXIMETER, Pair
from tests.unit.simulators.manager_link import ManagerLink
from tests.vectors_folder import PROJECT

EXTENDED = build_configuration(0x4001, OXIMETER.configuration.report.objects)


class SpoiledPair(Pair):
    """An agent behind a wire with a fault; what the manager wrote is kept."""

    def __init__(
        self,
        fault: str,
        *,
        configuration: Configuration | None = None,
        stores: tuple[AgentStore, ...] = (),
    ) -> None:
        super().__init__(configuration=configuration, stores=stores)
        self.fault = FAULTS[fault](1, LATE_SECONDS)
        self.answers: list[bytes] = []

    def drain(self) -> None:
        """Events to their lists; octets onto the wires, as the fault lets them through."""
        while (agent_event := self.agent.next_event()) is not None:
            self.agent_events.append(agent_event)
        while (manager_event := self.manager.next_event()) is not None:
            self.manager_events.append(manager_event)
        for apdu in self.agent.data_to_send():
            self.to_manager += b"".join(self.fault.outgoing(apdu))
        for apdu in self.manager.data_to_send():
            self.answers.append(apdu)
            self.to_agent += self.fault.incoming(apdu) or b""

    def report(self, times: int = 1) -> None:
        """So many confirmed reports, as far as the association lives."""
        for _ in range(times):
            if self.agent.state is not State.OPERATING:
                return
            self.agent.send_report(self.next_report(), now=self.now)
            self.settle()

    def seen(self, kind: type) -> list[object]:
        """The events of one kind, either end's."""
        return [one for one in (*self.manager_events, *self.agent_events) if isinstance(one, kind)]


def associated(fault: str, *, extended: bool = False) -> SpoiledPair:
    pair = SpoiledPair(fault, configuration=EXTENDED if extended else None)
    pair.associate()
    return pair


def test_noise_between_apdus_is_skipped_and_counted() -> None:
    pair = associated("noise")
    pair.report(10)
    assert len(pair.seen(ReportConfirmed)) == 10
    assert pair.seen(OctetsDiscarded)


def test_a_repeated_report_is_answered_again_and_told_once() -> None:
    pair = associated("repeated-report")
    pair.report(3)
    assert len(pair.seen(ObservationsReported)) == 3
    assert len(pair.seen(ReportConfirmed)) == 3
    assert pair.manager.state is State.OPERATING


def test_a_report_that_lost_its_end_holds_nothing_up_for_long() -> None:
    """The stream waits for the rest, drops what does not come, and reads the next request."""
    pair = associated("truncated")
    pair.report(4)
    assert len(pair.seen(ReportConfirmed)) == 3
    pair.pass_time(5.0)
    pair.settle()
    assert pair.seen(OctetsDiscarded)
    assert pair.agent.state is State.UNASSOCIATED
    pair.pass_time(5.0)
    pair.agent.associate(now=pair.now)
    pair.settle()
    pair.report(1)
    assert len(pair.seen(ReportConfirmed)) == 4


def test_a_report_before_the_configuration_is_no_such_object() -> None:
    pair = associated("wrong-order", extended=True)
    assert prst(0x7777, 0x0300, bytes.fromhex("0001 0000")) in pair.answers
    assert pair.seen(AgentAssociated)


def test_a_standard_configuration_nobody_knows_is_told_so() -> None:
    pair = associated("unknown-configuration")
    verdict = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 0999 0002")
    assert prst(0, 0x0201, verdict) in pair.answers


def test_two_offered_versions_are_one_choice() -> None:
    pair = associated("two-versions")
    (aare,) = [apdu for apdu in pair.answers if apdu[:2] == b"\xe3\x00"]
    assert aare[10:14].hex() == "40000000"
    assert pair.seen(Associated)


def test_a_device_that_falls_silent_is_aborted_for_its_configuration() -> None:
    pair = associated("silent", extended=True)
    pair.pass_time(10.0)
    assert pair.answers[-1] == abrt(3)


@pytest.mark.parametrize("fault", ["no-answers", "late-answers"])
def test_an_answer_that_does_not_come_in_time_aborts_with_its_reason(fault: str) -> None:
    pair = SpoiledPair(fault)
    pair.connect()
    pair.agent.associate(now=0.0)
    pair.deliver()
    pair.deliver()
    late = bytes(pair.to_manager)
    pair.to_manager.clear()
    answer = prst(0, 0x0203, bytes(6))
    assert pair.fault.pause_seconds(answer) == (LATE_SECONDS if late else 0.0)
    assert pair.fault.pause_seconds(report(1, 0x0D1D, b"")) == 0.0
    pair.pass_time(3.0)
    assert pair.answers[-1] == abrt(2)
    # What comes late belongs to no association.
    pair.to_manager += late
    pair.settle()
    assert pair.answers[-1] == abrt(2)
    assert pair.manager.state is State.UNASSOCIATED


def test_an_answer_to_nothing_of_ours_aborts() -> None:
    pair = associated("wrong-invoke-id")
    assert pair.answers[-1] == abrt(0)
    assert pair.seen(AssociationEnded)


def test_a_jump_of_the_report_number_is_told_as_missed() -> None:
    pair = associated("gaps")
    pair.report(7)
    assert pair.seen(ReportsMissed) == [
        ReportsMissed(2, first=3, last=4),
        ReportsMissed(2, first=8, last=9),
    ]
    assert len(pair.seen(ReportConfirmed)) == 7


def test_another_configuration_than_was_offered_is_not_accepted() -> None:
    pair = associated("other-configuration", extended=True)
    verdict = bytes.fromhex("0000 FFFFFFFF 0D1C 0004 4FFF 0001")
    assert prst(0, 0x0201, verdict) in pair.answers
    assert not pair.seen(Associated)


def test_a_wrong_count_is_badly_structured() -> None:
    pair = associated("wrong-counts")
    pair.report(2)
    assert pair.seen(ReportRefused) == [ReportRefused(1, "reject 2")]
    assert len(pair.seen(ReportConfirmed)) == 1


def test_an_abort_in_a_segment_ends_the_association_and_the_rest_comes_in_the_next() -> None:
    kept = store(segment(1, 5))
    pair = SpoiledPair("abort-in-segment", configuration=KEEPING, stores=(kept,))
    pair.associate()
    assert pair.manager.state is State.UNASSOCIATED
    for _ in range(4):  # the agent behind the wire waits for an answer that never comes
        pair.pass_time(3.0)
        pair.settle()
    assert pair.agent.state is State.UNASSOCIATED
    ends = [str(end.cause) for end in pair.manager_events if isinstance(end, AssociationEnded)]
    assert ends == ["the agent aborted, reason 0"]
    assert not pair.seen(StoredDataFinished)
    pair.fault = Fault(1)  # a full battery
    pair.pass_time(5.0)
    pair.agent.associate(now=pair.now)
    pair.settle()
    assert pair.seen(StoredDataFinished) == [StoredDataFinished(complete=True)]
    stored = [
        one.observation_id
        for told in pair.manager_events
        if isinstance(told, ObservationsReported)
        for one in told.observations
    ]
    assert len(set(stored)) == 10


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_no_fault_spoils_what_it_is_not_about(name: str) -> None:
    """A release goes through all of them but the silence."""
    fault = FAULTS[name](3, LATE_SECONDS)
    release = bytes.fromhex("E400 0002 0000")
    written = fault.outgoing(release)
    assert written == [] if name == "silent" else written[-1] == release
    assert fault.incoming(release) == release
    assert fault.pause_seconds(release) == 0.0


def test_every_fault_is_explained_to_those_who_test_a_manager() -> None:
    page = PROJECT.joinpath("docs", "how-to", "test-a-manager.md").read_text(encoding="utf-8")
    explained = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert explained - {"--fault"} == {*FAULTS, *STORE_FAULTS}


async def test_the_wire_waits_before_a_late_answer_and_only_then() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    manager = ManagerLink()
    link = MisbehavingLink(manager, FAULTS["late-answers"](1, 7.0), sleep)
    await link.connect()
    await link.write(report(1, 0x0D1D, b""))
    await link.write(prst(1, 0x0203, bytes(6)))
    assert waits == [7.0]
    assert misbehave(manager, "late-answers", seed=1, seconds=2.0).address == manager.address
    assert Fault(1).pause_seconds(b"") == 0.0
