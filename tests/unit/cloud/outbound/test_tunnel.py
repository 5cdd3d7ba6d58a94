"""Calls through an operator's proxy: it is told a checked address, and is trusted no further."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound import (
    AddressRefusedError,
    Call,
    Line,
    LookupFailedError,
    OutboundError,
    OutboundPolicy,
    opened_stream,
    read_proxy,
)
from cloud.core.kernel.outbound.policy import Proxy
from tests.fixtures.receivers import Receiver, answer, keeping, receiving, tls_of

PUBLIC = IPv4Address("203.0.112.7")
LOOPBACK = IPv4Address("127.0.0.1")
URL = "https://hook.example/in"


def names(host: str, _seconds: float) -> list[Address]:
    known: dict[str, list[Address]] = {
        "hook.example": [PUBLIC],
        "hooks.example": [PUBLIC, IPv6Address("2606:4700::1111")],
        "inside.example": [IPv4Address("10.0.0.1")],
        "proxy": [LOOPBACK],
    }
    if host not in known:
        raise LookupFailedError("the name cannot be looked up", "no_such_name")
    return known[host]


def through(port: int, host: str = "127.0.0.1") -> OutboundPolicy:
    return OutboundPolicy(
        resolver=names, timeout_seconds=2, proxy=read_proxy(f"http://{host}:{port}")
    )


def joining(port: int) -> Callable[[Receiver, socket.socket], None]:
    """A proxy that leads every tunnel to one port of this machine."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        # Whoever has what it came for hangs up, at either end.
        with contextlib.suppress(OSError):
            while octets := source.recv(65_536):
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)

    def act(receiver: Receiver, near: socket.socket) -> None:
        receiver.read(near)
        near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port), 10) as far:
            back = threading.Thread(target=copy, args=(far, near))
            back.start()
            copy(near, far)
            back.join(10)

    return act


def saying(octets: bytes) -> Callable[[Receiver, socket.socket], None]:
    def act(receiver: Receiver, near: socket.socket) -> None:
        receiver.read(near)
        near.sendall(octets)
        near.recv(1)

    return act


def test_the_proxy_is_told_the_checked_address_and_tls_goes_through_it(tmp_path: Path) -> None:
    theirs, ours = tls_of(tmp_path / "tls", "hook.example")
    with (
        receiving(keeping(answer(b"taken")), tls=theirs) as receiver,
        receiving(joining(receiver.port)) as proxy,
    ):
        for host in ("127.0.0.1", "proxy"):
            with Line(through(proxy.port, host), trust=ours) as line:
                for _ in range(2):
                    assert line.send(Call("POST", URL, body=b"{}")).body == b"taken"
        assert (proxy.connections, receiver.connections) == (2, 2)
        assert (
            proxy.heard[0] == b"CONNECT 203.0.112.7:443 HTTP/1.1\r\nHost: 203.0.112.7:443\r\n\r\n"
        )
        assert receiver.heard[0].startswith(b"POST /in HTTP/1.1\r\nHost: hook.example\r\n")
        with opened_stream("hook.example", 2575, through(proxy.port), trust=ours) as stream:
            stream.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert stream.recv(4) == b"HTTP"
        assert proxy.heard[2].startswith(b"CONNECT 203.0.112.7:2575 ")


def test_what_may_not_be_called_is_not_asked_of_the_proxy_either() -> None:
    with receiving(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as proxy, Line(through(proxy.port)) as line:
        for url in ("https://inside.example/", "https://127.0.0.1/", "https://proxy:8443/"):
            with pytest.raises(AddressRefusedError):
                line.send(Call("POST", url))
        assert proxy.connections == 0


def test_an_opened_network_is_called_without_the_proxy() -> None:
    with (
        receiving(keeping(answer())) as receiver,
        receiving(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as proxy,
    ):
        opened = replace(through(proxy.port), allowed=("127.0.0.0/8",))
        with Line(opened) as line:
            assert line.send(Call("POST", f"http://127.0.0.1:{receiver.port}/")).status == 200
        assert proxy.connections == 0


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "proxy"),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "proxy"),
        (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "proxy"),
        (b"nonsense\r\n\r\n", "proxy"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000, "proxy"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "tls"),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_no_way(said: bytes, cause: str) -> None:
    with receiving(saying(said)) as proxy:
        policy = replace(through(proxy.port), timeout_seconds=0.5)
        with Line(policy) as line, pytest.raises(OutboundError) as failure:
            line.send(Call("POST", "https://hooks.example/"))
    assert failure.value.cause == cause


def test_a_proxy_that_is_away_or_mute_holds_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        gone = Proxy("127.0.0.1", 1, LOOPBACK)
        unknown = Proxy("nowhere", 3128)
        deaf = Proxy("127.0.0.1", mute.getsockname()[1], LOOPBACK)
        for proxy, seconds, cause in (
            (gone, 2.0, "proxy"),
            (unknown, 2.0, "proxy"),
            (deaf, 0.3, "time_over"),
        ):
            policy = OutboundPolicy(resolver=names, timeout_seconds=seconds, proxy=proxy)
            with Line(policy) as line, pytest.raises(OutboundError) as failure:
                line.send(Call("POST", URL))
            assert failure.value.cause == cause
