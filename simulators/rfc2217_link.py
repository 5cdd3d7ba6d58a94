"""A serial device behind a network port (RFC 2217): a host sets baud rate, parity and lines.

A pseudo-terminal takes every setting and garbles nothing; here a host with the wrong baud rate
hears rubbish, as on a real line. `pyserial` plays the server's side of the protocol.

    link = await Rfc2217Link.listening(baud=115_200)      host: rfc2217://127.0.0.1:{link.port}
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final, cast

import serial
import serial.rfc2217

from simulators.errors import LinkClosedError

_READ_OCTETS: Final = 4096
_WRITE_TIMEOUT_SECONDS: Final = 5.0
_RUBBISH: Final = 0xA5


@dataclass(slots=True)
class SerialSettings:
    """What a host has set, by the names pyserial uses; the protocol's server writes here."""

    baudrate: int = 9600
    bytesize: int = serial.EIGHTBITS
    parity: str = serial.PARITY_NONE
    stopbits: float = serial.STOPBITS_ONE
    rtscts: bool = False
    xonxoff: bool = False
    break_condition: bool = False
    rts: bool = True
    dtr: bool = True
    cts: bool = True
    dsr: bool = True
    ri: bool = False
    cd: bool = True
    timeout: float | None = None

    def reset_input_buffer(self) -> None:
        """Nothing waits here."""

    def reset_output_buffer(self) -> None:
        """Nothing waits here."""


class Rfc2217Link:
    """The device's end. It speaks at `baud`; a host at another one hears and says rubbish."""

    def __init__(self, baud: int) -> None:
        self._baud = baud
        self._server: asyncio.Server | None = None
        self._visitors: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.Queue()
        )
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._protocol: serial.rfc2217.PortManager | None = None
        self.settings = SerialSettings()
        self.port = 0

    @classmethod
    async def listening(cls, *, baud: int, port: int = 0) -> Rfc2217Link:
        """A link that listens on this machine."""
        link = cls(baud)
        link._server = await asyncio.start_server(link._welcome, "127.0.0.1", port)
        link.port = link._server.sockets[0].getsockname()[1]
        return link

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._visitors.put((reader, writer))

    @property
    def address(self) -> str:
        """`rfc2217:PORT`."""
        return f"rfc2217:{self.port}"

    @property
    def is_in_step(self) -> bool:
        """Whether host and device speak alike."""
        return (
            self.settings.baudrate == self._baud
            and self.settings.parity == serial.PARITY_NONE
            and self.settings.bytesize == serial.EIGHTBITS
        )

    async def connect(self) -> None:
        """Wait for a host."""
        self._reader, self._writer = await self._visitors.get()
        self.settings = SerialSettings()
        self._protocol = serial.rfc2217.PortManager(
            # It uses no more of a port than these names.
            cast("serial.rfc2217.Serial", self.settings),
            cast("serial.rfc2217.Serial", _Answers(self._writer)),
        )

    async def read(self) -> bytes:
        """Some octets of the host; b"" when it has gone."""
        while self._reader is not None and self._protocol is not None:
            try:
                raw = await self._reader.read(_READ_OCTETS)
            except OSError:
                return b""
            if not raw:
                return b""
            if octets := b"".join(self._protocol.filter(raw)):
                return self._as_heard(octets)
        return b""

    async def write(self, data: bytes) -> None:
        """Send all of it within five seconds."""
        if self._writer is None or self._protocol is None:
            raise LinkClosedError(f"{self.address} is not connected")
        try:
            self._writer.write(b"".join(self._protocol.escape(self._as_heard(data))))
            async with asyncio.timeout(_WRITE_TIMEOUT_SECONDS):
                await self._writer.drain()
        except (OSError, TimeoutError) as exc:
            raise LinkClosedError(f"{self.address} takes no data") from exc

    def _as_heard(self, octets: bytes) -> bytes:
        """What arrives: the same, or rubbish of about the length the other rate makes of it."""
        if self.is_in_step:
            return octets
        count = max(1, len(octets) * self.settings.baudrate // self._baud)
        return bytes((octets[at % len(octets)] * 37 ^ _RUBBISH) & 0xFF for at in range(count))

    async def close(self) -> None:
        """Hang up."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def remove(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()


class _Answers:
    """Where the protocol's server writes what it has to say to the host."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """At once, into the transport's buffer."""
        self._writer.write(data)
