"""Invoke ids: ours are unique while they wait; the agent's reports are told apart from repeats."""

from __future__ import annotations

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601.invocations import Invocations, ReceivedReports, Repeat


def test_ids_count_from_the_first_and_wrap() -> None:
    requests: Invocations[str] = Invocations(0xFFFF)
    assert requests.open("get", now=0.0, timeout_seconds=3.0) == 0xFFFF
    assert requests.open("action", now=0.0, timeout_seconds=3.0) == 0
    assert requests.take_unanswered_id() == 1
    assert 1 not in requests
    assert sorted(requests.requests()) == ["action", "get"]


def test_an_id_nobody_answers_is_none_that_waits() -> None:
    requests: Invocations[str] = Invocations(0xFFFF)
    requests.open("get", now=0.0, timeout_seconds=3.0)
    for _ in range(0xFFFF):
        requests.take_unanswered_id()
    assert requests.take_unanswered_id() == 0


def test_what_is_sent_again_waits_again_under_its_id() -> None:
    requests: Invocations[str] = Invocations()
    invoke_id = requests.open("report", now=0.0, timeout_seconds=3.0)
    requests.close(invoke_id)
    requests.reopen(invoke_id, "report", now=5.0, timeout_seconds=3.0)
    assert requests.next_deadline() == 8.0
    assert requests.peek(invoke_id) == "report"


def test_an_id_that_still_waits_is_not_given_again() -> None:
    requests: Invocations[int] = Invocations()
    ids = [requests.open(n, now=0.0, timeout_seconds=1e9) for n in range(0xFFFF)]
    assert ids == list(range(0xFFFF))
    requests.close(5)
    assert requests.open(-1, now=0.0, timeout_seconds=1.0) == 0xFFFF
    assert requests.open(-2, now=0.0, timeout_seconds=1.0) == 5
    with pytest.raises(LocalProtocolError):
        requests.open(-3, now=0.0, timeout_seconds=1.0)
    assert len(requests) == 0x10000


def test_an_unanswered_id_skips_those_that_wait() -> None:
    requests: Invocations[int] = Invocations(7)
    requests.open(1, now=0.0, timeout_seconds=3.0)
    for _ in range(0xFFFF):
        requests.take_unanswered_id()
    assert requests.take_unanswered_id() == 8


def test_every_request_has_its_own_timer() -> None:
    requests: Invocations[str] = Invocations()
    first = requests.open("slow", now=0.0, timeout_seconds=20.0)
    second = requests.open("fast", now=1.0, timeout_seconds=3.0)
    assert requests.next_deadline() == 4.0
    assert requests.close(second) == "fast"
    assert requests.next_deadline() == 20.0
    assert requests.take_expired(19.9) is None
    assert requests.take_expired(20.0) == "slow"
    assert first not in requests
    assert requests.close(first) is None


def test_when_the_association_ends_all_ids_are_void_and_none_is_reused_at_once() -> None:
    requests: Invocations[str] = Invocations()
    old = requests.open("get", now=0.0, timeout_seconds=3.0)
    requests.void_all()
    assert requests.peek(old) is None
    assert requests.next_deadline() is None
    assert requests.open("get", now=0.0, timeout_seconds=3.0) == old + 1


def test_stopped_timers_leave_the_ids_known() -> None:
    requests: Invocations[str] = Invocations()
    waiting = requests.open("get", now=0.0, timeout_seconds=3.0)
    requests.stop_timers()
    assert requests.next_deadline() is None
    assert requests.peek(waiting) == "get"


def test_a_report_is_a_repeat_only_with_the_same_id_and_octets() -> None:
    reports = ReceivedReports()
    assert reports.judge(1, b"a") is Repeat.NEW
    reports.wait(1, b"a", b"answer")
    assert reports.judge(1, b"a") is Repeat.WAITING
    assert reports.judge(1, b"b") is Repeat.NEW
    assert reports.judge(2, b"a") is Repeat.NEW
    assert reports.confirm(1) == b"answer"
    assert reports.confirm(1) is None
    assert reports.judge(1, b"a") is Repeat.ANSWERED
    assert reports.answer_again(1) == b"answer"
    assert reports.is_answered(1)
    assert not reports.is_waiting(1)


def test_a_request_sent_again_waits_under_the_id_it_had() -> None:
    invocations: Invocations[str] = Invocations(5)
    assert invocations.open("get", now=0.0, timeout_seconds=3.0) == 5
    assert invocations.close(5) == "get"
    invocations.reopen(5, "get", now=1.0, timeout_seconds=3.0)
    assert invocations.next_deadline() == 4.0
    assert invocations.take_expired(4.0) == "get"


def test_whether_any_report_waits_is_known() -> None:
    reports = ReceivedReports()
    assert not reports.is_any_waiting
    reports.wait(1, b"a", b"1")
    assert reports.is_any_waiting


def test_only_so_many_reports_wait_and_are_remembered() -> None:
    reports = ReceivedReports(room=2, remembered=1)
    reports.wait(1, b"a", b"1")
    assert reports.has_room_for(2)
    assert not reports.has_room_for(1)
    reports.wait(2, b"b", b"2")
    assert not reports.has_room_for(3)
    reports.confirm(1)
    reports.confirm(2)
    assert reports.judge(1, b"a") is Repeat.NEW
    assert reports.judge(2, b"b") is Repeat.ANSWERED
    reports.clear()
    assert reports.judge(2, b"b") is Repeat.NEW


def test_a_request_that_is_sent_again_waits_under_its_old_id() -> None:
    requests: Invocations[str] = Invocations()
    invoke_id = requests.open("page", now=0.0, timeout_seconds=3.0)
    assert requests.take_expired(3.0) == "page"
    requests.reopen(invoke_id, "page again", now=3.0, timeout_seconds=3.0)
    assert requests.peek(invoke_id) == "page again"
    assert requests.next_deadline() == 6.0
