"""Plain 20601 over TCP: we listen for agents, or call one."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.errors import (
    DeviceNotFoundError,
    StartError,
    TransportClosedError,
    TransportTimeoutError,
)
from edge.transports.base import OpenedLine, read_framing
from edge.transports.policy import TransportPolicy
from protocols.ieee20601.line_framings import RAW

# Octets kept for a device that sends faster than we work, and for one that does not read.
_MOST_UNREAD: Final = 1 << 16
_MOST_UNSENT: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """Where to listen or call, and how the agent there frames its APDUs."""

    host: str
    port: int
    framing: str = RAW

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp:{host}:{self.port}"


def parse_address(address: str) -> TcpAddress:
    """Read `HOST:PORT[,framing=hdlc]` (IPv6 in brackets); ValueError for anything else."""
    where, comma, word = address.partition(",")
    framing = read_framing(word) if comma else RAW
    host, colon, port = where.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 0xFFFF:
        raise ValueError(f"{address!r} is not a host and a port")
    return TcpAddress(host.removeprefix("[").removesuffix("]"), int(port), framing)


class TcpTransport:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, policy: TransportPolicy
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._policy = policy
        writer.transport.set_write_buffer_limits(high=_MOST_UNSENT)
        _notice_silent_peers(writer, policy.keepalive_seconds)

    async def read(self) -> bytes:
        """Octets as they come; b"" when the peer closed."""
        try:
            return await self._reader.read(self._policy.read_octets)
        except OSError as exc:
            raise TransportClosedError(f"the connection broke ({_words(exc)})") from exc

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        self._writer.write(data)
        transport = self._writer.transport
        if not transport.get_write_buffer_size() and not transport.is_closing():
            return  # all of it went out at once, as it mostly does
        try:
            async with asyncio.timeout(self._policy.write_timeout_seconds):
                await self._writer.drain()
        except TimeoutError as exc:
            raise TransportTimeoutError("the peer takes no data") from exc
        except OSError as exc:
            raise TransportClosedError(f"the connection broke ({_words(exc)})") from exc

    async def close(self) -> None:
        """End the connection; what the peer does not take in time is dropped."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
                return
        self._writer.transport.abort()


async def open_line(address: str, policy: TransportPolicy) -> OpenedLine:
    """Call the agent at `HOST:PORT`."""
    where = parse_address(address)
    try:
        async with asyncio.timeout(policy.connect_timeout_seconds):
            reader, writer = await asyncio.open_connection(where.host, where.port)
    except TimeoutError as exc:
        raise DeviceNotFoundError(f"{where} does not answer") from exc
    except OSError as exc:
        raise DeviceNotFoundError(f"{where} cannot be reached ({_words(exc)})") from exc
    return OpenedLine(TcpTransport(reader, writer, policy), framing=where.framing)


@dataclass(slots=True)
class AgentListener:
    """A listening port; `address` carries the real port."""

    address: TcpAddress
    _server: asyncio.Server

    async def close(self) -> None:
        """Take no more connections; those accepted belong to their drivers."""
        self._server.close()


async def listen(
    address: TcpAddress,
    policy: TransportPolicy,
    on_connection: Callable[[TcpTransport, str], bool],
) -> AgentListener:
    """Listen for agents. `on_connection` gets each with its peer's address; False turns it away.

    Raises StartError when the port is taken or not ours to use.
    """

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        label = str(TcpAddress(*peer[:2])) if peer else "tcp:?"
        if not on_connection(TcpTransport(reader, writer, policy), label):
            writer.transport.abort()

    try:
        server = await asyncio.start_server(
            accepted, address.host, address.port, backlog=policy.backlog, limit=_MOST_UNREAD
        )
    except OSError as exc:
        raise _refusal(address, exc) from exc
    host, port = server.sockets[0].getsockname()[:2]
    return AgentListener(TcpAddress(host, port), server)


def _refusal(address: TcpAddress, exc: OSError) -> StartError:
    if exc.errno == errno.EADDRINUSE:
        return StartError(
            f"port {address.port} on {address.host} is taken by another program",
            mend="Stop that program, or choose another port in 'listen'",
        )
    if exc.errno == errno.EACCES:
        return StartError(
            f"port {address.port} needs rights the gateway does not have",
            mend="Choose a port above 1023 in 'listen'",
        )
    return StartError(
        f"cannot listen on {address} ({_words(exc)})", mend="Correct the address in 'listen'"
    )


def _notice_silent_peers(writer: asyncio.StreamWriter, seconds: int) -> None:
    """Let the system probe a quiet connection; a vehicle's network drops without a word."""
    connection = writer.get_extra_info("socket")
    if connection is None:
        return
    probe = max(1, seconds // 6)
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option, value in (
            ("TCP_KEEPIDLE", max(1, seconds // 2)),
            ("TCP_KEEPINTVL", probe),
            ("TCP_KEEPCNT", 3),
            ("TCP_USER_TIMEOUT", seconds * 1000),
        ):
            if hasattr(socket, option):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _words(exc: OSError) -> str:
    return (exc.strerror or type(exc).__name__).lower()
