"""A manager switches scanners on after every association, and takes what they report."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import (
    ObservationsReported,
    ProtocolWarning,
    ReportConfirmed,
    ReportsMissed,
    ScanDue,
    ScannerSwitched,
)
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.report_building import (
    Entry,
    Form,
    Report,
    persons_report,
    scanner_report,
)
from protocols.ieee20601.states import State
from protocols.ieee20601.timeouts import ManagerTimeouts
from protocols.model.observation import NumericObservation
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst
from tests.unit.protocols.ieee20601.exchange import Bench, mds_answer
from tests.unit.protocols.ieee20601.pair import Pair, local_clock
from tests.unit.protocols.ieee20601.scanned import (
    EPISODIC,
    PERIODIC,
    episodic,
    periodic,
    scanning,
)

UNCONFIRMED = at.CONFIRM_MODE.of(0)


def associated(
    configuration: Configuration | None = None, policy: ManagerPolicy | None = None
) -> Pair:
    pair = Pair(configuration=configuration or scanning(), manager_policy=policy)
    pair.associate()
    return pair


def entries(pair: Pair, percent: int = 98) -> list[Entry]:
    stamp = local_clock(pair.utc)
    return [
        Entry(handle=1, value=Decimal(percent), stamp=stamp),
        Entry(handle=10, value=Decimal(72), stamp=stamp),
    ]


def send(pair: Pair, report: Report) -> list[Decimal | None]:
    """Send a report; the numbers the manager's driver got."""
    pair.manager_events.clear()
    pair.confirmed = 0
    pair.agent.send_report(report, now=pair.now)
    pair.settle()
    return [
        one.value.number
        for told in pair.manager_events
        if isinstance(told, ObservationsReported)
        for one in told.observations
        if isinstance(one, NumericObservation)
    ]


def switches(events: list[object]) -> list[tuple[int, bool]]:
    return [(told.handle, told.enabled) for told in events if isinstance(told, ScannerSwitched)]


def test_every_scanner_is_switched_on_and_both_ends_know() -> None:
    pair = associated()
    assert switches([*pair.manager_events]) == [(EPISODIC, True), (PERIODIC, True)]
    assert switches([*pair.agent_events]) == [(EPISODIC, True), (PERIODIC, True)]


def test_in_a_later_association_they_are_switched_on_again() -> None:
    pair = associated()
    pair.agent.release(now=pair.now)
    pair.settle()
    pair.agent_events.clear()
    pair.agent.associate(now=pair.now)
    pair.settle()
    assert switches([*pair.agent_events]) == [(EPISODIC, True), (PERIODIC, True)]


def test_only_what_the_policy_wants_and_what_is_not_on_already() -> None:
    policy = ManagerPolicy(enabled_scanners=frozenset({EPISODIC}))
    assert switches([*associated(policy=policy).manager_events]) == [(EPISODIC, True)]
    on = scanning(episodic(at.OP_STAT.of(1)), periodic())
    assert switches([*associated(on).manager_events]) == [(PERIODIC, True)]


@pytest.mark.parametrize("handle", [EPISODIC, PERIODIC])
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("mode", [0, 1], ids=["unconfirmed", "confirmed"])
def test_every_form_of_both_scanners_reaches_the_driver(handle: int, form: Form, mode: int) -> None:
    told = at.CONFIRM_MODE.of(mode)
    pair = associated(scanning(episodic(told), periodic(told)))
    report = scanner_report(pair.configuration, handle, form, entries(pair))
    assert send(pair, report) == [Decimal(98), Decimal(72)]
    assert any(isinstance(told, ReportConfirmed) for told in pair.agent_events) == bool(mode)
    several = persons_report(pair.configuration, form, {1: entries(pair, 97)}, scanner=handle)
    assert send(pair, several) == [Decimal(97), Decimal(72)]


@pytest.mark.parametrize("form", [Form.FIXED, Form.VARIABLE])
def test_several_persons_of_the_mds_reach_the_driver(form: Form) -> None:
    pair = associated()
    report = persons_report(pair.configuration, form, {1: entries(pair)})
    assert send(pair, report) == [Decimal(98), Decimal(72)]


def test_missed_reports_are_counted_for_each_scanner_alone() -> None:
    told = UNCONFIRMED
    pair = associated(scanning(episodic(told), periodic(told)))

    def report(handle: int, number: int) -> None:
        scanned = scanner_report(
            pair.configuration, handle, Form.FIXED, entries(pair), scan_report_no=number
        )
        pair.agent.send_report(scanned, now=pair.now)
        pair.settle()

    for handle, number in ((EPISODIC, 1), (PERIODIC, 7), (EPISODIC, 2), (PERIODIC, 8)):
        report(handle, number)
    assert not [told for told in pair.manager_events if isinstance(told, ReportsMissed)]
    report(EPISODIC, 5)
    report(PERIODIC, 9)
    missed = [told for told in pair.manager_events if isinstance(told, ReportsMissed)]
    assert missed == [ReportsMissed(2, first=3, last=4)]


def test_a_periodic_scanner_reports_by_the_clock_once_it_is_on() -> None:
    pair = associated(scanning(periodic(UNCONFIRMED, seconds=1)))
    pair.pass_time(3.0)
    assert len([told for told in pair.agent_events if isinstance(told, ScanDue)]) == 3


def test_a_driver_can_switch_a_scanner_off_and_on() -> None:
    pair = associated()
    pair.manager_events.clear()
    for enabled in (False, True):
        pair.manager.set_scanner(EPISODIC, enabled=enabled, now=pair.now)
        pair.settle()
    assert switches([*pair.manager_events]) == [(EPISODIC, False), (EPISODIC, True)]
    with pytest.raises(LocalProtocolError, match="no scanner 1"):
        pair.manager.set_scanner(1, enabled=True, now=pair.now)
    pair.agent.release(now=pair.now)
    pair.settle()
    with pytest.raises(LocalProtocolError, match="not possible in state Unassociated"):
        pair.manager.set_scanner(EPISODIC, enabled=True, now=pair.now)


def bench() -> tuple[Bench, bytes]:
    """A manager that operates with one scanner, and its request to switch it on."""
    remembered = scanning(episodic())
    told = ManagerPolicy(timeouts=ManagerTimeouts(set=2.0))
    found = Bench(policy=told, configurations=lambda _id, _config: remembered)
    written = found.receive(aarq(config_id=0x4000))
    get_id = int.from_bytes(written[-12:-10], "big")
    return found, found.receive(mds_answer(get_id))


def test_the_request_has_the_octets_other_managers_send() -> None:
    manager, request = bench()
    assert request == bytes.fromhex("e700001600140001 0105000e 0037 0001 0008 0000 0953 0002 0001")
    assert manager.receive(prst(1, 0x0205, bytes.fromhex("0037 0001 0006 0953 0002 0001"))) == b""
    assert manager.take_events()[-1] == ScannerSwitched(EPISODIC, enabled=True)


def test_a_scanner_that_refuses_is_gone_on_without() -> None:
    manager, _ = bench()
    assert manager.receive(prst(1, 0x0300, bytes.fromhex("0018 0000"))) == b""
    assert "scanner 55 cannot be switched" in manager.take_warnings()
    assert manager.is_in(State.OPERATING)


def test_no_answer_to_a_set_aborts_after_its_timeout() -> None:
    manager, _ = bench()
    assert manager.wait(1.9) == b""
    assert manager.wait(0.1) == abrt(2)


def test_an_oximeter_without_scanners_is_asked_for_nothing() -> None:
    pair = associated(STANDARD_CONFIGURATIONS[0x0190])
    assert switches([*pair.manager_events]) == []
    assert not [told for told in pair.manager_events if isinstance(told, ProtocolWarning)]
