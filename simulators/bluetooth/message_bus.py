"""A message bus of our own: a private dbus-daemon, and connections that survive a full socket.

    with PrivateBus(folder) as bus:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = bus.address      all that bleak needs

No root, no configuration file, no system bus.
"""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import subprocess
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from dbus_fast import BusType
from dbus_fast.aio import MessageBus

from simulators.errors import ProcessEndedError, ProcessError

PROGRAM: Final = "dbus-daemon"
_PATIENCE: Final = 10.0
_Ancillary = list[tuple[int, int, "array[int]"]]


class PrivateBus:
    """A dbus-daemon whose socket lies in `folder`; it ends with the block."""

    def __init__(self, folder: Path) -> None:
        self.address = f"unix:path={folder / 'bus'}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PrivateBus:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it listens."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise ProcessError(f"There is no {PROGRAM}. Install it (Debian: dbus-daemon).")
        words = [
            program,
            "--session",
            "--nofork",
            "--nopidfile",
            f"--address={self.address}",
            "--print-address=1",
        ]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE)  # noqa: S603  # our own words
        if not _output_of(self._process).readline():
            self.stop()
            raise ProcessEndedError(f"{PROGRAM} ended before it listened")

    @property
    def pid(self) -> int | None:
        """The daemon's process id while it runs."""
        return None if self._process is None else self._process.pid

    def stop(self, *, kill: bool = False) -> None:
        """End it; `kill` gives it no time for anything. Again is harmless."""
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        process.wait(_PATIENCE)
        _output_of(process).close()
        with contextlib.suppress(FileNotFoundError):
            Path(self.address.removeprefix("unix:path=")).unlink()


def _output_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise ProcessError("a process without its output")
    return process.stdout


class _PatientSocket:
    """A socket for dbus-fast's writer, which takes a full send buffer for the end of the bus.

    Sending nothing is an answer it understands: it waits until the socket takes more.
    """

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    def send(self, octets: bytes) -> int:
        """As socket.send, 0 when it is full."""
        try:
            return self._socket.send(octets)
        except BlockingIOError:
            return 0

    def sendmsg(self, buffers: Sequence[bytes], ancillary: _Ancillary) -> int:
        """As socket.sendmsg; descriptors go with the first octet, so this waits for room."""
        while True:
            try:
                return self._socket.sendmsg(buffers, ancillary)
            except BlockingIOError:
                select.select([], [self._socket], [], _PATIENCE)


async def connect_bus(address: str | None = None) -> MessageBus:
    """A connection to the bus at `address`, or to the system bus of the environment."""
    if address is None:
        bus = MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True)
    else:
        bus = MessageBus(bus_address=address, negotiate_unix_fd=True)
    await bus.connect()
    writer = bus._writer
    if writer is not None and writer.sock is not None:
        writer.sock = _PatientSocket(writer.sock)  # type: ignore[assignment]  # all it uses of it
    return bus
