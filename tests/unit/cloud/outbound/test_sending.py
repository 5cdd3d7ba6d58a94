"""Calls to addresses of others: real sockets on loopback, which an operator had to open."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from pathlib import Path

import pytest

from cloud.core.kernel.outbound import (
    AddressRefusedError,
    Answer,
    OutboundError,
    OutboundPolicy,
    check_address,
    get_json,
    opened_stream,
)
from tests.fixtures.authority import Authority
from tests.fixtures.receivers import Receiver, answering, receiving, saying, tls_of

PUBLIC_ONLY = OutboundPolicy()
LOOPBACK = OutboundPolicy(allowed=("127.0.0.0/8",), timeout_seconds=5)


def test_an_address_is_judged_by_its_words_before_it_is_ever_called() -> None:
    for url in ("https://a.example/jwks", "https://8.8.8.8/jwks", "https://[2606:4700::1]/"):
        check_address(url, PUBLIC_ONLY)
    check_address("https://127.0.0.1/jwks", LOOPBACK)
    for url in ("http://127.0.0.1/jwks", "http://8.8.8.8/jwks"):
        with pytest.raises(OutboundError, match="https"):
            check_address(url, PUBLIC_ONLY)
    for url in (
        "https://127.0.0.1/jwks",
        "https://10.0.0.1:8443/jwks",
        "https://[::1]/jwks",
        "https://[::ffff:127.0.0.1]/jwks",
        "https://169.254.169.254/latest",
    ):
        with pytest.raises(OutboundError, match="network"):
            check_address(url, PUBLIC_ONLY)


def test_an_object_comes_back_from_an_opened_network() -> None:
    with answering(saying(b'{"keys": []}')) as (port, heard):
        assert get_json(f"http://127.0.0.1:{port}/a?b=1", LOOPBACK) == {"keys": []}
    assert heard[0].startswith(b"GET /a?b=1 HTTP/1.1\r\n")
    assert b"Host: 127.0.0.1:%d\r\n" % port in heard[0]


@pytest.mark.parametrize(
    "act",
    [
        saying(b"[]"),
        saying(b"{"),
        saying(b"[" * 60_000),
        saying(b'"' + b"a" * 70_000 + b'"'),
        saying(b"{}", status="404 Not Found"),
        saying(b"", status="302 Found", more="Location: http://127.0.0.1:9/\r\n"),
        lambda connection: connection.sendall(b"nonsense\r\n\r\n"),
        lambda connection: connection.close(),
    ],
    ids=["list", "no JSON", "deep", "long", "missing", "redirect", "no HTTP", "hung up"],
)
def test_anything_else_is_refused(act: Callable[[socket.socket], None]) -> None:
    with answering(act) as (port, heard):
        with pytest.raises(OutboundError) as refused:
            get_json(f"http://127.0.0.1:{port}/", LOOPBACK)
        assert len(heard) == 1, "a redirect is not followed"
    assert "127.0.0.1" not in str(refused.value)


def test_an_answer_of_no_told_length_leaves_no_connection_open() -> None:
    has_ended = threading.Event()

    def act(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n[]")
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        if not connection.recv(1):
            has_ended.set()

    with answering(act) as (port, _):
        with pytest.raises(OutboundError) as refused:
            get_json(f"http://127.0.0.1:{port}/", LOOPBACK)
        # The traceback still holds the answer: nothing closes by itself.
        assert refused.tb is not None
        assert has_ended.wait(5)


@pytest.mark.parametrize("what", ["head", "body"])
def test_a_slow_answer_ends_with_the_time_for_all_of_it(what: str) -> None:
    between = threading.Event()

    def drip(connection: socket.socket) -> None:
        if what == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(100):
            connection.sendall(b"a")
            between.wait(0.1)

    policy = OutboundPolicy(allowed=("127.0.0.0/8",), timeout_seconds=0.5)
    with answering(drip) as (port, _):
        started = time.monotonic()
        with pytest.raises(OutboundError):
            get_json(f"http://127.0.0.1:{port}/", policy)
        assert time.monotonic() - started < 5


def test_tls_checks_who_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority.make(tmp_path / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_certificate, authority.server_key)

    def serve(listener: socket.socket, times: int) -> None:
        for _ in range(times):
            connection, _ = listener.accept()
            with (
                connection,
                contextlib.suppress(OSError),
                context.wrap_socket(connection, server_side=True) as secured,
            ):
                secured.recv(4096)
                saying(b'{"a": 1}')(secured)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, 2), daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(OutboundError, match="SSLCertVerificationError"):
            get_json(url, LOOPBACK)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        assert get_json(url, LOOPBACK) == {"a": 1}
        thread.join(10)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "https://localhost:{port}/",
        "https://2130706433:{port}/",
        "https://0x7f.1:{port}/",
        "https://[::ffff:127.0.0.1]:{port}/",
    ],
)
def test_our_own_network_is_never_reached_whatever_the_spelling(url: str) -> None:
    with answering(saying(b"{}")) as (port, heard):
        with pytest.raises(OutboundError):
            get_json(url.format(port=port), PUBLIC_ONLY)
        assert heard == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.test/",
        "file:///etc/passwd",
        "gopher://example.test/",
        "https:///path",
        "https://user@example.test/",
        "https://user:word@example.test/",
        "https://example.test:port/",
        "https://[::1/",
        "http://example.test/",
        "/relative",
    ],
)
def test_addresses_of_another_form_are_refused_unseen(url: str) -> None:
    with pytest.raises(OutboundError):
        check_address(url, PUBLIC_ONLY)


def test_plain_http_is_for_opened_networks_alone() -> None:
    policy = OutboundPolicy(allowed=("10.0.0.0/8",))
    with answering(saying(b"{}")) as (port, heard):
        with pytest.raises(OutboundError):
            get_json(f"http://127.0.0.1:{port}/", policy)
        assert heard == []
    with pytest.raises(OutboundError, match="https"):
        get_json("http://8.8.8.8/", policy)


def test_a_name_nobody_has_cannot_be_called() -> None:
    for host in ("nobody.invalid", "a" * 64 + ".test", "."):
        with pytest.raises(OutboundError):
            get_json(f"https://{host}/", PUBLIC_ONLY)


def test_a_stream_is_opened_under_the_same_guard(tmp_path: Path) -> None:
    theirs, ours = tls_of(tmp_path / "tls")

    def echo(_receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(connection.recv(100))

    with receiving(echo) as receiver:
        with opened_stream("127.0.0.1", receiver.port, LOOPBACK, trust=None) as stream:
            stream.sendall(b"a")
            assert stream.recv(1) == b"a"
        with (
            pytest.raises(AddressRefusedError),
            opened_stream("127.0.0.1", receiver.port, PUBLIC_ONLY, trust=ours),
        ):
            raise AssertionError
        assert receiver.connections == 1
    with receiving(echo, tls=theirs) as receiver:
        with opened_stream("127.0.0.1", receiver.port, LOOPBACK, trust=ours) as stream:
            stream.sendall(b"b")
            assert stream.recv(1) == b"b"
        other = ssl.create_default_context()
        with (
            pytest.raises(OutboundError, match="SSLCertVerificationError"),
            opened_stream("127.0.0.1", receiver.port, LOOPBACK, trust=other),
        ):
            raise AssertionError
    told: list[str] = []
    heard = replace(LOOPBACK, ear=lambda _what, outcome: told.append(outcome))
    for host, port in (("127.0.0.1", receiver.port), ("127.1", 2575), ("::1", 0)):
        with pytest.raises(OutboundError), opened_stream(host, port, heard, trust=None):
            raise AssertionError
    assert told == ["no_connection", "number_form", "unreadable_address"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("Wed, 01 Jan 2031 00:01:00 GMT", 60),
        ("Wed, 01 Jan 2031 00:01:00 -0000", None),
        ("Tue, 31 Dec 2030 00:00:00 GMT", 0),
        ("1234567890", None),
        ("-1", None),
        ("\u0663", None),
        ("soon", None),
        ("", None),
    ],
)
def test_how_long_a_receiver_wants_us_to_wait(text: str, seconds: int | None) -> None:
    headers = HTTPMessage()
    headers["Retry-After"] = text
    told = Answer(503, headers, b"").retry_after(datetime(2031, 1, 1, tzinfo=UTC))
    assert told == (None if seconds is None else timedelta(seconds=seconds))
    assert Answer(503, HTTPMessage(), b"").retry_after(datetime(2031, 1, 1, tzinfo=UTC)) is None
