"""The page's own server, inside the gateway's task group and yet apart from devices and buffer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from edge.errors import StartError
from edge.transports.tcp import parse_address

log = logging.getLogger(__name__)

_MOST_CONNECTIONS: Final = 64
_BACKLOG: Final = 64
_PATIENCE_SECONDS: Final = 1


class _Server(uvicorn.Server):
    """uvicorn without its own ideas about signals and time: the gateway ends it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to the program."""
        yield

    async def main_loop(self) -> None:
        """Wait to be cancelled. The original looks ten times a second whether it should end."""
        await self.on_tick(0)  # the headers of every answer
        await asyncio.Event().wait()


def open_socket(listen: str) -> socket.socket:
    """The listening socket of `tcp:HOST:PORT`; StartError when the port is taken."""
    where = parse_address(listen.removeprefix("tcp:"))
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((where.host, where.port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as exc:
        listener.close()
        raise StartError(
            f"port {where.port} on {where.host} cannot serve the crew page"
            f" ({(exc.strerror or '').lower()})",
            mend="Choose another address in 'crew.listen'",
        ) from exc
    return listener


async def serve(application: ASGIApp, listener: socket.socket) -> None:
    """Serve on a copy of `listener` until cancelled: the port stays ours over a fault."""
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_PATIENCE_SECONDS,
    )
    server = _Server(config)
    own = listener.dup()
    try:
        await server.serve(sockets=[own])
    finally:
        # Cut off, it would leave its connections open behind it.
        if server.started:
            server.force_exit = True
            await server.shutdown(sockets=[own])
