"""A serial port: pyserial on one reader thread, bridged to asyncio here and nowhere else."""

from __future__ import annotations

import asyncio
import re
import termios
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import serial

from edge.errors import DeviceNotFoundError, TransportClosedError, TransportTimeoutError
from edge.transports.base import FRAMING_WORD, OpenedLine, read_framing
from edge.transports.policy import TransportPolicy
from protocols.ieee20601.line_framings import RAW

T = TypeVar("T")

# termios.error is no OSError; pyserial lets it through when a port refuses its settings.
_FAULTS: Final = (OSError, termios.error, ValueError, TypeError)
_MOST_UNREAD: Final = 1 << 17
_LOOK_EVERY_SECONDS: Final = 0.5
_FORMAT = re.compile(r"([78])([NEO])([12])")


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A port and its line settings; the name should be the stable one of /dev/serial/by-id.

    `framing`: how the device frames its APDUs. Raw by default; on a long or noisy cable choose
    frames wherever the device can, for only they show that a value was changed on the way.
    """

    port: str
    baud: int = 115_200
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1
    rtscts: bool = False
    framing: str = RAW


def parse_address(address: str) -> SerialAddress:
    """Read `/dev/PORT,BAUD[,8N1][,rtscts][,framing=hdlc]`; ValueError for anything else."""
    port, *rest = address.split(",")
    if not port:
        raise ValueError("the port's name is missing")
    if not rest:
        return SerialAddress(port)
    if not rest[0].isdecimal() or int(rest[0]) == 0:
        raise ValueError(f"{rest[0]!r} is no baud rate")
    bits, parity, stops, rtscts, framing = "8", "N", "1", False, RAW
    for word in rest[1:]:
        if (match := _FORMAT.fullmatch(word)) is not None:
            bits, parity, stops = match.groups()
        elif word == "rtscts":
            rtscts = True
        elif word.startswith(FRAMING_WORD):
            framing = read_framing(word)
        else:
            raise ValueError(f"{word!r} is no line setting")
    return SerialAddress(port, int(rest[0]), int(bits), parity, int(stops), rtscts, framing)


async def open_line(address: str, policy: TransportPolicy) -> OpenedLine:
    """Open the port for us alone; what was waiting on it from before is dropped."""
    where = parse_address(address)
    port = await asyncio.to_thread(_open_port, where, policy)
    return OpenedLine(SerialTransport(port, where.port), framing=where.framing)


def _open_port(where: SerialAddress, policy: TransportPolicy) -> serial.Serial:
    try:
        return serial.Serial(
            where.port,
            baudrate=where.baud,
            bytesize=where.data_bits,
            parity=where.parity,
            stopbits=where.stop_bits,
            rtscts=where.rtscts,
            timeout=_LOOK_EVERY_SECONDS,
            write_timeout=policy.write_timeout_seconds,
            exclusive=True,
        )
    except _FAULTS as exc:
        raise DeviceNotFoundError(f"{where.port} cannot be opened ({_words(exc)})") from exc


class SerialTransport:
    """One open port."""

    def __init__(self, port: serial.Serial, name: str) -> None:
        self._port = port
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._arrived = asyncio.Event()
        self._fault: str | None = None
        self._closing = threading.Event()
        self._room = threading.Event()
        self._room.set()
        self._thread = threading.Thread(target=self._pump, name=f"serial {name}", daemon=True)
        self._thread.start()

    async def read(self) -> bytes:
        """Octets as they come; TransportClosedError when the port is gone (unplugged)."""
        while not self._chunks:
            if self._fault is not None:
                raise TransportClosedError(f"{self._name} is gone ({self._fault})")
            self._arrived.clear()
            await self._arrived.wait()
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._unread = 0
        self._room.set()
        return data

    async def write(self, data: bytes) -> None:
        """Send all of `data` before anything else is sent."""
        try:
            await asyncio.to_thread(self._port.write, data)
        except serial.SerialTimeoutException as exc:
            raise TransportTimeoutError(f"{self._name} takes no data") from exc
        except _FAULTS as exc:
            raise TransportClosedError(f"{self._name} is gone ({_words(exc)})") from exc

    async def close(self) -> None:
        """Stop the reader thread and let go of the port."""
        self._closing.set()
        self._room.set()
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        try:
            self._port.cancel_read()
        except _FAULTS:
            self._closing.set()  # the thread looks by itself within half a second
        self._thread.join()
        try:
            self._port.close()
        except _FAULTS:
            self._closing.set()  # an unplugged port cannot be closed better than this

    # ---- the reader thread

    def _pump(self) -> None:
        fault = "closed by us"
        try:
            while not self._closing.is_set():
                self._room.wait()
                # One octet wakes us; the rest that is there comes along. Asking for more would
                # wait for the whole time-out.
                data = self._port.read(1)
                if data and (waiting := self._port.in_waiting):
                    data += self._port.read(waiting)
                if data:
                    self._hand_over(self._deliver, data)
        except _FAULTS as exc:
            fault = _words(exc)
        self._hand_over(self._end, fault)

    def _hand_over(self, act: Callable[[T], None], value: T) -> None:
        try:
            self._loop.call_soon_threadsafe(act, value)
        except RuntimeError:
            self._closing.set()  # the loop is closed: the program is ending

    # ---- the event loop

    def _deliver(self, data: bytes) -> None:
        self._chunks.append(data)
        self._unread += len(data)
        if self._unread >= _MOST_UNREAD:
            # Now the system's own small buffer fills, and then the device's octets are lost, as
            # on any line whose reader is too slow.
            self._room.clear()
        self._arrived.set()

    def _end(self, fault: str) -> None:
        self._fault = fault
        self._arrived.set()


def _words(exc: BaseException) -> str:
    text = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return (text or type(exc).__name__).splitlines()[0].lower()
