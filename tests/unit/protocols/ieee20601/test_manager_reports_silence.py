"""A device with a steady pace that falls silent is told, and its association is kept."""

from __future__ import annotations

from protocols.ieee20601.events import DeviceHeardAgain, DeviceSilent, ObservationsReported
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.report_watchdog import SilencePolicy
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.exchange import Bench, spo2


def steady(seconds: float = 1.0, *, policy: ManagerPolicy | None = None) -> Bench:
    """A manager whose device sent ten live reports at this pace."""
    bench = Bench(policy=policy)
    bench.operate()
    for number in range(10):
        bench.wait(seconds)
        bench.report(number, spo2(98, number=number), confirmed=False)
    bench.take_events()
    return bench


def test_the_silence_of_a_steady_device_is_told_once_and_keeps_the_association() -> None:
    bench = steady()
    bench.wait(4.9)
    assert bench.take_events() == []
    bench.wait(600.0)
    assert bench.take_events() == [DeviceSilent(5.0)]
    assert bench.is_in(State.OPERATING)


def test_its_next_report_ends_the_silence() -> None:
    bench = steady()
    bench.wait(60.0)
    bench.take_events()
    bench.report(10, spo2(98, number=10), confirmed=False)
    again, reported = bench.take_events()
    assert again == DeviceHeardAgain(60.0)
    assert isinstance(reported, ObservationsReported)
    bench.wait(60.0)
    assert bench.take_events() == [DeviceSilent(5.0)]


def test_a_device_that_waits_for_our_confirm_is_not_silent() -> None:
    bench = steady()
    bench.wait(1.0)
    bench.report(10, spo2(98, number=10))
    bench.take_events()
    bench.wait(60.0)
    assert bench.take_events() == []
    bench.confirm(10)
    bench.wait(60.0)
    assert [type(event) for event in bench.take_events()] == [DeviceSilent]


def test_a_device_that_sends_its_last_report_again_is_not_silent() -> None:
    bench = steady()
    bench.report(10, spo2(98, number=10))
    bench.confirm(10)
    bench.take_events()
    for _ in range(9):
        bench.wait(1.0)
        assert bench.report(10, spo2(98, number=10)) != b""
    assert bench.take_events() == []


def test_a_device_that_reports_when_something_happens_is_never_silent() -> None:
    bench = steady()
    bench.wait(3.0)
    bench.report(10, spo2(98, number=10), confirmed=False)
    assert bench.manager.next_deadline() is None


def test_nobody_is_watched_where_the_policy_says_so() -> None:
    bench = steady(policy=ManagerPolicy(silence=SilencePolicy(factor=0)))
    assert bench.manager.next_deadline() is None


def test_the_watch_ends_with_the_association() -> None:
    bench = steady()
    bench.manager.transport_closed(now=bench.now)
    assert bench.manager.next_deadline() is None
