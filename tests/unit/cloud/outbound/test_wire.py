"""Receivers that mean us ill: slow, endless, early, mute. Each ends within the call's time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from cloud.core.kernel.outbound import Answer, Call, Line, OutboundError, OutboundPolicy, send
from cloud.core.kernel.outbound.sockets import Deadline
from cloud.core.kernel.outbound.wire import Wire
from tests.fixtures.receivers import Receiver, answer, receiving, tls_of

BRIEF = OutboundPolicy(allowed=("127.0.0.0/8",), timeout_seconds=0.4)
LOOPBACK = OutboundPolicy(allowed=("127.0.0.0/8",), timeout_seconds=5)
HEAD = b"HTTP/1.1 200 OK\r\n"
Act = Callable[[Receiver, socket.socket], None]


def after_reading(*portions: bytes, times: int = 1) -> Act:
    """Reads the request, says all that, over and over, and waits to be left."""

    def act(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        for _ in range(times):
            connection.sendall(b"".join(portions))
        connection.recv(1)

    return act


def dripping(head: bytes) -> Act:
    """Says the head at once, then one octet each moment, until it is left."""
    between = threading.Event()

    def act(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(head)
        while True:
            connection.sendall(b"a")
            between.wait(0.02)

    return act


def refused(act: Act, policy: OutboundPolicy = LOOPBACK) -> str:
    """The cause for which a call to such a receiver comes to nothing, in good time."""
    with receiving(act) as receiver:
        started = time.monotonic()
        with pytest.raises(OutboundError) as failure:
            send(Call("POST", f"http://127.0.0.1:{receiver.port}/", {}, b"{}"), policy)
        assert time.monotonic() - started < policy.timeout_seconds + 1
        assert "127.0.0.1" not in str(failure.value)
    return failure.value.cause


def excerpt(act: Act, policy: OutboundPolicy = LOOPBACK) -> Answer:
    with receiving(act) as receiver, Line(policy) as line:
        call = Call("POST", f"http://127.0.0.1:{receiver.port}/", most_octets=1024, is_excerpt=True)
        return line.send(call)


def test_whoever_says_nothing_or_little_at_a_time_is_left_when_the_time_is_over() -> None:
    assert refused(after_reading(), BRIEF) == "time_over"
    assert refused(dripping(HEAD[:8]), BRIEF) == "time_over"
    assert refused(dripping(HEAD + b"X-Slow: "), BRIEF) == "time_over"
    assert refused(dripping(HEAD + b"Content-Length: 5000\r\n\r\n"), BRIEF) == "time_over"
    assert (
        refused(dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1388;"), BRIEF) == "time_over"
    )
    assert refused(dripping(HEAD + b"\r\n"), BRIEF) == "time_over"


def test_an_endless_head_is_left_before_it_fills_us() -> None:
    assert refused(after_reading(HEAD, b"X: " + b"a" * 20_000)) == "long_head"
    assert refused(after_reading(HEAD, b"X: 1\r\n" * 5000)) == "long_head"
    assert refused(after_reading(HEAD, b"X: 1\r\n" * 101, b"\r\n")) == "long_head"
    assert refused(after_reading(HEAD, b"X: " + b"a" * 16_400, b"\r\n\r\n")) == "long_head"
    assert refused(after_reading(b"a" * 40_000)) == "long_head"
    assert refused(after_reading(b"HTTP/1.1 100 Continue\r\n\r\n" * 9)) == "long_head"
    assert refused(after_reading(b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", times=50)) == (
        "long_head"
    )


def test_an_endless_body_is_left_and_its_status_counts_where_only_that_was_wanted() -> None:
    plain = after_reading(HEAD, b"\r\n", b"a" * 4_000_000)
    chunked = after_reading(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"fff\r\n", b"a" * 4095)
    told = after_reading(HEAD, b"Content-Length: 999999999999\r\n\r\n", b"a" * 70_000)
    endless_chunks = after_reading(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"fff\r\n" + b"a" * 4095 + b"\r\n") * 40
    )
    assert refused(plain) == "long_body"
    assert refused(chunked, BRIEF) == "time_over"
    assert refused(told) == "long_body"
    assert refused(endless_chunks) == "long_body"
    for act in (plain, told, endless_chunks):
        taken = excerpt(act)
        assert (taken.status, len(taken.body)) == (200, 1024)


def test_a_body_that_drips_costs_an_excerpt_two_seconds_and_no_more() -> None:
    taken = excerpt(dripping(HEAD + b"Content-Length: 5000\r\n\r\n"))
    assert taken.status == 200
    assert set(taken.body) == set(b"a")
    assert taken.seconds < 4


def test_what_is_no_answer_is_none() -> None:
    assert refused(after_reading(b"nonsense\r\n\r\n")) == "unreadable_answer"
    assert refused(after_reading(HEAD, b"No colon\r\n\r\n")) == "unreadable_answer"
    assert refused(after_reading(HEAD, b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n")) == (
        "unreadable_answer"
    )
    assert refused(after_reading(HEAD, b"Transfer-Encoding: gzip\r\n\r\n")) == "unreadable_answer"
    assert refused(after_reading(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")) == (
        "unreadable_answer"
    )

    def hang_up(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)

    def cut_off(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(HEAD + b"Content-Length: 5\r\n\r\nabc")

    assert refused(hang_up) == "cut_off"
    assert refused(cut_off) == "cut_off"
    assert excerpt(cut_off).body == b"abc"


def test_a_packed_answer_is_left_packed() -> None:
    bomb = b"\x1f\x8b\x08" + b"\x00" * 500
    taken = excerpt(after_reading(answer(bomb, more="Content-Encoding: gzip\r\n")))
    assert taken.body == bomb


@pytest.mark.parametrize("hangs_up", [True, False])
def test_an_answer_that_comes_before_the_request_has_left_is_heard(*, hangs_up: bool) -> None:
    has_left = threading.Event()

    def early(_receiver: Receiver, connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(answer(b"too long", status="413 Content Too Large"))
        if hangs_up:
            connection.shutdown(socket.SHUT_WR)
        has_left.wait(5)

    with receiving(early) as receiver:
        call = Call("POST", f"http://127.0.0.1:{receiver.port}/", {}, b"a" * 30_000_000)
        with Line(LOOPBACK) as line:
            taken = line.send(call)
        has_left.set()
    assert (taken.status, taken.body) == (413, b"too long")
    assert taken.seconds < 4


def test_a_receiver_that_reads_nothing_is_left() -> None:
    has_left = threading.Event()

    def deaf(_receiver: Receiver, _connection: socket.socket) -> None:
        has_left.wait(5)

    with receiving(deaf) as receiver:
        call = Call("POST", f"http://127.0.0.1:{receiver.port}/", {}, b"a" * 30_000_000)
        with pytest.raises(OutboundError) as failure:
            send(call, BRIEF)
        has_left.set()
    assert failure.value.cause == "time_over"


def test_a_slow_handshake_ends_with_the_time(tmp_path: Path) -> None:
    _, ours = tls_of(tmp_path / "tls")
    between = threading.Event()

    def slow(_receiver: Receiver, connection: socket.socket) -> None:
        connection.recv(65_536)
        # A handshake record of 16 KiB, an octet at a time.
        connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
        while True:
            connection.sendall(b"\x00")
            between.wait(0.02)

    def mute(_receiver: Receiver, connection: socket.socket) -> None:
        while connection.recv(65_536):
            pass

    for act in (slow, mute):
        with receiving(act) as receiver:
            started = time.monotonic()
            with pytest.raises(OutboundError) as failure:
                send(Call("GET", f"https://127.0.0.1:{receiver.port}/"), BRIEF, trust=ours)
            assert time.monotonic() - started < 2
        assert failure.value.cause == "time_over"


def test_a_large_call_and_a_large_answer_pass_each_other_under_tls(tmp_path: Path) -> None:
    theirs, ours = tls_of(tmp_path / "tls")
    large = b"b" * 3_000_000

    def echoing(_receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(answer(large))
        with contextlib.suppress(OSError):
            while connection.recv(65_536):
                pass

    with receiving(echoing, tls=theirs) as receiver, Line(LOOPBACK, trust=ours) as line:
        call = Call(
            "POST",
            f"https://127.0.0.1:{receiver.port}/",
            body=b"a" * 3_000_000,
            most_octets=4_000_000,
        )
        assert line.send(call).body == large


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "inside"},
        {"content-LENGTH": "0"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "upgrade"},
        {"X-A": "b\r\nX-C: d"},
        {"X-A": "\u00e4"},
        {"X A": "b"},
        {"": "b"},
    ],
)
def test_no_header_of_a_caller_changes_who_hears_it_or_where_it_ends(
    headers: dict[str, str],
) -> None:
    with receiving(after_reading(answer())) as receiver:
        with pytest.raises(OutboundError) as failure:
            send(Call("POST", f"http://127.0.0.1:{receiver.port}/", headers, b"{}"), LOOPBACK)
        assert receiver.heard == []
    assert failure.value.cause == "unsendable"


def test_what_is_said_unasked_ends_the_line() -> None:
    def chatty(receiver: Receiver, connection: socket.socket) -> None:
        while receiver.read(connection):
            connection.sendall(answer(b"mine") + answer(b"another's"))

    with receiving(chatty) as receiver, Line(LOOPBACK) as line:
        call = Call("POST", f"http://127.0.0.1:{receiver.port}/")
        assert [line.send(call).body for _ in range(3)] == [b"mine"] * 3
        assert receiver.connections == 3


class Balking(socket.socket):
    """A socket that will not at first, as TLS will not while it waits for something else."""

    def __init__(self, near: socket.socket, act: str, trouble: Exception) -> None:
        super().__init__(fileno=near.detach())
        self.act = act
        self.trouble: Exception | None = trouble

    def send(self, *given: Any) -> int:  # noqa: ANN401 - as the socket's own
        self.balk("send")
        return super().send(*given)

    def recv(self, *given: Any) -> bytes:  # noqa: ANN401 - as the socket's own
        self.balk("recv")
        return super().recv(*given)

    def balk(self, act: str) -> None:
        trouble, is_first = self.trouble, act == self.act
        if trouble is not None and is_first:
            self.trouble = None
            raise trouble


@pytest.mark.parametrize(
    ("act", "trouble", "cause"),
    [
        ("send", BlockingIOError(), ""),
        ("send", ssl.SSLWantWriteError(), ""),
        ("send", ssl.SSLWantReadError(), ""),
        ("send", BrokenPipeError(), ""),
        ("send", ssl.SSLError(), ""),
        ("recv", BlockingIOError(), ""),
        ("recv", ssl.SSLWantReadError(), ""),
        ("recv", ssl.SSLWantWriteError(), ""),
        ("recv", ConnectionResetError(), "cut_off"),
        ("recv", ssl.SSLError(), "cut_off"),
    ],
)
def test_a_connection_that_will_not_at_first_is_waited_for(
    act: str, trouble: Exception, cause: str
) -> None:
    near, far = socket.socketpair()
    with far:
        far.sendall(answer(b"early"))
        stream = Balking(near, act, trouble)
        wire = Wire(stream, IPv4Address("127.0.0.1"))
        call = Call("POST", "http://a/", {"User-Agent": "other"}, b"{}")
        if cause:
            with pytest.raises(OutboundError) as failure:
                wire.exchange(call, "a", "/", Deadline(5))
            assert failure.value.cause == cause
            assert not wire.is_open
        else:
            assert wire.exchange(call, "a", "/", Deadline(5)).body == b"early"
        assert stream.trouble is None
        wire.close()


def test_a_call_without_any_time_is_not_made() -> None:
    with receiving(after_reading(answer())) as receiver, Line(LOOPBACK) as line:
        with pytest.raises(OutboundError) as failure:
            line.send(Call("GET", f"http://127.0.0.1:{receiver.port}/"), seconds=0)
        assert failure.value.cause == "time_over"
        assert receiver.connections == 0
