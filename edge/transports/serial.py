"""Serial ports: pyserial and its asyncio transport, here and nowhere else.

A port of this machine, or a socket, is read by the event loop itself. A port behind RFC 2217 has
no descriptor to wait for: it is read by a thread (decision 35).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import termios
from typing import Final

import serial
import serial_asyncio_fast

from edge.errors import DeviceNotFoundError, TransportClosedError, TransportTimeoutError
from edge.transports.base import ByteTransport, OpenedLine
from edge.transports.policy import TransportPolicy
from edge.transports.serial_address import SerialAddress, find_port, parse_address
from edge.transports.threaded_port import ThreadedTransport

__all__ = ["SerialTransport", "open_line", "parse_address"]

# termios.error is no OSError: pyserial lets it through when a port refuses its settings. The
# others come from a port that vanishes between two of its calls.
FAULTS: Final = (
    OSError,
    termios.error,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
)
_MOST_UNREAD: Final = 1 << 16
_CLOSE_SECONDS: Final = 1.0
_LOOK_EVERY_SECONDS: Final = 0.5


async def open_line(address: str, policy: TransportPolicy) -> OpenedLine:
    """Open the port for us alone; what was waiting on it from before is dropped."""
    where = parse_address(address)
    name = await asyncio.to_thread(find_port, where)
    port = await asyncio.to_thread(_open_port, where, name, policy)
    return OpenedLine(await _carry(port, where, name, policy), framing=where.framing)


async def _carry(
    port: serial.Serial, where: SerialAddress, name: str, policy: TransportPolicy
) -> ByteTransport:
    if where.is_remote_port:
        return ThreadedTransport(port, name, policy, FAULTS, words)
    try:
        return SerialTransport(port, name, policy)
    except FAULTS as exc:  # a port that only now looks at its settings
        with contextlib.suppress(*FAULTS):
            await asyncio.to_thread(port.close)
        raise _not_found(name, exc) from exc


def _open_port(where: SerialAddress, name: str, policy: TransportPolicy) -> serial.Serial:
    try:
        port = serial.serial_for_url(
            name,
            do_not_open=True,
            baudrate=where.baud,
            bytesize=where.data_bits,
            parity=where.parity,
            stopbits=where.stop_bits,
            rtscts=where.rtscts,
            dsrdtr=where.dsrdtr,
            xonxoff=where.xonxoff,
            timeout=_LOOK_EVERY_SECONDS,
            # Ports elsewhere know none: there the writer gives up by itself.
            write_timeout=None if where.is_remote_port else policy.write_timeout_seconds,
        )
        if not where.is_url:
            port.exclusive = True
        if not where.dtr:
            port.dtr = False
        if not where.rts:
            port.rts = False
        port.open()
    except FAULTS as exc:
        raise _not_found(name, exc) from exc
    return port


def _not_found(name: str, exc: BaseException) -> DeviceNotFoundError:
    number = exc.errno if isinstance(exc, OSError) else None
    if isinstance(exc, termios.error) or number == errno.EINVAL:
        return DeviceNotFoundError(
            f"{name} does not take these line settings",
            mend="Correct them in the device's transport",
        )
    if number == errno.EACCES:
        return DeviceNotFoundError(
            f"{name} belongs to others", mend="Add the gateway's user to the port's group"
        )
    if number == errno.EAGAIN:
        return DeviceNotFoundError(f"{name} is in use by another program", mend="End that program")
    return DeviceNotFoundError(f"{name} cannot be opened ({words(exc)})")


class _QuietTransport(serial_asyncio_fast.SerialTransport):
    """A failing write is the reader's and writer's to tell, not the event loop's.

    The library takes leave of a port that is unplugged once for the failed read and again when it
    is closed; the second time it finds nothing, in a task that nobody waits for.
    """

    _has_left = False

    def _fatal_error(self, exc: BaseException, message: str = "") -> None:
        del message
        self._abort(exc)

    async def _call_connection_lost(self, exc: Exception | None, *, flush: bool) -> None:
        if not self._has_left:
            self._has_left = True
            await super()._call_connection_lost(exc, flush=flush)


class SerialTransport:
    """One open port, read by the event loop. For asyncio alone, made inside its loop."""

    def __init__(self, port: serial.Serial, name: str, policy: TransportPolicy) -> None:
        loop = asyncio.get_running_loop()
        self._name = name
        self._policy = policy
        # Twice as much is held at most; then the system's own small buffer fills, and then the
        # device's octets are lost, as on any line whose reader is too slow.
        self._reader = asyncio.StreamReader(limit=_MOST_UNREAD // 2, loop=loop)
        protocol = asyncio.StreamReaderProtocol(self._reader, loop=loop)
        self._transport = _QuietTransport(loop, protocol, port)
        self._transport.set_write_buffer_limits(high=0)
        self._writer = asyncio.StreamWriter(self._transport, protocol, self._reader, loop)

    async def read(self) -> bytes:
        """Octets as they come; TransportClosedError when the port is gone (unplugged)."""
        try:
            data = await self._reader.read(self._policy.read_octets)
        except FAULTS as exc:
            raise TransportClosedError(f"{self._name} is gone ({words(exc)})") from exc
        if not data:
            raise TransportClosedError(f"{self._name} is gone")
        return data

    async def write(self, data: bytes) -> None:
        """Send all of `data` before anything else is sent."""
        if self._transport.is_closing():
            raise TransportClosedError(f"{self._name} is gone")
        try:
            async with asyncio.timeout(self._policy.write_timeout_seconds):
                self._writer.write(data)
                await self._writer.drain()
        except TimeoutError as exc:
            raise TransportTimeoutError(f"{self._name} takes no data") from exc
        except FAULTS as exc:
            raise TransportClosedError(f"{self._name} is gone ({words(exc)})") from exc

    async def close(self) -> None:
        """Let go of the port; what the device does not take is dropped."""
        # Not `close`: that waits until the device has read everything, which it may never do.
        self._transport.abort()
        with contextlib.suppress(TimeoutError, *FAULTS):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._writer.wait_closed()


def words(exc: BaseException) -> str:
    """What a fault of the library says, on one line, in the words of the system where it can."""
    text = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return (text or type(exc).__name__).splitlines()[0].lower()
