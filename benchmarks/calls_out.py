"""Calls out a second under the guard: over one kept line, and over a connection each.

Each call posts 500 octets to a receiver in another process on this machine, its name looked up by
the system, and reads the answer. `a second` is what one core of the caller's could do, by the
processor's own time; the median and p99 are by the clock. `refused` is what a call costs that may
not be made. Run by `make bench`.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from cloud.core.kernel.outbound import (
    AddressRefusedError,
    Call,
    Line,
    OutboundPolicy,
    check_endpoint,
    send,
)
from tests.fixtures.authority import Authority
from tests.fixtures.receivers import answer, keeping, receiving

KEPT: Final = 2_000
EACH: Final = 300
LOOPBACK: Final = OutboundPolicy(allowed=("127.0.0.0/8", "::1/128"))
NOTHING_OPENED: Final = OutboundPolicy(resolver=lambda _host, _seconds: [IPv4Address("10.0.0.1")])
BODY: Final = b"a" * 500


def main() -> None:
    """Every row of the table."""
    print(f"{'':34}{'a second':>10}{'core us':>9}{'median us':>11}{'p99 us':>9}")
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority.make(Path(folder) / "tls")
        trust = ssl.create_default_context(cafile=str(authority.certificate))
        for scheme, served in (("http", None), ("https", authority)):
            with receiver(served) as port:
                for host in ("127.0.0.1", "localhost"):
                    call = Call("POST", f"{scheme}://{host}:{port}/", body=BODY, is_excerpt=True)
                    measure(scheme, host, call, trust)
    logging.disable()
    show("an address checked", KEPT, lambda: check_endpoint("https://8.8.8.8/a", NOTHING_OPENED))
    show("refused by its words", KEPT, lambda: refuse("https://127.1/"))
    show("refused by where it leads", KEPT, lambda: refuse("https://hook.example/"))


def measure(scheme: str, host: str, call: Call, trust: ssl.SSLContext) -> None:
    """The same call both ways."""
    kind = "an address" if host[0].isdigit() else "a name"
    with Line(LOOPBACK, trust=trust) as line:
        show(f"{scheme}, {kind}, one line", KEPT, lambda: line.send(call))
    show(f"{scheme}, {kind}, connection each", EACH, lambda: send(call, LOOPBACK, trust=trust))


def refuse(url: str) -> None:
    """One call that is not made."""
    with contextlib.suppress(AddressRefusedError):
        send(Call("POST", url), NOTHING_OPENED)


def show(name: str, times: int, act: Callable[[], object]) -> None:
    """One row."""
    act()
    seconds = []
    worked = time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    worked = (time.process_time() - worked) / times
    seconds.sort()
    median, worst = seconds[times // 2], seconds[int(times * 0.99)]
    each = f"{worked * 1e6:>9,.0f}{median * 1e6:>11,.0f}{worst * 1e6:>9,.0f}"
    print(f"{name:34}{1 / worked:>10,.0f}{each}")


@contextlib.contextmanager
def receiver(authority: Authority | None) -> Iterator[int]:
    """The port of a receiver in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs, authority), daemon=True
    )
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(10)


def serve(pipe: Connection, authority: Authority | None) -> None:
    """Answer until told otherwise."""
    tls = None
    if authority is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(authority.server_certificate, authority.server_key)
    with receiving(keeping(answer(b"taken")), tls=tls) as told:
        pipe.send(told.port)
        pipe.recv()


if __name__ == "__main__":
    main()
