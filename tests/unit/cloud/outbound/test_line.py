"""A kept connection over real sockets: what it saves, and that it trusts nothing of yesterday."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import chain, repeat
from pathlib import Path

import pytest

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound import (
    EXCERPT_OCTETS,
    AddressRefusedError,
    Call,
    Line,
    OutboundError,
    OutboundPolicy,
    check_endpoint,
)
from tests.fixtures.receivers import Receiver, answer, keeping, receiving, tls_of

LOOPBACK = OutboundPolicy(allowed=("127.0.0.0/8",), timeout_seconds=5)
NOW = datetime(2031, 1, 1, tzinfo=UTC)


def leading(*turns: Sequence[str]) -> Callable[[str, float], list[Address]]:
    """A resolver that says one list after another, the last for ever."""
    said: Iterator[Sequence[str]] = chain(turns, repeat(turns[-1]))
    return lambda _host, _seconds: [ip_address(text) for text in next(said)]


def posting(port: int, *, host: str = "hook.example", scheme: str = "http") -> Call:
    return Call("POST", f"{scheme}://{host}:{port}/in", {"X-Id": "1"}, b"{}", is_excerpt=True)


def test_several_calls_go_over_one_connection() -> None:
    policy = OutboundPolicy(allowed=("127.0.0.0/8",), resolver=leading(["127.0.0.1"]))
    with receiving(keeping(answer(b"taken"))) as receiver, Line(policy) as line:
        answers = [line.send(posting(receiver.port)) for _ in range(3)]
    assert [(one.status, one.body) for one in answers] == [(200, b"taken")] * 3
    assert all(0 < one.seconds < 5 for one in answers)
    assert receiver.connections == 1
    head = receiver.heard[2].decode()
    assert head.startswith("POST /in HTTP/1.1\r\n")
    assert f"Host: hook.example:{receiver.port}\r\n" in head
    assert "Content-Length: 2\r\n" in head
    assert "Accept-Encoding: identity\r\n" in head
    assert head.endswith("\r\n\r\n{}")


def test_a_line_tells_when_to_come_again_and_keeps_no_cookie() -> None:
    said = answer(status="429 Too Many Requests", more="Retry-After: 7\r\nSet-Cookie: a=b\r\n")
    with receiving(keeping(said)) as receiver, Line(LOOPBACK) as line:
        for _ in range(2):
            told = line.send(posting(receiver.port, host="127.0.0.1"))
    assert (told.status, told.retry_after(NOW)) == (429, timedelta(seconds=7))
    assert b"cookie" not in receiver.heard[1].lower()


def test_a_redirect_is_an_answer_and_nothing_more() -> None:
    with receiving(keeping(answer())) as inside:
        where = f"Location: http://127.0.0.1:{inside.port}/\r\n"
        act = keeping(answer(status="307 Temporary Redirect", more=where))
        with receiving(act) as receiver, Line(LOOPBACK) as line:
            assert line.send(posting(receiver.port, host="127.0.0.1")).status == 307
        assert inside.connections == 0


def test_the_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(keeping(answer())) as proxy, receiving(keeping(answer())) as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        with Line(LOOPBACK) as line:
            assert line.send(posting(receiver.port, host="127.0.0.1")).status == 200
        assert proxy.connections == 0


def test_a_name_that_was_public_is_not_called_once_it_leads_inside() -> None:
    told: list[tuple[str, str]] = []
    policy = OutboundPolicy(
        resolver=leading(["8.8.8.8"], ["127.0.0.1"]), ear=lambda *facts: told.append(facts)
    )
    with receiving(keeping(answer())) as receiver, Line(policy) as line:
        assert check_endpoint("https://hook.example:8443/", policy)
        with pytest.raises(AddressRefusedError, match="network"):
            line.send(Call("POST", "https://hook.example:8443/"))
        assert receiver.connections == 0
    assert told == [("check", "done"), ("call", "network")]


def test_an_open_connection_is_left_when_its_name_leads_elsewhere_or_inside() -> None:
    turns = leading(["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2", "10.0.0.1"], ["127.0.0.2"])
    policy = OutboundPolicy(allowed=("127.0.0.0/8",), resolver=turns)
    with receiving(keeping(answer()), host="0.0.0.0") as receiver, Line(policy) as line:  # noqa: S104 - both loopback addresses
        line.send(posting(receiver.port))
        line.send(posting(receiver.port))
        assert receiver.connections == 2, "it went to the new address"
        with pytest.raises(AddressRefusedError):
            line.send(posting(receiver.port))
        line.send(posting(receiver.port))
        assert receiver.connections == 3, "it was closed when the name was refused"
        assert len(receiver.heard) == 3


@pytest.mark.parametrize("first", ["8.8.8.8", "127.0.0.1"])
def test_a_name_with_one_address_inside_is_refused_whole(first: str) -> None:
    policy = OutboundPolicy(resolver=leading([first, "8.8.4.4", "10.0.0.1"]))
    with pytest.raises(AddressRefusedError):
        check_endpoint("https://hook.example/", policy)
    with Line(policy) as line, pytest.raises(AddressRefusedError):
        line.send(Call("POST", "https://hook.example/"))


def test_an_address_that_takes_no_connection_leaves_the_others_their_turn() -> None:
    policy = OutboundPolicy(allowed=("127.0.0.0/8",), resolver=leading(["127.0.0.9", "127.0.0.1"]))
    with receiving(keeping(answer())) as receiver, Line(policy) as line:
        assert line.send(posting(receiver.port)).status == 200


def test_no_more_than_four_addresses_of_a_name_are_knocked_at() -> None:
    nobody = [f"127.0.0.{number}" for number in range(9, 13)]
    policy = OutboundPolicy(allowed=("127.0.0.0/8",), resolver=leading([*nobody, "127.0.0.1"]))
    with receiving(keeping(answer())) as receiver, Line(policy) as line:
        with pytest.raises(OutboundError) as failure:
            line.send(posting(receiver.port))
        assert failure.value.cause == "no_connection"
        assert receiver.connections == 0


def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    has_closed = threading.Event()

    def once(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(answer())
        connection.close()
        has_closed.set()

    with receiving(once) as receiver, Line(LOOPBACK) as line:
        for _ in range(2):
            assert line.send(posting(receiver.port, host="127.0.0.1")).status == 200
            assert has_closed.wait(5)
    assert receiver.connections == 2


@pytest.mark.parametrize("may_repeat", [True, False])
def test_a_call_that_a_dying_connection_took_is_repeated_only_if_it_may(
    *, may_repeat: bool
) -> None:
    def twice(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(answer())
        if receiver.connections == 1:
            receiver.read(connection)
            return
        receiver.read(connection)
        connection.sendall(answer())

    with receiving(twice) as receiver, Line(LOOPBACK) as line:
        url = f"http://127.0.0.1:{receiver.port}/"
        line.send(Call("POST", url))
        again = Call("POST", url, may_repeat=may_repeat)
        if may_repeat:
            assert line.send(again).status == 200
        else:
            with pytest.raises(OutboundError) as refused:
                line.send(again)
            assert refused.value.cause == "cut_off"
    assert receiver.connections == 1 + may_repeat


def test_another_origin_takes_a_connection_of_its_own() -> None:
    with (
        receiving(keeping(answer(b"1"))) as first,
        receiving(keeping(answer(b"2"))) as second,
        Line(LOOPBACK) as line,
    ):
        ports = (first.port, second.port, second.port, first.port)
        bodies = [line.send(posting(port, host="127.0.0.1")).body for port in ports]
    assert bodies == [b"1", b"2", b"2", b"1"]
    assert (first.connections, second.connections) == (2, 1)


def test_the_first_of_a_long_answer_is_kept_and_the_line_goes_on() -> None:
    with receiving(keeping(answer(b"a" * 50_000))) as receiver, Line(LOOPBACK) as line:
        call = Call(
            "POST",
            f"http://127.0.0.1:{receiver.port}/",
            is_excerpt=True,
            most_octets=EXCERPT_OCTETS,
        )
        assert [len(line.send(call).body) for _ in range(2)] == [EXCERPT_OCTETS] * 2
    assert receiver.connections == 1


def test_under_tls_the_certificate_bears_the_name_and_not_the_address(tmp_path: Path) -> None:
    theirs, ours = tls_of(tmp_path / "tls", "hook.example")
    asked: list[str | None] = []
    theirs.sni_callback = lambda _socket, name, _context: asked.append(name)
    policy = OutboundPolicy(allowed=("127.0.0.0/8",), resolver=leading(["127.0.0.1"]))
    with receiving(keeping(answer()), tls=theirs) as receiver:
        with Line(policy, trust=ours) as line:
            for _ in range(3):
                assert line.send(posting(receiver.port, scheme="https")).status == 200
        assert receiver.connections == 1
        with Line(policy, trust=ours) as line, pytest.raises(OutboundError) as refused:
            line.send(posting(receiver.port, scheme="https", host="other.example"))
        with Line(policy) as line, pytest.raises(OutboundError):
            line.send(posting(receiver.port, scheme="https"))
    assert refused.value.cause == "tls"
    assert asked == ["hook.example", "other.example", "hook.example"]
    assert len(receiver.heard) == 3


def test_tls_below_1_2_and_trust_that_checks_nobody_are_refused(tmp_path: Path) -> None:
    theirs, ours = tls_of(tmp_path / "tls")
    lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lax.check_hostname = False
    lax.verify_mode = ssl.CERT_NONE
    with receiving(keeping(answer()), tls=theirs) as receiver:
        call = posting(receiver.port, scheme="https", host="127.0.0.1")
        with Line(LOOPBACK, trust=lax) as line, pytest.raises(OutboundError, match="ValueError"):
            line.send(call)
        ours.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with Line(LOOPBACK, trust=ours) as line:
            assert line.send(call).status == 200
        assert ours.minimum_version is ssl.TLSVersion.TLSv1_2
