"""What both roles share: octets, events and timers of one transport connection."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601.apdus import Rlrq
from protocols.ieee20601.connection import Connection
from protocols.ieee20601.events import OctetsDiscarded
from protocols.ieee20601.framing import OversizeApdu, StreamLimits, WholeApdu
from protocols.ieee20601.line_framings import Framing, HdlcFraming
from protocols.ieee20601.remote_operations import Rorj
from protocols.ieee20601.states import State
from protocols.ieee20601.timeouts import Timer
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Listening(Connection[str, str, Timer]):
    """A role that notes what reaches it; what it answers is the tests' to say."""

    def __init__(self, framing: Framing | None = None) -> None:
        super().__init__(limits=StreamLimits(), first_invoke_id=5, framing=framing)
        self.is_open = True
        self.apdus: list[WholeApdu | OversizeApdu] = []
        self.expired: list[Timer | str] = []

    def _require_transport(self) -> None:
        if not self.is_open:
            raise LocalProtocolError("octets without a transport")

    def _take_apdu(self, piece: WholeApdu | OversizeApdu, now: float) -> None:
        self.apdus.append(piece)
        self._emit(f"at {self._utc(now):%H:%M:%S}")

    def _timer_expired(self, timer: Timer, now: float) -> None:
        self.expired.append(timer)
        if now < 10:
            self._timers.start(timer, now=now, seconds=1.0)

    def _request_expired(self, request: str, now: float) -> None:
        assert now >= 3.0
        self.expired.append(request)

    def say_goodbye(self) -> None:
        self._send(Rlrq(0))

    def answer(self, invoke_id: int) -> None:
        self._send_message(invoke_id, Rorj(2))

    def wait_for_answer(self, *, seconds: float) -> None:
        self._invocations.open("a request", now=0.0, timeout_seconds=seconds)
        self._timers.start(Timer.RELEASE, now=0.0, seconds=1.0)

    def drop_all(self) -> None:
        self._begin_afresh()

    def drain(self, *, until: float) -> bool:
        self._drain_until = until
        return self._is_draining(until - 1) and not self._is_draining(until)


def test_a_connection_begins_without_a_transport_and_with_nothing_to_do() -> None:
    role = Listening()
    assert role.state is State.DISCONNECTED
    assert role.data_to_send() == []
    assert role.next_event() is None
    assert role.next_deadline() is None
    role.handle_deadline(now=100.0)
    assert role.expired == []


def test_octets_without_a_transport_are_a_fault_of_ours() -> None:
    role = Listening()
    role.is_open = False
    with pytest.raises(LocalProtocolError):
        role.receive_data(RLRQ, now=0.0, utc=NOON)


def test_octets_become_apdus_and_what_belongs_to_none_is_told_first() -> None:
    role = Listening()
    role.receive_data(b"noise" + RLRQ + RLRE[:3], now=1.0, utc=NOON)
    assert role.apdus == [WholeApdu(RLRQ)]
    assert [role.next_event(), role.next_event()] == [OctetsDiscarded(5), "at 12:00:00"]
    assert role.next_event() is None
    assert role.next_deadline() == 3.0


def test_octets_that_wait_for_the_rest_of_their_apdu_are_counted() -> None:
    role = Listening()
    role.receive_data(RLRQ + RLRE[:3], now=1.0, utc=NOON)
    assert role.octets_held == 3
    role.receive_data(RLRE[3:], now=1.0, utc=NOON)
    assert role.octets_held == 0


def test_what_is_unfinished_is_given_up_in_time_and_told() -> None:
    role = Listening()
    role.receive_data(RLRE[:3], now=1.0, utc=NOON)
    role.handle_deadline(now=3.0)
    assert role.next_event() == OctetsDiscarded(3)


def test_the_time_of_a_moment_is_counted_from_the_last_octets() -> None:
    role = Listening()
    role.receive_data(b"\xe7\x00\x01\x00\x00\xfe" + RLRQ, now=1.0, utc=NOON)
    assert role.apdus == []
    role.handle_deadline(now=8.0)
    role.next_event()
    assert role.next_event() == f"at {NOON + timedelta(seconds=7):%H:%M:%S}"


def test_apdus_to_send_are_whole_and_in_order() -> None:
    role = Listening()
    role.say_goodbye()
    role.answer(7)
    goodbye, refusal = role.data_to_send()
    assert goodbye == RLRQ
    assert refusal == bytes.fromhex("E700 000A 0008 0007 0400 0002 0002")
    assert role.data_to_send() == []


def test_a_framing_wraps_what_is_sent_and_unwraps_what_comes() -> None:
    far = HdlcFraming()
    role = Listening(HdlcFraming())
    role.say_goodbye()
    (frame,) = role.data_to_send()
    assert far.receive(frame, now=0.0) == [WholeApdu(RLRQ)]
    role.receive_data(RLRQ + far.frame(RLRE), now=0.0, utc=NOON)
    assert role.apdus == [WholeApdu(RLRE)]


def test_timers_and_requests_expire_in_the_order_of_their_time() -> None:
    role = Listening()
    role.wait_for_answer(seconds=3.0)
    assert role.next_deadline() == 1.0
    role.handle_deadline(now=1.0)
    assert role.expired == [Timer.RELEASE]
    assert role.next_deadline() == 2.0
    role.handle_deadline(now=12.0)
    assert role.expired == [Timer.RELEASE, Timer.RELEASE, "a request"]
    assert role.next_deadline() is None


def test_a_new_transport_connection_begins_without_anything_of_the_old() -> None:
    role = Listening()
    role.receive_data(RLRE[:3], now=1.0, utc=NOON)
    role.say_goodbye()
    role.wait_for_answer(seconds=3.0)
    role.drop_all()
    assert role.data_to_send() == []
    assert role.next_deadline() is None
    assert role.next_event() == OctetsDiscarded(3)


def test_a_connection_drains_until_its_time() -> None:
    assert Listening().drain(until=5.0)
