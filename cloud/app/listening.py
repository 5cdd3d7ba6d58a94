"""Sockets a program answers HTTP on, and the server behind them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn

from cloud.app.opening import StartError

BACKLOG: Final = 2048
ADVICE: Final = "Stop what uses the port, or give a free --port and a --host of this machine"


@contextmanager
def listening(host: str, port: int, *, advice: str = ADVICE) -> Iterator[socket.socket]:
    """A socket that takes connections; StartError with the advice when there is none to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio would not switch Nagle's algorithm off for what it accepts.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as exc:
        listener.close()
        raise StartError(f"cannot listen on {host}:{port} ({exc.strerror}). {advice}") from exc
    try:
        yield listener
    finally:
        listener.close()


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: one place decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.serving.set()


@asynccontextmanager
async def served(config: uvicorn.Config, listener: socket.socket) -> AsyncIterator[None]:
    """A server between its first and its last answer."""
    server = Server(config)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]), name="http")
        await server.serving.wait()
        yield
        server.should_exit = True


def printable(host: str) -> str:
    """How a client on this machine writes the address we listen on."""
    if host in ("0.0.0.0", ""):  # noqa: S104 - compared with, not bound to
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
