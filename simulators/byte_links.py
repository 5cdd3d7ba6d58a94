"""How a simulated device is wired: a TCP connection it dials, or a serial line made of a pty.

A link is used by one task. `connect` waits until somebody is there, `read` gives b"" when they have
gone, and after `close` it can connect again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import pty
import select
import termios
import tty
from pathlib import Path
from typing import Final, Protocol

from simulators.errors import DeviceSettingsError, LinkClosedError

_READ_OCTETS: Final = 4096
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 1.0
_WRITE_TIMEOUT_SECONDS: Final = 5.0


class ByteLink(Protocol):
    """One wire to a host."""

    @property
    def address(self) -> str:
        """Where it leads, for people."""
        ...

    async def connect(self) -> None:
        """Return once a host is there."""
        ...

    async def read(self) -> bytes:
        """Some octets; b"" when the host has gone."""
        ...

    async def write(self, data: bytes) -> None:
        """Send all of it; LinkClosedError when the host has gone or does not read."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...

    def remove(self) -> None:
        """Take the device away for good."""
        ...


class TcpLink:
    """A device that dials its manager and keeps dialling until somebody answers."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def address(self) -> str:
        """`tcp:HOST:PORT`."""
        return f"tcp:{self._host}:{self._port}"

    async def connect(self) -> None:
        """Dial with pauses that double up to a second."""
        pause = _FIRST_PAUSE_SECONDS
        while self._writer is None:
            try:
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
            except OSError:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def read(self) -> bytes:
        """Some octets; b"" at the end or after a reset."""
        if self._reader is None:
            return b""
        try:
            return await self._reader.read(_READ_OCTETS)
        except OSError:
            return b""

    async def write(self, data: bytes) -> None:
        """Send all of it within five seconds."""
        if self._writer is None:
            raise LinkClosedError(f"{self.address} is not connected")
        try:
            self._writer.write(data)
            async with asyncio.timeout(_WRITE_TIMEOUT_SECONDS):
                await self._writer.drain()
        except (OSError, TimeoutError) as exc:
            raise LinkClosedError(f"{self.address} takes no data") from exc

    async def close(self) -> None:
        """Hang up; a connection that is already broken is no error."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_WRITE_TIMEOUT_SECONDS):
                    await writer.wait_closed()

    def remove(self) -> None:
        """Nothing stays behind."""


class PtyLink:
    """A serial port: the device holds the master side, a symbolic link names the host's side.

    The kernel reports a hang-up on the master while no process has the host's side open, which
    stands for the modem lines of a real port: connect waits for it to clear.
    """

    SETTLE_SECONDS: Final = 0.2
    """A host flushes its input right after opening; a device speaks a moment later."""
    _LOOK_SECONDS: Final = 0.05

    def __init__(self, link: Path) -> None:
        self._link = link
        if link.exists() and not link.is_symlink():
            raise DeviceSettingsError(
                f"{link} is there already and is no serial line. Name a path that is free."
            )
        try:
            self._master, host_side = pty.openpty()
            tty.setraw(host_side, termios.TCSANOW)
            os.set_blocking(self._master, False)
            target = os.ttyname(host_side)
            os.close(host_side)
            link.parent.mkdir(parents=True, exist_ok=True)
            fresh = link.with_name(f".{link.name}.{os.getpid()}")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(target)
            fresh.replace(link)
        except OSError as exc:
            raise DeviceSettingsError(
                f"no serial line at {link}: {exc.strerror}. Name a folder that can be written."
            ) from exc

    @property
    def address(self) -> str:
        """`pty:PATH`, the path a host opens."""
        return f"pty:{self._link}"

    def _host_is_there(self) -> bool:
        poller = select.poll()
        poller.register(self._master, select.POLLIN)
        return not any(event & select.POLLHUP for _, event in poller.poll(0))

    async def connect(self) -> None:
        """Wait until a host holds the port open for a moment; what it left unread is dropped."""
        while True:
            if self._host_is_there():
                await asyncio.sleep(self.SETTLE_SECONDS)
                if self._host_is_there():
                    break
            await asyncio.sleep(self._LOOK_SECONDS)
        with contextlib.suppress(BlockingIOError, OSError):
            while os.read(self._master, _READ_OCTETS):
                pass

    async def read(self) -> bytes:
        """Some octets; b"" once the host closed the port."""
        while True:
            try:
                return os.read(self._master, _READ_OCTETS)
            except BlockingIOError:
                await self._until_ready(writing=False)
            except OSError as exc:
                if exc.errno == errno.EIO:
                    return b""
                raise

    async def write(self, data: bytes) -> None:
        """Send all of it within five seconds."""
        rest = memoryview(data)
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT_SECONDS):
                while rest:
                    if not self._host_is_there():
                        raise LinkClosedError(f"{self.address} was closed by the host")
                    try:
                        rest = rest[os.write(self._master, rest) :]
                    except BlockingIOError:
                        await self._until_ready(writing=True)
        except (OSError, TimeoutError) as exc:
            raise LinkClosedError(f"{self.address} takes no data") from exc

    async def _until_ready(self, *, writing: bool) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        add, remove = (
            (loop.add_writer, loop.remove_writer)
            if writing
            else (loop.add_reader, loop.remove_reader)
        )
        add(self._master, wake)
        try:
            await ready
        finally:
            remove(self._master)

    async def close(self) -> None:
        """A serial device cannot hang up; it only stops talking."""

    def remove(self) -> None:
        """Pull the cable: the port and its name disappear."""
        if self._link.is_symlink():
            self._link.unlink()
        os.close(self._master)


def open_link(*, connect: str | None, pty_link: str | None) -> ByteLink:
    """The link of `--connect tcp:HOST:PORT` or `--pty PATH`; else DeviceSettingsError."""
    if pty_link is not None and connect is None:
        return PtyLink(Path(pty_link))
    if connect is not None and pty_link is None:
        scheme, _, rest = connect.partition(":")
        host, _, port = rest.rpartition(":")
        if scheme == "tcp" and host and port.isdecimal() and 0 < int(port) < 65536:
            return TcpLink(host, int(port))
        raise DeviceSettingsError(f"{connect!r} is no address. Write tcp:HOST:PORT.")
    raise DeviceSettingsError("A device has one wire. Give either --connect or --pty.")
